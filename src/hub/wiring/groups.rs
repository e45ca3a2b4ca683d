//! Groups, put together.

use std::sync::Arc;

use super::parts::Parts;
use super::pipeline::Pipeline;
use crate::hub::groups::{
    Attacher, CatchUp, Comparisons, Deliverer, Documents, Fetcher, Giver, Heads, Joiner, Listing, Lives, Names,
    OwnReactions, Replayer, Routes, Views,
};

pub(crate) struct Groups {
    pub(crate) lives: Arc<Lives>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) views: Arc<Views>,
    pub(crate) listing: Arc<Listing>,
    pub(crate) heads: Arc<Heads>,
    pub(crate) own_reactions: Arc<OwnReactions>,
    pub(crate) catch_up: Arc<CatchUp>,
    pub(crate) deliverer: Arc<Deliverer>,
    pub(crate) joiner: Arc<Joiner>,
    pub(crate) attacher: Arc<Attacher>,
    pub(crate) comparisons: Arc<Comparisons>,
}

// === impl Groups ===

impl Groups {
    pub(crate) fn new(parts: &Parts, pipeline: &Pipeline) -> Self {
        let documents = Arc::new(Documents::new(parts.documents.clone()));
        let views = Arc::new(Views::new(Names::new(parts.people.clone()), parts.config.retention));
        let fetcher = Arc::new(Fetcher::new(parts.states.clone(), parts.messages.clone()));
        let routes = Arc::new(Routes::new(
            parts.registry.clone(),
            parts.node.clone(),
            parts.groups.clone(),
            parts.metrics.groups.clone(),
            parts.tasks.clone(),
        ));
        let lives = Arc::new(Lives::new(
            parts.groups.clone(),
            parts.users.clone(),
            pipeline.acks.clone(),
            routes.clone(),
            parts.documents.clone(),
            parts.upcalls.clone(),
        ));
        let giver = Giver::new(
            documents.clone(),
            views.clone(),
            lives.clone(),
            parts.users.clone(),
            pipeline.acks.clone(),
            parts.upcalls.clone(),
            parts.metrics.groups.clone(),
        );
        let catch_up = Arc::new(CatchUp::new(
            giver,
            fetcher.clone(),
            lives.clone(),
            routes.clone(),
            pipeline.acks.clone(),
            parts.metrics.groups.clone(),
            parts.tasks.clone(),
        ));
        let own_reactions = Arc::new(OwnReactions::new(parts.reactions.clone()));
        let joiner = joiner(parts, pipeline, &lives, routes, &catch_up);
        let (own, metrics) = (own_reactions.clone(), parts.metrics.groups.clone());
        let replayer = Replayer::new(catch_up.clone(), fetcher, own, views.clone(), metrics);
        let attacher = attacher(parts, &joiner, &documents, &views, replayer);
        Self {
            listing: listing(parts, &documents, &views, &own_reactions),
            heads: heads(parts),
            deliverer: deliverer(parts, pipeline, &catch_up, &views),
            comparisons: comparisons(parts, &joiner, &attacher),
            own_reactions,
            lives,
            documents,
            views,
            catch_up,
            joiner,
            attacher,
        }
    }
}

fn listing(parts: &Parts, documents: &Arc<Documents>, views: &Arc<Views>, own: &Arc<OwnReactions>) -> Arc<Listing> {
    let (messages, marks) = (parts.messages.clone(), parts.waiting_marks.clone());
    Arc::new(Listing::new(documents.clone(), views.clone(), messages, marks, own.clone(), parts.mentions.clone()))
}

fn heads(parts: &Parts) -> Arc<Heads> {
    let (states, messages, followers) = (parts.states.clone(), parts.messages.clone(), parts.followers.clone());
    Arc::new(Heads::new(states, messages, followers, parts.groups.clone(), parts.node.clone()))
}

fn deliverer(parts: &Parts, pipeline: &Pipeline, catch_up: &Arc<CatchUp>, views: &Arc<Views>) -> Arc<Deliverer> {
    Arc::new(Deliverer::new(
        parts.groups.clone(),
        parts.users.clone(),
        pipeline.acks.clone(),
        catch_up.clone(),
        views.clone(),
        parts.upcalls.clone(),
        parts.metrics.groups.clone(),
    ))
}

fn joiner(
    parts: &Parts,
    pipeline: &Pipeline,
    lives: &Arc<Lives>,
    routes: Arc<Routes>,
    catch_up: &Arc<CatchUp>,
) -> Arc<Joiner> {
    Arc::new(Joiner::new(
        parts.registry.clone(),
        parts.node.clone(),
        parts.groups.clone(),
        pipeline.restorer.clone(),
        lives.clone(),
        routes,
        catch_up.clone(),
    ))
}

fn attacher(
    parts: &Parts,
    joiner: &Arc<Joiner>,
    documents: &Arc<Documents>,
    views: &Arc<Views>,
    replayer: Replayer,
) -> Arc<Attacher> {
    Arc::new(Attacher::new(
        joiner.clone(),
        documents.clone(),
        views.clone(),
        replayer,
        parts.users.clone(),
        parts.upcalls.clone(),
        parts.tasks.clone(),
    ))
}

fn comparisons(parts: &Parts, joiner: &Arc<Joiner>, attacher: &Arc<Attacher>) -> Arc<Comparisons> {
    Arc::new(Comparisons::new(
        joiner.clone(),
        attacher.clone(),
        parts.people.clone(),
        parts.groups.clone(),
        parts.users.clone(),
        parts.tasks.clone(),
    ))
}

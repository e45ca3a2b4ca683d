//! Components that others stand on, made of fakes.

use std::sync::Arc;
use std::time::Duration;

use super::{MemoryInboxes, MemoryLog, MemoryRegistry, MemoryStore, Told, metrics, node};
use crate::hub::features::deletion::GroupDeletion;
use crate::hub::features::membership::{Changes, Creation, Membership};
use crate::hub::groups::{
    Attacher, CatchUp, Comparisons, Deliverer, Documents, Fetcher, Giver, Joiner, Lives, Names, Replayer, Routes, Views,
};
use crate::hub::local::{LocalGroups, LocalUsers};
use crate::hub::node::NodeState;
use crate::hub::pipeline::applier::EffectApplier;
use crate::hub::pipeline::peers::Peers;
use crate::hub::pipeline::publish::{Acks, Appends, Publisher, Repeats};
use crate::hub::pipeline::restore::{Completer, Restorer};
use crate::hub::tasks::Tasks;

/// A node with its groups.
pub(crate) struct Bed {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) registry: Arc<MemoryRegistry>,
    pub(crate) inboxes: Arc<MemoryInboxes>,
    pub(crate) told: Arc<Told>,
    pub(crate) node: Arc<NodeState>,
    pub(crate) groups: Arc<LocalGroups>,
    pub(crate) users: Arc<LocalUsers>,
    pub(crate) tasks: Tasks,
    pub(crate) acks: Arc<Acks>,
    pub(crate) restorer: Arc<Restorer>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) views: Arc<Views>,
    pub(crate) lives: Arc<Lives>,
    pub(crate) catch_up: Arc<CatchUp>,
    pub(crate) joiner: Arc<Joiner>,
}

// === impl Bed ===

impl Bed {
    pub(crate) fn new(store: MemoryStore) -> Self {
        let (store, log, registry) = (Arc::new(store), Arc::<MemoryLog>::default(), Arc::<MemoryRegistry>::default());
        let (inboxes, told, node) = (Arc::<MemoryInboxes>::default(), Arc::<Told>::default(), node());
        let (groups, users, tasks) = (Arc::<LocalGroups>::default(), Arc::<LocalUsers>::default(), Tasks::default());
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        let acks = Arc::new(Acks::new(second, minute, told.clone(), metrics().pipeline));
        let restorer = restorer(&store, &log, &node, &groups, &told, &tasks);
        let peers = Arc::new(Peers::new(inboxes.clone(), registry.clone(), node.clone(), told.clone()));
        let documents = Arc::new(Documents::new(store.clone()));
        let views = Arc::new(Views::new(Names::new(store.clone()), None));
        let routes =
            Arc::new(Routes::new(registry.clone(), node.clone(), groups.clone(), metrics().groups, tasks.clone()));
        let lives = Arc::new(Lives::new(
            groups.clone(),
            users.clone(),
            acks.clone(),
            routes.clone(),
            store.clone(),
            told.clone(),
        ));
        let giver =
            Giver::new(documents.clone(), views.clone(), lives.clone(), users.clone(), acks.clone(), metrics().groups);
        let fetcher = Arc::new(Fetcher::new(log.clone(), store.clone()));
        let catch_up = Arc::new(CatchUp::new(
            giver,
            fetcher,
            lives.clone(),
            routes.clone(),
            acks.clone(),
            metrics().groups,
            tasks.clone(),
        ));
        let joiner = Arc::new(Joiner::new(
            registry.clone(),
            node.clone(),
            groups.clone(),
            restorer.clone(),
            lives.clone(),
            routes,
            catch_up.clone(),
        ));
        Self {
            store,
            log,
            registry,
            inboxes,
            told,
            node,
            groups,
            users,
            tasks,
            acks,
            restorer,
            peers,
            documents,
            views,
            lives,
            catch_up,
            joiner,
        }
    }

    pub(crate) fn deliverer(&self) -> Deliverer {
        let (groups, users, acks) = (self.groups.clone(), self.users.clone(), self.acks.clone());
        Deliverer::new(groups, users, acks, self.catch_up.clone(), self.told.clone(), metrics().groups)
    }

    pub(crate) fn attacher(&self) -> Arc<Attacher> {
        let fetcher = Arc::new(Fetcher::new(self.log.clone(), self.store.clone()));
        let replayer = Replayer::new(self.catch_up.clone(), fetcher, metrics().groups);
        let (joiner, documents, views) = (self.joiner.clone(), self.documents.clone(), self.views.clone());
        let (users, told) = (self.users.clone(), self.told.clone());
        Arc::new(Attacher::new(joiner, documents, views, replayer, users, told, self.tasks.clone()))
    }

    pub(crate) fn publisher(&self) -> Arc<Publisher> {
        let (acks, log, store) = (self.acks.clone(), self.log.clone(), self.store.clone());
        let (restorer, groups, node) = (self.restorer.clone(), self.groups.clone(), self.node.clone());
        let repeats = Arc::new(Repeats::new(
            acks.clone(),
            log.clone(),
            log.clone(),
            store,
            restorer.clone(),
            groups,
            node.clone(),
        ));
        let tasks = self.tasks.clone();
        let appends =
            Arc::new(Appends::new(acks.clone(), repeats, log, restorer, node.clone(), metrics().pipeline, tasks));
        Arc::new(Publisher::new(acks, appends, node, metrics().pipeline))
    }

    pub(crate) fn creation(&self) -> Arc<Creation> {
        let (log, store, restorer) = (self.log.clone(), self.store.clone(), self.restorer.clone());
        let (node, groups) = (self.node.clone(), self.groups.clone());
        let second = Duration::from_secs(1);
        let changes = Arc::new(Changes::new(
            log.clone(),
            log.clone(),
            store.clone(),
            restorer.clone(),
            node.clone(),
            150,
            second,
        ));
        let membership = Arc::new(Membership::new(changes.clone(), store.clone(), store.clone(), 100));
        let (lives, peers) = (self.lives.clone(), self.peers.clone());
        let deletion = Arc::new(GroupDeletion::new(store.clone(), store.clone(), log, node, lives, peers));
        Arc::new(Creation::new(membership, changes, deletion, store.clone(), store, restorer, groups))
    }

    pub(crate) fn comparisons(&self) -> Arc<Comparisons> {
        let (joiner, attacher, people) = (self.joiner.clone(), self.attacher(), self.store.clone());
        let (groups, users) = (self.groups.clone(), self.users.clone());
        Arc::new(Comparisons::new(joiner, attacher, people, groups, users, self.tasks.clone()))
    }
}

fn restorer(
    store: &Arc<MemoryStore>,
    log: &Arc<MemoryLog>,
    node: &Arc<NodeState>,
    groups: &Arc<LocalGroups>,
    told: &Arc<Told>,
    tasks: &Tasks,
) -> Arc<Restorer> {
    let effects = Arc::new(EffectApplier::new(store.clone(), metrics().pipeline));
    let completer =
        Completer::new(store.clone(), store.clone(), store.clone(), effects, node.clone(), metrics().pipeline);
    let (groups, told) = (groups.clone(), told.clone());
    Arc::new(Restorer::new(log.clone(), completer, node.clone(), groups, told, metrics().pipeline, tasks.clone()))
}

/// Lets tasks go on until something is so, for some seconds of paused time.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to be so");
}

//! The pipeline, put together.

use std::sync::Arc;

use parking_lot::Mutex;

use super::parts::Parts;
use crate::hub::pipeline::applier::EffectApplier;
use crate::hub::pipeline::effects::EffectRules;
use crate::hub::pipeline::inbox::Inbox;
use crate::hub::pipeline::owner::{
    Aftermath, Committer, DocumentHeads, EffectChecker, Inserter, Leases, LogReader, Notifier, Owned, Owner, Router,
};
use crate::hub::pipeline::peers::Peers;
use crate::hub::pipeline::publish::{Acks, Appends, Publisher, Repeats};
use crate::hub::pipeline::restore::{Completer, Restorer};

pub(crate) struct Pipeline {
    pub(crate) acks: Arc<Acks>,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) restorer: Arc<Restorer>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) owned: Arc<Owned>,
    pub(crate) leases: Arc<Leases>,
    pub(crate) heads: Arc<DocumentHeads>,
    /// Until it runs.
    pub(crate) owner: Mutex<Option<Owner>>,
}

// === impl Pipeline ===

impl Pipeline {
    pub(crate) fn new(parts: &Parts) -> Self {
        let (messages, documents, due) = (parts.messages.clone(), parts.documents.clone(), parts.due.clone());
        let effects = Arc::new(EffectApplier::new(messages, documents, due, parts.metrics.pipeline.clone()));
        let restorer = restorer(parts, effects.clone());
        let acks = Arc::new(Acks::new(
            parts.config.send_timeout,
            parts.config.cid_window,
            parts.upcalls.clone(),
            parts.metrics.pipeline.clone(),
        ));
        let owned = Arc::<Owned>::default();
        let heads = Arc::new(DocumentHeads::new(parts.followers.clone()));
        Self {
            publisher: Arc::new(publisher(parts, &acks, &restorer)),
            acks,
            peers: Arc::new(Peers::new(
                parts.inboxes.clone(),
                parts.registry.clone(),
                parts.node.clone(),
                parts.upcalls.clone(),
            )),
            inbox: Arc::new(Inbox::new(
                parts.inboxes.clone(),
                parts.node.clone(),
                parts.upcalls.clone(),
                parts.metrics.pipeline.clone(),
            )),
            leases: Arc::new(Leases::new(
                owned.clone(),
                parts.cluster.clone(),
                parts.inboxes.clone(),
                parts.health.clone(),
                parts.node.clone(),
                parts.config.node_lease,
            )),
            owner: Mutex::new(Some(owner(parts, &owned, &restorer, effects, heads.clone()))),
            heads,
            restorer,
            owned,
        }
    }
}

fn restorer(parts: &Parts, effects: Arc<EffectApplier>) -> Arc<Restorer> {
    let completer = Completer::new(
        parts.messages.clone(),
        parts.documents.clone(),
        parts.followers.clone(),
        effects,
        parts.node.clone(),
        parts.metrics.pipeline.clone(),
    );
    Arc::new(Restorer::new(
        parts.states.clone(),
        completer,
        parts.node.clone(),
        parts.groups.clone(),
        parts.upcalls.clone(),
        parts.metrics.pipeline.clone(),
        parts.tasks.clone(),
    ))
}

fn publisher(parts: &Parts, acks: &Arc<Acks>, restorer: &Arc<Restorer>) -> Publisher {
    let repeats = Arc::new(Repeats::new(
        acks.clone(),
        parts.sequencer.clone(),
        parts.states.clone(),
        parts.messages.clone(),
        restorer.clone(),
        parts.groups.clone(),
        parts.node.clone(),
    ));
    let appends = Arc::new(Appends::new(
        acks.clone(),
        repeats,
        parts.sequencer.clone(),
        restorer.clone(),
        parts.node.clone(),
        parts.metrics.pipeline.clone(),
        parts.tasks.clone(),
    ));
    Publisher::new(acks.clone(), appends, parts.node.clone(), parts.metrics.pipeline.clone())
}

fn owner(
    parts: &Parts,
    owned: &Arc<Owned>,
    restorer: &Arc<Restorer>,
    effects: Arc<EffectApplier>,
    heads: Arc<DocumentHeads>,
) -> Owner {
    let reader = LogReader::new(
        owned.clone(),
        parts.log.clone(),
        parts.states.clone(),
        parts.node.clone(),
        restorer.clone(),
        parts.metrics.pipeline.clone(),
    );
    let rules = EffectRules { edit_window: parts.config.edit_window };
    let checker = EffectChecker::new(parts.messages.clone(), parts.reactions.clone(), rules);
    let inserter = Inserter::new(
        parts.messages.clone(),
        parts.documents.clone(),
        parts.log.clone(),
        parts.sequencer.clone(),
        owned.clone(),
        parts.metrics.pipeline.clone(),
        checker,
    );
    let aftermath = Aftermath::new(
        parts.documents.clone(),
        parts.marks.clone(),
        effects,
        restorer.clone(),
        owned.clone(),
        parts.metrics.pipeline.clone(),
    );
    let notifier = Notifier::new(parts.inboxes.clone(), parts.node.clone(), parts.upcalls.clone(), parts.tasks.clone());
    let router = Router::new(
        Committer::new(parts.log.clone(), owned.clone()),
        parts.documents.clone(),
        parts.registry.clone(),
        Arc::new(notifier),
        heads,
        parts.node.clone(),
        parts.metrics.pipeline.clone(),
    );
    Owner::new(reader, inserter, aftermath, Arc::new(router), parts.tasks.clone())
}

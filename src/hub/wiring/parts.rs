//! What components are made of: small ports, registries, configuration, metrics.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::metrics::Metrics;
use crate::hub::config::HubConfig;
use crate::hub::counted::{CountedBackplane, CountedStore};
use crate::hub::features::history::RETENTION;
use crate::hub::features::journal::JOURNAL;
use crate::hub::followers::BackplaneClock;
use crate::hub::local::{LocalGroups, LocalUsers, WaitingMarks};
use crate::hub::node::NodeState;
use crate::hub::tasks::Tasks;
use crate::hub::upcalls::Upcalls;
use crate::ports::{
    Backplane, Cluster, CursorStore, DeviceStore, DueStore, FollowerLeases, FollowerStore, GroupStates, GroupStore,
    Inboxes, InviteStore, Journal, Log, MentionStore, MessageStore, NodeRole, Passwords, ProfileStore, ReactionStore,
    Registry, Sequencer, Store, StoreHealth, Tickets, Tokens, UserStore,
};

/// What a node may do without.
#[derive(Default)]
pub struct Optional {
    /// Where it writes down what was said.
    pub journal: Option<Arc<dyn Journal>>,
    /// By what it hashes the passwords of groups; without it no group has one.
    pub passwords: Option<Arc<dyn Passwords>>,
}

/// The parts.
pub(crate) struct Parts {
    pub(crate) config: HubConfig,
    pub(crate) metrics: Metrics,
    pub(crate) tasks: Tasks,
    pub(crate) node: Arc<NodeState>,
    pub(crate) groups: Arc<LocalGroups>,
    pub(crate) users: Arc<LocalUsers>,
    pub(crate) waiting_marks: Arc<WaitingMarks>,
    pub(crate) upcalls: Arc<dyn Upcalls>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) health: Arc<dyn StoreHealth>,
    pub(crate) messages: Arc<dyn MessageStore>,
    pub(crate) reactions: Arc<dyn ReactionStore>,
    pub(crate) mentions: Arc<dyn MentionStore>,
    pub(crate) documents: Arc<dyn GroupStore>,
    pub(crate) people: Arc<dyn UserStore>,
    pub(crate) details: Arc<dyn ProfileStore>,
    pub(crate) marks: Arc<dyn CursorStore>,
    pub(crate) devices: Arc<dyn DeviceStore>,
    pub(crate) followers: Arc<dyn FollowerStore>,
    pub(crate) invites: Arc<dyn InviteStore>,
    pub(crate) sequencer: Arc<dyn Sequencer>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) states: Arc<dyn GroupStates>,
    pub(crate) inboxes: Arc<dyn Inboxes>,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) cluster: Arc<dyn Cluster>,
    pub(crate) tickets: Arc<dyn Tickets>,
    pub(crate) due: Arc<dyn DueStore>,
    pub(crate) follower_leases: Arc<dyn FollowerLeases>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
    pub(crate) passwords: Option<Arc<dyn Passwords>>,
    /// The backplane's time, as followers hear of it.
    pub(crate) clock: Arc<BackplaneClock>,
}

// === impl Parts ===

impl Parts {
    pub(crate) fn new(
        config: HubConfig,
        store: Arc<dyn Store>,
        backplane: Arc<dyn Backplane>,
        tokens: Arc<dyn Tokens>,
        metrics: Metrics,
        upcalls: Arc<dyn Upcalls>,
        optional: Optional,
    ) -> Self {
        let store = Arc::new(CountedStore::new(store, &metrics.parts));
        let backplane = Arc::new(CountedBackplane::new(backplane, &metrics.parts));
        Self {
            tasks: Tasks::default(),
            node: Arc::new(NodeState::new(&config.node, config.partitions).withholding(config.withheld())),
            groups: Arc::default(),
            users: Arc::default(),
            waiting_marks: Arc::default(),
            upcalls,
            tokens,
            health: store.clone(),
            messages: store.clone(),
            reactions: store.clone(),
            mentions: store.clone(),
            documents: store.clone(),
            people: store.clone(),
            details: store.clone(),
            marks: store.clone(),
            devices: store.clone(),
            followers: store.clone(),
            invites: store.clone(),
            due: store,
            sequencer: backplane.clone(),
            log: backplane.clone(),
            states: backplane.clone(),
            inboxes: backplane.clone(),
            registry: backplane.clone(),
            cluster: backplane.clone(),
            tickets: backplane.clone(),
            follower_leases: backplane,
            journal: optional.journal,
            passwords: optional.passwords,
            clock: Arc::default(),
            config,
            metrics,
        }
    }

    /// The names of the followers that the node runs and that are told of events.
    pub(crate) fn follower_names(&self) -> BTreeSet<String> {
        let retention = self.config.retention.map(|_| RETENTION);
        let journal = self.journal.as_ref().map(|_| JOURNAL);
        let names = retention.into_iter().chain(journal);
        names.filter(|name| self.runs_follower(name)).map(str::to_owned).collect()
    }

    /// Whether the node is to run a follower, where there is anything for it to do.
    pub(crate) fn runs_follower(&self, name: &str) -> bool {
        let chosen = self.config.followers.as_ref();
        let is_chosen = chosen.is_none_or(|chosen| chosen.iter().any(|one| one == name));
        is_chosen && self.config.roles.has(NodeRole::Followers)
    }
}

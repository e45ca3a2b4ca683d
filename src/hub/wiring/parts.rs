//! What components are made of: small ports, registries, configuration, metrics.

use std::sync::Arc;

use super::metrics::Metrics;
use crate::hub::config::HubConfig;
use crate::hub::counted::{CountedBackplane, CountedStore};
use crate::hub::local::{LocalGroups, LocalUsers, WaitingMarks};
use crate::hub::node::NodeState;
use crate::hub::tasks::Tasks;
use crate::hub::upcalls::Upcalls;
use crate::ports::{
    Backplane, Cluster, CursorStore, DeviceStore, FollowerStore, GroupStates, GroupStore, Inboxes, Log, MessageStore,
    Registry, Sequencer, Store, StoreHealth, Tickets, Tokens, UserStore,
};

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
    pub(crate) documents: Arc<dyn GroupStore>,
    pub(crate) people: Arc<dyn UserStore>,
    pub(crate) marks: Arc<dyn CursorStore>,
    pub(crate) devices: Arc<dyn DeviceStore>,
    pub(crate) followers: Arc<dyn FollowerStore>,
    pub(crate) sequencer: Arc<dyn Sequencer>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) states: Arc<dyn GroupStates>,
    pub(crate) inboxes: Arc<dyn Inboxes>,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) cluster: Arc<dyn Cluster>,
    pub(crate) tickets: Arc<dyn Tickets>,
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
    ) -> Self {
        let store = Arc::new(CountedStore::new(store, &metrics.parts));
        let backplane = Arc::new(CountedBackplane::new(backplane, &metrics.parts));
        Self {
            tasks: Tasks::default(),
            node: Arc::new(NodeState::new(&config.node, config.partitions)),
            groups: Arc::default(),
            users: Arc::default(),
            waiting_marks: Arc::default(),
            upcalls,
            tokens,
            health: store.clone(),
            messages: store.clone(),
            documents: store.clone(),
            people: store.clone(),
            marks: store.clone(),
            devices: store.clone(),
            followers: store,
            sequencer: backplane.clone(),
            log: backplane.clone(),
            states: backplane.clone(),
            inboxes: backplane.clone(),
            registry: backplane.clone(),
            cluster: backplane.clone(),
            tickets: backplane,
            config,
            metrics,
        }
    }
}

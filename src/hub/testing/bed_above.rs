//! Components that stand on groups, made of fakes.

use std::sync::Arc;
use std::time::Duration;

use super::{Bed, MemoryCluster, MemoryTokens, metrics};
use crate::hub::cluster::{LifeConfig, NodeLife};
use crate::hub::config::{HubConfig, Rate};
use crate::hub::features::lists::{GroupLists, GroupLook, NewGroups};
use crate::hub::features::presence::{Presence, Watchers};
use crate::hub::groups::{Comparisons, Heads, Listing, OwnReactions};
use crate::hub::pipeline::owner::Owned;
use crate::hub::sessions::{Admission, Arrivals, Opening, Registration, Sessions, Welcome, WelcomeConfig};
use crate::ports::NodeRoles;

/// How long a node's lease lives.
pub(crate) const LEASE: Duration = Duration::from_secs(8);

// === impl Bed ===

impl Bed {
    pub(crate) fn listing(&self) -> Arc<Listing> {
        Arc::new(Listing::new(
            self.documents.clone(),
            self.views.clone(),
            self.store.clone(),
            Arc::default(),
            self.own_reactions(),
            self.store.clone(),
        ))
    }

    pub(crate) fn heads(&self) -> Arc<Heads> {
        let (store, groups) = (self.store.clone(), self.groups.clone());
        Arc::new(Heads::new(self.log.clone(), store.clone(), store, groups, self.node.clone()))
    }

    pub(crate) fn own_reactions(&self) -> Arc<OwnReactions> {
        Arc::new(OwnReactions::new(self.store.clone()))
    }

    pub(crate) fn lists(&self) -> Arc<GroupLists> {
        let (store, groups, listing) = (self.store.clone(), self.groups.clone(), self.listing());
        let (heads, views) = (self.heads(), self.views.clone());
        Arc::new(GroupLists::new(listing, views, heads, groups, store.clone(), store.clone(), store))
    }

    pub(crate) fn look(&self) -> Arc<GroupLook> {
        Arc::new(GroupLook::new(self.lists(), self.presence()))
    }

    pub(crate) fn new_groups(&self) -> Arc<NewGroups> {
        Arc::new(NewGroups::new(self.creation(), self.lists(), self.passwords()))
    }

    pub(crate) fn registration(&self) -> Arc<Registration> {
        let (registry, node) = (self.registry.clone(), self.node.clone());
        Arc::new(Registration::new(registry, node, self.users.clone(), self.told.clone()))
    }

    pub(crate) fn arrivals(&self) -> Arc<Arrivals> {
        Arc::new(Arrivals::new(self.store.clone(), self.store.clone(), self.tasks.clone()))
    }

    pub(crate) fn presence(&self) -> Arc<Presence> {
        let (registry, people, watchers) = (self.registry.clone(), self.store.clone(), Arc::<Watchers>::default());
        let (node, users, peers) = (self.node.clone(), self.users.clone(), self.peers.clone());
        Arc::new(Presence::new(registry, people, node, users, peers, watchers))
    }

    /// The node's life in this cluster, with these partitions.
    pub(crate) fn life(&self, cluster: &Arc<MemoryCluster>, owned: &Arc<Owned>) -> Arc<NodeLife> {
        let config = LifeConfig {
            public_url: None,
            zone: None,
            capacity: 9,
            roles: NodeRoles::default(),
            followers: Default::default(),
            lease: LEASE,
        };
        let (inboxes, node, users) = (self.inboxes.clone(), self.node.clone(), self.users.clone());
        Arc::new(NodeLife::new(cluster.clone(), inboxes, node, owned.clone(), users, config, metrics().vitals()))
    }

    pub(crate) fn sessions(&self, comparisons: &Arc<Comparisons>) -> Arc<Sessions> {
        let attacher = self.attacher();
        let config = WelcomeConfig { heartbeat: Duration::from_secs(5), limits: HubConfig::default().limits() };
        let (node, told, users) = (self.node.clone(), self.told.clone(), self.users.clone());
        let welcome = Welcome::new(self.listing(), attacher.clone(), node.clone(), told.clone(), config);
        let (registration, joiner, comparisons) = (self.registration(), self.joiner.clone(), comparisons.clone());
        let arrivals = self.arrivals();
        let opening = Opening::new(registration.clone(), arrivals, joiner, attacher, comparisons, welcome);
        let tasks = self.tasks.clone();
        Arc::new(Sessions::new(opening, registration, users, node, told, metrics().sessions, tasks))
    }

    pub(crate) fn admission(&self, tokens: &Arc<MemoryTokens>, rate: Rate) -> Arc<Admission> {
        Arc::new(Admission::new(tokens.clone(), rate, rate))
    }
}

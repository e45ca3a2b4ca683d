//! Components that others stand on, made of fakes.

use std::sync::Arc;
use std::time::Duration;

use super::{MemoryInboxes, MemoryLog, MemoryRegistry, MemoryStore, PlainPasswords, Told, metrics, node};
use crate::hub::features::deletion::GroupDeletion;
use crate::hub::features::membership::{Changes, Creation, GroupPasswords, Membership};
use crate::hub::features::settings::Settings;
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

/// What a node's components stand on.
struct Floor {
    store: Arc<MemoryStore>,
    log: Arc<MemoryLog>,
    registry: Arc<MemoryRegistry>,
    told: Arc<Told>,
    node: Arc<NodeState>,
    groups: Arc<LocalGroups>,
    users: Arc<LocalUsers>,
    tasks: Tasks,
    acks: Arc<Acks>,
}

// === impl Bed ===

impl Bed {
    pub(crate) fn new(store: MemoryStore) -> Self {
        let floor = Floor::new(store);
        let (documents, names) = (Arc::new(Documents::new(floor.store.clone())), Names::new(floor.store.clone()));
        let (views, routes, restorer) = (Arc::new(Views::new(names, None)), floor.routes(), floor.restorer());
        let lives = floor.lives(&routes);
        let catch_up = floor.catch_up(&documents, &views, &lives, &routes);
        let joiner = floor.joiner(&restorer, &lives, routes, &catch_up);
        let Floor { store, log, registry, told, node, groups, users, tasks, acks } = floor;
        let inboxes = Arc::<MemoryInboxes>::default();
        let peers = Arc::new(Peers::new(inboxes.clone(), registry.clone(), node.clone(), told.clone()));
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
        let (catch_up, views, told) = (self.catch_up.clone(), self.views.clone(), self.told.clone());
        Deliverer::new(groups, users, acks, catch_up, views, told, metrics().groups)
    }

    pub(crate) fn attacher(&self) -> Arc<Attacher> {
        let fetcher = Arc::new(Fetcher::new(self.log.clone(), self.store.clone()));
        let (joiner, documents, views) = (self.joiner.clone(), self.documents.clone(), self.views.clone());
        let replayer =
            Replayer::new(self.catch_up.clone(), fetcher, self.own_reactions(), views.clone(), metrics().groups);
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

    fn changes(&self) -> Arc<Changes> {
        let (log, store, restorer) = (self.log.clone(), self.store.clone(), self.restorer.clone());
        let (node, second) = (self.node.clone(), Duration::from_secs(1));
        Arc::new(Changes::new(log.clone(), log, store, restorer, node, 150, second))
    }

    pub(crate) fn membership(&self) -> Arc<Membership> {
        let (store, passwords) = (self.store.clone(), self.passwords());
        Arc::new(Membership::new(self.changes(), store.clone(), store, passwords, 100))
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::new(Settings::new(self.changes(), self.store.clone(), self.passwords(), self.node.clone()))
    }

    pub(crate) fn passwords(&self) -> GroupPasswords {
        GroupPasswords::new(Some(Arc::new(PlainPasswords)))
    }

    pub(crate) fn creation(&self) -> Arc<Creation> {
        let (log, store, restorer) = (self.log.clone(), self.store.clone(), self.restorer.clone());
        let (node, groups, lives, peers) =
            (self.node.clone(), self.groups.clone(), self.lives.clone(), self.peers.clone());
        let deletion = Arc::new(GroupDeletion::new(store.clone(), store.clone(), log, node, lives, peers));
        let (membership, changes) = (self.membership(), self.changes());
        Arc::new(Creation::new(membership, changes, deletion, store.clone(), store, restorer, groups))
    }

    pub(crate) fn comparisons(&self) -> Arc<Comparisons> {
        let (joiner, attacher, people) = (self.joiner.clone(), self.attacher(), self.store.clone());
        let (groups, users) = (self.groups.clone(), self.users.clone());
        Arc::new(Comparisons::new(joiner, attacher, people, groups, users, self.tasks.clone()))
    }
}

// === impl Floor ===

impl Floor {
    fn new(store: MemoryStore) -> Self {
        let (told, second, minute) = (Arc::<Told>::default(), Duration::from_secs(1), Duration::from_secs(60));
        Self {
            store: Arc::new(store),
            log: Arc::default(),
            registry: Arc::default(),
            acks: Arc::new(Acks::new(second, minute, told.clone(), metrics().pipeline)),
            told,
            node: node(),
            groups: Arc::default(),
            users: Arc::default(),
            tasks: Tasks::default(),
        }
    }

    fn restorer(&self) -> Arc<Restorer> {
        let (store, node) = (self.store.clone(), self.node.clone());
        let effects = Arc::new(EffectApplier::new(store.clone(), store.clone(), store.clone(), metrics().pipeline));
        let completer = Completer::new(store.clone(), store.clone(), store, effects, node.clone(), metrics().pipeline);
        let (log, groups, told, tasks) = (self.log.clone(), self.groups.clone(), self.told.clone(), self.tasks.clone());
        Arc::new(Restorer::new(log, completer, node, groups, told, metrics().pipeline, tasks))
    }

    fn routes(&self) -> Arc<Routes> {
        let (registry, node, groups) = (self.registry.clone(), self.node.clone(), self.groups.clone());
        Arc::new(Routes::new(registry, node, groups, metrics().groups, self.tasks.clone()))
    }

    fn lives(&self, routes: &Arc<Routes>) -> Arc<Lives> {
        let (groups, users, acks) = (self.groups.clone(), self.users.clone(), self.acks.clone());
        Arc::new(Lives::new(groups, users, acks, routes.clone(), self.store.clone(), self.told.clone()))
    }

    fn catch_up(
        &self,
        documents: &Arc<Documents>,
        views: &Arc<Views>,
        lives: &Arc<Lives>,
        routes: &Arc<Routes>,
    ) -> Arc<CatchUp> {
        let (users, acks, of_groups) = (self.users.clone(), self.acks.clone(), metrics().groups);
        let (documents, views, lives_of, told) = (documents.clone(), views.clone(), lives.clone(), self.told.clone());
        let giver = Giver::new(documents, views, lives_of, users, acks.clone(), told, of_groups.clone());
        let fetcher = Arc::new(Fetcher::new(self.log.clone(), self.store.clone()));
        let (lives, routes, tasks) = (lives.clone(), routes.clone(), self.tasks.clone());
        Arc::new(CatchUp::new(giver, fetcher, lives, routes, acks, of_groups, tasks))
    }

    fn joiner(
        &self,
        restorer: &Arc<Restorer>,
        lives: &Arc<Lives>,
        routes: Arc<Routes>,
        catch_up: &Arc<CatchUp>,
    ) -> Arc<Joiner> {
        let (registry, node, groups) = (self.registry.clone(), self.node.clone(), self.groups.clone());
        let (restorer, lives) = (restorer.clone(), lives.clone());
        Arc::new(Joiner::new(registry, node, groups, restorer, lives, routes, catch_up.clone()))
    }
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

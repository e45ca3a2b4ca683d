//! All followers of a node, put together.

use std::sync::Arc;
use std::time::Duration;

use super::assignments::Assignments;
use super::clock::BackplaneClock;
use super::comparison::Comparison;
use super::crew::Crew;
use super::driver::Driver;
use super::due::DueRunner;
use super::follower::Follower;
use super::leases::LeaseKeeper;
use super::metrics::FollowerMetrics;
use super::pages::Pages;
use super::raise::Raiser;
use super::report::Report;
use super::wants::Compares;
use super::work::Work;
use super::worker::Worker;
use crate::hub::node::NodeState;
use crate::hub::pipeline::restore::Restorer;
use crate::hub::tasks::Tasks;
use crate::ports::{DueStore, FollowerLeases, FollowerStore, GroupStates, MessageStore, StoreHealth};

/// What followers stand on.
pub(crate) struct Ground {
    pub(crate) store: Arc<dyn FollowerStore>,
    pub(crate) due: Arc<dyn DueStore>,
    pub(crate) messages: Arc<dyn MessageStore>,
    pub(crate) health: Arc<dyn StoreHealth>,
    pub(crate) states: Arc<dyn GroupStates>,
    pub(crate) leases: Arc<dyn FollowerLeases>,
    pub(crate) restorer: Arc<Restorer>,
    pub(crate) node: Arc<NodeState>,
    pub(crate) tasks: Tasks,
    pub(crate) clock: Arc<BackplaneClock>,
    pub(crate) metrics: FollowerMetrics,
    /// How long a lease lives without being renewed.
    pub(crate) lease: Duration,
}

/// The followers that this node runs.
pub(crate) struct Followers {
    ground: Ground,
    /// Those that are told of events.
    followers: Vec<Arc<dyn Follower>>,
    /// Those that plan things for later.
    planners: Vec<Arc<dyn Follower>>,
    assignments: Arc<Assignments>,
    leases: Arc<LeaseKeeper>,
    raiser: Arc<Raiser>,
}

// === impl Followers ===

impl Followers {
    pub(crate) fn new(ground: Ground, all: Vec<Arc<dyn Follower>>) -> Self {
        let planners = all.iter().filter(|follower| follower.has_due()).cloned().collect();
        let followers: Vec<_> = all.into_iter().filter(|follower| follower.is_told()).collect();
        let pages = Pages::new(ground.messages.clone(), followers.len() > 1);
        let work = Work::new(ground.store.clone(), pages, ground.restorer.clone(), ground.metrics.clone());
        let raiser = Arc::new(Raiser::new(ground.store.clone(), ground.metrics.clone()));
        let worker = Worker::new(ground.store.clone(), work, raiser.clone(), ground.metrics.clone());
        let assignments = Arc::<Assignments>::default();
        let crew = Crew::new(assignments.clone(), worker, ground.tasks.clone());
        let leases = Arc::new(LeaseKeeper::new(
            ground.leases.clone(),
            ground.health.clone(),
            ground.node.clone(),
            followers.clone(),
            crew,
            ground.lease,
        ));
        Self { ground, followers, planners, assignments, leases, raiser }
    }

    /// Begins to work, where there are followers.
    pub(crate) fn start(&self) {
        let Ground { tasks, states, clock, node, metrics, .. } = &self.ground;
        for follower in &self.planners {
            let metrics = metrics.of(follower.name());
            tasks.spawn(DueRunner::new(follower.clone(), self.ground.due.clone(), metrics).run());
        }
        if self.followers.is_empty() {
            return;
        }
        tasks.spawn(Driver::new(states.clone(), self.assignments.clone(), clock.clone()).run());
        tasks.spawn(self.raiser.clone().run(self.assignments.clone()));
        tasks.spawn(self.comparison(Compares::Heads).run());
        tasks.spawn(self.comparison(Compares::Newest).run());
        let report = Report::new(self.followers.clone(), self.assignments.clone(), node.clone(), metrics.clone());
        tasks.spawn(report.run());
        tasks.spawn(self.leases.clone().run());
    }

    /// Gives back what is held: the node leaves.
    pub(crate) async fn release_all(&self) {
        self.leases.release_all().await;
    }

    fn comparison(&self, kind: Compares) -> Comparison {
        let Ground { store, messages, node, metrics, .. } = &self.ground;
        Comparison::new(kind, store.clone(), messages.clone(), self.assignments.clone(), node.clone(), metrics.clone())
    }
}

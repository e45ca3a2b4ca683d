//! Followers over fakes, with paused time.

mod backplane;
mod comparing;
mod due;
mod following;
pub(crate) mod ledger;
mod recorder;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;

use backplane::{Moves, SharedLeases};
use ledger::Ledger;
use recorder::Recorder;

use super::{BackplaneClock, Begins, Follower, FollowerMetrics, Followers, Ground};
use crate::domain::{GroupId, Head, Seq};
use crate::hub::node::tests::record;
use crate::hub::testing::{Bed, MemoryStore, group, head, text};
use crate::ports::{Extent, NodeRecord};

/// Where the numbers of moves begin.
const FIRST: u64 = 1_000_000;

/// What nodes share, and one node that runs followers.
struct Scene {
    bed: Bed,
    ledger: Arc<Ledger>,
    moves: Arc<Moves>,
    leases: Arc<SharedLeases>,
    registry: Registry,
}

// === impl Scene ===

impl Scene {
    fn new() -> Self {
        let scene = Self {
            bed: Bed::new(MemoryStore::default()),
            ledger: Arc::default(),
            moves: Arc::new(Moves::at(FIRST)),
            leases: Arc::default(),
            registry: Registry::new(),
        };
        scene.bed.node.begin_life(record("a.1").node);
        scene
    }

    /// A group without events.
    fn group(&self) -> GroupId {
        let id = GroupId::random();
        self.bed.store.put_group(group(&id, &["anna"]));
        let extent = Extent { group: id.clone(), first: 1, head: Head::default() };
        self.ledger.extents.lock().insert(id.clone(), extent);
        id
    }

    /// Somebody says something, and everybody hears of it.
    fn say(&self, group: &GroupId, seqs: impl IntoIterator<Item = Seq>) {
        for seq in seqs {
            self.bed.store.put([text(group, seq, "anna")]);
            self.raise(group, seq);
            self.moves.note(group, head(seq));
        }
    }

    /// The group's document says so of its head.
    fn raise(&self, group: &GroupId, seq: Seq) {
        self.ledger.extents.lock().entry(group.clone()).and_modify(|extent| extent.head = head(seq));
    }

    /// What lies below is removed.
    fn expire(&self, group: &GroupId, first: Seq) {
        let mut extents = self.ledger.extents.lock();
        let extent = extents.get_mut(group).unwrap();
        extent.first = first;
        self.moves.note(group, extent.head);
    }

    /// The node runs these followers, alone.
    fn follow(&self, followers: &[Arc<Recorder>]) -> Followers {
        let names = followers.iter().map(|follower| follower.name().to_owned()).collect();
        self.bed.node.saw(vec![NodeRecord { followers: Some(names), ..record("a.1") }], 1);
        let running = self.followers(followers);
        running.start();
        running
    }

    fn followers(&self, followers: &[Arc<Recorder>]) -> Followers {
        let ground = Ground {
            store: self.ledger.clone(),
            due: self.ledger.clone(),
            messages: self.bed.store.clone(),
            health: self.bed.store.clone(),
            states: self.moves.clone(),
            leases: self.leases.clone(),
            restorer: self.bed.restorer.clone(),
            node: self.bed.node.clone(),
            tasks: self.bed.tasks.clone(),
            clock: Arc::<BackplaneClock>::default(),
            metrics: FollowerMetrics::register(&self.registry).unwrap(),
            lease: Duration::from_secs(8),
        };
        let followers = followers.iter().map(|follower| follower.clone() as Arc<dyn Follower>).collect();
        Followers::new(ground, followers)
    }

    /// Another life of the node, or another node: what it holds is lost, what is stored and shared is there.
    fn again(self, name: &str) -> Self {
        let Self { bed, ledger, moves, leases, .. } = self;
        leases.held.lock().clear();
        let node = Bed { tasks: Default::default(), node: crate::hub::testing::node(), ..bed };
        node.node.begin_life(record(name).node);
        Self { bed: node, ledger, moves, leases, registry: Registry::new() }
    }

    /// A metric of a follower, as it is told.
    fn metric(&self, name: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).unwrap();
        let values =
            family.get_metric().iter().map(|metric| metric.get_gauge().get_value() + metric.get_counter().get_value());
        values.sum()
    }
}

fn recorder() -> Arc<Recorder> {
    Arc::new(Recorder::new("recorder", Begins::Everything))
}

/// Time goes by.
async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

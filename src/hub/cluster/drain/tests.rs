//! The end of a node over fakes.

use super::*;
use crate::domain::GroupId;
use crate::hub::local::SessionHandle;
use crate::hub::node::tests::record;
use crate::hub::pipeline::publish::Reply;
use crate::hub::testing::{Bed, Ear, LEASE, MemoryCluster, MemoryStore, open_session, text, until};
use crate::ports::{LeaseToken, NodeRecord};

/// Longer than any phase takes by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// A node that owns a partition and has a session.
struct Rig {
    bed: Bed,
    cluster: Arc<MemoryCluster>,
    owned: Arc<Owned>,
    token: LeaseToken,
    drain: Arc<Drain>,
    anna: Arc<SessionHandle>,
    ear: Arc<Ear>,
}

// === impl Rig ===

impl Rig {
    /// Among nodes of these names, of which `c` drains too.
    async fn among(others: &[&str]) -> Self {
        let (bed, cluster) = (Bed::new(MemoryStore::default()), Arc::<MemoryCluster>::default());
        let owned = Arc::<Owned>::default();
        let other = |name: &&str| NodeRecord {
            public_url: Some(format!("wss://{name}/ws")),
            draining: name.starts_with('c'),
            ..record(name)
        };
        cluster.others.lock().extend(others.iter().map(other));
        let life = bed.life(&cluster, &owned);
        life.begin(7_000).await.unwrap();
        let token = LeaseToken::random();
        owned.take_up(0, token.clone());
        let (anna, ear) = open_session(&bed.users, "anna");
        let (inboxes, node) = (bed.inboxes.clone(), bed.node.clone());
        let leases = Leases::new(owned.clone(), cluster.clone(), inboxes, bed.store.clone(), node.clone(), LEASE);
        let (users, acks, tasks) = (bed.users.clone(), bed.acks.clone(), bed.tasks.clone());
        let drain = Arc::new(Drain::new(life, Arc::new(leases), owned.clone(), users, acks, node, tasks));
        Self { bed, cluster, owned, token, drain, anna, ear }
    }

    /// Begins to hand over.
    fn hand_over(&self) -> tokio::task::JoinHandle<()> {
        let (drain, deadline) = (self.drain.clone(), Instant::now() + PATIENCE);
        tokio::spawn(async move { drain.hand_over(deadline).await })
    }
}

#[test]
fn few_go_at_the_usual_pace_and_many_within_their_time() {
    let budget = Duration::from_secs(10);
    assert_eq!(byes_a_tick(0, budget), 20);
    assert_eq!(byes_a_tick(10_000, budget), 20);
    for (sessions, budget) in [(19_000, budget), (1_000_000, budget), (5, Duration::ZERO)] {
        let ticks = usize::div_ceil(sessions, byes_a_tick(sessions, budget)) as u32;
        assert!(BYE_TICK * ticks.saturating_sub(1) <= budget, "{sessions} sessions take {ticks} ticks");
    }
}

#[tokio::test(start_paused = true)]
async fn partitions_go_first_then_sessions_to_a_node_that_stays_then_the_last_sends_are_answered() {
    let rig = Rig::among(&["b.1", "c.1"]).await;
    let sent = text(&GroupId::random(), 1, "anna");
    let key = (sent.group.clone(), sent.from.clone(), sent.cid.clone());
    rig.bed.acks.wait(key, Reply::Session { session: rig.anna.clone(), re: None });
    let going = rig.hand_over();
    tokio::time::sleep(HANDED_OVER_WITHIN / 2).await;
    assert!(rig.cluster.beats.lock().last().unwrap().draining, "the others know");
    assert_eq!(rig.ear.ending(), None, "nobody's sends wait for a new owner");
    rig.owned.lose(0, &rig.token);
    until(|| rig.ear.ending().is_some()).await;
    assert_eq!(rig.ear.ending().unwrap().url(), Some("wss://b.1/ws"), "the other one drains too");
    rig.bed.users.remove(&rig.anna);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!going.is_finished(), "a send waits for its answer");
    rig.bed.acks.resolve(&sent);
    going.await.unwrap();
    assert!(rig.ear.texts().concat().contains("ack"));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_go_is_left_behind_in_time() {
    let rig = Rig::among(&["b.1"]).await;
    let begun = Instant::now();
    let going = rig.hand_over();
    until(|| rig.ear.ending().is_some()).await;
    let handed_over = begun.elapsed();
    assert!(handed_over >= HANDED_OVER_WITHIN && handed_over < HANDED_OVER_WITHIN * 2, "{handed_over:?}");
    going.await.unwrap();
    assert!(begun.elapsed() >= PATIENCE && begun.elapsed() < PATIENCE + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_partitions_that_nobody_takes() {
    for (others, silent) in [(&["c.1"][..], false), (&["b.1"], true)] {
        let rig = Rig::among(others).await;
        rig.cluster.link.be_silent(silent);
        let begun = Instant::now();
        drop(rig.hand_over());
        until(|| rig.ear.ending().is_some()).await;
        assert!(begun.elapsed() < Duration::from_secs(1), "{others:?}");
        assert!(rig.bed.node.is_draining());
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_end_before_the_leases_and_those_before_the_node() {
    let rig = Rig::among(&[]).await;
    let alive = Arc::new(());
    let held = alive.clone();
    rig.bed.tasks.spawn(async move {
        let _held = held;
        std::future::pending().await
    });
    rig.drain.leave(Instant::now()).await;
    assert_eq!(Arc::strong_count(&alive), 1, "its task has ended");
    assert_eq!(*rig.cluster.left.lock(), ["partition 0", "a.7"]);
    assert!(!rig.owned.holds(0));
}

#[tokio::test(start_paused = true)]
async fn a_node_ends_whether_the_backplane_answers_or_not() {
    let rig = Rig::among(&[]).await;
    rig.cluster.link.be_silent(true);
    rig.drain.leave(Instant::now()).await;
    assert_eq!(rig.cluster.left.lock().len(), 2, "it was tried");
}

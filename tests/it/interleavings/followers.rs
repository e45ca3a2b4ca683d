//! Nodes die between the steps of what follows stored events: each is followed at least once all the same, by another
//! node.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use hubbub::domain::{GroupId, Seq};
use hubbub::ports::{Done, Journal, JournalError, Page};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::gates::Side;
use super::test_cluster::{FIRST, TestCluster, repeat_until_acked, send};
use crate::people::{Client, make_group};
use crate::support::{eventually, shared};

/// Groups of a partition whose moves are kept, where a test needs them to be few.
const FEW_MOVES: u64 = 3;

/// A journal that is read by the test. What was not synced is lost with its node.
#[derive(Default)]
struct Paper {
    waiting: Mutex<String>,
    synced: Mutex<BTreeSet<(String, Seq)>>,
}

#[async_trait]
impl Journal for Paper {
    fn append(&self, lines: &str) -> Result<(), JournalError> {
        self.waiting.lock().push_str(lines);
        Ok(())
    }

    async fn sync(&self) -> Result<(), JournalError> {
        let lines = std::mem::take(&mut *self.waiting.lock());
        let named = |line: &str| {
            let line: Value = serde_json::from_str(line).expect("a line is JSON");
            Some((line["group"].as_str()?.to_owned(), line["seq"].as_u64()?))
        };
        self.synced.lock().extend(lines.lines().filter_map(named));
        Ok(())
    }
}

/// A cluster whose nodes each have a journal.
struct Followed {
    scene: TestCluster,
    papers: Vec<Arc<Paper>>,
}

// === impl Followed ===

impl Followed {
    async fn open() -> Self {
        let papers: Vec<_> = (0..3).map(|_| Arc::<Paper>::default()).collect();
        let journals = papers.iter().cloned().map(|paper| -> Arc<dyn Journal> { paper }).collect();
        let scene = TestCluster::with_journals(shared::redis().await, FEW_MOVES, journals).await;
        Self { scene, papers }
    }

    /// Waits until these nodes have followed all that is stored of a group.
    async fn until_followed(&self, by: &[usize], group: &GroupId) {
        eventually("all that is stored is followed", async || {
            let stored =
                self.scene.store.page(group, Page::After(0, 10_000)).await.map_err(|error| error.to_string())?;
            let followed =
                |seq: Seq| by.iter().any(|node| self.papers[*node].synced.lock().contains(&(group.to_string(), seq)));
            let lacking: Vec<_> = stored.iter().filter(|event| !followed(event.seq)).map(|event| event.seq).collect();
            match (stored.len(), lacking.is_empty()) {
                (1.., true) => Ok(()),
                (count, _) => Err(format!("{lacking:?} of {count} are not followed")),
            }
        })
        .await;
    }

    /// The node that works for the journal, once something was followed.
    async fn follower(&self, group: &GroupId) -> usize {
        eventually("somebody follows", async || {
            let named =
                |paper: &Arc<Paper>| paper.synced.lock().iter().any(|(followed, _)| *followed == group.as_str());
            self.papers.iter().position(named).ok_or("nobody does")
        })
        .await
    }

    /// A node that is none of these.
    fn other_than(&self, nodes: &[usize]) -> usize {
        (0..self.papers.len()).find(|node| !nodes.contains(node)).expect("there are three")
    }

    /// How far the journal has come in a group, as the store knows.
    async fn done(&self, group: &GroupId) -> Done {
        let done = self.scene.store.done("journal", std::slice::from_ref(group)).await.expect("the store answers");
        done.get(group).copied().unwrap_or_default()
    }
}

/// The owner dies with an event inserted and nothing committed. With Redis emptied after it, no head and no number tells
/// of the event, and nobody says anything more.
async fn dies_between_insert_and_commit(redis_emptied: bool) {
    let followed = Followed::open().await;
    let scene = &followed.scene;
    let (mut people, group) = scene.people().await;
    repeat_until_acked(&mut people[0], &group, "before").await;
    followed.until_followed(&[0, 1, 2], &group).await;
    let stopped = scene.nodes[FIRST].gates.hold(Side::After, "insert");
    send(&mut people[0], &group, "inserted").await;
    stopped.reached().await;
    scene.nodes[FIRST].gates.freeze();
    stopped.release();
    if redis_emptied {
        scene.empty_redis().await;
    }
    let stored = scene.stored(&group).await;
    assert!(stored.iter().any(|event| event.text.as_deref() == Some("inserted")), "{stored:?}");
    followed.until_followed(&[0, 1, 2], &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_owner_inserted_before_it_died_is_followed() {
    dies_between_insert_and_commit(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_owner_inserted_before_it_died_is_followed_also_when_redis_was_emptied() {
    dies_between_insert_and_commit(true).await;
}

/// A follower dies with its work done and not noted: another node does it again.
async fn dies_before_it_is_noted(side: Side) {
    let followed = Followed::open().await;
    let scene = &followed.scene;
    let (mut people, group) = scene.people().await;
    repeat_until_acked(&mut people[0], &group, "before").await;
    let dies = followed.follower(&group).await;
    followed.until_followed(&[dies], &group).await;
    let stored = scene.stored(&group).await.len() as Seq;
    eventually("that is noted", async || match followed.done(&group).await.seq {
        seq if seq >= stored => Ok(()),
        seq => Err(format!("{seq} of {stored}")),
    })
    .await;
    let stopped = scene.nodes[dies].gates.hold(side, "raise_done");
    let speaker = followed.other_than(&[dies]);
    repeat_until_acked(&mut people[speaker], &group, "worked on").await;
    stopped.reached().await;
    followed.until_followed(&[dies], &group).await;
    scene.nodes[dies].gates.freeze();
    stopped.release();
    repeat_until_acked(&mut people[speaker], &group, "after").await;
    let others: Vec<_> = (0..followed.papers.len()).filter(|node| *node != dies).collect();
    eventually("another node goes on", async || {
        let seqs: BTreeSet<Seq> =
            others.iter().flat_map(|node| followed.papers[*node].synced.lock().clone()).map(|(_, seq)| seq).collect();
        let from = if side == Side::Before { stored + 1 } else { stored + 2 };
        let last = scene.stored(&group).await.len() as Seq;
        let lacking: Vec<_> = (from..=last).filter(|seq| !seqs.contains(seq)).collect();
        if lacking.is_empty() && last >= from { Ok(()) } else { Err(format!("{lacking:?} of {from} to {last}")) }
    })
    .await;
    followed.until_followed(&[0, 1, 2], &group).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_dies_between_its_work_and_done() {
    dies_before_it_is_noted(Side::Before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_dies_when_done_is_noted_and_it_does_not_know() {
    dies_before_it_is_noted(Side::After).await;
}

/// All followers stand still while more groups move than are kept, and what is kept of each is forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn followers_are_off_for_longer_than_anything_is_kept() {
    let followed = Followed::open().await;
    let scene = &followed.scene;
    let mut anna = scene.join(0, "anna").await;
    let mut groups = Vec::new();
    for _ in 0..4 * FEW_MOVES {
        let group = GroupId::parse(&make_group(&mut anna, &[]).await).unwrap();
        repeat_until_acked(&mut anna, &group, &format!("in {group}")).await;
        groups.push(group);
    }
    for group in &groups {
        followed.until_followed(&[0, 1, 2], group).await;
    }
    // Nobody hears which groups move: as if no node followed.
    scene.nodes.iter().for_each(|node| node.gates.fail(Side::Before, "moved_since", usize::MAX));
    for group in &groups {
        say_more(&mut anna, group).await;
    }
    scene.forget_recent_events().await;
    scene.nodes.iter().for_each(|node| node.gates.stop_failing("moved_since"));
    for group in &groups {
        followed.until_followed(&[0, 1, 2], group).await;
    }
}

async fn say_more(anna: &mut Client, group: &GroupId) {
    for nth in 0..3 {
        let cid = format!("{nth} in {group}");
        anna.ask(json!({"type": "send", "id": cid, "group": group.as_str(), "cid": cid, "text": cid}), "ack").await;
    }
}

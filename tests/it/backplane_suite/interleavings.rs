//! Whatever the order of sends, changes, restores, reads, commits and losses: seqs stay dense and
//! unique above what the store holds.

use std::collections::BTreeMap;

use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{GroupId, Seq};
use hubbub::ports::{Appended, ChangeOutcome, GroupSnapshot, LogEntry};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::World;
use super::sample::*;

#[derive(Debug, Clone)]
enum Step {
    /// Sends under these cids, to group 0 or 1 each.
    Append(Vec<(usize, u8)>),
    /// Somebody is added to a group.
    Add(usize, u8),
    /// A floor at or below what is stored.
    Restore(usize, u64),
    /// The owner reads, stores and commits all but this many.
    Commit(usize),
    /// A successor claims what is pending.
    Claim,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let group = 0..2_usize;
    let step = prop_oneof![
        5 => proptest::collection::vec((group.clone(), 0..60_u8), 1..6).prop_map(Step::Append),
        1 => (group.clone(), 0..20_u8).prop_map(|(group, who)| Step::Add(group, who)),
        2 => (group, 0..40_u64).prop_map(|(group, back)| Step::Restore(group, back)),
        3 => (0..4_usize).prop_map(Step::Commit),
        1 => Just(Step::Claim),
    ];
    proptest::collection::vec(step, 1..40)
}

pub async fn seqs_stay_dense_and_unique<W: World>() {
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..12 {
        let steps = steps().new_tree(&mut runner).expect("the strategy rejects nothing").current();
        Run::<W>::new().await.check(&steps).await;
    }
}

/// What was given, and what the owner has stored.
struct Run<W> {
    scene: TestCluster<W>,
    groups: [GroupId; 2],
    given: [Seq; 2],
    stored: [Seq; 2],
    cids: BTreeMap<(usize, u8), Seq>,
    pending: Vec<LogEntry>,
}

impl<W: World> Run<W> {
    async fn new() -> Self {
        let scene = TestCluster::<W>::with(BackplaneLimits::default()).await;
        let groups = [scene.group.clone(), GroupId::random()];
        scene.know(&groups[1]).await;
        Self { scene, groups, given: [0; 2], stored: [0; 2], cids: BTreeMap::new(), pending: Vec::new() }
    }

    async fn check(mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Append(sends) => self.append(sends).await,
                Step::Add(group, who) => self.add(*group, *who).await,
                Step::Restore(group, back) => self.restore(*group, *back).await,
                Step::Commit(spare) => self.commit(*spare).await,
                Step::Claim => self.claim().await,
            }
        }
        self.commit(0).await;
        assert_eq!(self.stored, self.given, "{steps:?}");
    }

    async fn append(&mut self, sends: &[(usize, u8)]) {
        let batch: Vec<_> =
            sends.iter().map(|(group, id)| text(&self.groups[*group], "anna", &id.to_string())).collect();
        let answers = self.scene.append(&batch).await;
        for ((group, id), answer) in sends.iter().zip(answers) {
            match (self.cids.get(&(*group, *id)), answer) {
                (Some(first), Appended::Seen { seq }) => assert_eq!(seq, *first),
                (None, Appended::Accepted { seq, .. }) => {
                    self.given[*group] += 1;
                    assert_eq!(seq, self.given[*group]);
                    self.cids.insert((*group, *id), seq);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    async fn add(&mut self, group: usize, who: u8) {
        let mut change = add(&self.groups[group], "anna", &[&format!("user{who}")]);
        change.max_members = 1000;
        if let ChangeOutcome::Accepted { seq } = self.scene.change(&change).await {
            self.given[group] += 1;
            assert_eq!(seq, self.given[group]);
        }
    }

    async fn restore(&mut self, group: usize, back: u64) {
        let seq = self.stored[group].saturating_sub(back);
        let floor = GroupSnapshot { head: head(seq, 0), ..floor(&self.groups[group]) };
        self.scene.backplane.restore(self.scene.partition, &self.scene.origin, &floor).await.unwrap();
    }

    async fn commit(&mut self, spare: usize) {
        let outstanding: Seq = (0..2).map(|group| self.given[group] - self.stored[group]).sum();
        while (self.pending.len() as u64) < outstanding {
            self.pending.extend(self.scene.read(WAIT).await);
        }
        let count = self.pending.len().saturating_sub(spare);
        let stored: Vec<LogEntry> = self.pending.drain(..count).collect();
        let mut parts = Vec::new();
        for group in 0..2 {
            let seqs: Vec<Seq> =
                stored.iter().filter(|entry| entry.group == self.groups[group]).map(|entry| entry.seq).collect();
            let Some(last) = seqs.last() else { continue };
            assert!(seqs.iter().copied().eq(self.stored[group] + 1..=*last), "{seqs:?} after {}", self.stored[group]);
            parts.push(group_commit(&self.groups[group], self.stored[group] + 1..=*last));
            self.stored[group] = *last;
        }
        self.scene.commit(&ids(&stored), parts).await.unwrap();
        for group in 0..2 {
            assert_eq!(self.scene.head(&self.groups[group]).await.unwrap().seq, self.stored[group]);
        }
    }

    async fn claim(&mut self) {
        let claimed = self.scene.backplane.claim(&node("successor.1"), self.scene.partition).await.unwrap().entries;
        assert_eq!(ids(&claimed), ids(&self.pending));
    }
}

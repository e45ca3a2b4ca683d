//! Each group's entries in the order of their seqs. Pure state.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::{GroupId, Seq};
use crate::ports::LogEntry;

/// The groups of a partition, as far as entries of theirs came by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    groups: HashMap<GroupId, Sequence>,
    /// Those of them that have entries waiting: few, however many groups there are.
    waiting: HashSet<GroupId>,
}

#[derive(Debug, Clone)]
struct Sequence {
    next: Seq,
    waiting: BTreeMap<Seq, Vec<LogEntry>>,
}

/// Seqs that are missing before an entry that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) group: GroupId,
    pub(crate) next: Seq,
    pub(crate) upto: Seq,
}

/// Groups that have nothing waiting are forgotten beyond this many: their next entry tells where
/// they stand.
const REMEMBERED: usize = 50_000;

// === impl Order ===

impl Order {
    /// Takes an entry in. One that is behind (handed out again, or collided) is ready at once.
    pub(crate) fn offer(&mut self, entry: LogEntry) {
        if self.groups.len() > REMEMBERED {
            self.groups.retain(|_, sequence| !sequence.waiting.is_empty());
        }
        let sequence = self
            .groups
            .entry(entry.group.clone())
            .or_insert_with(|| Sequence { next: entry.stored + 1, waiting: BTreeMap::new() });
        sequence.next = sequence.next.max(entry.stored + 1);
        self.waiting.insert(entry.group.clone());
        sequence.waiting.entry(entry.seq).or_default().push(entry);
    }

    /// Everything in turn, ascending within each group.
    pub(crate) fn take_ready(&mut self) -> Vec<LogEntry> {
        let mut ready = Vec::new();
        self.waiting.retain(|group| {
            let Some(sequence) = self.groups.get_mut(group) else { return false };
            sequence.take_ready(&mut ready);
            !sequence.waiting.is_empty()
        });
        ready
    }

    /// The first hole of each group that has entries waiting behind one.
    pub(crate) fn holes(&self) -> Vec<Hole> {
        let holes = self.waiting.iter().filter_map(|group| {
            let sequence = self.groups.get(group)?;
            let first = *sequence.waiting.keys().next()?;
            (first > sequence.next).then(|| Hole { group: group.clone(), next: sequence.next, upto: first - 1 })
        });
        holes.collect()
    }

    /// How far each group has come.
    pub(crate) fn passed(&self) -> Vec<(GroupId, Seq)> {
        self.groups.iter().map(|(group, sequence)| (group.clone(), sequence.next - 1)).collect()
    }

    /// Everything up to a seq is stored.
    pub(crate) fn pass(&mut self, group: &GroupId, seq: Seq) {
        if let Some(sequence) = self.groups.get_mut(group) {
            sequence.next = sequence.next.max(seq + 1);
        }
    }
}

// === impl Sequence ===

impl Sequence {
    fn take_ready(&mut self, ready: &mut Vec<LogEntry>) {
        while let Some(first) = self.waiting.first_entry() {
            if *first.key() > self.next {
                return;
            }
            self.next = self.next.max(*first.key() + 1);
            ready.extend(first.remove());
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Cid, Kind, NodeName, Role, UserId};
    use crate::ports::EntryId;

    pub(crate) fn entry(group: &GroupId, seq: Seq, stored: Seq) -> LogEntry {
        LogEntry {
            id: EntryId(seq, 0),
            group: group.clone(),
            seq,
            n: seq,
            shown: seq,
            time: 0,
            stored,
            origin: NodeName::parse("a.1").unwrap(),
            from: UserId::hub(),
            cid: Cid::random(),
            kind: Kind::Text,
            traits: Kind::Text.traits(),
            users: Vec::new(),
            role: Role::Member,
            rules: crate::domain::RulesChange::default(),
            body: Default::default(),
        }
    }

    fn seqs(entries: &[LogEntry]) -> Vec<Seq> {
        entries.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn a_hole_holds_up_its_own_group_only() {
        let (a, b) = (GroupId::random(), GroupId::random());
        let mut order = Order::default();
        order.offer(entry(&a, 5, 3));
        order.offer(entry(&b, 1, 0));
        assert_eq!(seqs(&order.take_ready()), [1]);
        assert_eq!(order.holes(), [Hole { group: a.clone(), next: 4, upto: 4 }]);
        order.offer(entry(&a, 4, 3));
        assert_eq!(seqs(&order.take_ready()), [4, 5]);
        order.offer(entry(&a, 4, 3));
        assert_eq!(seqs(&order.take_ready()), [4], "a redo is ready at once");
        assert!(order.holes().is_empty());
    }

    #[test]
    fn a_further_head_closes_a_hole() {
        let group = GroupId::random();
        let mut order = Order::default();
        order.offer(entry(&group, 9, 3));
        order.pass(&group, 8);
        assert_eq!(seqs(&order.take_ready()), [9]);
    }

    proptest! {
        /// Whatever the order of arrival: each group's fresh entries leave in the order of their seqs.
        #[test]
        fn entries_leave_in_order(order_of_arrival in Just((1u64..30).collect::<Vec<_>>()).prop_shuffle()) {
            let group = GroupId::random();
            let mut order = Order::default();
            let mut left = Vec::new();
            for seq in order_of_arrival {
                order.offer(entry(&group, seq, 0));
                left.extend(seqs(&order.take_ready()));
            }
            prop_assert_eq!(left, (1..30).collect::<Vec<_>>());
        }
    }
}

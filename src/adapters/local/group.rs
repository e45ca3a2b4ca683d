//! A group's state: counters, stored head, members, recent events.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use crate::domain::{Access, GroupKind, Head, Kind, MembershipChange, Millis, Role, Seq, UserId};
use crate::ports::Floor;

pub(super) struct Group {
    pub(super) kind: GroupKind,
    pub(super) access: Access,
    /// The last seq given.
    pub(super) last: Seq,
    /// `n` at that seq.
    pub(super) n: u64,
    pub(super) stored: Head,
    /// The seq of the newest membership event that `members` contains.
    pub(super) version: Seq,
    pub(super) members: HashMap<UserId, Role>,
    pub(super) recent: Recent,
}

/// The newest events, without a hole.
#[derive(Default)]
pub(super) struct Recent {
    events: VecDeque<(Seq, Bytes)>,
    /// When the newest was added.
    pub(super) touched: Millis,
    /// Whether the group waits in the partition's queue of caches that age.
    pub(super) aging: bool,
}

// === impl Group ===

impl Group {
    pub(super) fn new(floor: &Floor) -> Self {
        let mut group = Self {
            kind: floor.kind,
            access: floor.access,
            last: 0,
            n: 0,
            stored: Head::default(),
            version: 0,
            members: HashMap::new(),
            recent: Recent::default(),
        };
        group.raise(floor);
        group
    }

    /// Raises the state to what the store knows; true when the stored head moved.
    pub(super) fn raise(&mut self, floor: &Floor) -> bool {
        self.kind = floor.kind;
        self.access = floor.access;
        if floor.version >= self.version {
            self.version = floor.version;
            self.members = floor.members.iter().map(|m| (m.id.clone(), m.role)).collect();
        }
        self.advance(floor.head)
    }

    /// Moves the stored head on, and the counters with it; true when it moved.
    pub(super) fn advance(&mut self, head: Head) -> bool {
        self.last = self.last.max(head.seq);
        self.n = self.n.max(head.n);
        let moved = head.seq > self.stored.seq;
        if moved {
            self.stored = head;
        }
        moved
    }

    /// Gives the next seq and `n`.
    pub(super) fn next(&mut self, kind: Kind) -> (Seq, u64) {
        self.last += 1;
        self.n += u64::from(kind.counts());
        (self.last, self.n)
    }

    /// Applies a membership event to the member set.
    pub(super) fn apply(&mut self, seq: Seq, change: &MembershipChange) {
        self.version = self.version.max(seq);
        match change {
            MembershipChange::Joined(users, role) => {
                self.members.extend(users.iter().map(|user| (user.clone(), *role)));
            }
            MembershipChange::Left(users) => users.iter().for_each(|user| {
                self.members.remove(user);
            }),
            MembershipChange::Role(users, role) => users.iter().for_each(|user| {
                self.members.entry(user.clone()).and_modify(|held| *held = *role);
            }),
        }
    }
}

// === impl Recent ===

impl Recent {
    /// Adds the next event. One that is there already changes nothing; one that leaves a hole
    /// begins the cache anew.
    pub(super) fn push(&mut self, seq: Seq, event: Bytes, cap: u64) {
        match self.events.back() {
            Some((newest, _)) if seq <= *newest => return,
            Some((newest, _)) if seq > *newest + 1 => self.events.clear(),
            _ => {}
        }
        self.events.push_back((seq, event));
        while self.events.len() as u64 > cap {
            self.events.pop_front();
        }
    }

    /// All events after `after`; none when the cache does not reach back so far.
    pub(super) fn after(&self, after: Seq) -> Vec<(Seq, Bytes)> {
        match self.events.front() {
            Some((oldest, _)) if *oldest <= after + 1 => {
                self.events.iter().filter(|(seq, _)| *seq > after).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The newest event when its seq is `seq`.
    pub(super) fn at_head(&self, seq: Seq) -> Option<Bytes> {
        self.events.back().filter(|(newest, _)| *newest == seq).map(|(_, event)| event.clone())
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

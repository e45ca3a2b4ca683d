//! Moves and leases in memory, as several nodes share them.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

use super::super::Follower;
use crate::domain::{Base, GroupId, Head, NodeName, Role, Seq, UserId};
use crate::hub::testing::MemoryLog;
use crate::ports::{BackplaneError, FollowerLeases, GroupSnapshot, GroupStates, LeaseToken, Partition};

type Answer<T> = Result<T, BackplaneError>;

/// Which groups moved, in one partition.
#[derive(Default)]
pub(super) struct Moves {
    state: Mutex<Moved>,
    rest: MemoryLog,
}

#[derive(Default)]
struct Moved {
    newest: u64,
    bound: u64,
    groups: BTreeMap<GroupId, (u64, Head)>,
    asked: Vec<u64>,
}

// === impl Moves ===

impl Moves {
    pub(super) fn at(first: u64) -> Self {
        let moves = Self::default();
        moves.lose(first);
        moves
    }

    /// A group has this head now; answers the number of the move.
    pub(super) fn note(&self, group: &GroupId, head: Head) -> u64 {
        let mut state = self.state.lock();
        state.newest += 1;
        let number = state.newest;
        state.groups.insert(group.clone(), (number, head));
        number
    }

    /// All is lost; numbers begin anew.
    pub(super) fn lose(&self, first: u64) {
        *self.state.lock() = Moved { newest: first, bound: first, ..Moved::default() };
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.state.lock().asked.len()
    }
}

#[async_trait]
impl GroupStates for Moves {
    async fn restore(&self, partition: Partition, node: &NodeName, floor: &GroupSnapshot) -> Answer<bool> {
        self.rest.restore(partition, node, floor).await
    }

    async fn roles(&self, _: Partition, _: &GroupId, _: &[UserId]) -> Answer<Option<Vec<Option<Role>>>> {
        Ok(None)
    }

    async fn heads(&self, _: Partition, groups: &[GroupId]) -> Answer<Vec<Option<Head>>> {
        Ok(groups.iter().map(|_| None).collect())
    }

    async fn moved_since(&self, _: Partition, after: u64) -> Answer<(u64, Option<Vec<(GroupId, Option<Head>)>>)> {
        let mut state = self.state.lock();
        state.asked.push(after);
        if after < state.bound || after > state.newest {
            return Ok((state.newest, None));
        }
        let moved = state.groups.iter().filter(|(_, (number, _))| *number > after);
        Ok((state.newest, Some(moved.map(|(group, (_, head))| (group.clone(), Some(*head))).collect())))
    }

    async fn note_move(&self, _: Partition, group: &GroupId) -> Answer<()> {
        self.rest.note_move(0, group).await
    }

    async fn recent(&self, _: Partition, _: &GroupId, _: Seq) -> Answer<Vec<(Seq, Bytes)>> {
        Ok(Vec::new())
    }

    async fn forget_group(&self, _: Partition, _: &GroupId, _: Seq, stored: Head) -> Answer<Base> {
        Ok(Base { seq: stored.seq + 1, n: stored.n })
    }
}

/// Leases that end when they are given back.
#[derive(Default)]
pub(super) struct SharedLeases {
    pub(super) held: Mutex<HashMap<(String, Partition), (NodeName, LeaseToken)>>,
    /// Partitions that somebody else is given for good.
    pub(super) silent: Mutex<bool>,
}

// === impl SharedLeases ===

impl SharedLeases {
    /// How many partitions each node works in for a follower.
    pub(super) fn counts(&self, follower: &dyn Follower) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for ((name, _), (node, _)) in &*self.held.lock() {
            if name == follower.name() {
                *counts.entry(node.base().to_owned()).or_default() += 1;
            }
        }
        counts
    }
}

#[async_trait]
impl FollowerLeases for SharedLeases {
    async fn hold_follower(
        &self,
        partition: Partition,
        follower: &str,
        node: &NodeName,
        token: &LeaseToken,
        _: std::time::Duration,
    ) -> Answer<bool> {
        if *self.silent.lock() {
            return Err(BackplaneError::Unreachable("silent".into()));
        }
        let mut held = self.held.lock();
        let holder = held.entry((follower.to_owned(), partition)).or_insert_with(|| (node.clone(), token.clone()));
        Ok(holder.1 == *token)
    }

    async fn release_follower(&self, partition: Partition, follower: &str, token: &LeaseToken) -> Answer<()> {
        self.held.lock().retain(|(name, of), (_, held)| (&**name, *of, &*held) != (follower, partition, token));
        Ok(())
    }
}

//! What followers keep, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::domain::{GroupId, Head, Millis};
use crate::ports::{Claimed, Done, Due, DueStore, Extent, FollowerStore, Partition, StoreError};

type Answer<T> = Result<T, StoreError>;

/// An entry that is due, with its claim and when that ends.
type Planned = (Due, Option<(String, Millis)>);

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) extents: Mutex<BTreeMap<GroupId, Extent>>,
    pub(crate) done: Mutex<HashMap<(String, GroupId), Done>>,
    pub(crate) covered: Mutex<HashMap<(String, Partition), u64>>,
    pub(crate) due: Mutex<Vec<Planned>>,
    /// What its clock says.
    pub(crate) now: AtomicU64,
    silent: AtomicBool,
    claims: AtomicU64,
}

// === impl Ledger ===

impl Ledger {
    pub(crate) fn be_silent(&self, silent: bool) {
        self.silent.store(silent, Relaxed);
    }

    pub(crate) fn done_by(&self, follower: &str, group: &GroupId) -> Done {
        self.done.lock().get(&(follower.to_owned(), group.clone())).copied().unwrap_or_default()
    }

    pub(crate) fn covered_by(&self, follower: &str) -> Option<u64> {
        self.covered.lock().get(&(follower.to_owned(), 0)).copied()
    }

    fn answer<T>(&self, answer: T) -> Answer<T> {
        if self.silent.load(Relaxed) { Err(StoreError::Unreachable("silent".into())) } else { Ok(answer) }
    }
}

#[async_trait]
impl FollowerStore for Ledger {
    async fn raise_heads(&self, heads: &[(GroupId, Head)]) -> Answer<()> {
        for (group, head) in heads {
            self.extents.lock().entry(group.clone()).and_modify(|extent| extent.head = *head);
        }
        self.answer(())
    }

    async fn extents(&self, groups: &[GroupId]) -> Answer<Vec<Extent>> {
        let extents = self.extents.lock();
        self.answer(groups.iter().filter_map(|group| extents.get(group).cloned()).collect())
    }

    async fn extents_after(&self, after: Option<&GroupId>, limit: usize) -> Answer<Vec<Extent>> {
        let extents = self.extents.lock();
        let beyond = extents.iter().filter(|(group, _)| after.is_none_or(|after| *group > after));
        self.answer(beyond.take(limit).map(|(_, extent)| extent.clone()).collect())
    }

    async fn done(&self, follower: &str, groups: &[GroupId]) -> Answer<HashMap<GroupId, Done>> {
        let done = self.done.lock();
        let of = |group: &GroupId| Some((group.clone(), *done.get(&(follower.to_owned(), group.clone()))?));
        self.answer(groups.iter().filter_map(of).collect())
    }

    async fn raise_done(&self, follower: &str, raised: &[(GroupId, Done)]) -> Answer<()> {
        self.answer(())?;
        let mut done = self.done.lock();
        for (group, to) in raised {
            let kept = done.entry((follower.to_owned(), group.clone())).or_default();
            *kept = Done { seq: kept.seq.max(to.seq), first: kept.first.max(to.first) };
        }
        Ok(())
    }

    async fn covered(&self, follower: &str) -> Answer<HashMap<Partition, u64>> {
        let covered = self.covered.lock();
        let of = covered.iter().filter(|((name, _), _)| name == follower);
        self.answer(of.map(|((_, partition), number)| (*partition, *number)).collect())
    }

    async fn set_covered(&self, follower: &str, covered: &[(Partition, u64)]) -> Answer<()> {
        self.answer(())?;
        let covered = covered.iter().map(|(partition, number)| ((follower.to_owned(), *partition), *number));
        self.covered.lock().extend(covered);
        Ok(())
    }
}

#[async_trait]
impl DueStore for Ledger {
    async fn plan(&self, entries: &[Due]) -> Answer<()> {
        self.answer(())?;
        let id = |due: &Due| (due.follower.clone(), due.group.clone(), due.window);
        let mut planned = self.due.lock();
        for entry in entries {
            if planned.iter().all(|(other, _)| id(other) != id(entry)) {
                planned.push((entry.clone(), None));
            }
        }
        Ok(())
    }

    async fn claim(&self, follower: &str, limit: usize, length: Duration) -> Answer<Vec<Claimed>> {
        self.answer(())?;
        let now = self.now.load(Relaxed) as Millis;
        let mut planned = self.due.lock();
        let free = planned.iter_mut().filter(|(due, claim)| {
            due.follower == follower && due.at <= now && claim.as_ref().is_none_or(|(_, until)| *until <= now)
        });
        let claim = |(due, claim): &mut Planned| {
            let token = self.claims.fetch_add(1, Relaxed).to_string();
            *claim = Some((token.clone(), now + length.as_millis() as Millis));
            Claimed { due: due.clone(), claim: token }
        };
        Ok(free.take(limit).map(claim).collect())
    }

    async fn settle(&self, claims: &[Claimed]) -> Answer<()> {
        self.answer(())?;
        let is = |(due, claim): &Planned| {
            claims.iter().any(|one| one.due == *due && claim.as_ref().is_some_and(|(token, _)| *token == one.claim))
        };
        self.due.lock().retain(|planned| !is(planned));
        Ok(())
    }

    async fn overdue(&self, follower: &str) -> Answer<(u64, Duration)> {
        let now = self.now.load(Relaxed) as Millis;
        let planned = self.due.lock();
        let due = planned.iter().filter(|(due, claim)| due.follower == follower && due.at <= now && claim.is_none());
        let since: Vec<_> = due.map(|(due, _)| now - due.at).collect();
        let longest = since.iter().max().copied().unwrap_or_default() as u64;
        self.answer((since.len() as u64, Duration::from_millis(longest)))
    }
}

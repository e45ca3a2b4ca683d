//! What followers keep, in memory. What is due is due at any time, and claims last for ever.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{Answer, MemoryStore};
use crate::domain::{GroupId, Head, random_token};
use crate::ports::{Claimed, Done, Due, DueStore, Extent, FollowerStore, Partition};

/// An entry by follower, group and window.
type DueKey = (String, GroupId, u64);

/// What the followers of a store keep.
#[derive(Default)]
pub(super) struct MemoryFollowers {
    heads: Mutex<HashMap<GroupId, Head>>,
    done: Mutex<HashMap<(String, GroupId), Done>>,
    covered: Mutex<HashMap<String, HashMap<Partition, u64>>>,
    /// Entries with their claims.
    due: Mutex<BTreeMap<DueKey, (Due, Option<String>)>>,
}

// === impl MemoryStore ===

impl MemoryStore {
    fn extent(&self, group: &GroupId) -> Option<Extent> {
        let first = self.groups.lock().get(group)?.first;
        let head = self.followers.heads.lock().get(group).copied().unwrap_or_default();
        Some(Extent { group: group.clone(), first, head })
    }
}

#[async_trait]
impl FollowerStore for MemoryStore {
    async fn raise_heads(&self, heads: &[(GroupId, Head)]) -> Answer<()> {
        self.answer(())?;
        let mut raised = self.followers.heads.lock();
        for (group, head) in heads {
            let kept = raised.entry(group.clone()).or_default();
            if kept.seq < head.seq {
                *kept = *head;
            }
        }
        Ok(())
    }

    async fn extents(&self, groups: &[GroupId]) -> Answer<Vec<Extent>> {
        self.answer(groups.iter().filter_map(|group| self.extent(group)).collect())
    }

    async fn extents_after(&self, after: Option<&GroupId>, limit: usize) -> Answer<Vec<Extent>> {
        let mut ids: Vec<GroupId> = self.groups.lock().keys().cloned().collect();
        ids.sort();
        let beyond = ids.iter().filter(|id| after.is_none_or(|after| *id > after)).take(limit);
        self.answer(beyond.filter_map(|id| self.extent(id)).collect())
    }

    async fn done(&self, follower: &str, groups: &[GroupId]) -> Answer<HashMap<GroupId, Done>> {
        let done = self.followers.done.lock();
        let of = |group: &GroupId| Some((group.clone(), *done.get(&(follower.to_owned(), group.clone()))?));
        self.answer(groups.iter().filter_map(of).collect())
    }

    async fn raise_done(&self, follower: &str, raised: &[(GroupId, Done)]) -> Answer<()> {
        self.answer(())?;
        let mut done = self.followers.done.lock();
        for (group, raised) in raised {
            let kept = done.entry((follower.to_owned(), group.clone())).or_default();
            *kept = Done { seq: kept.seq.max(raised.seq), first: kept.first.max(raised.first) };
        }
        Ok(())
    }

    async fn covered(&self, follower: &str) -> Answer<HashMap<Partition, u64>> {
        self.answer(self.followers.covered.lock().get(follower).cloned().unwrap_or_default())
    }

    async fn set_covered(&self, follower: &str, covered: &[(Partition, u64)]) -> Answer<()> {
        self.answer(())?;
        self.followers.covered.lock().entry(follower.to_owned()).or_default().extend(covered.iter().copied());
        Ok(())
    }
}

#[async_trait]
impl DueStore for MemoryStore {
    async fn plan(&self, entries: &[Due]) -> Answer<()> {
        self.answer(())?;
        let mut kept = self.followers.due.lock();
        for due in entries {
            let key = (due.follower.clone(), due.group.clone(), due.window);
            kept.entry(key).or_insert_with(|| (due.clone(), None));
        }
        Ok(())
    }

    async fn claim(&self, follower: &str, limit: usize, _: Duration) -> Answer<Vec<Claimed>> {
        self.answer(())?;
        let mut kept = self.followers.due.lock();
        let free = kept.values_mut().filter(|(due, claim)| due.follower == follower && claim.is_none());
        let mut free: Vec<_> = free.collect();
        free.sort_by_key(|(due, _)| due.at);
        let claimed = free.into_iter().take(limit).map(|(due, held)| {
            let claim = random_token();
            *held = Some(claim.clone());
            Claimed { due: due.clone(), claim }
        });
        Ok(claimed.collect())
    }

    async fn settle(&self, claims: &[Claimed]) -> Answer<()> {
        self.answer(())?;
        let done = |claim: &Option<String>| claims.iter().any(|claimed| Some(&claimed.claim) == claim.as_ref());
        self.followers.due.lock().retain(|_, (_, claim)| !done(claim));
        Ok(())
    }

    async fn overdue(&self, follower: &str) -> Answer<(u64, Duration)> {
        let kept = self.followers.due.lock();
        let free = kept.values().filter(|(due, claim)| due.follower == follower && claim.is_none());
        self.answer((free.count() as u64, Duration::ZERO))
    }
}

//! All groups are compared with what followers have done in them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use tokio::time::Instant;

use super::assignment::Assignment;
use super::assignments::Assignments;
use super::follower::Failure;
use super::metrics::FollowerMetrics;
use super::wants::{Compares, Reason};
use crate::domain::{GroupId, Seq};
use crate::hub::node::NodeState;
use crate::hub::tasks::RETRY;
use crate::ports::{Done, Extent, FollowerStore, MessageStore, StoreError};

/// Groups of a page.
pub(super) const PAGE: usize = 1_000;
/// How often it is looked whether a comparison is wanted.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Groups whose newest event is asked for at once.
const NEWEST_AT_ONCE: usize = 4;
/// A node that has just begun has other work; nobody restarts it every hour.
const FIRST_DAILY: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Compares all groups, for all followers of this node that need it.
pub(super) struct Comparison {
    kind: Compares,
    store: Arc<dyn FollowerStore>,
    messages: Arc<dyn MessageStore>,
    assignments: Arc<Assignments>,
    node: Arc<NodeState>,
    metrics: FollowerMetrics,
}

/// A group as it is stored, with the seq of its newest event.
type Stored<'a> = (&'a Extent, Seq);

// === impl Comparison ===

impl Comparison {
    pub(super) fn new(
        kind: Compares,
        store: Arc<dyn FollowerStore>,
        messages: Arc<dyn MessageStore>,
        assignments: Arc<Assignments>,
        node: Arc<NodeState>,
        metrics: FollowerMetrics,
    ) -> Self {
        Self { kind, store, messages, assignments, node, metrics }
    }

    /// Compares whenever that is wanted.
    pub(super) async fn run(self) {
        let mut daily = Instant::now() + FIRST_DAILY;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if self.kind == Compares::Newest && Instant::now() >= daily {
                daily += DAY;
                self.assignments.all().iter().for_each(|one| one.ask_comparison(Reason::Daily));
            }
            self.compare_all().await;
        }
    }

    /// Compares all groups once for all that want it.
    async fn compare_all(&self) {
        let mut served = Vec::new();
        let mut reasons = Vec::new();
        for one in self.assignments.all() {
            if let Some(reason) = one.begin_comparison(self.kind) {
                reasons.push(reason);
                served.push(one);
            }
        }
        let Some(reason) = reasons.into_iter().min() else { return };
        self.metrics.compares(reason);
        tracing::info!(
            reason = reason.name(),
            partitions = served.len(),
            "comparing groups with what followers have done"
        );
        let mut by_follower: BTreeMap<&str, Vec<&Arc<Assignment>>> = BTreeMap::new();
        served.iter().for_each(|one| by_follower.entry(one.follower.name()).or_default().push(one));
        let mut after = None;
        loop {
            let begun = Instant::now();
            let page = self.page(after.as_ref()).await;
            self.compare_page(&by_follower, &page).await;
            let full = page.len() >= PAGE;
            after = page.into_iter().next_back().map(|extent| extent.group);
            if !full {
                break;
            }
            // As long again for everybody else.
            tokio::time::sleep(begun.elapsed()).await;
        }
        served.iter().for_each(|one| one.end_comparison(self.kind));
    }

    /// A page of all groups; asked for until it is answered.
    async fn page(&self, after: Option<&GroupId>) -> Vec<Extent> {
        let mut retry = RETRY;
        loop {
            match self.store.extents_after(after, PAGE).await {
                Ok(page) => return page,
                Err(_) => retry.pause().await,
            }
        }
    }

    /// Compares a page for every follower, until that succeeds.
    async fn compare_page(&self, by_follower: &BTreeMap<&str, Vec<&Arc<Assignment>>>, page: &[Extent]) {
        let concerns = |extent: &&Extent| {
            let partition = self.node.partition(&extent.group);
            by_follower.values().flatten().any(|one| one.partition == partition)
        };
        let concerned: Vec<_> = page.iter().filter(concerns).collect();
        let mut retry = RETRY;
        let stored = loop {
            match self.newest(&concerned).await {
                Ok(stored) => break stored,
                Err(_) => retry.pause().await,
            }
        };
        for assignments in by_follower.values() {
            while let Err(failure) = self.compare(assignments, &stored).await {
                tracing::debug!(%failure, "comparing groups is tried again");
                retry.pause().await;
            }
        }
    }

    /// The groups with the seqs of their newest events.
    async fn newest<'a>(&self, extents: &[&'a Extent]) -> Result<Vec<Stored<'a>>, StoreError> {
        let mut stored = Vec::with_capacity(extents.len());
        for some in extents.chunks(NEWEST_AT_ONCE) {
            let newest = try_join_all(some.iter().map(|extent| self.newest_of(extent))).await?;
            stored.extend(some.iter().copied().zip(newest));
        }
        Ok(stored)
    }

    async fn newest_of(&self, extent: &Extent) -> Result<Seq, StoreError> {
        // A head that was never raised says nothing.
        if self.kind == Compares::Heads && extent.head.seq >= extent.first {
            return Ok(extent.head.seq);
        }
        Ok(self.messages.head(&extent.group).await?.seq.max(extent.head.seq))
    }

    /// Hands over the groups that a follower has not come to the end of.
    async fn compare(&self, assignments: &[&Arc<Assignment>], stored: &[Stored<'_>]) -> Result<(), Failure> {
        let of = |group: &GroupId| {
            let partition = self.node.partition(group);
            assignments.iter().copied().find(|one| one.partition == partition)
        };
        let stored: Vec<_> =
            stored.iter().filter_map(|(extent, newest)| Some((of(&extent.group)?, *extent, *newest))).collect();
        let (beginning, followed): (Vec<_>, Vec<_>) = stored.into_iter().partition(|(one, ..)| one.begins_now());
        self.begin_now(&beginning).await?;
        let Some((one, ..)) = followed.first() else { return Ok(()) };
        let groups: Vec<_> = followed.iter().map(|(_, extent, _)| extent.group.clone()).collect();
        let done = self.store.done(one.follower.name(), &groups).await?;
        for (one, extent, newest) in followed {
            let done = done.get(&extent.group).copied().unwrap_or_default();
            if newest > done.seq || extent.first > done.first.max(1) {
                one.offer(self.kind, &extent.group, newest.max(done.seq)).await;
            }
        }
        Ok(())
    }

    /// What is stored already is taken as done.
    async fn begin_now(&self, beginning: &[(&Arc<Assignment>, &Extent, Seq)]) -> Result<(), Failure> {
        let Some((one, ..)) = beginning.first() else { return Ok(()) };
        let extents: Vec<Extent> = beginning.iter().map(|(_, extent, _)| (*extent).clone()).collect();
        one.follower.begun(&extents).await?;
        let done = |(_, extent, newest): &(&Arc<Assignment>, &Extent, Seq)| {
            let done = Done { seq: (*newest).max(extent.first.saturating_sub(1)), first: extent.first };
            (extent.group.clone(), done)
        };
        let done: Vec<_> = beginning.iter().map(done).collect();
        Ok(self.store.raise_done(one.follower.name(), &done).await?)
    }
}

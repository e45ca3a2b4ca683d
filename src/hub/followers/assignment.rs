//! A follower's work in one partition, while this node does it.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::follower::{Begins, Follower};
use super::pending::{Lag, Pending, Ready};
use super::progress::Progress;
use super::wants::{Compares, Reason, Wants};
use crate::domain::{GroupId, Seq};
use crate::ports::{Done, Partition};

/// Groups that wait at most; beyond them all are compared, in the end.
pub(super) const PENDING: usize = if cfg!(test) { 400 } else { 10_000 };
/// A comparison waits while so many groups do.
const ROOM_BELOW: usize = PENDING / 2;
/// And so long at most for each of its followers.
const PATIENCE: Duration = Duration::from_secs(30);

/// A follower's work in one partition, while this node does it.
pub(super) struct Assignment {
    pub(super) follower: Arc<dyn Follower>,
    pub(super) partition: Partition,
    state: Mutex<State>,
    /// There may be something to be worked on.
    woken: Notify,
    /// There may be room for more groups.
    room: Notify,
    /// The node gives it up.
    ended: CancellationToken,
}

#[derive(Default)]
struct State {
    pending: Pending,
    progress: Progress,
    /// The number up to which moves were heard of; `None` before that is known.
    seen: Option<u64>,
    /// Whether the store said up to where this follower has come here.
    begun: bool,
    /// The first comparison of one that begins now is still to be done: what is stored is not worked on before.
    first: bool,
    wants: Wants,
    /// A comparison has waited in vain for room: the rest of its groups are compared once more.
    choked: bool,
    /// What was noted as covered last.
    covered: Option<u64>,
}

// === impl Assignment ===

impl Assignment {
    pub(super) fn new(follower: Arc<dyn Follower>, partition: Partition) -> Arc<Self> {
        let (state, woken, room) = (Mutex::default(), Notify::new(), Notify::new());
        Arc::new(Self { follower, partition, state, woken, room, ended: CancellationToken::new() })
    }

    /// The name under which it is kept up to which number a follower has come: with other settings it begins anew.
    pub(super) fn covered_name(follower: &dyn Follower) -> String {
        match follower.edition() {
            edition if edition.is_empty() => follower.name().to_owned(),
            edition => format!("{}@{edition}", follower.name()),
        }
    }

    /// The store says up to which number the follower has come in this partition; `None` for one that is new.
    pub(super) fn begin(&self, covered: Option<u64>) {
        let mut state = self.state.lock();
        (state.seen, state.covered, state.begun) = (covered, covered, true);
        if covered.is_some() {
            return;
        }
        let now = Instant::now();
        match self.follower.begins() {
            Begins::Everything => state.wants.ask(Reason::New, now),
            // Then it has begun: what a crash kept from a head is found by the next day.
            Begins::Now => {
                state.first = true;
                state.wants.ask_for(Compares::Heads, Reason::New, now);
            }
        }
    }

    /// The number after which moves are to be asked for, which a follower that is new has not. `None` before it is
    /// known which of the two it is.
    pub(super) fn asks_after(&self) -> Option<Option<u64>> {
        let state = self.state.lock();
        state.begun.then_some(state.seen)
    }

    /// These groups moved, up to a number.
    pub(super) fn moved(&self, moved: &[(GroupId, Option<Seq>)], newest: u64) {
        let mut state = self.state.lock();
        let Some(since) = state.seen.replace(newest) else { return };
        let now = Instant::now();
        for (group, head) in moved {
            if state.pending.len() >= PENDING {
                tracing::info!(follower = self.follower.name(), self.partition, "too many groups moved to list them");
                state.wants.ask(Reason::Overflow, now);
                break;
            }
            state.pending.add(group, head.unwrap_or(0), since, now);
        }
        drop(state);
        self.woken.notify_one();
    }

    /// Which groups moved cannot be told; what moves from this number on can.
    pub(super) fn lost_track(&self, newest: u64) {
        let mut state = self.state.lock();
        let before = state.seen.replace(newest);
        // Where there are no numbers at all, as before, nothing has moved.
        if before.is_some_and(|before| before.max(newest) > 0) {
            state.wants.ask(Reason::Lost, Instant::now());
        }
    }

    /// Has groups compared, where nothing asks for that already.
    pub(super) fn ask_comparison(&self, reason: Reason) {
        self.state.lock().wants.ask(reason, Instant::now());
    }

    /// Takes it into a comparison of a kind that begins now, where it needs one. Answers the reason.
    pub(super) fn begin_comparison(&self, kind: Compares) -> Option<Reason> {
        let mut state = self.state.lock();
        state.seen?;
        if kind == Compares::Newest && state.first {
            return None;
        }
        state.wants.begin(kind, Instant::now())
    }

    /// A comparison is done, and every group that it found is pending.
    pub(super) fn end_comparison(&self, kind: Compares) {
        let mut state = self.state.lock();
        state.wants.end(kind);
        state.choked = false;
        if kind == Compares::Heads {
            state.first = false;
        }
        drop(state);
        self.woken.notify_one();
    }

    /// Whether groups that are stored already are to be taken as done.
    pub(super) fn begins_now(&self) -> bool {
        self.state.lock().first
    }

    /// A comparison found a group that the follower has not come to the end of. Waits for room, but not for ever:
    /// others are compared as well.
    pub(super) async fn offer(&self, kind: Compares, group: &GroupId, head: Seq) {
        let patience = Instant::now() + PATIENCE;
        loop {
            let room = self.room.notified();
            {
                let mut state = self.state.lock();
                if state.pending.len() < ROOM_BELOW || self.ended.is_cancelled() {
                    let since = state.seen.unwrap_or(0);
                    state.pending.add(group, head, since, Instant::now());
                    break;
                }
                if state.choked || Instant::now() >= patience {
                    state.choked = true;
                    let reason = if kind == Compares::Heads { Reason::Overflow } else { Reason::Lost };
                    return state.wants.ask(reason, Instant::now());
                }
            }
            // Whatever comes of it, it is looked at again.
            let _ = tokio::time::timeout_at(patience, room).await;
        }
        self.woken.notify_one();
    }

    /// Takes groups to be worked on.
    pub(super) fn take(&self, most: usize) -> Vec<Ready> {
        let mut state = self.state.lock();
        if state.first { Vec::new() } else { state.pending.take(most, Instant::now()) }
    }

    /// When the next of those that failed is tried again.
    pub(super) fn next_try(&self) -> Option<Instant> {
        let state = self.state.lock();
        state.pending.next_try().filter(|_| !state.first)
    }

    /// How far the follower has come in a group, where that is remembered.
    pub(super) fn known(&self, group: &GroupId) -> Option<Done> {
        self.state.lock().progress.of(group)
    }

    /// What the store says of how far it has come.
    pub(super) fn learn(&self, group: &GroupId, done: Done) {
        let mut state = self.state.lock();
        state.progress.learn(group, done);
        state.pending.reached(group, done.seq);
    }

    /// The follower has come so far in a group that it works on.
    pub(super) fn reached(&self, group: &GroupId, done: Done) {
        let mut state = self.state.lock();
        if let Some(since) = state.pending.reached(group, done.seq) {
            state.progress.note(group, done, since);
        }
    }

    /// All that was known of a group when it was taken is worked on.
    pub(super) fn finish(&self, group: &GroupId) {
        self.state.lock().pending.finish(group);
        self.room.notify_one();
    }

    /// A group could not be worked on; it is tried again after a while.
    pub(super) fn fail(&self, group: &GroupId, hole: bool) {
        self.state.lock().pending.fail(group, hole, Instant::now());
    }

    /// What is to be stored of how far it has come.
    pub(super) fn to_raise(&self) -> Vec<(GroupId, Done)> {
        self.state.lock().progress.to_raise()
    }

    /// This is stored. Answers the number up to which everything is worked on, where that is another than before.
    pub(super) fn raised(&self, raised: &[(GroupId, Done)]) -> Option<u64> {
        let mut state = self.state.lock();
        state.progress.raised(raised);
        // Some group that moved may not be known before all are compared.
        if state.wants.hides_moves() {
            return None;
        }
        let least = [state.seen, state.pending.covers(), state.progress.covers()].into_iter().flatten().min()?;
        (state.covered != Some(least)).then_some(least)
    }

    /// It is stored that everything up to this number is worked on.
    pub(super) fn covers(&self, number: u64) {
        self.state.lock().covered = Some(number);
    }

    /// How far the follower is behind here.
    pub(super) fn lag(&self) -> Lag {
        self.state.lock().pending.lag(Instant::now())
    }

    /// Resolves when there may be something to be worked on.
    pub(super) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// The node gives it up.
    pub(super) fn end(&self) {
        self.ended.cancel();
        self.room.notify_waiters();
    }

    /// Resolves when the node gives it up.
    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

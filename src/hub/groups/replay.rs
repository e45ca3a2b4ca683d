//! What a resuming session missed, at its own pace, without a hole to the live stream.

use std::sync::Arc;

use super::catch_up::CatchUp;
use super::fetch::Fetcher;
use super::metrics::GroupMetrics;
use super::own_reactions::OwnReactions;
use super::views::Views;
use crate::domain::{Event, Seq};
use crate::hub::config::{PAGE_BYTES, REPLAY_MAX};
use crate::hub::local::{LocalGroup, Onward, SessionHandle, fitting, frames_for};
use crate::protocol::{GapReason, ServerFrame, pushes};

/// Events sent before waiting for the socket to take them; fewer where they have [`PAGE_BYTES`].
const PAGE: usize = 100;

/// What is to be said and sent to a session whose cursor stands at some seq.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Seqs that will not be replayed, with the reason.
    pub(crate) gaps: Vec<(Seq, Seq, GapReason)>,
    /// Replay begins after this seq.
    pub(crate) after: Seq,
}

/// Replays to sessions.
pub(crate) struct Replayer {
    catch_up: Arc<CatchUp>,
    fetcher: Arc<Fetcher>,
    own: Arc<OwnReactions>,
    views: Arc<Views>,
    metrics: GroupMetrics,
}

// === impl Plan ===

impl Plan {
    /// Decides from the client's cursor, the group's head and the oldest seq that is left.
    pub(crate) fn decide(cursor: Seq, head: Seq, first: Seq) -> Self {
        if cursor > head {
            return Self { gaps: vec![(head + 1, cursor, GapReason::Reset)], after: head };
        }
        let mut gaps = Vec::new();
        let mut after = cursor;
        if after + 1 < first {
            let to = (first - 1).min(head);
            gaps.push((after + 1, to, GapReason::Expired));
            after = to;
        }
        if head - after > REPLAY_MAX {
            let to = head - REPLAY_MAX;
            gaps.push((after + 1, to, GapReason::TooMany));
            after = to;
        }
        Self { gaps, after }
    }
}

// === impl Replayer ===

impl Replayer {
    pub(crate) fn new(
        catch_up: Arc<CatchUp>,
        fetcher: Arc<Fetcher>,
        own: Arc<OwnReactions>,
        views: Arc<Views>,
        metrics: GroupMetrics,
    ) -> Self {
        Self { catch_up, fetcher, own, views, metrics }
    }

    /// Tells a session of what it will not get, and replays the rest of what follows its cursor.
    pub(crate) async fn replay_from_cursor(&self, group: &Arc<LocalGroup>, session: &Arc<SessionHandle>, cursor: Seq) {
        let (mut head, first) = {
            let mut state = group.state.lock();
            self.views.introduce_to(&mut state, session);
            let first = state.document.as_ref().map_or(1, |document| document.first);
            (state.position.at().map_or(0, |at| at.seq), first)
        };
        if cursor > head {
            // This node may only be late: the client heard of it from another one.
            head = self.fetcher.true_head(group, head).await;
            self.catch_up.heard_of_head(group, head);
        }
        let plan = Plan::decide(cursor, head, first);
        for (from, to, reason) in plan.gaps {
            session.send(&ServerFrame::Gap(pushes::Gap { group: &group.id, from, to, reason }));
        }
        self.replay_one(group, session, plan.after).await;
    }

    /// Sends a session what is stored after a seq, up to the position, and then lets it in with the
    /// live ones, both under the group's lock: no hole between, and nothing twice.
    async fn replay_one(&self, group: &Arc<LocalGroup>, session: &Arc<SessionHandle>, after: Seq) {
        let mut sent = after;
        loop {
            let onward = group.state.lock().go_on(&group.id, session, sent, PAGE);
            let page = match onward {
                Onward::Page(page) => page,
                Onward::Fetch(upto) => self.fetch(group, session, sent, upto).await,
                Onward::Live(last) => return self.metrics.replayed.inc_by(last as u64),
                Onward::Over => return,
            };
            match page.last() {
                Some(last) => {
                    tell_hole(session, sent, &page);
                    sent = last.seq;
                    self.send_replay(session, &page);
                    session.drained().await;
                }
                // The store is out of reach for now: what is missing is not skipped.
                None => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
            }
        }
    }

    async fn fetch(&self, group: &Arc<LocalGroup>, session: &SessionHandle, sent: Seq, upto: Seq) -> Vec<Arc<Event>> {
        let mut page = fetched_page(self.fetcher.events_after(group, sent, PAGE).await, upto);
        // Where the store does not say what is the reader's own, the events that follow do.
        if let Err(error) = self.own.mark_shared(&session.user, page.iter_mut().collect()).await {
            tracing::debug!(%error, "a replay goes on without reactions");
        }
        page
    }

    fn send_replay(&self, session: &SessionHandle, events: &[Arc<Event>]) {
        self.metrics.replayed.inc_by(events.len() as u64);
        session.offer(&frames_for(events, &session.user, session.encoding));
    }
}

/// Retention may have removed events since the replay was planned.
fn tell_hole(session: &SessionHandle, sent: Seq, page: &[Arc<Event>]) {
    if let Some(first) = page.first().filter(|first| first.seq > sent + 1) {
        let (from, to) = (sent + 1, first.seq - 1);
        session.send(&ServerFrame::Gap(pushes::Gap { group: &first.group, from, to, reason: GapReason::Expired }));
    }
}

/// What of a fetched page may be sent: nothing beyond `upto`, where a seq may be stored before the one
/// below it is, and whoever was shown it would drop the one below when that comes. Nor more than waits
/// well for a socket.
pub(crate) fn fetched_page(mut events: Vec<Arc<Event>>, upto: Seq) -> Vec<Arc<Event>> {
    events.truncate(events.partition_point(|event| event.seq <= upto));
    events.truncate(fitting(events.iter().map(|event| &**event), PAGE_BYTES));
    events
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{GroupId, Head};

    proptest! {
        /// Gaps and replay together cover just what was missed, each seq once.
        #[test]
        fn gaps_and_replay_cover_what_was_missed(cursor in 0u64..5_000, head in 0u64..5_000, first in 1u64..5_000) {
            let first = first.min(head.max(1));
            let plan = Plan::decide(cursor, head, first);
            if cursor > head {
                prop_assert_eq!(plan.gaps, vec![(head + 1, cursor, GapReason::Reset)]);
                prop_assert_eq!(plan.after, head);
            } else {
                let mut at = cursor;
                for (from, to, _) in &plan.gaps {
                    prop_assert_eq!(*from, at + 1);
                    prop_assert!(to >= from);
                    at = *to;
                }
                prop_assert_eq!(plan.after, at);
                prop_assert!(head - plan.after <= REPLAY_MAX);
                prop_assert!(plan.after == head || plan.after + 1 >= first);
            }
        }
    }

    #[test]
    fn a_fetched_page_ends_at_the_position_and_where_it_has_its_bytes() {
        let group = GroupId::random();
        let events = |seqs: &[Seq], text: usize| -> Vec<_> {
            let event = |seq: &Seq| Event {
                text: Some("x".repeat(text)),
                ..Event::void(group.clone(), Head { seq: *seq, ..Head::default() })
            };
            seqs.iter().map(event).map(Arc::new).collect()
        };
        let kept = |events, upto| fetched_page(events, upto).iter().map(|event| event.seq).collect::<Vec<_>>();
        assert_eq!(kept(events(&[9, 10, 12], 1), 10), [9, 10]);
        assert_eq!(kept(events(&[12], 1), 10), [0; 0]);
        assert_eq!(kept(events(&[1, 2, 3], PAGE_BYTES / 2 - 500), 3), [1, 2]);
        assert_eq!(kept(events(&[1, 2], 2 * PAGE_BYTES), 2), [1], "one at least");
    }

    #[test]
    fn reasons_are_told_apart() {
        assert_eq!(Plan::decide(5, 5, 1), Plan { gaps: vec![], after: 5 });
        assert_eq!(Plan::decide(0, 1_500, 1).gaps, [(1, 500, GapReason::TooMany)]);
        assert_eq!(Plan::decide(0, 20, 11).gaps, [(1, 10, GapReason::Expired)]);
    }
}

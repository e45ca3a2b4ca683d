//! From peer messages to sockets: each group's events in order, holes fetched, acks given.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Hub;
use super::codec::{PeerEvent, PeerMessage, decode_event};
use super::group::{GroupState, LocalGroup};
use super::metrics::Stage;
use crate::domain::{Code, Event, GroupId, MembershipChange, Seq, UserId, now_ms};
use crate::kernel::Backoff;
use crate::ports::{InboxPosition, Page};
use crate::protocol::ServerFrame;

/// A blocking read of the inbox ends after this long, to see whether the node goes on.
const READ_WAIT: Duration = Duration::from_secs(2);
/// Events fetched at a time to fill a hole.
const FETCH_PAGE: usize = 200;
const RETRY: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));

impl Hub {
    /// Reads this node's inbox for as long as the node runs.
    pub(crate) async fn run_inbox(self: Arc<Self>) {
        let mut name = self.node.name();
        let mut after = InboxPosition::default();
        let mut broken = false;
        loop {
            let present = self.node.name();
            if present != name {
                (name, after) = (present, InboxPosition::default());
            }
            match self.backplane.read_inbox(&name, after, READ_WAIT).await {
                Ok(read) => {
                    if read.lossy || broken {
                        self.compare_all_positions();
                    }
                    broken = false;
                    for entry in read.entries {
                        after = entry.position;
                        self.metrics.took(Stage::InboxWait, (now_ms() - entry.time) as f64 / 1e3);
                        self.open_peer_message(&entry.payload);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "the inbox cannot be read");
                    broken = true;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    fn open_peer_message(self: &Arc<Self>, payload: &[u8]) {
        match PeerMessage::decode(payload) {
            Some(peer_message) => {
                if peer_message.unknown > 0 {
                    tracing::debug!(
                        items = peer_message.unknown,
                        "items of a later version were left aside, as may be while nodes are upgraded"
                    );
                }
                peer_message.items.into_iter().for_each(|item| self.take_item(item));
            }
            None => {
                tracing::warn!("a peer message of a later version was left unread, as may be while nodes are upgraded")
            }
        }
    }

    /// Does what an item says. Never waits: what needs waiting becomes a task of its own.
    pub(crate) fn take_item(self: &Arc<Self>, item: PeerEvent) {
        match item {
            PeerEvent::Run { group, events } => {
                let events = events.iter().filter_map(|bytes| decode_event(bytes)).map(Arc::new).collect();
                self.deliver(&group, events);
            }
            PeerEvent::Acked { group, from, cid, seq, time } => drop(self.resolve_key(&(group, from, cid), seq, time)),
            PeerEvent::Refused { group, from, cid, code } => {
                self.refuse_key(&(group, from, cid), Code::named(&code).unwrap_or(Code::Internal));
            }
            PeerEvent::Presence { user, online, last_seen, version } => {
                self.presence_changed(&user, online, last_seen, version);
            }
            PeerEvent::Typing { group, user } => self.show_typing(&group, &user),
            PeerEvent::Receipt { group, user, read, delivered } => self.show_receipt(&group, &user, read, delivered),
            PeerEvent::Evict { user, banned } => self.evict(&user, banned),
            PeerEvent::Ended { group, from, cid } => self.ended_key(&(group, from, cid)),
            PeerEvent::Deleted { group, base } => self.group_deleted(&group, base),
            PeerEvent::Missed => self.compare_all_positions(),
            PeerEvent::Freed => self.node.beat_now(),
            PeerEvent::Drain => self.take_drain_order(),
        }
    }

    /// Takes stored events of one group, ascending: gives out what is in turn, keeps what is ahead.
    pub(crate) fn deliver(self: &Arc<Self>, id: &GroupId, events: Vec<Arc<Event>>) {
        let Some(first) = events.first() else { return };
        let Some(group) = self.groups.get(id) else { return self.pass_by(id, &events) };
        let started = Instant::now();
        let mut state = group.state.lock();
        if state.gone {
            drop(state);
            return self.pass_by(id, &events);
        }
        let plain = events.iter().all(|event| event.membership().is_none());
        let in_turn = state.position.follows(first.seq) && is_dense(&events);
        if plain && in_turn && !state.catching_up {
            self.metrics.delivered.inc_by(state.fan_out(&events));
            drop(state);
            self.metrics.took(Stage::Flush, started.elapsed().as_secs_f64());
            events.iter().for_each(|event| self.resolve(event));
            return;
        }
        let at = state.position.at().map(|head| head.seq);
        let (old, new): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| at.is_some_and(|at| event.seq <= at));
        state.position.stash(new);
        let goes_on = state.position.is_ready();
        drop(state);
        if goes_on {
            group.stashed.notify_one();
        }
        old.iter().for_each(|event| self.resolve(event));
        self.catch_up(&group);
    }

    /// Events of a group that has no session here: they may make somebody here a member, or answer them.
    fn pass_by(self: &Arc<Self>, id: &GroupId, events: &[Arc<Event>]) {
        self.adopt_newcomers(id, events);
        events.iter().for_each(|event| self.resolve(event));
    }

    /// The group is stored up to `head`, as somebody says who should know.
    pub(crate) fn heard_of_head(self: &Arc<Self>, group: &Arc<LocalGroup>, head: Seq) {
        let behind = {
            let mut state = group.state.lock();
            state.position.want(head);
            state.position.missing().is_some()
        };
        if behind {
            self.catch_up(group);
        }
    }

    /// Makes sure that a task fetches what the group lacks and gives out what waits.
    pub(crate) fn catch_up(self: &Arc<Self>, group: &Arc<LocalGroup>) {
        let mut state = group.state.lock();
        let idle = state.position.ready().is_empty() && state.position.missing().is_none();
        if state.catching_up || idle || state.position.at().is_none() {
            return;
        }
        state.catching_up = true;
        drop(state);
        let (hub, group) = (self.clone(), group.clone());
        self.spawn(async move { hub.run_catch_up(&group).await });
    }

    async fn run_catch_up(self: &Arc<Self>, group: &Arc<LocalGroup>) {
        let mut retry = RETRY;
        loop {
            let (ready, missing) = {
                let mut state = group.state.lock();
                let ready = state.position.ready();
                let missing = state.position.missing();
                if state.gone || (ready.is_empty() && missing.is_none()) {
                    state.catching_up = false;
                    break;
                }
                (ready, missing)
            };
            let moved = match (ready.is_empty(), missing) {
                (false, _) => self.give_out(group, ready).await,
                (true, Some((after, _))) => self.fetch_missing(group, after).await,
                (true, None) => true,
            };
            if moved {
                retry.reset();
            } else {
                // Or until a peer message brings what was missing.
                let _ = tokio::time::timeout(retry.take(), group.stashed.notified()).await;
                self.leave_if_unused(&group.id);
            }
        }
        // Meanwhile it stayed, whoever left.
        self.leave_if_unused(&group.id);
    }

    /// Fetches events after a seq into the stash; false when there was nothing to be had.
    async fn fetch_missing(self: &Arc<Self>, group: &Arc<LocalGroup>, after: Seq) -> bool {
        self.metrics.repairs.inc();
        let events = self.events_after(group, after, FETCH_PAGE).await;
        let fetched = !events.is_empty();
        if events.first().is_some_and(|first| first.seq > after + 1) && self.is_over(group, after).await {
            events.iter().for_each(|event| self.resolve(event));
            return true;
        }
        self.metrics.repaired_events.inc_by(events.len() as u64);
        group.state.lock().position.stash(events);
        fetched
    }

    /// The stored events that follow a seq: from the recent cache, else from the store. Empty when
    /// neither can say.
    pub(crate) async fn events_after(&self, group: &LocalGroup, after: Seq, limit: usize) -> Vec<Arc<Event>> {
        if let Ok(recent) = self.backplane.recent(group.partition, &group.id, after).await {
            let events: Vec<_> =
                recent.iter().filter_map(|(_, bytes)| decode_event(bytes)).map(Arc::new).take(limit).collect();
            if events.first().is_some_and(|event| event.seq == after + 1) && is_dense(&events) {
                return events;
            }
        }
        match self.store.page(&group.id, Page::After(after, limit)).await {
            Ok(events) => events.into_iter().map(Arc::new).collect(),
            Err(error) => {
                tracing::debug!(%error, group = %group.id, "missing events cannot be fetched yet");
                Vec::new()
            }
        }
    }

    /// Gives out events that are in turn. Membership changes take what they need first.
    async fn give_out(self: &Arc<Self>, group: &Arc<LocalGroup>, ready: Vec<Arc<Event>>) -> bool {
        let changes = ready.iter().any(|event| event.membership().is_some());
        if changes && !self.know_document(group, &ready).await {
            return false;
        }
        {
            let mut state = group.state.lock();
            for run in ready.chunk_by(|one, next| one.membership().is_none() && next.membership().is_none()) {
                match run[0].membership() {
                    Some(change) => self.give_membership(group, &mut state, &run[0], &change),
                    None => self.metrics.delivered.inc_by(state.fan_out(run)),
                }
            }
            state.position.prune();
        }
        ready.iter().for_each(|event| self.resolve(event));
        true
    }

    /// Makes sure that the group's document and its members' names are at hand.
    async fn know_document(self: &Arc<Self>, group: &Arc<LocalGroup>, ready: &[Arc<Event>]) -> bool {
        let document = match self.document(group).await {
            Ok(Some(document)) => document,
            Ok(None) => {
                self.let_go(group);
                return false;
            }
            Err(_) => return false,
        };
        let mut users: Vec<UserId> = document.members.iter().map(|member| member.id.clone()).collect();
        for change in ready.iter().filter_map(|event| event.membership()) {
            users.extend(change.users().iter().cloned());
        }
        users.len() > super::config::SMALL_GROUP || self.names(&users).await.is_ok()
    }

    /// A membership event, in its turn: newcomers hear of the group first, leavers hear it last.
    fn give_membership(
        &self,
        group: &Arc<LocalGroup>,
        state: &mut GroupState,
        event: &Arc<Event>,
        change: &MembershipChange,
    ) {
        if let Some(document) = &mut state.document {
            Arc::make_mut(document).apply(event.seq, change);
        }
        if let MembershipChange::Joined(users, _) = change {
            for session in users.iter().flat_map(|user| self.users.sessions(user)) {
                if session.add_group(&group.id) {
                    self.announce(state, &session);
                    state.sessions.push(session);
                }
            }
        }
        self.metrics.delivered.inc_by(state.fan_out(std::slice::from_ref(event)));
        if let MembershipChange::Left(users) = change {
            for session in users.iter().flat_map(|user| self.users.sessions(user)) {
                if session.remove_group(&group.id) {
                    state.detach(&session.id);
                    session.send(&ServerFrame::gone(None, &group.id));
                }
            }
        }
    }
}

fn is_dense(events: &[Arc<Event>]) -> bool {
    events.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq)
}

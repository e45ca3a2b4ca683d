//! Who is online and who types, for those who asked to see it. Best effort: coalesced, dropped under load.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Hub;
use super::codec::{PeerEvent, PeerMessage};
use super::config::WATCH_MAX;
use super::handle::SessionHandle;
use crate::domain::{GroupId, Millis, Refusal, UserId};
use crate::kernel::Delayed;
use crate::ports::{PresenceChange, UserPresence};
use crate::protocol::{PresenceView, RequestId, ServerFrame, pushes};

/// Changes of presence are told to the other nodes this often, together.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// More changes than this waiting are dropped, oldest first: presence is best effort.
const OUTBOX_MAX: usize = 10_000;
/// Who is back within this time costs the store nothing: lines are cut more often than people leave.
const BACK_WITHIN: Duration = Duration::from_secs(5);
/// Departures stored with one call.
const WRITTEN_TOGETHER: usize = 500;

/// Whom local sessions watch, and changes that wait to be told.
#[derive(Default)]
pub(crate) struct Watchers {
    watched: DashMap<UserId, Watched>,
    outbox: Mutex<Vec<PeerEvent>>,
    /// Users who went, and when: the backplane knows it too, so the store hears of it in company.
    departures: Mutex<Delayed<UserId, Millis>>,
}

#[derive(Default)]
struct Watched {
    version: u64,
    sessions: Vec<Arc<SessionHandle>>,
}

impl Hub {
    /// A session was registered: was it the user's first anywhere?
    pub(crate) fn came(self: &Arc<Self>, user: &UserId, sighting: &PresenceChange) {
        self.presence.departures.lock().forget(user);
        if !self.any_lives(&sighting.others) {
            self.tell_presence(user, true, sighting.time, sighting.version);
        }
    }

    /// A session was removed: was it the user's last anywhere?
    pub(crate) fn went(self: &Arc<Self>, user: &UserId, sighting: &PresenceChange) {
        if self.any_lives(&sighting.others) {
            return;
        }
        self.tell_presence(user, false, sighting.time, sighting.version);
        *self.presence.departures.lock().entry(user, BACK_WITHIN) = sighting.time;
    }

    /// Stores when those were last seen who went some time before a moment, and are not back.
    pub(crate) async fn write_departures(&self, due: Instant) {
        loop {
            let seen = self.presence.departures.lock().take_due(due, WRITTEN_TOGETHER);
            if seen.is_empty() {
                return;
            }
            if let Err(error) = self.store.seen(&seen).await {
                tracing::debug!(%error, "last-seen was not stored");
                return;
            }
        }
    }

    /// A dead node's users: those who are nowhere else are offline.
    pub(crate) async fn gone_with_node(self: &Arc<Self>, users: &[UserId]) {
        for chunk in users.chunks(500) {
            let Ok(found) = self.backplane.whereabouts(chunk).await else { continue };
            for (user, whereabouts) in chunk.iter().zip(found) {
                if !self.any_lives(&whereabouts.sessions) {
                    self.tell_presence(user, false, whereabouts.last_seen, whereabouts.version);
                }
            }
        }
    }

    fn any_lives(&self, sessions: &[crate::ports::SessionRecord]) -> bool {
        let (view, me) = (self.node.view(), self.node.name());
        sessions.iter().any(|session| session.node == me || view.lives(&session.node))
    }

    fn tell_presence(&self, user: &UserId, online: bool, last_seen: Millis, version: u64) {
        self.put_out(PeerEvent::Presence { user: user.clone(), online, last_seen, version });
    }

    pub(crate) fn put_out(&self, item: PeerEvent) {
        let mut outbox = self.presence.outbox.lock();
        if outbox.len() < OUTBOX_MAX {
            outbox.push(item);
        }
    }

    /// Tells all nodes what has changed, for as long as the node runs.
    pub(crate) async fn run_presence(self: Arc<Self>) {
        let mut tick = tokio::time::interval(TELL_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let items = std::mem::take(&mut *self.presence.outbox.lock());
            if !items.is_empty() && self.tell_all_nodes(items).await.is_err() {
                tracing::debug!("changes of presence were not told");
            }
        }
    }

    /// Shows a change to those who watch; what is older than what was shown is dropped.
    pub(crate) fn presence_changed(&self, user: &UserId, online: bool, last_seen: Millis, version: u64) {
        let sessions = {
            let Some(mut watched) = self.presence.watched.get_mut(user) else { return };
            if version < watched.version {
                return;
            }
            watched.version = version;
            watched.sessions.clone()
        };
        // Not told by the version, but known here for certain.
        let online = online || self.users.is_here(user);
        let users = [PresenceView { id: user.clone(), online, last_seen }];
        for session in sessions {
            session.send(&ServerFrame::Presence(pushes::Presence { re: None, users: &users }));
        }
    }

    /// The partner of a direct chat is shown without being asked for.
    pub(crate) fn watch_partner(&self, session: &Arc<SessionHandle>, partner: &UserId) {
        let mut watch = session.watch.lock();
        if !watch.partners.contains(partner) {
            watch.partners.push(partner.clone());
            self.presence.add(partner, session);
        }
    }

    /// Replaces what a session watches, and answers with who is online now.
    pub(crate) async fn watch(
        &self,
        session: &Arc<SessionHandle>,
        re: Option<&RequestId>,
        groups: Vec<GroupId>,
    ) -> Result<(), Refusal> {
        if groups.len() > WATCH_MAX {
            return Err(Refusal::too_large(format!("watch at most {WATCH_MAX} groups")));
        }
        if groups.iter().any(|group| !session.is_in(group)) {
            return Err(Refusal::forbidden("you are not a member of one of these groups"));
        }
        let mut members = HashSet::new();
        for id in &groups {
            let Some(group) = self.groups.get(id) else { continue };
            let document = self.document(&group).await?;
            members.extend(document.iter().flat_map(|d| d.members.iter().map(|member| member.id.clone())));
        }
        let mut users: Vec<UserId> = members.into_iter().collect();
        users.sort_unstable();
        self.replace_watch(session, groups, &users);
        let whereabouts = self.backplane.whereabouts(&users).await?;
        let views: Vec<_> = users.iter().zip(&whereabouts).map(|(user, at)| self.seen(user, at)).collect();
        session.send(&ServerFrame::Presence(pushes::Presence { re, users: &views }));
        Ok(())
    }

    fn replace_watch(&self, session: &Arc<SessionHandle>, groups: Vec<GroupId>, users: &[UserId]) {
        let mut watch = session.watch.lock();
        for old in std::mem::take(&mut watch.users) {
            if !watch.partners.contains(&old) {
                self.presence.drop_one(&old, session);
            }
        }
        watch.groups = groups;
        watch.users = users.to_vec();
        for user in users.iter().filter(|user| !watch.partners.contains(user)) {
            self.presence.add(user, session);
        }
    }

    /// A user's presence as it is shown.
    pub(crate) fn seen(&self, user: &UserId, at: &UserPresence) -> PresenceView {
        let online = self.users.is_here(user) || self.any_lives(&at.sessions);
        PresenceView { id: user.clone(), online, last_seen: at.last_seen }
    }

    pub(crate) fn unwatch(&self, session: &Arc<SessionHandle>) {
        let watch = std::mem::take(&mut *session.watch.lock());
        for user in watch.users.iter().chain(&watch.partners) {
            self.presence.drop_one(user, session);
        }
    }

    /// Tells the nodes with members of the group that somebody types.
    pub(crate) async fn typing(self: &Arc<Self>, session: &SessionHandle, group: &GroupId) -> Result<(), Refusal> {
        if !session.is_in(group) {
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        self.tell_group(group, PeerEvent::Typing { group: group.clone(), user: session.user.clone() }).await;
        Ok(())
    }

    /// Puts an item that may be lost into the inboxes of the nodes with members of a group.
    pub(crate) async fn tell_group(self: &Arc<Self>, group: &GroupId, item: PeerEvent) {
        let Ok(nodes) = self.backplane.routes(self.partition(group), group).await else { return };
        let peer_message = PeerMessage::encode(std::slice::from_ref(&item));
        let me = self.node.name();
        let posts: Vec<_> =
            nodes.into_iter().filter(|node| *node != me).map(|node| (node, peer_message.clone())).collect();
        self.take_item(item);
        if !posts.is_empty() && self.backplane.post(&posts).await.is_err() {
            tracing::debug!("something that may be lost was lost");
        }
    }

    pub(crate) fn show_typing(&self, id: &GroupId, user: &UserId) {
        let Some(group) = self.groups.get(id) else { return };
        let sessions = group.state.lock().sessions.clone();
        for session in sessions.iter().filter(|session| session.user != *user) {
            if session.watch.lock().groups.contains(id) {
                session.send(&ServerFrame::Typing(pushes::Typing { group: id, user }));
            }
        }
    }
}

// === impl Watchers ===

impl Watchers {
    fn add(&self, user: &UserId, session: &Arc<SessionHandle>) {
        self.watched.entry(user.clone()).or_default().sessions.push(session.clone());
    }

    fn drop_one(&self, user: &UserId, session: &SessionHandle) {
        self.watched.remove_if_mut(user, |_, watched| {
            watched.sessions.retain(|other| other.id != session.id);
            watched.sessions.is_empty()
        });
    }
}

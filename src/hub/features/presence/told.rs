//! Changes of presence: noticed, told to all nodes, and shown.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::watchers::Watchers;
use crate::domain::{DeviceName, Millis, UserId};
use crate::hub::codec::PeerEvent;
use crate::hub::local::{LocalUsers, SessionHandle, tell_each};
use crate::hub::node::NodeState;
use crate::hub::pipeline::peers::Peers;
use crate::kernel::Delayed;
use crate::ports::{BackplaneError, PresenceChange, Registry, SessionRecord, UserPresence, UserStore};
use crate::protocol::{PresenceView, ServerFrame, pushes};

/// Changes of presence are told to the other nodes this often, together.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// More changes than this waiting are dropped, oldest first: presence is best effort.
const OUTBOX_MAX: usize = 10_000;
/// Who is back within this time costs the store nothing: lines are cut more often than people leave.
const BACK_WITHIN: Duration = Duration::from_secs(5);
/// Departures stored with one call.
const WRITTEN_TOGETHER: usize = 500;
/// How often departures that are due are written.
const WRITE_EVERY: Duration = Duration::from_millis(250);

/// Presence of users.
pub(crate) struct Presence {
    registry: Arc<dyn Registry>,
    people: Arc<dyn UserStore>,
    node: Arc<NodeState>,
    users: Arc<LocalUsers>,
    peers: Arc<Peers>,
    watchers: Arc<Watchers>,
    outbox: Mutex<Vec<PeerEvent>>,
    /// Users who went, and when: the backplane knows it too, so the store hears of it in company.
    departures: Mutex<Delayed<UserId, Millis>>,
}

// === impl Presence ===

impl Presence {
    pub(crate) fn new(
        registry: Arc<dyn Registry>,
        people: Arc<dyn UserStore>,
        node: Arc<NodeState>,
        users: Arc<LocalUsers>,
        peers: Arc<Peers>,
        watchers: Arc<Watchers>,
    ) -> Self {
        let (outbox, departures) = (Mutex::default(), Mutex::default());
        Self { registry, people, node, users, peers, watchers, outbox, departures }
    }

    /// A session was registered: was it the user's first anywhere?
    pub(crate) fn came(&self, user: &UserId, change: &PresenceChange) {
        self.departures.lock().forget(user);
        if !self.any_lives(&change.others) {
            self.tell_presence(user, true, change.time, change.version);
        }
    }

    /// A session was removed: was it the user's last anywhere?
    pub(crate) fn went(&self, user: &UserId, change: &PresenceChange) {
        if self.any_lives(&change.others) {
            return;
        }
        self.tell_presence(user, false, change.time, change.version);
        *self.departures.lock().entry(user, BACK_WITHIN) = change.time;
    }

    /// Stores when those were last seen who went some time before a moment, and are not back.
    pub(crate) async fn write_departures(&self, due: Instant) {
        loop {
            let seen = self.departures.lock().take_due(due, WRITTEN_TOGETHER);
            if seen.is_empty() {
                return;
            }
            if let Err(error) = self.people.seen(&seen).await {
                tracing::debug!(%error, "last-seen was not stored");
                return;
            }
        }
    }

    /// Writes departures now and then, for as long as the node runs.
    pub(crate) async fn run_departures(self: Arc<Self>) {
        let mut tick = tokio::time::interval(WRITE_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.write_departures(Instant::now()).await;
        }
    }

    /// A dead node's users: those who are nowhere else are offline.
    pub(crate) async fn gone_with_node(&self, users: &[UserId]) {
        for chunk in users.chunks(500) {
            let Ok(found) = self.registry.whereabouts(chunk).await else { continue };
            for (user, whereabouts) in chunk.iter().zip(found) {
                if !self.any_lives(&whereabouts.sessions) {
                    self.tell_presence(user, false, whereabouts.last_seen, whereabouts.version);
                }
            }
        }
    }

    fn any_lives(&self, sessions: &[SessionRecord]) -> bool {
        self.living(sessions).next().is_some()
    }

    /// The sessions that live nodes hold.
    fn living<'a>(&self, sessions: &'a [SessionRecord]) -> impl Iterator<Item = &'a SessionRecord> {
        let (view, me) = (self.node.view(), self.node.name());
        sessions.iter().filter(move |session| session.node == me || view.lives(&session.node))
    }

    /// The devices of a user that are connected.
    pub(crate) async fn devices_of(&self, user: &UserId) -> Result<HashSet<DeviceName>, BackplaneError> {
        let found = self.registry.whereabouts(std::slice::from_ref(user)).await?;
        let living = found.iter().flat_map(|at| self.living(&at.sessions));
        Ok(living.filter_map(|session| session.device.clone()).collect())
    }

    fn tell_presence(&self, user: &UserId, online: bool, last_seen: Millis, version: u64) {
        self.put_out(PeerEvent::Presence { user: user.clone(), online, last_seen, version });
    }

    fn put_out(&self, item: PeerEvent) {
        let mut outbox = self.outbox.lock();
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
            let items = std::mem::take(&mut *self.outbox.lock());
            if !items.is_empty() && self.peers.tell_all_nodes(items).await.is_err() {
                tracing::debug!("changes of presence were not told");
            }
        }
    }

    /// Shows a change to those who watch; what is older than what was shown is dropped.
    pub(crate) fn changed(&self, user: &UserId, online: bool, last_seen: Millis, version: u64) {
        let Some(sessions) = self.watchers.shown(user, version) else { return };
        // Not told by the version, but known here for certain.
        let online = online || self.users.is_here(user);
        let users = [PresenceView { id: user.clone(), online, last_seen }];
        tell_each(&sessions, &ServerFrame::Presence(pushes::Presence { re: None, users: &users }));
    }

    /// How it stands with users, in the same order.
    pub(crate) async fn of(&self, users: &[UserId]) -> Result<Vec<PresenceView>, BackplaneError> {
        let places = self.registry.whereabouts(users).await?;
        Ok(users.iter().zip(&places).map(|(user, at)| self.seen(user, at)).collect())
    }

    /// Shows a session how it stands with users now.
    pub(crate) async fn show(&self, session: &SessionHandle, users: &[UserId]) {
        if let Ok(views) = self.of(users).await {
            session.send(&ServerFrame::Presence(pushes::Presence { re: None, users: &views }));
        }
    }

    /// A user's presence as it is shown.
    fn seen(&self, user: &UserId, at: &UserPresence) -> PresenceView {
        let online = self.users.is_here(user) || self.any_lives(&at.sessions);
        PresenceView { id: user.clone(), online, last_seen: at.last_seen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore, open_session, user};

    fn presence(bed: &Bed) -> (Presence, Arc<Watchers>) {
        let watchers = Arc::<Watchers>::default();
        let (registry, people, users) = (bed.registry.clone(), bed.store.clone(), bed.users.clone());
        let presence = Presence::new(registry, people, bed.node.clone(), users, bed.peers.clone(), watchers.clone());
        (presence, watchers)
    }

    #[tokio::test]
    async fn watchers_share_a_change_and_never_see_an_older_one() {
        let bed = Bed::new(MemoryStore::default());
        let (presence, watchers) = presence(&bed);
        let ears = ["anna", "bob"].map(|name| {
            let (session, ear) = open_session(&bed.users, name);
            watchers.watch_partner(&session, &user("cleo"));
            ear
        });
        presence.changed(&user("cleo"), true, 0, 7);
        let [one, other] = ears.each_ref().map(|ear| ear.take());
        assert_eq!(one[0].as_ptr(), other[0].as_ptr());
        presence.changed(&user("cleo"), false, 9, 6);
        assert!(ears[0].take().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_on_another_live_node_neither_comes_nor_goes() {
        let bed = Bed::new(MemoryStore::default());
        let (presence, _) = presence(&bed);
        bed.node.begin_life(record("a.1").node);
        bed.node.saw(vec![record("a.1"), record("b.1")], 1);
        let elsewhere = |node: &str| {
            let record =
                SessionRecord { session: crate::domain::SessionId::random(), node: record(node).node, device: None };
            PresenceChange { others: vec![record], ..PresenceChange::default() }
        };
        presence.came(&user("anna"), &elsewhere("b.1"));
        assert!(presence.outbox.lock().is_empty());
        presence.came(&user("anna"), &elsewhere("dead.1"));
        assert_eq!(presence.outbox.lock().len(), 1);
    }
}

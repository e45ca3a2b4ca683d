//! Whom local sessions watch.

use std::collections::HashSet;
use std::sync::Arc;

use dashmap::DashMap;

use crate::domain::{GroupId, UserId};
use crate::hub::config::Reach;
use crate::hub::local::SessionHandle;

/// Members of a direct chat.
const TWO: usize = 2;

/// The users who are watched here.
#[derive(Default)]
pub(crate) struct Watchers {
    reach: Reach,
    watched: DashMap<UserId, Watched>,
}

#[derive(Default)]
struct Watched {
    version: u64,
    sessions: Vec<Arc<SessionHandle>>,
}

// === impl Watchers ===

impl Watchers {
    pub(crate) fn new(reach: Reach) -> Self {
        Self { reach, watched: DashMap::new() }
    }

    /// Whether the members of a group of so many see who of them is online.
    pub(super) fn reach(&self, members: usize) -> bool {
        self.reach.reaches(members)
    }

    fn add(&self, user: &UserId, session: &Arc<SessionHandle>) {
        self.watched.entry(user.clone()).or_default().sessions.push(session.clone());
    }

    fn drop_one(&self, user: &UserId, session: &SessionHandle) {
        self.watched.remove_if_mut(user, |_, watched| {
            watched.sessions.retain(|other| other.id != session.id);
            watched.sessions.is_empty()
        });
    }

    /// The partner of a direct chat is shown without being asked for; false where they are shown already, or not to be.
    pub(crate) fn watch_partner(&self, session: &Arc<SessionHandle>, partner: &UserId) -> bool {
        if !self.reach(TWO) {
            return false;
        }
        let mut watch = session.watch.lock();
        if watch.partners.contains(partner) {
            return false;
        }
        watch.partners.push(partner.clone());
        if !watch.users.contains(partner) {
            self.add(partner, session);
        }
        true
    }

    /// The groups that a session watches, and the turn of it.
    pub(super) fn watched_by(&self, session: &SessionHandle) -> (u64, Vec<GroupId>) {
        let watch = session.watch.lock();
        (watch.turn, watch.groups.clone())
    }

    /// Replaces what a session watches, as it was reckoned in this turn; false where another came between.
    pub(super) fn replace(
        &self,
        session: &Arc<SessionHandle>,
        turn: u64,
        groups: Vec<GroupId>,
        users: HashSet<UserId>,
    ) -> bool {
        let mut watch = session.watch.lock();
        if watch.turn != turn {
            return false;
        }
        let old = std::mem::replace(&mut watch.users, users);
        watch.groups = groups;
        watch.turn += 1;
        for gone in old.difference(&watch.users).filter(|user| !watch.partners.contains(user)) {
            self.drop_one(gone, session);
        }
        for new in watch.users.difference(&old).filter(|user| !watch.partners.contains(user)) {
            self.add(new, session);
        }
        true
    }

    /// Adds users to what a session watches, where it still watches the group that they joined.
    pub(super) fn add_to(&self, session: &Arc<SessionHandle>, group: &GroupId, users: &[UserId]) {
        let mut watch = session.watch.lock();
        if !watch.groups.contains(group) {
            return;
        }
        watch.turn += 1;
        for user in users {
            if watch.users.insert(user.clone()) && !watch.partners.contains(user) {
                self.add(user, session);
            }
        }
    }

    /// Takes users from what a session watches, as it was reckoned in this turn; false where another came between.
    pub(super) fn take_from(&self, session: &Arc<SessionHandle>, turn: u64, users: &[UserId]) -> bool {
        let mut watch = session.watch.lock();
        if watch.turn != turn {
            return false;
        }
        watch.turn += 1;
        for user in users {
            if watch.users.remove(user) && !watch.partners.contains(user) {
                self.drop_one(user, session);
            }
        }
        true
    }

    /// A session watches nobody any more.
    pub(crate) fn unwatch(&self, session: &Arc<SessionHandle>) {
        let mut watch = session.watch.lock();
        let ended = std::mem::take(&mut *watch);
        watch.turn = ended.turn + 1;
        for user in ended.users.iter().chain(&ended.partners) {
            self.drop_one(user, session);
        }
    }

    /// Those who watch a user, unless they were shown a later change.
    pub(super) fn shown(&self, user: &UserId, version: u64) -> Option<Vec<Arc<SessionHandle>>> {
        let mut watched = self.watched.get_mut(user)?;
        if version < watched.version {
            return None;
        }
        watched.version = version;
        Some(watched.sessions.clone())
    }
}

//! Whom local sessions watch.

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

    /// The partner of a direct chat is shown without being asked for.
    pub(crate) fn watch_partner(&self, session: &Arc<SessionHandle>, partner: &UserId) {
        if !self.reach(TWO) {
            return;
        }
        let mut watch = session.watch.lock();
        if !watch.partners.contains(partner) {
            watch.partners.push(partner.clone());
            self.add(partner, session);
        }
    }

    pub(super) fn replace(&self, session: &Arc<SessionHandle>, groups: Vec<GroupId>, users: &[UserId]) {
        let mut watch = session.watch.lock();
        for old in std::mem::take(&mut watch.users) {
            if !watch.partners.contains(&old) {
                self.drop_one(&old, session);
            }
        }
        watch.groups = groups;
        watch.users = users.to_vec();
        for user in users.iter().filter(|user| !watch.partners.contains(user)) {
            self.add(user, session);
        }
    }

    /// A session watches nobody any more.
    pub(crate) fn unwatch(&self, session: &Arc<SessionHandle>) {
        let watch = std::mem::take(&mut *session.watch.lock());
        for user in watch.users.iter().chain(&watch.partners) {
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

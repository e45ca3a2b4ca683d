//! Who is online where, in process.

use std::collections::{HashMap, HashSet};

use crate::domain::{Millis, NodeName, SessionId, UserId};
use crate::ports::{PresenceChange, SessionRecord, UserPresence};

/// Who is online where.
#[derive(Default)]
pub(super) struct Presence {
    users: HashMap<UserId, UserSessions>,
    nodes: HashMap<NodeName, HashSet<(UserId, SessionId)>>,
}

/// One user's sessions.
#[derive(Default)]
struct UserSessions {
    sessions: Vec<SessionRecord>,
    last_seen: Millis,
    version: u64,
}

/// A moment, as time and as a version.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) time: Millis,
    pub(super) version: u64,
}

// === impl UserSessions ===

impl UserSessions {
    /// Versions follow the clock, so that they grow also over a loss of everything.
    fn changed(&mut self, now: Moment) {
        self.version = now.version.max(self.version + 1);
    }

    fn sighting(&self, apart_from: &SessionId, now: Moment) -> PresenceChange {
        let others = self.sessions.iter().filter(|record| record.session != *apart_from);
        PresenceChange { others: others.cloned().collect(), version: self.version, time: now.time }
    }
}

// === impl Presence ===

impl Presence {
    pub(super) fn register(&mut self, user: &UserId, record: &SessionRecord, now: Moment) -> PresenceChange {
        let pair = (user.clone(), record.session.clone());
        self.nodes.entry(record.node.clone()).or_default().insert(pair);
        let held = self.users.entry(user.clone()).or_default();
        if !held.sessions.contains(record) {
            held.sessions.retain(|other| other.session != record.session);
            // Most have one, and it is theirs for long.
            held.sessions.reserve_exact(1);
            held.sessions.push(record.clone());
            held.changed(now);
        }
        held.sighting(&record.session, now)
    }

    pub(super) fn unregister(&mut self, user: &UserId, record: &SessionRecord, now: Moment) -> PresenceChange {
        if let Some(index) = self.nodes.get_mut(&record.node) {
            index.remove(&(user.clone(), record.session.clone()));
        }
        let fresh = !self.users.contains_key(user);
        let held = self.users.entry(user.clone()).or_default();
        let before = held.sessions.len();
        held.sessions.retain(|other| !other.is_same(record));
        if held.sessions.len() < before || fresh {
            held.last_seen = now.time;
            held.changed(now);
        }
        held.sighting(&record.session, now)
    }

    /// Removes all sessions of a node; answers its users.
    pub(super) fn remove_node(&mut self, node: &NodeName, now: Moment) -> Vec<UserId> {
        let index = self.nodes.get(node).cloned().unwrap_or_default();
        for (user, session) in &index {
            let record = SessionRecord { session: session.clone(), node: node.clone(), device: None };
            self.unregister(user, &record, now);
        }
        self.nodes.remove(node);
        let users: HashSet<UserId> = index.into_iter().map(|(user, _)| user).collect();
        users.into_iter().collect()
    }

    pub(super) fn of(&self, user: &UserId) -> UserPresence {
        match self.users.get(user) {
            Some(held) => {
                UserPresence { sessions: held.sessions.clone(), last_seen: held.last_seen, version: held.version }
            }
            None => UserPresence::default(),
        }
    }
}

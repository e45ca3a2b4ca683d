//! [`Registry`] in process.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

use super::LocalBackplane;
use crate::domain::{GroupId, Millis, NodeName, SessionId, UserId};
use crate::ports::{BackplaneError, Joined, Partition, PresenceChange, Registry, SessionRecord, UserPresence};

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
struct Moment {
    time: Millis,
    version: u64,
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
    fn register(&mut self, user: &UserId, record: &SessionRecord, now: Moment) -> PresenceChange {
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

    fn unregister(&mut self, user: &UserId, record: &SessionRecord, now: Moment) -> PresenceChange {
        if let Some(index) = self.nodes.get_mut(&record.node) {
            index.remove(&(user.clone(), record.session.clone()));
        }
        let fresh = !self.users.contains_key(user);
        let held = self.users.entry(user.clone()).or_default();
        let before = held.sessions.len();
        held.sessions.retain(|other| other != record);
        if held.sessions.len() < before || fresh {
            held.last_seen = now.time;
            held.changed(now);
        }
        held.sighting(&record.session, now)
    }

    /// Removes all sessions of a node; answers its users.
    fn remove_node(&mut self, node: &NodeName, now: Moment) -> Vec<UserId> {
        let index = self.nodes.get(node).cloned().unwrap_or_default();
        for (user, session) in &index {
            let record = SessionRecord { session: session.clone(), node: node.clone() };
            self.unregister(user, &record, now);
        }
        self.nodes.remove(node);
        let users: HashSet<UserId> = index.into_iter().map(|(user, _)| user).collect();
        users.into_iter().collect()
    }
}

impl LocalBackplane {
    fn moment(&self) -> Moment {
        Moment { time: self.clock.now(), version: self.clock.micros() }
    }

    /// Removes sessions, routes and inbox of a node; answers its users.
    pub(super) fn remove_node(&self, node: &NodeName) -> Vec<UserId> {
        let users = self.presence.lock().remove_node(node, self.moment());
        for partition in &self.partitions {
            partition.lock().routes.retain(|_, nodes| {
                nodes.remove(node);
                !nodes.is_empty()
            });
        }
        self.inboxes.remove(node);
        users
    }
}

#[async_trait]
impl Registry for LocalBackplane {
    async fn register(&self, user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError> {
        Ok(self.presence.lock().register(user, record, self.moment()))
    }

    async fn unregister(&self, user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError> {
        Ok(self.presence.lock().unregister(user, record, self.moment()))
    }

    async fn whereabouts(&self, users: &[UserId]) -> Result<Vec<UserPresence>, BackplaneError> {
        let presence = self.presence.lock();
        let of = |user: &UserId| match presence.users.get(user) {
            Some(held) => {
                UserPresence { sessions: held.sessions.clone(), last_seen: held.last_seen, version: held.version }
            }
            None => UserPresence::default(),
        };
        Ok(users.iter().map(of).collect())
    }

    async fn join_routes(
        &self,
        partition: Partition,
        groups: &[GroupId],
        node: &NodeName,
        generation: u64,
    ) -> Result<Vec<Joined>, BackplaneError> {
        let state = self.partition(partition);
        let mut state = state.lock();
        let join = |id: &GroupId| {
            let nodes = state.routes.entry(id.clone()).or_default();
            let held = nodes.entry(node.clone()).or_default();
            *held = generation.max(*held);
            let Some(group) = state.groups.get(id) else { return Joined::default() };
            Joined { head: Some(group.stored), last: group.recent.at_head(group.stored.seq) }
        };
        Ok(groups.iter().map(join).collect())
    }

    async fn leave_route(
        &self,
        partition: Partition,
        group: &GroupId,
        node: &NodeName,
        generation: u64,
    ) -> Result<(), BackplaneError> {
        let state = self.partition(partition);
        let mut state = state.lock();
        if let Some(nodes) = state.routes.get_mut(group) {
            nodes.retain(|other, held| other != node || *held > generation);
            if nodes.is_empty() {
                state.routes.remove(group);
            }
        }
        Ok(())
    }

    async fn routes(&self, partition: Partition, group: &GroupId) -> Result<Vec<NodeName>, BackplaneError> {
        Ok(self.partition(partition).lock().route(group))
    }
}

//! Sessions and routes, in memory.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use parking_lot::Mutex;

use super::Answer;
use crate::domain::{GroupId, Head, NodeName, UserId};
use crate::hub::testing::link::Link;
use crate::ports::{Joined, Partition, PresenceChange, Registry, SessionRecord, UserPresence};

/// Sessions by user, and routes of groups.
#[derive(Default)]
pub(crate) struct MemoryRegistry {
    pub(crate) sessions: Mutex<HashMap<UserId, Vec<SessionRecord>>>,
    pub(crate) routes: Mutex<BTreeMap<GroupId, Vec<NodeName>>>,
    /// The stored heads that joining tells; of others the state is absent.
    pub(crate) heads: Mutex<HashMap<GroupId, Head>>,
    pub(crate) link: Link,
}

#[async_trait]
impl Registry for MemoryRegistry {
    async fn register(&self, user: &UserId, record: &SessionRecord) -> Answer<PresenceChange> {
        self.link.answers()?;
        let mut sessions = self.sessions.lock();
        let of_user = sessions.entry(user.clone()).or_default();
        let others = of_user.clone();
        of_user.push(record.clone());
        Ok(PresenceChange { others, ..PresenceChange::default() })
    }

    async fn unregister(&self, user: &UserId, record: &SessionRecord) -> Answer<PresenceChange> {
        self.link.answers()?;
        let mut sessions = self.sessions.lock();
        let of_user = sessions.entry(user.clone()).or_default();
        of_user.retain(|other| !other.is_same(record));
        Ok(PresenceChange { others: of_user.clone(), ..PresenceChange::default() })
    }

    async fn whereabouts(&self, users: &[UserId]) -> Answer<Vec<UserPresence>> {
        self.link.answers()?;
        let sessions = self.sessions.lock();
        let of = |user| sessions.get(user).cloned().unwrap_or_default();
        Ok(users.iter().map(|user| UserPresence { sessions: of(user), ..UserPresence::default() }).collect())
    }

    async fn join_routes(&self, _: Partition, groups: &[GroupId], node: &NodeName, _: u64) -> Answer<Vec<Joined>> {
        self.link.answers()?;
        let (heads, mut routes) = (self.heads.lock(), self.routes.lock());
        let joined = groups.iter().map(|group| {
            routes.entry(group.clone()).or_default().push(node.clone());
            Joined { head: heads.get(group).copied(), last: None }
        });
        Ok(joined.collect())
    }

    async fn leave_route(&self, _: Partition, group: &GroupId, node: &NodeName, _: u64) -> Answer<()> {
        self.link.answers()?;
        self.routes.lock().entry(group.clone()).or_default().retain(|other| other != node);
        Ok(())
    }

    async fn routes(&self, _: Partition, group: &GroupId) -> Answer<Vec<NodeName>> {
        self.link.answers()?;
        Ok(self.routes.lock().get(group).cloned().unwrap_or_default())
    }
}

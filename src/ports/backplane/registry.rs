//! Where users and groups are: sessions, presence, routes.

use async_trait::async_trait;
use bytes::Bytes;

use super::{BackplaneError, Partition};
use crate::domain::{DeviceName, GroupId, Head, Millis, NodeName, SessionId, UserId};

/// A session as registered under its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The session.
    pub session: SessionId,
    /// The node life that holds it. It counts only while that node's lease lives.
    pub node: NodeName,
    /// What its client calls the device that it runs on; none where it says nothing, or an older node registered it.
    pub device: Option<DeviceName>,
}

/// What registering or removing a session showed, in the same step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PresenceChange {
    /// The user's other sessions, of live and of dead nodes alike: the caller knows which live.
    pub others: Vec<SessionRecord>,
    /// Grows with each change of this user's presence; receivers keep the highest.
    pub version: u64,
    /// The backplane's time of it.
    pub time: Millis,
}

/// Where a user is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserPresence {
    /// All registered sessions, of live and of dead nodes alike.
    pub sessions: Vec<SessionRecord>,
    /// When the last session ended; 0 when unknown.
    pub last_seen: Millis,
    /// See [`PresenceChange::version`].
    pub version: u64,
}

/// What adding a route showed, in the same step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Joined {
    /// The group's stored head: this node hears of everything that is committed after it. `None`
    /// when the state is absent: the route is there, but the head must be restored and asked again.
    pub head: Option<Head>,
    /// The newest event of the recent cache, encoded, when it is the head.
    pub last: Option<Bytes>,
}

// === impl SessionRecord ===

impl SessionRecord {
    /// Whether both are of the same session on the same node life.
    pub fn is_same(&self, other: &Self) -> bool {
        self.session == other.session && self.node == other.node
    }
}

/// Sessions by user, routes by group.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    /// Registers a session of a user on a node: the node's index of its users first, then the
    /// user's sessions. Idempotent.
    async fn register(&self, user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError>;

    /// Removes a session and notes the time as last seen; the record's `device` is not looked at. Idempotent.
    async fn unregister(&self, user: &UserId, record: &SessionRecord) -> Result<PresenceChange, BackplaneError>;

    /// Where these users are, in the same order.
    async fn whereabouts(&self, users: &[UserId]) -> Result<Vec<UserPresence>, BackplaneError>;

    /// Adds routes from groups of one partition to a node, in order; idempotent. From the step that
    /// adds it, the node is among those that [`super::Log::commit`] answers. `generation` grows with each
    /// adding on that node.
    async fn join_routes(
        &self,
        partition: Partition,
        groups: &[GroupId],
        node: &NodeName,
        generation: u64,
    ) -> Result<Vec<Joined>, BackplaneError>;

    /// Removes a route when it is still the one of this generation (or an older one).
    async fn leave_route(
        &self,
        partition: Partition,
        group: &GroupId,
        node: &NodeName,
        generation: u64,
    ) -> Result<(), BackplaneError>;

    /// The nodes that have a route for a group.
    async fn routes(&self, partition: Partition, group: &GroupId) -> Result<Vec<NodeName>, BackplaneError>;
}

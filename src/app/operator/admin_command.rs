//! Orders and reports.

use serde::{Deserialize, Serialize};

use crate::domain::{Access, DeviceName, Group, GroupId, GroupKind, Millis, NodeName, Role, Seq, User, UserId};
use crate::ports::{NodeRecord, NodeRoles};

/// Most lines of a report.
pub const MOST_LINES: usize = 1_000;

/// What an operator wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum AdminCommand {
    /// Users whose username begins so, whatever the case and the marks on letters; all when empty.
    FindUsers {
        /// The beginning of a username.
        prefix: String,
        /// Most lines to report: 1 to [`MOST_LINES`].
        limit: usize,
    },
    /// One user, by id or username.
    ShowUser {
        /// Id or username.
        user: String,
    },
    /// Groups whose name contains this, whatever the case and the marks on letters; all when empty.
    FindGroups {
        /// A part of a name.
        part: String,
        /// Most lines to report: 1 to [`MOST_LINES`].
        limit: usize,
    },
    /// One group with its members.
    ShowGroup {
        /// Its id.
        group: GroupId,
    },
    /// The nodes that live.
    ListNodes,
    /// Makes a member of a group its admin.
    MakeAdmin {
        /// The group.
        group: GroupId,
        /// The member.
        user: UserId,
    },
    /// Closes a user's connections, or removes the user from a group.
    Kick {
        /// Who.
        user: UserId,
        /// The group to remove them from.
        group: Option<GroupId>,
    },
    /// Shuts a user out, and closes their connections.
    Ban {
        /// Who.
        user: UserId,
    },
    /// Lets a user in again.
    Unban {
        /// Who.
        user: UserId,
    },
    /// Replaces the password of a built-in account.
    SetPassword {
        /// Whose.
        user: UserId,
        /// Its argon2id hash.
        hash: String,
    },
    /// Deletes a user: profile, password, memberships, read marks and devices. What they said stays, and
    /// the id is banned: tokens for it may still be about.
    DeleteUser {
        /// Who.
        user: UserId,
    },
    /// Deletes a group and all that was said in it.
    DeleteGroup {
        /// Which.
        group: GroupId,
    },
    /// Who works for which follower, and how far behind.
    ShowFollowers,
    /// Has a node hand over its sessions and partitions, and end.
    Drain {
        /// Which, by its name; this very node when none is named.
        #[serde(default)]
        node: Option<String>,
    },
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// Users as found.
    Users {
        /// A line each.
        users: Vec<UserLine>,
        /// Whether there are more than were asked for; an older hub does not tell.
        #[serde(default)]
        more: bool,
    },
    /// Groups as found.
    Groups {
        /// A line each.
        groups: Vec<GroupLine>,
        /// Whether there are more than were asked for; an older hub does not tell.
        #[serde(default)]
        more: bool,
    },
    /// One user with their groups and devices.
    User {
        /// The user.
        user: UserLine,
        /// The groups.
        groups: Vec<GroupLine>,
        /// The devices, the one seen last first; an older hub tells none.
        #[serde(default)]
        devices: Vec<DeviceLine>,
    },
    /// One group with its members.
    Group {
        /// The group.
        group: GroupLine,
        /// The members.
        members: Vec<MemberLine>,
    },
    /// The nodes that live.
    Nodes {
        /// A line each.
        nodes: Vec<NodeLine>,
    },
    /// What followers do in each partition.
    Followers {
        /// A line each.
        followers: Vec<FollowerLine>,
    },
    /// It is done.
    Done {
        /// What, in a sentence.
        what: String,
    },
}

/// A user, as operators see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLine {
    /// Id.
    pub id: UserId,
    /// Username.
    pub username: String,
    /// Name.
    pub name: String,
    /// Whether they have a built-in account here.
    pub account: bool,
    /// Whether they are shut out.
    pub banned: bool,
    /// Whether they are connected; unknown without a running hub.
    pub online: Option<bool>,
    /// When they were last seen, in Unix milliseconds; 0 when never.
    pub last_seen: Millis,
    /// Of how many groups they are a member.
    pub groups: usize,
}

/// A group, as operators see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLine {
    /// Id.
    pub id: GroupId,
    /// Kind.
    pub kind: GroupKind,
    /// Name; empty for a direct chat.
    pub name: String,
    /// Who may become a member.
    pub access: Access,
    /// How many members it has.
    pub members: usize,
}

/// A node, as operators see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeLine {
    /// Its name with its epoch.
    pub node: NodeName,
    /// Its version.
    pub version: String,
    /// What it does.
    pub roles: NodeRoles,
    /// Sessions.
    pub connections: u64,
    /// Partitions that it owns.
    pub partitions: u64,
    /// Whether it hands its work over.
    pub draining: bool,
}

/// A follower's work in one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowerLine {
    /// The follower.
    pub follower: String,
    /// The partition.
    pub partition: u16,
    /// The node that works there.
    pub node: Option<String>,
    /// Stored events that it has not worked on there.
    pub events: u64,
    /// How long the group that has waited longest has done so, in seconds.
    pub seconds: u64,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLine {
    /// Id.
    pub id: UserId,
    /// Name.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// A device of a user, as operators see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLine {
    /// What its client calls it.
    pub device: DeviceName,
    /// Whether it is connected; unknown without a running hub.
    pub online: Option<bool>,
    /// When it was last seen, in Unix milliseconds.
    pub last_seen: Millis,
    /// In how many of the user's groups it has a delivered mark.
    pub groups: usize,
    /// Those of them in which it is furthest behind, ten at most.
    pub marks: Vec<DeviceMark>,
}

/// How far a device has come in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceMark {
    /// The group.
    pub group: GroupId,
    /// The greatest seq that the device holds.
    pub delivered: Seq,
    /// How many events the group's head is further.
    pub behind: u64,
}

// === impl AdminCommand ===

impl AdminCommand {
    /// Whether it is about what nodes hold, so that only a running hub can carry it out.
    pub fn needs_hub(&self) -> bool {
        matches!(
            self,
            Self::ListNodes
                | Self::MakeAdmin { .. }
                | Self::Kick { .. }
                | Self::DeleteUser { .. }
                | Self::DeleteGroup { .. }
                | Self::ShowFollowers
                | Self::Drain { .. }
        )
    }
}

// === impl UserLine ===

impl UserLine {
    pub(super) fn new(user: &User, online: Option<bool>) -> Self {
        Self {
            id: user.id.clone(),
            username: user.profile.username.clone(),
            name: user.profile.name.clone(),
            account: user.password.is_some(),
            banned: user.banned,
            online,
            last_seen: user.last_seen,
            groups: user.groups.len(),
        }
    }
}

impl From<NodeRecord> for NodeLine {
    fn from(record: NodeRecord) -> Self {
        Self {
            node: record.node,
            version: record.version,
            roles: record.roles,
            connections: record.connections,
            partitions: record.vitals.partitions,
            draining: record.draining,
        }
    }
}

impl From<&Group> for GroupLine {
    fn from(group: &Group) -> Self {
        Self {
            id: group.id.clone(),
            kind: group.kind,
            name: group.name.clone(),
            access: group.access,
            members: group.members.len(),
        }
    }
}

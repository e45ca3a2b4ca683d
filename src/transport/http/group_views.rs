//! Bodies of calls about groups, as their members are shown them: the fields of the frame `group`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::message_views::MessageView;
use crate::domain::{
    Access, GroupKind, GroupUpdate, Millis, Pinning, Place, Refusal, Role, Seq, UserId, requested_access,
    requested_pinning, requested_role, requested_seq,
};
use crate::hub::{AskedGroup, OwnGroup, ReactionsPage, SeenPage, ShownGroup};
use crate::protocol::MemberList;
use crate::protocol::pushes::Others;
use crate::protocol::requests::asked_changes;

/// A group, as one of its members is shown it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnGroupView {
    /// Its id.
    id: String,
    /// `group` or `direct`; take another for a group whose members nobody changes.
    #[schema(value_type = String, example = "group")]
    kind: GroupKind,
    /// Its name; empty for a direct chat.
    name: String,
    /// `members`, `open` or `password`; take another for `members`.
    #[schema(value_type = String, example = "members")]
    access: Access,
    /// What it is about; absent for nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    about: String,
    /// `admins` or `members`: who may pin; take another for `admins`. Absent of a direct chat, where both may.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "admins")]
    pinning: Option<Pinning>,
    /// True when nothing is said in it any more; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    archived: bool,
    /// How many members.
    count: usize,
    /// How many other members are online: where one group of at most 200 members was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    online: Option<usize>,
    /// Seq of the newest event.
    head: Seq,
    /// `n` at the head.
    n: u64,
    /// The caller's read mark.
    read: Seq,
    /// `n` at the head − `n` at the read mark.
    unread: u64,
    /// Texts above the read mark that mention the caller, or all.
    #[serde(skip_serializing_if = "Option::is_none")]
    mentioned: Option<u64>,
    /// The oldest seq still stored.
    first: Seq,
    /// The newest event that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<MessageView>,
    /// Its members, in groups of at most 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<MemberBody>>)]
    members: Option<Arc<MemberList>>,
    /// How far the other members have come, in groups of at most 200; where one group was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<OthersBody>,
}

/// How far the other members of a group have come: the least and the greatest of their marks.
#[derive(Debug, Serialize, ToSchema)]
pub struct OthersBody {
    /// Read up to here.
    read: [Seq; 2],
    /// Held by a device up to here.
    delivered: [Seq; 2],
}

/// Who has seen a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeenView {
    /// Who has read it.
    read: Vec<String>,
    /// Who holds it on a device, and has not read it.
    delivered: Vec<String>,
    /// Where there are more members: `after` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A group that was asked for: one of the caller's, or an open one that they are not in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ShownGroupView {
    /// The caller is in it.
    Own(Box<OwnGroupView>),
    /// They are not.
    Open(OpenGroupView),
}

/// What who is not in an open group is shown of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenGroupView {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// `open`.
    #[schema(value_type = String, example = "open")]
    access: Access,
    /// How many members.
    count: usize,
}

/// A member of a group.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberBody {
    /// The user's id.
    id: String,
    /// The name to show.
    name: String,
    /// `admin` or `member`; take another for `member`.
    #[schema(example = "member")]
    role: String,
}

/// A page of the caller's groups.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnGroupsView {
    /// Newest activity first.
    pub(super) groups: Vec<OwnGroupView>,
    /// Whether there are more after these.
    pub(super) more: bool,
    /// Where there are more: the `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) next: Option<Place>,
}

/// A group to make, with the caller as its first admin.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewOwnGroup {
    /// Its name: 1 to 200 characters.
    name: String,
    /// Ids of known users, which do not begin with `hub.`.
    #[schema(value_type = Vec<String>)]
    members: Vec<UserId>,
    /// `members` (default), `open` or `password`.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "requested_access")]
    pub(super) access: Option<Access>,
    /// 8 to 256 bytes; `access` is `password` by it.
    password: Option<String>,
    /// The caller's own id for it (1 to 64 bytes that do not begin with `hub.`): repeating a request with the same one
    /// makes no second group.
    #[schema(min_length = 1, max_length = 64, pattern = r"^(?!hub\.)")]
    cid: Option<String>,
}

/// What is to be changed of a group; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct GroupChange {
    /// Its name: 1 to 200 characters.
    pub(super) name: Option<String>,
    /// What it is about: at most 500 characters, on several lines; empty for nothing.
    pub(super) about: Option<String>,
    /// `unsupported` yet.
    pub(super) image: Option<String>,
    /// `members`, `open` or `password`.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "requested_access")]
    pub(super) access: Option<Access>,
    /// What who joins must know, 8 to 256 bytes; `access` is `password` by it.
    pub(super) password: Option<String>,
    /// `admins` or `members`: who may pin.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "requested_pinning")]
    pub(super) pinning: Option<Pinning>,
    /// Whether nothing is said in it any more.
    pub(super) archived: Option<bool>,
}

/// What who joins shows.
#[derive(Debug, Deserialize, ToSchema)]
pub struct JoinedBy {
    /// The group's password, where it asks for one.
    pub(super) password: Option<String>,
}

/// What a member is to be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct GivenRole {
    /// `admin` or `member`.
    #[schema(value_type = String)]
    #[serde(deserialize_with = "requested_role")]
    pub(super) role: Role,
}

/// Up to where the caller has read.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReadUpTo {
    /// Never goes back; at most the head.
    #[serde(deserialize_with = "requested_seq")]
    pub(super) seq: Seq,
}

// === impl OwnGroupView ===

impl OwnGroupView {
    /// The group as `reader` sees it.
    pub(super) fn of(group: OwnGroup, reader: &UserId) -> Self {
        let OwnGroup { view, last } = group;
        Self {
            id: view.id.to_string(),
            kind: view.kind,
            name: view.name,
            access: view.access,
            about: view.about,
            pinning: view.pinning,
            archived: view.archived,
            count: view.count,
            online: view.online,
            head: view.head,
            n: view.n,
            read: view.read,
            unread: view.unread,
            mentioned: view.mentioned,
            first: view.first,
            last: last.map(|event| MessageView::of(Arc::unwrap_or_clone(event), Some(reader))),
            members: view.members,
            others: view.others.map(|Others { read, delivered }| OthersBody { read, delivered }),
        }
    }
}

/// Who reacts to a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReactionsView {
    /// By emoji and then by id.
    users: Vec<ReactorBody>,
    /// Where there are more: `after` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Who reacts with what.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReactorBody {
    /// The user's id.
    id: String,
    /// With what.
    emoji: String,
    /// Since when, in Unix milliseconds.
    time: Millis,
}

impl From<ReactionsPage> for ReactionsView {
    fn from(page: ReactionsPage) -> Self {
        let users = page.users.into_iter().map(|user| ReactorBody {
            id: user.id.to_string(),
            emoji: user.emoji.to_string(),
            time: user.time,
        });
        Self { users: users.collect(), next: page.next }
    }
}

impl From<SeenPage> for SeenView {
    fn from(page: SeenPage) -> Self {
        let ids = |users: Vec<UserId>| users.iter().map(UserId::to_string).collect();
        Self { read: ids(page.read), delivered: ids(page.delivered), next: page.next.map(|user| user.to_string()) }
    }
}

// === impl ShownGroupView ===

impl ShownGroupView {
    /// The group as `reader` sees it.
    pub(super) fn of(group: ShownGroup, reader: &UserId) -> Self {
        match group {
            ShownGroup::Own(own) => Self::Own(Box::new(OwnGroupView::of(*own, reader))),
            ShownGroup::Open(open) => Self::Open(OpenGroupView {
                id: open.id.to_string(),
                name: open.name,
                access: open.access,
                count: open.count,
            }),
        }
    }
}

// === impl GroupChange ===

impl GroupChange {
    /// What is asked for, by the rules of names and texts, and the password that it is to have.
    pub(super) fn asked(self) -> Result<(GroupUpdate, Option<String>), Refusal> {
        let Self { name, about, image, access, password, pinning, archived } = self;
        let update = asked_changes(GroupUpdate { name, about, access, pinning, archived }, image.is_some())?;
        Ok((update, password))
    }
}

// === impl NewOwnGroup ===

impl NewOwnGroup {
    /// What is asked for. `key` is the request's `Idempotency-Key`.
    pub(super) fn asked(self, key: Option<&str>) -> Result<AskedGroup, Refusal> {
        let cid = super::layers::cid_of(self.cid.as_deref(), key)?;
        let Self { name, members: users, access, password, .. } = self;
        Ok(AskedGroup { name, users, access, password, cid })
    }
}

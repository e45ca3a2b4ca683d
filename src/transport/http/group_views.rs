//! Bodies of calls about groups, as their members are shown them: the fields of the frame `group`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::message_views::MessageView;
use crate::domain::{Access, Cid, GroupKind, Millis, Place, Refusal, Seq, UserId, requested_access, requested_seq};
use crate::hub::{OwnGroup, ReactionsPage, SeenPage};
use crate::protocol::MemberList;
use crate::protocol::pushes::Others;

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
    /// `members` or `open`; take another for `members`.
    #[schema(value_type = String, example = "members")]
    access: Access,
    /// How many members.
    count: usize,
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
    pub(super) name: String,
    /// Ids of known users, which do not begin with `hub.`.
    #[schema(value_type = Vec<String>)]
    pub(super) members: Vec<UserId>,
    /// `members` (default) or `open`.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "requested_access")]
    pub(super) access: Option<Access>,
    /// The caller's own id for it (1 to 64 bytes that do not begin with `hub.`): repeating a request with the same one
    /// makes no second group.
    #[schema(min_length = 1, max_length = 64, pattern = r"^(?!hub\.)")]
    cid: Option<String>,
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
            count: view.count,
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

// === impl NewOwnGroup ===

impl NewOwnGroup {
    /// The creator's id for it. `key` is the request's `Idempotency-Key`.
    pub(super) fn cid(&self, key: Option<&str>) -> Result<Option<Cid>, Refusal> {
        super::layers::cid_of(self.cid.as_deref(), key)
    }
}

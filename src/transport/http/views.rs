//! Bodies of requests and answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::layers::cid_of;
use super::message_views::MentionsBody;
use crate::domain::{
    Access, Cid, Data, Group, GroupId, GroupKind, Mentions, Millis, Refusal, Seq, UserId, requested_access,
    requested_data,
};
use crate::hub::{FoundUser, Stored, Ticket};
use crate::ports::Account;
use crate::protocol::{Content, SendFrame, Target};

/// A message to send.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewMessage {
    /// What to say; a message of kind `text` has one.
    text: Option<String>,
    /// The sender's own id for it (1 to 64 bytes that do not begin with `hub.`): repeating a request with the same one
    /// sends nothing twice.
    #[schema(min_length = 1, max_length = 64, pattern = r"^(?!hub\.)")]
    cid: Option<String>,
    /// `text` where there is none, or a kind of your own making, `x.<name>`.
    #[schema(example = "text")]
    kind: Option<String>,
    /// The event that it is about, `<group>:<seq>`.
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// Whom it mentions: a list of at most 100 ids of members, or the string `all`.
    #[schema(value_type = Option<MentionsBody>)]
    mentions: Option<Mentions>,
    /// Anything else, up to 16 KB. Whole numbers have 64 bits at most.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "requested_data")]
    data: Option<Data>,
}

/// A message that is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoredView {
    /// The group.
    group: String,
    /// The sender's id for it.
    cid: String,
    /// Its place in the group.
    #[schema(minimum = 1)]
    seq: Seq,
    /// When, in Unix milliseconds.
    time: Millis,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// The id.
    pub(super) id: String,
    /// The name to search by.
    pub(super) username: String,
    /// The name to show.
    pub(super) name: String,
    /// Whether any of their devices is connected; absent where nobody is to see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) online: Option<bool>,
    /// When they were last seen, in Unix milliseconds; 0 when never. Absent as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_seen: Option<Millis>,
}

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsersView {
    /// By id.
    pub(super) users: Vec<UserView>,
    /// Whether there are more.
    pub(super) more: bool,
}

/// A user's profile, to be set.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ProfileUpdate {
    /// The name to search by: 1 to 200 characters, not beginning with `hub.`; `conflict` when another account has it.
    pub(super) username: Option<String>,
    /// The name to show: 1 to 200 characters.
    pub(super) name: Option<String>,
    /// Ignored: who is online is what connections show. The answer tells it.
    #[serde(rename = "online")]
    _online: Option<bool>,
}

/// A new account, or one to log in to.
#[derive(Deserialize, ToSchema)]
pub struct CredentialsBody {
    /// The account's name, which does not begin with `hub.`.
    pub(super) username: String,
    /// The password.
    #[schema(format = Password)]
    pub(super) password: String,
    /// The name to show, 1 to 200 characters; only when registering.
    pub(super) name: Option<String>,
}

/// Who one is, and the token that proves it.
#[derive(Serialize, ToSchema)]
pub struct AccountView {
    /// The user's id.
    user: String,
    /// The Bearer token.
    token: String,
    /// When the token runs out, in Unix milliseconds.
    expires: Millis,
}

/// A new token in the place of one that was shown.
#[derive(Serialize, ToSchema)]
pub struct TokenView {
    /// The Bearer token.
    token: String,
    /// When the token runs out, in Unix milliseconds.
    expires: Millis,
}

/// A one-time ticket.
#[derive(Serialize, ToSchema)]
pub struct TicketView {
    /// Goes into `?ticket=` of the WebSocket's URL.
    ticket: String,
    /// When it is worth nothing any more, in Unix milliseconds.
    expires: Millis,
}

/// Where to connect.
#[derive(Debug, Serialize, ToSchema)]
pub struct LocationView {
    /// The WebSocket's URL.
    #[schema(example = "wss://chat.example.org/ws")]
    pub(super) url: String,
    /// The node.
    pub(super) node: String,
}

/// A group.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupBody {
    /// Its id.
    id: String,
    /// Its name; empty for a direct chat.
    name: String,
    /// Ids of its members, in the order in which they joined.
    users: Vec<String>,
    /// `group` or `direct`.
    #[schema(value_type = String, example = "group")]
    kind: GroupKind,
    /// `members` or `open`.
    #[schema(value_type = String, example = "members")]
    access: Access,
}

/// A page of groups.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupsView {
    /// By id.
    pub(super) groups: Vec<GroupBody>,
    /// Whether there are more.
    pub(super) more: bool,
}

/// A group to make.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewGroup {
    /// Its name: 1 to 200 characters.
    pub(super) name: String,
    /// Ids of its members; the first is its admin. Unknown users are created. None begins with `hub.`.
    #[schema(value_type = Vec<String>)]
    pub(super) users: Vec<UserId>,
    /// `members` (default) or `open`.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "requested_access")]
    pub(super) access: Option<Access>,
}

/// A message that a service sends in a user's name.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ServiceMessage {
    /// The group's id.
    #[schema(value_type = String)]
    group: GroupId,
    /// The user's id, which does not begin with `hub.`.
    #[schema(value_type = String)]
    pub(super) from: UserId,
    /// What to say.
    message: String,
}

// === impl NewMessage ===

impl NewMessage {
    /// The send, to a group. `key` is the request's `Idempotency-Key`.
    pub(super) fn into_send(self, group: GroupId, key: Option<&str>) -> Result<SendFrame, Refusal> {
        let cid = cid_of(self.cid.as_deref(), key)?.unwrap_or_else(Cid::random);
        let target = Target::Group(group);
        let Self { kind, text, reference, data, mentions, .. } = self;
        let content = Content { kind, text, reference, data, mentions };
        SendFrame::new(target, cid, content)
    }
}

impl ServiceMessage {
    /// Who sends what; with a key, what is sent once.
    pub(super) fn into_send(self, key: Option<&str>) -> Result<(UserId, SendFrame), Refusal> {
        let text = Some(self.message);
        let message = NewMessage { text, cid: None, kind: None, reference: None, data: None, mentions: None };
        Ok((self.from, message.into_send(self.group, key)?))
    }
}

impl From<Stored> for StoredView {
    fn from(stored: Stored) -> Self {
        Self { group: stored.group.to_string(), cid: stored.cid.to_string(), seq: stored.seq, time: stored.time }
    }
}

impl From<FoundUser> for UserView {
    fn from(found: FoundUser) -> Self {
        let FoundUser { user, online } = found;
        let (username, name) = (user.profile.username, user.profile.name);
        Self { id: user.id.to_string(), username, name, online: Some(online), last_seen: Some(user.last_seen) }
    }
}

impl UserView {
    /// The user without their presence.
    pub(super) fn without_presence(self) -> Self {
        Self { online: None, last_seen: None, ..self }
    }
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self { user: account.user.to_string(), token: account.token, expires: account.expires }
    }
}

impl From<Account> for TokenView {
    fn from(account: Account) -> Self {
        Self { token: account.token, expires: account.expires }
    }
}

impl From<Ticket> for TicketView {
    fn from(ticket: Ticket) -> Self {
        Self { ticket: ticket.ticket, expires: ticket.expires }
    }
}

impl From<Group> for GroupBody {
    fn from(group: Group) -> Self {
        let users = group.members.iter().map(|member| member.id.to_string()).collect();
        Self { id: group.id.to_string(), name: group.name, users, kind: group.kind, access: group.access }
    }
}

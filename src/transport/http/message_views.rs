//! Messages, and pages of them, as answers tell them.

use axum::Json;
use axum::http::HeaderName;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Data, Event, Mentions, Millis, Seq, UserId};
use crate::hub::HistoryPage;
use crate::protocol::WireEvent;
use crate::protocol::pushes::ReactionView;

/// Up to which seq a page shows what events made of others.
pub(super) const AS_OF: HeaderName = HeaderName::from_static("hubbub-as-of");

/// The answer with a page.
pub(super) type Page = ([(HeaderName, Seq); 1], Json<HistoryView>);

/// An event of a group, with the fields of a `message` frame.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// The group.
    group: String,
    /// Its place in the group, from 1.
    #[schema(minimum = 1)]
    seq: Seq,
    /// How many events up to here make something unread.
    n: u64,
    /// Who caused it.
    from: String,
    /// When, in Unix milliseconds.
    time: Millis,
    /// `text`, `x.<name>`, `pinned`, `edited`, `deleted`, `reaction`, `joined`, `left`, `role`, `void`, and what later versions add.
    kind: String,
    /// There and false for what is not to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<bool>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The event that it is about, `<group>:<seq>`.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    data: Option<Data>,
    /// Whom it mentions: a list of ids, or `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<MentionsBody>,
    /// The sender's own id for it; only for the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    cid: Option<String>,
    /// There and true for what is pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
    /// When the text was edited that stands here, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<Millis>,
    /// When it was deleted, and by whom: nothing of what it said is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<DeletedView>,
    /// How many react to it, by emoji, the one used first in front.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<ReactionCount>,
    /// How many replies it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    replies: Option<u64>,
}

/// Whom a message mentions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum MentionsBody {
    /// `all`: all members.
    All(String),
    /// These users.
    Users(Vec<String>),
}

/// How many react with one emoji.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReactionCount {
    /// With what.
    emoji: String,
    /// How many.
    count: u64,
    /// Whether the caller is one of them.
    mine: bool,
}

/// That an event was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedView {
    /// When, in Unix milliseconds.
    time: Millis,
    /// Who did it.
    by: String,
}

/// A page of a group's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryView {
    /// The group.
    group: String,
    /// Ascending.
    messages: Vec<MessageView>,
    /// Whether there are more in the direction asked.
    more: bool,
    /// The seq to go on from, exclusive, where there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Seq>,
    /// Up to which seq the page shows what events made of others.
    as_of: Seq,
}

/// A page of messages of all groups.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagesView {
    /// Ascending by time.
    pub(super) messages: Vec<MessageView>,
    /// Whether there are older ones.
    pub(super) more: bool,
}

impl From<&Mentions> for MentionsBody {
    fn from(mentions: &Mentions) -> Self {
        match mentions {
            Mentions::All => Self::All("all".into()),
            Mentions::Users(users) => Self::Users(users.iter().map(UserId::to_string).collect()),
        }
    }
}

impl From<ReactionView<'_>> for ReactionCount {
    fn from(reaction: ReactionView<'_>) -> Self {
        Self { emoji: reaction.emoji.to_string(), count: reaction.count, mine: reaction.mine }
    }
}

// === impl MessageView ===

impl MessageView {
    /// The event as `reader` sees it: with its cid when it is their own.
    pub(super) fn of(event: Event, reader: Option<&UserId>) -> Self {
        Self::seen(match reader {
            Some(reader) => WireEvent::for_reader(&event, reader),
            None => WireEvent::public(&event),
        })
    }

    fn seen(event: WireEvent<'_>) -> Self {
        Self {
            group: event.group.to_string(),
            seq: event.seq,
            n: event.n,
            from: event.from.to_string(),
            time: event.time,
            kind: event.kind.to_owned(),
            shown: (!event.shown).then_some(false),
            text: event.text.map(str::to_owned),
            reference: event.r#ref.map(str::to_owned),
            data: event.data.cloned(),
            mentions: event.mentions.map(MentionsBody::from),
            cid: event.cid.map(ToString::to_string),
            pinned: event.pinned.then_some(true),
            edited: event.edited,
            deleted: event.deleted.map(|deleted| DeletedView { time: deleted.time, by: deleted.by.to_string() }),
            reactions: event.reactions.iter().map(ReactionCount::from).collect(),
            replies: Some(event.replies).filter(|replies| *replies > 0),
        }
    }
}

impl HistoryView {
    /// The page as `reader` sees it.
    pub(super) fn of(page: HistoryPage, reader: Option<&UserId>) -> Self {
        let messages = page.messages.into_iter().map(|event| MessageView::of(event, reader)).collect();
        Self { group: page.group.to_string(), messages, more: page.more, next: page.next, as_of: page.as_of }
    }

    /// The page as `reader` would have seen it when it was said.
    pub(super) fn as_said(page: &HistoryPage, reader: &UserId) -> Self {
        let said = |event| MessageView::seen(WireEvent::as_said(event, reader));
        let messages = page.messages.iter().map(said).collect();
        Self { group: page.group.to_string(), messages, more: page.more, next: page.next, as_of: page.as_of }
    }

    /// The page with what is said of it in its header.
    pub(super) fn answer(self) -> Page {
        ([(AS_OF, self.as_of)], Json(self))
    }
}

//! Pages of what is stored, and what of it will not come.

use serde::Serialize;

use super::{GroupView, WireEvent};
use crate::domain::{GroupId, Place, Seq, UserId};
use crate::protocol::RequestId;
use crate::protocol::form::frame;

frame! {
    /// A page of the user's groups.
    #[frame("groups")]
    #[derive(Debug, Serialize)]
    pub struct Groups<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// Newest activity first.
        pub groups: &'a [GroupView<'a>],
        /// Whether there are more after these.
        pub more: bool,
        /// Where there are more: the `cursor` of the next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next: Option<&'a Place>,
    }
}

frame! {
    /// A page of a group's events.
    #[frame("history")]
    #[derive(Debug, Serialize)]
    pub struct History<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// The group.
        pub group: &'a GroupId,
        /// Ascending.
        pub messages: Vec<WireEvent<'a>>,
        /// Whether there are more in the direction asked.
        pub more: bool,
        /// The seq to go on from, exclusive, where there are more.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next: Option<Seq>,
        /// Up to which seq the page shows what events made of others: later ones are to be applied to it.
        pub as_of: Seq,
    }
}

frame! {
    /// What is pinned in a group.
    #[frame("pins")]
    #[derive(Debug, Serialize)]
    pub struct Pins<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// The group.
        pub group: &'a GroupId,
        /// Newest first, 100 at most.
        pub messages: Vec<WireEvent<'a>>,
        /// Whether there are more than these.
        pub more: bool,
        /// Up to which seq the list shows what events made of others.
        pub as_of: Seq,
    }
}

frame! {
    /// Who has seen an event, of those who were members before it: some 200 at a time, in the order of their ids.
    #[frame("seen")]
    #[derive(Debug, Serialize)]
    pub struct Seen<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// The group.
        pub group: &'a GroupId,
        /// The event.
        pub seq: Seq,
        /// Who has read it.
        pub read: &'a [UserId],
        /// Who holds it on a device, and has not read it.
        pub delivered: &'a [UserId],
        /// Where there are more members: `after` of the next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next: Option<&'a UserId>,
    }
}

frame! {
    /// Seqs that will not be replayed here.
    #[frame("gap")]
    #[derive(Debug, Serialize)]
    pub struct Gap<'a> {
        /// The group.
        pub group: &'a GroupId,
        /// The first of them.
        pub from: Seq,
        /// The last of them.
        pub to: Seq,
        /// `too_many`, `expired` or `reset`.
        pub reason: GapReason,
    }
}

/// Why seqs will not be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// More than 1,000 were missed: ask for the older ones with `history`.
    TooMany,
    /// Removed by retention.
    Expired,
    /// The cursor lies above the head: drop what is held above it.
    Reset,
}

//! A group, as one of its members is told of it.

use std::sync::Arc;

use serde::Serialize;

use super::{MemberList, WireEvent};
use crate::domain::{Access, GroupId, GroupKind, Mark, Pinning, Seq};
use crate::protocol::RequestId;
use crate::protocol::form::frame;

frame! {
    /// A group that is new to the session, or that changed.
    #[frame("group")]
    #[derive(Debug, Serialize)]
    pub struct Group<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// The group's id.
        pub id: &'a GroupId,
        /// `group` or `direct`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub kind: Option<GroupKind>,
        /// Empty for a direct chat.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<&'a str>,
        /// `members`, `open` or `password`: who may join.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub access: Option<Access>,
        /// What it is about; absent for nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub about: Option<&'a str>,
        /// `admins` or `members`: who may pin; absent of a direct chat.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub pinning: Option<Pinning>,
        /// True when nothing is said in it any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub archived: Option<bool>,
        /// How many members.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub count: Option<usize>,
        /// How many other members are online: in answers to `group`, of groups of at most 200.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub online: Option<usize>,
        /// Seq of the newest stored event.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub head: Option<Seq>,
        /// `n` at the head.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub n: Option<u64>,
        /// The user's read mark.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub read: Option<Seq>,
        /// `n` at the head − `n` at the read mark.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub unread: Option<u64>,
        /// Texts above the read mark that mention the user, or all.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub mentioned: Option<u64>,
        /// The oldest seq still stored.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub first: Option<Seq>,
        /// The newest event that is shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last: Option<WireEvent<'a>>,
        /// A list of `{id, name, role}`, in groups of at most 200.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub members: Option<&'a MemberList>,
        /// How far the other members have come, in groups of at most 200; where one group was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub others: Option<Others>,
        /// True when the user is no longer in it; the rest is absent then.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub gone: Option<bool>,
    }
}

/// A group as one user sees it.
#[derive(Debug, Clone, Serialize)]
pub struct GroupView<'a> {
    /// Its id.
    pub id: GroupId,
    /// What sort of group.
    pub kind: GroupKind,
    /// Its name; empty for a direct chat.
    pub name: String,
    /// Who may join.
    pub access: Access,
    /// What it is about; empty for nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Who may pin; nothing of a direct chat, where both may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinning: Option<Pinning>,
    /// Whether nothing is said in it any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// How many members.
    pub count: usize,
    /// How many other members are online, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<usize>,
    /// Seq of the newest stored event.
    pub head: Seq,
    /// `n` at the head.
    pub n: u64,
    /// The user's read mark.
    pub read: Seq,
    /// Unread events: `n` at the head − `n` at the read mark.
    pub unread: u64,
    /// Texts above the read mark that mention the user, or all; absent where the store did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentioned: Option<u64>,
    /// The oldest seq still stored.
    pub first: Seq,
    /// The newest event that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<WireEvent<'a>>,
    /// The members, in groups of at most 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Arc<MemberList>>,
    /// How far the other members have come, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub others: Option<Others>,
}

/// How far the other members of a group have come: the least and the greatest of their marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Others {
    /// Read up to here.
    pub read: [Seq; 2],
    /// Held by a device up to here.
    pub delivered: [Seq; 2],
}

// === impl Others ===

impl Others {
    /// Those with these marks; `None` where there are no others.
    pub fn of(marks: impl IntoIterator<Item = Mark>) -> Option<Self> {
        let ends = |[least, greatest]: [Seq; 2], seq: Seq| [least.min(seq), greatest.max(seq)];
        marks.into_iter().fold(None, |others, Mark { read, delivered, .. }| {
            let Self { read: reads, delivered: all } =
                others.unwrap_or(Self { read: [read; 2], delivered: [delivered; 2] });
            Some(Self { read: ends(reads, read), delivered: ends(all, delivered) })
        })
    }
}

/// What is shown of a group to who is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Who may join.
    pub access: Access,
    /// How many members.
    pub count: usize,
}

// === impl Group ===

impl<'a> Group<'a> {
    /// One that tells of a group.
    pub fn of(re: Option<&'a RequestId>, group: &'a GroupView<'a>) -> Self {
        Self {
            re,
            id: &group.id,
            kind: Some(group.kind),
            name: Some(&group.name),
            access: Some(group.access),
            about: Some(group.about.as_str()).filter(|about| !about.is_empty()),
            pinning: group.pinning,
            archived: Some(true).filter(|_| group.archived),
            count: Some(group.count),
            online: group.online,
            head: Some(group.head),
            n: Some(group.n),
            read: Some(group.read),
            unread: Some(group.unread),
            mentioned: group.mentioned,
            first: Some(group.first),
            last: group.last,
            members: group.members.as_deref(),
            others: group.others,
            gone: None,
        }
    }

    /// One that shows an open group to who is not in it.
    pub fn glimpse(re: Option<&'a RequestId>, group: &'a Glimpse) -> Self {
        let Glimpse { id, name, access, count } = group;
        Self { name: Some(name), access: Some(*access), count: Some(*count), gone: None, ..Self::gone(re, id) }
    }

    /// One that tells that the user is no longer in a group.
    pub fn gone(re: Option<&'a RequestId>, id: &'a GroupId) -> Self {
        Self {
            re,
            id,
            kind: None,
            name: None,
            access: None,
            about: None,
            pinning: None,
            archived: None,
            count: None,
            online: None,
            head: None,
            n: None,
            read: None,
            unread: None,
            mentioned: None,
            first: None,
            last: None,
            members: None,
            others: None,
            gone: Some(true),
        }
    }
}

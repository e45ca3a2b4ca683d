//! Reactions to an event, as clients see them.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::domain::{Emoji, GroupId, Millis, Seq, Tallies, UserId};
use crate::protocol::RequestId;
use crate::protocol::form::frame;

frame! {
    /// Who reacts to an event.
    #[frame("reactions")]
    #[derive(Debug, Serialize)]
    pub struct Reactions<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// The group.
        pub group: &'a GroupId,
        /// The event.
        pub seq: Seq,
        /// A list of `{id, emoji, time}`, by emoji and then by id.
        pub users: Vec<ReactorView<'a>>,
        /// Where there are more: `after` of the next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next: Option<&'a str>,
    }
}

/// Who reacts with what.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ReactorView<'a> {
    /// Who.
    pub id: &'a UserId,
    /// With what.
    pub emoji: &'a Emoji,
    /// Since when.
    pub time: Millis,
}

/// How many react to an event, by emoji, as a reader sees it; the emoji that was used first in front.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReactionList<'a>(Option<&'a Tallies>);

/// How many react with one emoji.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ReactionView<'a> {
    /// With what.
    pub emoji: &'a Emoji,
    /// How many.
    pub count: u64,
    /// Whether the reader is one of them.
    pub mine: bool,
}

// === impl ReactionList ===

impl<'a> ReactionList<'a> {
    pub(super) fn new(tallies: &'a Tallies) -> Self {
        Self(Some(tallies).filter(|tallies| tallies.is_for_reader()))
    }

    /// Whether there is nothing to be shown: also where it is not known what is the reader's own.
    pub fn is_empty(&self) -> bool {
        self.0.is_none_or(Tallies::is_empty)
    }

    /// Each of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ReactionView<'a>> + use<'a> {
        let shown = self.0.map(Tallies::shown).unwrap_or_default();
        shown.into_iter().map(|tally| ReactionView { emoji: &tally.emoji, count: tally.count, mine: tally.mine })
    }
}

impl Serialize for ReactionList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.iter();
        let mut list = serializer.serialize_seq(Some(all.len()))?;
        for one in all {
            list.serialize_element(&one)?;
        }
        list.end()
    }
}

//! `history`: a page of a group's events.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, PAGE_MAX, Refusal, Seq, requested_seq_if_any, requested_size};
use crate::protocol::form::frame;

frame! {
    /// A page of a group's events: the newest before, or the oldest after a seq.
    #[frame("history" => "history")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct History {
        /// The group.
        pub group: GroupId,
        /// Exclusive; not together with `after`.
        #[serde(default, deserialize_with = "requested_seq_if_any")]
        pub before: Option<Seq>,
        /// Exclusive.
        #[serde(default, deserialize_with = "requested_seq_if_any")]
        pub after: Option<Seq>,
        /// 50 when absent; 1 to 200.
        pub limit: Option<usize>,
        /// An event of the group: the replies to it alone.
        pub r#ref: Option<String>,
        /// True for the sequence as it was said: first texts, and nothing of what became of events.
        pub raw: Option<bool>,
    }
}

impl Request for History {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        fields.limit.map(|limit| requested_size("limit", limit, PAGE_MAX)).transpose()?;
        match (fields.before, fields.after) {
            (Some(_), Some(_)) => Err(Refusal::bad_frame("give `before` or `after`, not both")),
            _ => Ok(fields),
        }
    }
}

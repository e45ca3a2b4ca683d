//! `history`: a page of a group's events.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal, Seq};
use crate::protocol::form::frame;

frame! {
    /// A page of a group's events: the newest before, or the oldest after a seq.
    #[frame("history" => "history")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct History {
        /// The group.
        pub group: GroupId,
        /// Exclusive; not together with `after`.
        pub before: Option<Seq>,
        /// Exclusive.
        pub after: Option<Seq>,
        /// 50 when absent, 200 at most.
        pub limit: Option<usize>,
    }
}

impl Request for History {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        match (fields.before, fields.after) {
            (Some(_), Some(_)) => Err(Refusal::bad_frame("give `before` or `after`, not both")),
            _ => Ok(fields),
        }
    }
}

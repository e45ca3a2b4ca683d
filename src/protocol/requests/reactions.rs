//! `reactions`: who reacts to an event.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{Emoji, GroupId, Refusal, Seq, requested_seq};
use crate::protocol::form::frame;

frame! {
    /// Who reacts to an event, 200 at a time.
    #[frame("reactions" => "reactions")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Reactions {
        /// The group.
        pub group: GroupId,
        /// The event.
        #[serde(deserialize_with = "requested_seq")]
        pub seq: Seq,
        /// Those with this emoji alone.
        pub emoji: Option<Emoji>,
        /// `next` of the page before.
        pub after: Option<String>,
    }
}

impl Request for Reactions {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

//! `seen`: who has seen an event.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal, Seq, UserId, requested_seq};
use crate::protocol::form::frame;

frame! {
    /// Who has seen an event, 200 members at a time.
    #[frame("seen" => "seen")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Seen {
        /// The group.
        pub group: GroupId,
        /// The event.
        #[serde(deserialize_with = "requested_seq")]
        pub seq: Seq,
        /// `next` of the page before.
        pub after: Option<UserId>,
    }
}

impl Request for Seen {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

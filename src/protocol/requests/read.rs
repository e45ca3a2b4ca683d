//! `read`: up to where a group is read.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal, Seq, requested_seq};
use crate::protocol::form::frame;

frame! {
    /// Read up to here.
    #[frame("read" => "ok")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Read {
        /// The group.
        pub group: GroupId,
        /// Never goes back; sending reads too.
        #[serde(deserialize_with = "requested_seq")]
        pub seq: Seq,
    }
}

impl Request for Read {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

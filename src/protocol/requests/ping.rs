//! `ping`: a sign of life.

use std::collections::HashMap;

use serde::Deserialize;

use super::cursors;
use super::request::Request;
use crate::domain::{GroupId, Refusal, Seq, requested_cursors};
use crate::protocol::form::frame;

frame! {
    /// Are you there?
    #[frame("ping" => "pong")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Ping {
        /// The seqs that this device holds: its delivered mark.
        #[serde(default, deserialize_with = "requested_cursors")]
        pub cursors: Option<HashMap<GroupId, Seq>>,
    }
}

impl Request for Ping {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        cursors::check(fields.cursors.as_ref())?;
        Ok(fields)
    }
}

//! `hello`: who is there.

use std::collections::HashMap;

use serde::Deserialize;

use super::cursors;
use super::request::Request;
use crate::domain::{DeviceName, GroupId, Refusal, Seq, requested_cursors};
use crate::protocol::form::frame;

frame! {
    /// The first frame, within 5 s; a later one with nothing but `token` extends the session and is answered with `ok`.
    #[frame("hello" => "welcome")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Hello {
        /// A JWT; not needed when the upgrade request proved who it is.
        pub token: Option<String>,
        /// A name for this device: 1 to 64 characters, none of them a control character. It has delivered marks of its own.
        pub device: Option<DeviceName>,
        /// Of 1,000 groups at most, the last seq held: what came after is replayed.
        #[serde(default, deserialize_with = "requested_cursors")]
        pub cursors: Option<HashMap<GroupId, Seq>>,
    }
}

impl Request for Hello {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        cursors::check(fields.cursors.as_ref())?;
        Ok(fields)
    }
}

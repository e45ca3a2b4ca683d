//! `leave`: out of a group.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal};
use crate::protocol::form::frame;

frame! {
    /// Be a member no more.
    #[frame("leave" => "ok")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Leave {
        /// The group.
        pub group: GroupId,
    }
}

impl Request for Leave {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

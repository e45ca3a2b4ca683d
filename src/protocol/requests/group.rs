//! `group`: one of the user's groups.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal};
use crate::protocol::form::frame;

frame! {
    /// One of my groups, with how far its other members have come.
    #[frame("group" => "group")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Group {
        /// The group.
        pub group: GroupId,
    }
}

impl Request for Group {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

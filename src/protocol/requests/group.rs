//! `group`: one group.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal};
use crate::protocol::form::frame;

frame! {
    /// One of my groups; of one that is open, who is not in it sees `name`, `access` and `count`.
    #[frame("group" => "group")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct ShowGroup {
        /// The group.
        pub group: GroupId,
    }
}

impl Request for ShowGroup {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

//! `join`: into an open group.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal};
use crate::protocol::form::frame;

frame! {
    /// Become a member of an open group.
    #[frame("join" => "ok")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Join {
        /// The group.
        pub group: GroupId,
        /// Where the group asks for one.
        pub password: Option<String>,
    }
}

impl Request for Join {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

//! `pins`: what is pinned.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal};
use crate::protocol::form::frame;

frame! {
    /// What is pinned in a group.
    #[frame("pins" => "pins")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Pins {
        /// The group.
        pub group: GroupId,
    }
}

impl Request for Pins {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

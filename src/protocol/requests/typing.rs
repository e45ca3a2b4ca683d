//! `typing`: somebody types.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal};
use crate::protocol::form::frame;

frame! {
    /// I am typing.
    #[frame("typing")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Typing {
        /// Where.
        pub group: GroupId,
    }
}

impl Request for Typing {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

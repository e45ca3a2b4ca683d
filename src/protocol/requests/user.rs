//! `user`: somebody's profile.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{Refusal, UserId};
use crate::protocol::form::frame;

frame! {
    /// Somebody's profile.
    #[frame("user" => "user")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct User {
        /// Whose.
        pub user: UserId,
    }
}

impl Request for User {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

//! `users`: who is called so.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{Refusal, WordPlace};
use crate::protocol::form::frame;

frame! {
    /// Users of whom each word begins a word of the name or the username.
    #[frame("users" => "users")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Users {
        /// Words, or beginnings of them; neither case nor marks on letters matter.
        pub query: String,
        /// The `next` of the page before.
        pub cursor: Option<WordPlace>,
    }
}

impl Request for Users {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

//! `watch`: whose presence and typing is shown.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal};
use crate::protocol::form::frame;

frame! {
    /// Show me presence and typing of the members of these groups; replaces the last `watch`.
    #[frame("watch" => "presence")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Watch {
        /// 20 at most.
        pub groups: Vec<GroupId>,
    }
}

impl Request for Watch {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

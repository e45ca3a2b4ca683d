//! `groups`: a page of groups.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal};
use crate::protocol::form::frame;

frame! {
    /// More of my groups, newest activity first.
    #[frame("groups" => "groups")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Groups {
        /// The last group of the page before.
        pub after: Option<GroupId>,
        /// 200 when absent.
        pub limit: Option<usize>,
    }
}

impl Request for Groups {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

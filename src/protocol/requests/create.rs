//! `create`: a new group.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{Access, Cid, Refusal, UserId, requested_access};
use crate::protocol::form::frame;

frame! {
    /// Makes a group.
    #[frame("create" => "group")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Create {
        /// 1 to 200 characters.
        pub name: String,
        /// Ids of known users.
        pub members: Vec<UserId>,
        /// `members` when absent, or `password` where there is one.
        #[serde(default, deserialize_with = "requested_access")]
        pub access: Option<Access>,
        /// 8 to 256 bytes; `access` is `password` by it.
        pub password: Option<String>,
        /// Repeated with it, it makes no second group.
        pub cid: Option<Cid>,
    }
}

impl Request for Create {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(fields)
    }
}

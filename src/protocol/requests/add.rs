//! `add`: new members.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal, UserId, requested_users};
use crate::protocol::form::frame;

frame! {
    /// Make users members; by an admin.
    #[frame("add" => "ok")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Add {
        /// The group.
        pub group: GroupId,
        /// Known ones; one at least.
        pub users: Vec<UserId>,
    }
}

impl Request for Add {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(Self { users: requested_users("users", fields.users)?, ..fields })
    }
}

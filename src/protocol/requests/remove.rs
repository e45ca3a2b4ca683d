//! `remove`: members that go.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal, UserId, requested_users};
use crate::protocol::form::frame;

frame! {
    /// Make users members no more; by an admin.
    #[frame("remove" => "ok")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Remove {
        /// The group.
        pub group: GroupId,
        /// Who goes; one at least.
        pub users: Vec<UserId>,
    }
}

impl Request for Remove {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(Self { users: requested_users("users", fields.users)?, ..fields })
    }
}

//! `role`: what members may do.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, Refusal, Role, UserId, requested_role, requested_users};
use crate::protocol::form::frame;

frame! {
    /// Gives members a role; by an admin. The last admin stays one: `conflict`.
    #[frame("role" => "ok")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct GiveRole {
        /// The group.
        pub group: GroupId,
        /// Members of it, one at least; others stay what they are.
        pub users: Vec<UserId>,
        /// `admin` or `member`.
        #[serde(deserialize_with = "requested_role")]
        pub role: Role,
    }
}

impl Request for GiveRole {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        Ok(Self { users: requested_users("users", fields.users)?, ..fields })
    }
}

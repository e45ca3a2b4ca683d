//! `groups`: a page of groups.

use serde::Deserialize;

use super::request::Request;
use crate::domain::{GroupId, PAGE_MAX, Place, Refusal, requested_size};
use crate::protocol::form::frame;

frame! {
    /// More of my groups, newest activity first.
    #[frame("groups" => "groups")]
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub struct Groups {
        /// The `next` of the page before, or of `welcome`: the list goes on behind it, whatever moved meanwhile.
        pub cursor: Option<Place>,
        /// As in older versions, the last group of the page before: give `cursor`.
        pub after: Option<GroupId>,
        /// 200 when absent; 1 to 200.
        pub limit: Option<usize>,
    }
}

impl Request for Groups {
    type Fields = Self;

    fn check(fields: Self) -> Result<Self, Refusal> {
        if fields.cursor.is_some() && fields.after.is_some() {
            return Err(Refusal::bad_frame("give `cursor` or `after`, not both"));
        }
        fields.limit.map(|limit| requested_size("limit", limit, PAGE_MAX)).transpose()?;
        Ok(fields)
    }
}

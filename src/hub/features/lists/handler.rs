//! Lists of groups.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Group, GroupId, Mark, Refusal, User, UserId};
use crate::hub::features::paging::with_more;
use crate::hub::groups::{Heads, Listing, Views};
use crate::hub::local::LocalGroups;
use crate::ports::{CursorStore, GroupStore, UserStore};

/// Answers for groups.
pub(crate) struct GroupLists {
    pub(super) listing: Arc<Listing>,
    pub(super) views: Arc<Views>,
    pub(super) heads: Arc<Heads>,
    pub(super) groups: Arc<LocalGroups>,
    pub(super) documents: Arc<dyn GroupStore>,
    pub(super) people: Arc<dyn UserStore>,
    pub(super) marks: Arc<dyn CursorStore>,
}

// === impl GroupLists ===

impl GroupLists {
    pub(crate) fn new(
        listing: Arc<Listing>,
        views: Arc<Views>,
        heads: Arc<Heads>,
        groups: Arc<LocalGroups>,
        documents: Arc<dyn GroupStore>,
        people: Arc<dyn UserStore>,
        marks: Arc<dyn CursorStore>,
    ) -> Self {
        Self { listing, views, heads, groups, documents, people, marks }
    }

    pub(super) async fn marks_of(&self, user: &UserId) -> Result<HashMap<GroupId, Mark>, Refusal> {
        Ok(self.marks.marks(std::slice::from_ref(user)).await?.remove(user).unwrap_or_default())
    }

    /// A page of all groups, with whether there are more.
    pub(crate) async fn all_groups(&self, page: usize, per_page: usize) -> Result<(Vec<Group>, bool), Refusal> {
        with_more(page, per_page, |page, per_page| self.documents.all_groups(page, per_page)).await
    }

    /// A group by its id.
    pub(crate) async fn group(&self, id: &GroupId) -> Result<Group, Refusal> {
        let group = self.documents.group(id).await?;
        group.ok_or_else(|| Refusal::not_found("there is no such group"))
    }

    /// The groups of a user, named by id or username.
    pub(crate) async fn groups_of(&self, user: &str) -> Result<Vec<Group>, Refusal> {
        let user = self.user_named(user).await?;
        let ids: Vec<_> = user.groups.into_keys().collect();
        Ok(self.documents.groups(&ids).await?)
    }

    async fn user_named(&self, name: &str) -> Result<User, Refusal> {
        let by_id = match UserId::parse(name) {
            Ok(id) => self.people.user(&id).await?,
            Err(_) => None,
        };
        if let Some(user) = by_id {
            return Ok(user);
        }
        let by_name = self.people.user_by_username(name).await?;
        by_name.ok_or_else(|| Refusal::not_found("there is no such user"))
    }
}

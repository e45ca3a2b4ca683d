//! Requests of calls, each to its feature: what sessions ask by frames, asked by somebody who may have none.

use super::dispatch::Dispatch;
use crate::domain::{Access, Cid, GroupId, Refusal, Seq, UserId};
use crate::hub::features::lists::OwnGroup;

/// What callers ask about their groups.
pub struct Calls<'a> {
    dispatch: &'a Dispatch,
}

// === impl Calls ===

impl<'a> Calls<'a> {
    pub(crate) fn new(dispatch: &'a Dispatch) -> Self {
        Self { dispatch }
    }

    /// A page of a user's groups, newest activity first, with whether there are more.
    pub async fn own_groups(
        &self,
        user: &UserId,
        after: Option<&GroupId>,
        limit: Option<usize>,
    ) -> Result<(Vec<OwnGroup>, bool), Refusal> {
        self.dispatch.lists.own_groups(user, after, limit).await
    }

    /// One of a user's groups.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in.
    pub async fn own_group(&self, user: &UserId, id: &GroupId) -> Result<OwnGroup, Refusal> {
        self.dispatch.lists.own_group(user, id).await
    }

    /// Makes a group, as `create` does, and shows it to its creator; `not_found` when who repeats it has left since.
    pub async fn create(
        &self,
        creator: &UserId,
        name: String,
        users: Vec<UserId>,
        access: Access,
        cid: Option<Cid>,
    ) -> Result<OwnGroup, Refusal> {
        self.dispatch.new_groups.create(creator, name, users, access, cid).await
    }

    /// Joins an open group.
    pub async fn join(&self, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.dispatch.membership.join(user, group).await
    }

    /// Leaves a group.
    pub async fn leave(&self, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.dispatch.membership.leave(user, group).await
    }

    /// Adds people, as an admin.
    pub async fn add(&self, actor: &UserId, group: &GroupId, users: Vec<UserId>) -> Result<(), Refusal> {
        self.dispatch.membership.add(actor, group, users).await
    }

    /// Removes people, as an admin.
    pub async fn remove(&self, actor: &UserId, group: &GroupId, users: Vec<UserId>) -> Result<(), Refusal> {
        self.dispatch.membership.remove(actor, group, users).await
    }

    /// A member read up to a seq (at most the head). Stored when this returns.
    pub async fn read(&self, user: &UserId, group: &GroupId, seq: Seq) -> Result<(), Refusal> {
        let (document, head) = self.dispatch.lists.of_member(user, group).await?.ok_or_else(not_a_member)?;
        self.dispatch.receipts.read_up_to(user, &document, head, seq).await
    }

    /// A member types.
    pub async fn typing(&self, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        self.dispatch.lists.document_of_member(user, group).await?.ok_or_else(not_a_member)?;
        self.dispatch.typing.tell(user, group).await;
        Ok(())
    }
}

fn not_a_member() -> Refusal {
    Refusal::forbidden("you are not a member of this group")
}

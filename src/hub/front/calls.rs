//! Requests of calls, each to its feature: what sessions ask by frames, asked by somebody who may have none.

use super::dispatch::Dispatch;
use crate::domain::{
    Emoji, GroupId, GroupUpdate, Invite, InviteId, Place, ProfilePatch, Refusal, Role, Seq, SessionId, UserId,
    WordPlace,
};
use crate::hub::features::history::{HistoryPage, HistoryQuery};
use crate::hub::features::invites::{AskedInvite, MadeInvite};
use crate::hub::features::lists::{AskedGroup, ListedFrom, OwnGroup, ShownGroup};
use crate::hub::features::people::Found;
use crate::hub::features::reactions::ReactionsPage;
use crate::hub::features::seen::SeenPage;
use crate::protocol::{Glimpse, MeView, ProfileView};

/// What callers ask about their groups and themselves.
pub struct Calls<'a> {
    dispatch: &'a Dispatch,
}

// === impl Calls ===

impl<'a> Calls<'a> {
    pub(crate) fn new(dispatch: &'a Dispatch) -> Self {
        Self { dispatch }
    }

    /// A page of a user's groups, newest activity first; and where there are more, the place behind which they stand.
    pub async fn own_groups(
        &self,
        user: &UserId,
        from: ListedFrom,
        limit: Option<usize>,
    ) -> Result<(Vec<OwnGroup>, Option<Place>), Refusal> {
        self.dispatch.lists.own_groups(user, from, limit).await
    }

    /// One of a user's groups, or what who is not in an open one is shown of it.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that is not open and the user is not in.
    pub async fn group(&self, user: &UserId, id: &GroupId) -> Result<ShownGroup, Refusal> {
        self.dispatch.group_look.group(user, id).await
    }

    /// Changes a group, as an admin.
    pub async fn change(
        &self,
        actor: &UserId,
        group: &GroupId,
        asked: GroupUpdate,
        password: Option<&str>,
    ) -> Result<(), Refusal> {
        self.dispatch.settings.change(actor, group, asked, password).await
    }

    /// Gives members a role, as an admin.
    pub async fn give_role(
        &self,
        actor: &UserId,
        group: &GroupId,
        users: Vec<UserId>,
        role: Role,
    ) -> Result<(), Refusal> {
        self.dispatch.membership.give_role(actor, group, users, role).await
    }

    /// Makes a group, as `create` does, and shows it to its creator; `not_found` when who repeats it has left since.
    pub async fn create(&self, creator: &UserId, asked: AskedGroup) -> Result<OwnGroup, Refusal> {
        self.dispatch.new_groups.create(creator, asked).await
    }

    /// Makes an invite into a group, as an admin.
    pub async fn make_invite(&self, by: &UserId, group: &GroupId, asked: AskedInvite) -> Result<MadeInvite, Refusal> {
        self.dispatch.invites.make(by, group, asked).await
    }

    /// The open invites of a group, for an admin.
    pub async fn invites(&self, admin: &UserId, group: &GroupId) -> Result<Vec<Invite>, Refusal> {
        self.dispatch.invites.list(admin, group).await
    }

    /// Ends an invite, as an admin.
    pub async fn end_invite(&self, admin: &UserId, group: &GroupId, id: &InviteId) -> Result<(), Refusal> {
        self.dispatch.invites.end(admin, group, id).await
    }

    /// What the token of an invite leads to.
    pub async fn look_at_invite(&self, user: &UserId, token: &str) -> Result<Glimpse, Refusal> {
        self.dispatch.invites.look(user, token).await
    }

    /// Joins by the token of an invite.
    pub async fn join_by_invite(&self, user: &UserId, token: &str) -> Result<Glimpse, Refusal> {
        self.dispatch.invites.join(user, token).await
    }

    /// Joins an open group, or one whose password the user knows.
    pub async fn join(&self, user: &UserId, group: &GroupId, password: Option<&str>) -> Result<(), Refusal> {
        self.dispatch.membership.join(user, group, password).await
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

    /// Who has seen an event, of those who were members before it; `after` is `next` of the page before.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in, and for an event that is not there.
    pub async fn seen(
        &self,
        user: &UserId,
        group: &GroupId,
        seq: Seq,
        after: Option<&UserId>,
    ) -> Result<SeenPage, Refusal> {
        self.dispatch.seen.seen(user, group, seq, after).await
    }

    /// Who reacts to an event, with one emoji or with any; `after` is `next` of the page before.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in, and for an event that is not there;
    /// `bad_frame` for an `after` that is no page's `next`.
    pub async fn reactions(
        &self,
        user: &UserId,
        group: &GroupId,
        seq: Seq,
        emoji: Option<Emoji>,
        after: Option<&str>,
    ) -> Result<ReactionsPage, Refusal> {
        self.dispatch.reactions.reactions(user, group, seq, emoji, after).await
    }

    /// A page of the replies to an event, for a member.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in, and for an event that is not there;
    /// `bad_frame` for a `reference` that names none of this group, and for a page by number.
    pub async fn replies(
        &self,
        user: &UserId,
        group: &GroupId,
        reference: &str,
        query: HistoryQuery,
    ) -> Result<HistoryPage, Refusal> {
        self.dispatch.history.replies(user, group, reference, query).await
    }

    /// A member types.
    pub async fn typing(&self, user: &UserId, group: &GroupId) -> Result<(), Refusal> {
        let document = self.dispatch.lists.document_of_member(user, group).await?.ok_or_else(not_a_member)?;
        if !document.settings.archived {
            self.dispatch.typing.tell(user, group, document.members.len()).await;
        }
        Ok(())
    }

    /// A user's own profile.
    pub async fn me(&self, user: &UserId) -> Result<MeView, Refusal> {
        self.dispatch.profiles.me(user).await
    }

    /// Changes a user's own profile, of which their sessions hear, and shows it.
    ///
    /// # Errors
    /// `conflict` when the username is another's; nothing is changed then.
    pub async fn edit_me(&self, user: &UserId, edit: ProfilePatch) -> Result<MeView, Refusal> {
        self.dispatch.profiles.edit(user, edit, None).await
    }

    /// A user as another is shown them.
    ///
    /// # Errors
    /// `not_found` for who is not there, or is deleted.
    pub async fn user(&self, reader: &UserId, id: &UserId) -> Result<ProfileView, Refusal> {
        self.dispatch.look.user(reader, id).await
    }

    /// A page of users of whom each word of a query begins a word of the name or the username; and where there may be more, behind
    /// which place.
    pub async fn find(&self, reader: &UserId, query: &str, after: Option<WordPlace>) -> Result<Found, Refusal> {
        self.dispatch.search.users(reader, query, after).await
    }

    /// Ends a user's sessions of logins that count no more, on all nodes, but for one that is kept.
    pub async fn end_older_logins(&self, user: &UserId, kept: Option<SessionId>) -> Result<(), Refusal> {
        self.dispatch.logins.end_older(user, kept).await
    }

    /// Deletes a user; what they said stays, and the id stays banned. Repeat it when it fails half-way.
    pub async fn delete_user(&self, user: &UserId) -> Result<(), Refusal> {
        self.dispatch.user_deletion.delete(user).await
    }
}

fn not_a_member() -> Refusal {
    Refusal::forbidden("you are not a member of this group")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;
    use crate::hub::front::testing::dispatch;
    use crate::hub::testing::{Bed, MemoryStore, text, user};
    use crate::ports::{CursorStore, UserStore};

    /// A group of anna's with three texts that is not on this node, and bob, who is in none.
    async fn bed() -> (Bed, GroupId) {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], [1, 2, 3].map(|seq| text(&id, seq, "anna"))));
        bed.store.ensure_user(&user("bob"), &crate::hub::testing::identity("bob", 0).profile).await.unwrap();
        (bed, id)
    }

    #[tokio::test]
    async fn a_member_without_a_session_reads_up_to_the_head_at_most() {
        let (bed, id) = bed().await;
        let dispatch = dispatch(&bed);
        Calls::new(&dispatch).read(&user("anna"), &id, 99).await.unwrap();
        let marks = bed.store.marks(&[user("anna")]).await.unwrap();
        assert_eq!((marks[&user("anna")][&id].read, marks[&user("anna")][&id].n), (3, 3));
        let (page, _) = Calls::new(&dispatch).own_groups(&user("anna"), ListedFrom::Top, None).await.unwrap();
        assert_eq!((page[0].view.unread, page[0].view.read), (0, 3));
    }

    #[tokio::test]
    async fn who_is_no_member_reads_and_types_nothing() {
        let (bed, id) = bed().await;
        let dispatch = dispatch(&bed);
        let calls = Calls::new(&dispatch);
        for group in [&id, &GroupId::random()] {
            assert_eq!(calls.read(&user("bob"), group, 1).await.unwrap_err().code, Code::Forbidden);
            assert_eq!(calls.typing(&user("bob"), group).await.unwrap_err().code, Code::Forbidden);
        }
        assert!(bed.store.marks(&[user("bob")]).await.unwrap().is_empty() && bed.told.take().is_empty());
        calls.typing(&user("anna"), &id).await.unwrap();
        assert_eq!(bed.told.take().len(), 1);
    }

    #[tokio::test]
    async fn a_silent_store_is_told_and_nobody_is_called_a_stranger_for_it() {
        let (bed, id) = bed().await;
        let dispatch = dispatch(&bed);
        let (calls, anna) = (Calls::new(&dispatch), user("anna"));
        bed.store.be_silent(true);
        let codes = [
            calls.read(&anna, &id, 1).await.unwrap_err().code,
            calls.typing(&anna, &id).await.unwrap_err().code,
            calls.group(&anna, &id).await.map(|_| ()).unwrap_err().code,
            calls.leave(&anna, &id).await.unwrap_err().code,
        ];
        assert_eq!(codes, [Code::Unavailable; 4]);
    }
}

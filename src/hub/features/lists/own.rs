//! A user's own groups, shown to who may have no session, on any node.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use super::handler::GroupLists;
use super::page::{Asked, ListedFrom};
use crate::domain::{Event, Group, GroupId, Head, Place, Refusal, UserId};
use crate::hub::config::PAGE_BYTES;
use crate::hub::groups::keep_within;
use crate::protocol::GroupView;

/// Groups whose newest events are looked up at the same time.
const AT_ONCE: usize = 16;

/// A group as one of its members is shown it.
#[derive(Debug, Clone)]
pub struct OwnGroup {
    /// What is told of it, but for `last`.
    pub view: GroupView<'static>,
    /// The newest event that it shows.
    pub last: Option<Arc<Event>>,
}

// === impl GroupLists ===

impl GroupLists {
    /// A page of a user's groups, newest activity first; and where there are more, the place behind which they stand.
    pub(crate) async fn own_groups(
        &self,
        user: &UserId,
        from: ListedFrom,
        limit: Option<usize>,
    ) -> Result<(Vec<OwnGroup>, Option<Place>), Refusal> {
        let stored = self.people.user(user).await?;
        let ids: Vec<_> = stored.map(|user| user.groups.into_keys().collect()).unwrap_or_default();
        let groups = self.documents.groups(&ids).await?;
        let heads = self.heads.several(&groups).await?;
        let mine: Vec<(Group, Head)> = groups.into_iter().zip(heads).collect();
        let place = |(group, head): &(Group, Head)| Place { time: head.time, group: group.id.clone() };
        let (page, next) = Asked { from, limit }.of(mine, place);
        Ok((self.shown_to(user, page).await?, next))
    }

    /// One of a user's groups, with how far its other members have come.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in.
    pub(crate) async fn own_group(&self, user: &UserId, id: &GroupId) -> Result<OwnGroup, Refusal> {
        let found = self.of_member(user, id).await?;
        let (group, head) = found.ok_or_else(|| Refusal::not_found("there is no such group, or you are not in it"))?;
        self.shown(user, group, head).await
    }

    /// A group of a user at some head, as they are shown it.
    pub(super) async fn shown(&self, user: &UserId, group: Group, head: Head) -> Result<OwnGroup, Refusal> {
        let others = self.listing.others(&*self.marks, &group, user).await?;
        let shown = self.shown_to(user, vec![(group, head)]).await?;
        let mut own = shown.into_iter().next().ok_or_else(Refusal::unavailable)?;
        own.view.others = others;
        Ok(own)
    }

    /// A group, with how far it has come, where the user is a member of it.
    pub(crate) async fn of_member(&self, user: &UserId, id: &GroupId) -> Result<Option<(Group, Head)>, Refusal> {
        let Some(document) = self.document_of_member(user, id).await? else { return Ok(None) };
        let head = self.heads.one(&document).await?;
        Ok(Some((document, head)))
    }

    /// A group where the user is a member of it.
    pub(crate) async fn document_of_member(&self, user: &UserId, id: &GroupId) -> Result<Option<Group>, Refusal> {
        Ok(self.documents.group(id).await?.filter(|group| group.member(user).is_some()))
    }

    /// The groups as a member is shown them, with the newest events for which there is room.
    async fn shown_to(&self, user: &UserId, page: Vec<(Group, Head)>) -> Result<Vec<OwnGroup>, Refusal> {
        self.views.member_names(page.iter().map(|(group, _)| group)).await?;
        let marks = self.marks_of(user).await?;
        let lookups: Vec<_> = page.iter().map(|(group, head)| self.listing.newest_of(group, *head)).collect();
        let mut lasts: Vec<_> = futures::stream::iter(lookups).buffered(AT_ONCE).try_collect().await?;
        keep_within(lasts.iter_mut(), PAGE_BYTES);
        self.listing.mark_own(user, lasts.iter_mut().flatten().collect()).await?;
        let views = page.iter().map(|(group, head)| self.listing.view(group, *head, &marks, None, user));
        let mut views: Vec<_> = views.collect();
        self.listing.count_mentions(user, &mut views).await?;
        Ok(views.into_iter().zip(lasts).map(|(view, last)| OwnGroup { view, last }).collect())
    }
}

//! A user's own groups, shown to who may have no session, on any node.

use std::cmp::Reverse;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use super::handler::GroupLists;
use crate::domain::{Event, Group, GroupId, Head, Refusal, UserId};
use crate::hub::config::{GROUPS_PAGE, PAGE_BYTES};
use crate::hub::groups::keep_within;
use crate::ports::Page;
use crate::protocol::GroupView;

/// Groups that are looked up at the same time.
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
    /// A page of a user's groups, newest activity first, with whether there are more.
    pub(crate) async fn own_groups(
        &self,
        user: &UserId,
        after: Option<&GroupId>,
        limit: Option<usize>,
    ) -> Result<(Vec<OwnGroup>, bool), Refusal> {
        let limit = limit.unwrap_or(GROUPS_PAGE).clamp(1, GROUPS_PAGE);
        let stored = self.people.user(user).await?;
        let ids: Vec<_> = stored.map(|user| user.groups.into_keys().collect()).unwrap_or_default();
        let groups = self.documents.groups(&ids).await?;
        let heads: Vec<Head> = some_at_once(groups.iter().map(|group| self.head_of(group))).await?;
        let mut mine: Vec<(Group, Head)> = groups.into_iter().zip(heads).collect();
        mine.sort_by(|(a, a_head), (b, b_head)| (Reverse(a_head.time), &a.id).cmp(&(Reverse(b_head.time), &b.id)));
        let place = |after: &GroupId| mine.iter().position(|(group, _)| group.id == *after);
        let start = after.and_then(place).map_or(0, |at| at + 1);
        let more = mine.len() > start + limit;
        let page: Vec<_> = mine.into_iter().skip(start).take(limit).collect();
        Ok((self.shown_to(user, page).await?, more))
    }

    /// One of a user's groups.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in.
    pub(crate) async fn own_group(&self, user: &UserId, id: &GroupId) -> Result<OwnGroup, Refusal> {
        let found = self.of_member(user, id).await?;
        let found = found.ok_or_else(|| Refusal::not_found("there is no such group, or you are not in it"))?;
        let shown = self.shown_to(user, vec![found]).await?;
        shown.into_iter().next().ok_or_else(Refusal::unavailable)
    }

    /// A group, with how far it has come, where the user is a member of it.
    pub(crate) async fn of_member(&self, user: &UserId, id: &GroupId) -> Result<Option<(Group, Head)>, Refusal> {
        let Some(document) = self.document_of_member(user, id).await? else { return Ok(None) };
        let head = self.head_of(&document).await?;
        Ok(Some((document, head)))
    }

    /// A group where the user is a member of it.
    pub(crate) async fn document_of_member(&self, user: &UserId, id: &GroupId) -> Result<Option<Group>, Refusal> {
        Ok(self.documents.group(id).await?.filter(|group| group.member(user).is_some()))
    }

    /// How far a group has come: as far as this node has given it out, or as it is stored.
    async fn head_of(&self, group: &Group) -> Result<Head, Refusal> {
        let here = self.groups.get(&group.id).and_then(|group| group.state.lock().position.at());
        match here {
            Some(head) => Ok(head),
            None => Ok(group.head(self.messages.head(&group.id).await?)),
        }
    }

    /// The newest event that a group shows.
    async fn newest_shown(&self, group: &Group, head: Head) -> Result<Option<Arc<Event>>, Refusal> {
        let newest = self.messages.page(&group.id, Page::Shown(head.shown + 1, 1)).await?;
        Ok(newest.into_iter().find(|event| event.seq > group.base.seq).map(Arc::new))
    }

    /// The groups as a member is shown them, with the newest events for which there is room.
    async fn shown_to(&self, user: &UserId, page: Vec<(Group, Head)>) -> Result<Vec<OwnGroup>, Refusal> {
        self.views.member_names(page.iter().map(|(group, _)| group)).await?;
        let marks = self.marks_of(user).await?;
        let mut lasts = some_at_once(page.iter().map(|(group, head)| self.newest_shown(group, *head))).await?;
        keep_within(lasts.iter_mut(), PAGE_BYTES);
        let shown = page.iter().zip(lasts);
        Ok(shown
            .map(|((group, head), last)| OwnGroup { view: self.listing.view(group, *head, &marks, None, user), last })
            .collect())
    }
}

/// What these bring, in their order, some of them looked up at the same time.
async fn some_at_once<T, F>(lookups: impl Iterator<Item = F>) -> Result<Vec<T>, Refusal>
where
    F: Future<Output = Result<T, Refusal>>,
{
    let lookups: Vec<F> = lookups.collect();
    futures::stream::iter(lookups).buffered(AT_ONCE).try_collect().await
}

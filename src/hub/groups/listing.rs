//! Groups with their newest events and their readers' marks, for lists of them.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt;

use super::documents::Documents;
use super::own_reactions::OwnReactions;
use super::views::Views;
use crate::domain::{Event, Group, GroupId, Head, Mark, Refusal, Seq, UserId};
use crate::hub::config::{GROUPS_PAGE, SMALL_GROUP};
use crate::hub::local::{GroupState, LocalGroup, WaitingMarks};
use crate::ports::{CursorStore, MentionStore, MessageStore, Page, ReadUpTo, StoreError};
use crate::protocol::GroupView;
use crate::protocol::pushes::Others;

/// Newest events fetched at once for `welcome`.
const LAST_AT_ONCE: usize = 16;
/// Times that a newest event is read at most while its group moves on.
const LAST_TRIES: usize = 3;

/// Lists groups.
pub(crate) struct Listing {
    documents: Arc<Documents>,
    views: Arc<Views>,
    messages: Arc<dyn MessageStore>,
    marks: Arc<WaitingMarks>,
    own: Arc<OwnReactions>,
    mentions: Arc<dyn MentionStore>,
}

// === impl Listing ===

impl Listing {
    pub(crate) fn new(
        documents: Arc<Documents>,
        views: Arc<Views>,
        messages: Arc<dyn MessageStore>,
        marks: Arc<WaitingMarks>,
        own: Arc<OwnReactions>,
        mentions: Arc<dyn MentionStore>,
    ) -> Self {
        Self { documents, views, messages, marks, own, mentions }
    }

    /// Those of the groups that are there and `wanted`, each with its document; names and newest events are at hand
    /// then.
    pub(crate) async fn prepare(
        &self,
        groups: Vec<Arc<LocalGroup>>,
        wanted: impl Fn(&Group) -> bool,
    ) -> Result<Vec<(Arc<Group>, Arc<LocalGroup>)>, Refusal> {
        let documents = self.documents.several(&groups).await?;
        let found: Vec<_> = groups
            .into_iter()
            .filter_map(|group| Some((documents.get(&group.id)?.clone(), group)))
            .filter(|(document, _)| wanted(document))
            .collect();
        self.views.member_names(found.iter().map(|(document, _)| &**document)).await?;
        self.seed_last_events(&found).await;
        Ok(found)
    }

    /// What `reader` is shown of a group at some head, with their mark as far as this node knows it.
    pub(crate) fn view<'a>(
        &self,
        document: &Group,
        head: Head,
        stored: &HashMap<GroupId, Mark>,
        last: Option<&'a Event>,
        reader: &UserId,
    ) -> GroupView<'a> {
        let mark = self.marks.latest(reader, &document.id, stored);
        self.views.view(document, head, mark, last, reader)
    }

    /// A reader's mark in a group, as far as this node knows it.
    pub(crate) fn mark_of(&self, reader: &UserId, group: &GroupId, stored: &HashMap<GroupId, Mark>) -> Mark {
        self.marks.latest(reader, group, stored)
    }

    /// How far the other members of a group have come; `None` in large groups, and where there are no others.
    pub(crate) async fn others(
        &self,
        marks: &dyn CursorStore,
        group: &Group,
        reader: &UserId,
    ) -> Result<Option<Others>, StoreError> {
        if group.members.len() > SMALL_GROUP {
            return Ok(None);
        }
        let others = group.members.iter().map(|member| &member.id).filter(|id| *id != reader);
        let others: Vec<UserId> = others.cloned().collect();
        let stored = marks.marks_in(&group.id, &others).await?;
        let latest = |id: &UserId| self.marks.latest_in(id, &group.id, stored.get(id).copied().unwrap_or_default());
        Ok(Others::of(others.iter().map(latest)))
    }

    /// The newest event that a group shows.
    pub(crate) fn last_of(&self, state: &GroupState) -> Option<Arc<Event>> {
        self.views.last_of(state)
    }

    /// Says in groups how many unread texts mention their reader. The store is asked once, about those in which anything is
    /// unread.
    pub(crate) async fn count_mentions(&self, reader: &UserId, views: &mut [GroupView<'_>]) -> Result<(), StoreError> {
        let mut unread: Vec<_> = views.iter_mut().filter(|view| view.unread > 0).collect();
        if unread.is_empty() {
            return Ok(());
        }
        let of: Vec<ReadUpTo> =
            unread.iter().map(|view| ReadUpTo { group: view.id.clone(), read: view.read }).collect();
        let counts = self.mentions.mentions(reader, &of).await?;
        unread.iter_mut().zip(counts).for_each(|(view, count)| view.mentioned = Some(count));
        Ok(())
    }

    /// Makes the reactions to newest events as their reader sees them.
    pub(crate) async fn mark_own(&self, reader: &UserId, lasts: Vec<&mut Arc<Event>>) -> Result<(), StoreError> {
        self.own.mark_shared(reader, lasts).await
    }

    /// The newest event that a group shows at some head, as it is stored.
    pub(crate) async fn newest_of(&self, group: &Group, head: Head) -> Result<Option<Arc<Event>>, StoreError> {
        Ok(self.newest_shown(&group.id, head, group.base.seq).await?.map(Arc::new))
    }

    async fn newest_shown(&self, id: &GroupId, head: Head, base: Seq) -> Result<Option<Event>, StoreError> {
        let newest = self.messages.page(id, Page::Shown(head.shown + 1, 1)).await?;
        Ok(newest.into_iter().find(|event| event.seq > base))
    }

    /// Newest events that are not at hand are fetched, for groups shown in `welcome`.
    async fn seed_last_events(&self, mine: &[(Arc<Group>, Arc<LocalGroup>)]) {
        let lacking: Vec<_> = mine
            .iter()
            .filter_map(|(_, group)| {
                let state = group.state.lock();
                let lacks = |at: &Head| at.shown > 0 && state.last_event().is_none();
                state.position.at().filter(lacks).map(|_| group.clone())
            })
            .take(GROUPS_PAGE)
            .collect();
        futures::stream::iter(lacking)
            .for_each_concurrent(LAST_AT_ONCE, |group| async move { self.seed_last_event(&group).await })
            .await;
    }

    /// Only `last` is missing when the store does not answer, or the group moves on and on.
    async fn seed_last_event(&self, group: &LocalGroup) {
        for _ in 0..LAST_TRIES {
            let (at, base) = {
                let state = group.state.lock();
                (state.position.at().unwrap_or_default(), state.base())
            };
            let Ok(newest) = self.newest_shown(&group.id, at, base).await else { return };
            if group.state.lock().seed_last(newest, at.seq) {
                return;
            }
        }
    }
}

/// Drops the newest events of those groups where they would make the answer larger than so many bytes: what
/// a small request brings must stay small, and `history` has them.
pub(crate) fn keep_within<'a>(lasts: impl Iterator<Item = &'a mut Option<Arc<Event>>>, mut bytes: usize) {
    for last in lasts {
        match last.as_ref().and_then(|event| bytes.checked_sub(event.weight())) {
            Some(left) => bytes = left,
            None => *last = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_events_are_shown_while_there_is_room() {
        let event = |text: usize| {
            let event = Event::void(GroupId::random(), crate::domain::Head::default());
            Some(Arc::new(Event { text: Some("x".repeat(text)), ..event }))
        };
        let mut lasts = [event(400), None, event(2_000), event(10)];
        keep_within(lasts.iter_mut(), 1_000);
        assert_eq!(lasts.map(|last| last.is_some()), [true, false, false, true]);
    }

    use crate::hub::testing::{Bed, MemoryStore, group, local, text, until};

    #[tokio::test(start_paused = true)]
    async fn a_newest_event_that_was_read_before_its_group_moved_on_is_read_again() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], [text(&id, 1, "anna")]));
        let here = local(&bed.groups, group(&id, &["anna"]), 1);
        bed.views.member_names([&group(&id, &["anna"])].into_iter()).await.unwrap();
        bed.store.link.be_slow(true);
        let (listing, asked) = (bed.listing(), here.clone());
        let going = tokio::spawn(async move { listing.prepare(vec![asked], |_| true).await.unwrap().len() });
        until(|| bed.store.calls("page") == 1).await;
        let second = text(&id, 2, "anna");
        bed.store.put([second.clone()]);
        here.state.lock().position.advance(&second);
        bed.store.link.be_slow(false);
        assert_eq!(going.await.unwrap(), 1);
        assert_eq!(bed.views.last_of(&here.state.lock()).map(|last| last.seq), Some(2));
    }

    #[tokio::test]
    async fn only_newest_events_are_missing_when_messages_cannot_be_read() {
        let (id, unwanted) = (GroupId::random(), GroupId::random());
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], [text(&id, 1, "anna")]));
        let groups = [&id, &unwanted].map(|id| local(&bed.groups, group(id, &["anna"]), 1));
        bed.views.member_names([&group(&id, &["anna"])].into_iter()).await.unwrap();
        bed.store.be_silent(true);
        let prepared = bed.listing().prepare(groups.to_vec(), |document| document.id == id).await.unwrap();
        assert_eq!((prepared.len(), &prepared[0].1.id), (1, &id));
        assert!(bed.views.last_of(&prepared[0].1.state.lock()).is_none());
        assert_eq!(bed.store.calls("page"), 1, "what nobody wants is not looked up");
    }
}

//! Pages of what was said.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::domain::{Event, Group, GroupId, Refusal, Seq, UserId};
use crate::hub::config::{BUNDLE_BYTES, PAGE_BYTES};
use crate::hub::features::paging::with_more;
use crate::hub::groups::{Heads, OwnReactions};
use crate::hub::local::{LocalGroups, fitting};
use crate::hub::pipeline::lives::stored_base;
use crate::ports::{GroupStore, MessageStore, Page, UserStore};

/// Groups bundled in one answer at most.
const BUNDLE_MAX: usize = 200;

/// Which page of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryQuery {
    /// The newest before a seq, so many.
    Before(Seq, usize),
    /// The oldest after a seq, so many.
    After(Seq, usize),
    /// By number; page 0 is the newest.
    Numbered {
        /// Which page.
        page: u64,
        /// How many events a page has.
        per_page: usize,
    },
}

/// A page of a group's history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// The group.
    pub group: GroupId,
    /// Ascending.
    pub messages: Vec<Event>,
    /// Whether there are more in the direction asked.
    pub more: bool,
    /// The seq to go on from, exclusive, where there are more.
    pub next: Option<Seq>,
    /// Up to which seq it shows what events made of others.
    pub as_of: Seq,
}

/// Which page of each of somebody's groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleQuery {
    /// The page of each.
    pub page: HistoryQuery,
    /// The group behind which the groups begin, in the order of their ids; with the first where there is none.
    pub after: Option<GroupId>,
}

/// The same page of several groups.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryBundle {
    /// Those with the newest activity first.
    pub pages: Vec<HistoryPage>,
    /// Where there are more groups, the one behind which they begin.
    pub more_after: Option<GroupId>,
}

/// Of what a page is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within<'a> {
    pub(super) group: &'a GroupId,
    /// Where the group's present life begins.
    pub(super) base: Seq,
    /// Up to which seq the page shows what events made of others: read before it.
    pub(super) as_of: Seq,
    /// The event to which all of it replies.
    pub(super) about: Option<Seq>,
}

/// Reads histories.
pub(crate) struct History {
    pub(super) messages: Arc<dyn MessageStore>,
    pub(super) documents: Arc<dyn GroupStore>,
    people: Arc<dyn UserStore>,
    pub(super) groups: Arc<LocalGroups>,
    heads: Arc<Heads>,
    pub(super) own: Arc<OwnReactions>,
}

// === impl History ===

impl History {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
        people: Arc<dyn UserStore>,
        groups: Arc<LocalGroups>,
        heads: Arc<Heads>,
        own: Arc<OwnReactions>,
    ) -> Self {
        Self { messages, documents, people, groups, heads, own }
    }

    /// A page of events of about so many bytes at most, one event at least, with whether there are
    /// more in its direction.
    pub(super) async fn read_page(&self, within: Within<'_>, page: Page, bytes: usize) -> Result<HistoryPage, Refusal> {
        let Within { group, base, as_of, about } = within;
        let asked = match page {
            Page::Before(before, limit) => Page::Before(before, limit + 1),
            Page::After(after, limit) => Page::After(after.max(base), limit + 1),
            Page::Shown(number, limit) => Page::Shown(number, limit + 1),
        };
        let mut events = match about {
            Some(target) => self.messages.replies(group, target, asked).await?,
            None => self.messages.page(group, asked).await?,
        };
        // What was stored too late to be deleted with an earlier life is not shown.
        events.retain(|event| event.seq > base);
        let (Page::Before(_, limit) | Page::After(_, limit) | Page::Shown(_, limit)) = page;
        let found = events.len();
        match page {
            Page::Before(..) | Page::Shown(..) => {
                let kept = fitting(events.iter().rev(), bytes).min(limit).min(found);
                events.drain(..found - kept);
            }
            Page::After(..) => events.truncate(fitting(events.iter(), bytes).min(limit)),
        }
        let more = events.len() < found;
        let end = if matches!(page, Page::After(..)) { events.last() } else { events.first() };
        let next = end.filter(|_| more).map(|event| event.seq);
        Ok(HistoryPage { group: group.clone(), messages: events, more, next, as_of })
    }

    /// Up to which seq a page that is read after this shows what events made of others.
    pub(super) async fn as_of(&self, group: &GroupId) -> Result<Seq, Refusal> {
        let applied = self.heads.applied(std::slice::from_ref(group)).await?;
        Ok(applied.get(group).copied().unwrap_or(0))
    }

    /// A page of a group's history, for a service.
    pub(crate) async fn group_history(&self, group: &Group, query: HistoryQuery) -> Result<HistoryPage, Refusal> {
        let as_of = self.as_of(&group.id).await?;
        let mut page = self.history_within(group, as_of, query, PAGE_BYTES).await?;
        page.messages.iter_mut().for_each(|event| event.state.reactions.mark_mine(|_| false));
        Ok(page)
    }

    async fn history_within(
        &self,
        group: &Group,
        as_of: Seq,
        query: HistoryQuery,
        bytes: usize,
    ) -> Result<HistoryPage, Refusal> {
        let (id, base) = (&group.id, group.base.seq);
        let page = match query {
            HistoryQuery::Before(before, limit) => Page::Before(before, limit),
            HistoryQuery::After(after, limit) => Page::After(after, limit),
            HistoryQuery::Numbered { page, per_page } => {
                // Shown events are numbered, so a page's number says where it lies.
                let head = group.head(self.messages.head(id).await?);
                let skipped = page.saturating_mul(per_page as u64);
                if skipped >= head.shown {
                    return Ok(HistoryPage { group: id.clone(), messages: Vec::new(), more: false, next: None, as_of });
                }
                Page::Shown(head.shown + 1 - skipped, per_page)
            }
        };
        self.read_page(Within { group: id, base, as_of, about: None }, page, bytes).await
    }

    /// A page of a group's history, for a member.
    pub(crate) async fn history(
        &self,
        user: &UserId,
        group: &GroupId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, Refusal> {
        let mine = self.own_groups(user).await?;
        if !mine.contains(group) {
            return Err(Refusal::not_found("there is no such group, or you are not in it"));
        }
        let document = self.documents.group(group).await?;
        let document = document.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        let mut page = self.group_history(&document, query).await?;
        self.own.mark(user, page.messages.iter_mut().collect()).await?;
        Ok(page)
    }

    /// The same page of each of a user's groups, as many as go into one answer. By their ids, which do not move while
    /// somebody goes from one answer to the next.
    pub(crate) async fn histories(&self, user: &UserId, query: BundleQuery) -> Result<HistoryBundle, Refusal> {
        let (mut pages, mut left) = (Vec::new(), BUNDLE_BYTES);
        let BundleQuery { page, after } = query;
        let mine = self.own_groups(user).await?;
        let mut behind = mine.into_iter().filter(|id| after.as_ref().is_none_or(|after| id > after));
        let bundled: Vec<GroupId> = behind.by_ref().take(BUNDLE_MAX).collect();
        let more_after = behind.next().and_then(|_| bundled.last().cloned());
        let applied = self.heads.applied(&bundled).await?;
        for group in &self.documents.groups(&bundled).await? {
            let as_of = applied.get(&group.id).copied().unwrap_or(0);
            let page = self.history_within(group, as_of, page, left.min(PAGE_BYTES)).await?;
            left = left.saturating_sub(page.messages.iter().map(Event::weight).sum());
            pages.push(page);
        }
        self.own.mark(user, pages.iter_mut().flat_map(|page| &mut page.messages).collect()).await?;
        let newest = |page: &HistoryPage| page.messages.last().map_or(0, |event| event.time);
        pages.sort_by_key(|page| std::cmp::Reverse(newest(page)));
        Ok(HistoryBundle { pages, more_after })
    }

    /// In the order of their ids.
    async fn own_groups(&self, user: &UserId) -> Result<Vec<GroupId>, Refusal> {
        let user = self.people.user(user).await?;
        Ok(user.map(|user| user.groups.into_keys().collect()).unwrap_or_default())
    }

    /// A page of all messages, newest first, with whether there are more. It may be shorter than was asked for: what
    /// is left of groups that were deleted is not shown.
    pub(crate) async fn all_messages(&self, page: usize, per_page: usize) -> Result<(Vec<Event>, bool), Refusal> {
        let ask = |page, per_page| self.messages.all_messages(page, per_page);
        let (mut events, more) = with_more(page, per_page, ask).await?;
        let ids: HashSet<&GroupId> = events.iter().map(|event| &event.group).collect();
        let ids: Vec<GroupId> = ids.into_iter().cloned().collect();
        let groups = self.documents.groups(&ids).await?;
        let bases: HashMap<GroupId, Seq> = groups.into_iter().map(|group| (group.id, group.base.seq)).collect();
        events.retain(|event| bases.get(&event.group).is_some_and(|base| event.seq > *base));
        Ok((events, more))
    }

    /// One message.
    pub(crate) async fn message(&self, group: &GroupId, seq: Seq) -> Result<Event, Refusal> {
        let event = self.messages.event(group, seq).await?;
        let event = event.ok_or_else(|| Refusal::not_found("there is no such message"))?;
        let there = match event.from.is_probe() {
            true => true,
            false => seq > stored_base(&*self.documents, group).await?,
        };
        if there { Ok(event) } else { Err(Refusal::not_found("there is no such message")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{MemoryLog, MemoryStore, group, head, node, text, user};
    use crate::ports::FollowerStore;

    fn history(store: &Arc<MemoryStore>) -> History {
        let (here, log) = (Arc::<LocalGroups>::default(), Arc::<MemoryLog>::default());
        let heads = Heads::new(log, store.clone(), store.clone(), here.clone(), node());
        History::new(
            store.clone(),
            store.clone(),
            store.clone(),
            here,
            Arc::new(heads),
            Arc::new(OwnReactions::new(store.clone())),
        )
    }

    #[tokio::test]
    async fn members_read_pages_of_the_present_life_and_learn_whether_there_is_more() {
        let id = GroupId::random();
        let store = Arc::new(MemoryStore::of(&id, &["anna"], (1..=9).map(|seq| text(&id, seq, "anna"))));
        let history = history(&store);
        let (anna, bob) = (user("anna"), user("bob"));
        let page = history.history(&anna, &id, HistoryQuery::Before(Seq::MAX, 4)).await.unwrap();
        let seqs = |page: &HistoryPage| page.messages.iter().map(|event| event.seq).collect::<Vec<_>>();
        assert_eq!((seqs(&page), page.more, page.next, page.as_of), (vec![6, 7, 8, 9], true, Some(6), 0));
        let page = history.history(&anna, &id, HistoryQuery::After(2, 3)).await.unwrap();
        assert_eq!((seqs(&page), page.next), (vec![3, 4, 5], Some(5)));
        store.raise_heads(&[(id.clone(), head(8))]).await.unwrap();
        let page = history.history(&anna, &id, HistoryQuery::Before(4, 4)).await.unwrap();
        assert_eq!((seqs(&page), page.next, page.as_of), (vec![1, 2, 3], None, 8));
        assert!(history.history(&bob, &id, HistoryQuery::After(0, 4)).await.is_err());
        let mut anew = group(&id, &["anna"]);
        anew.base.seq = 7;
        store.put_group(anew);
        let page = history.history(&anna, &id, HistoryQuery::After(0, 4)).await.unwrap();
        assert_eq!((seqs(&page), page.more), (vec![8, 9], false));
    }

    #[tokio::test]
    async fn a_bundle_that_is_full_tells_where_the_other_groups_begin() {
        let store = Arc::new(MemoryStore::default());
        let history = history(&store);
        let bundle = async |after| {
            let page = HistoryQuery::Before(Seq::MAX, 1);
            let bundle = history.histories(&user("anna"), BundleQuery { page, after }).await.unwrap();
            let ids: HashSet<GroupId> = bundle.pages.into_iter().map(|page| page.group).collect();
            (ids, bundle.more_after)
        };
        for _ in 0..BUNDLE_MAX {
            let id = GroupId::random();
            store.put_group(group(&id, &["anna"]));
            store.put_user("anna", &id);
        }
        let (all, more_after) = bundle(None).await;
        assert_eq!((all.len(), more_after), (BUNDLE_MAX, None), "nobody is sent on to nothing");
        for _ in 0..2 {
            let id = GroupId::random();
            store.put_group(group(&id, &["anna"]));
            store.put_user("anna", &id);
        }
        let (first, more_after) = bundle(None).await;
        let (second, end) = bundle(more_after).await;
        assert_eq!((first.len(), second.len(), end), (BUNDLE_MAX, 2, None));
        assert!(first.is_disjoint(&second));
    }
}

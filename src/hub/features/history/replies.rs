//! Pages of the replies to an event.

use super::pages::{History, HistoryPage, HistoryQuery, Within};
use crate::domain::{Event, GroupId, Kind, Refusal, Seq, UserId};
use crate::hub::config::PAGE_BYTES;
use crate::hub::pipeline::effects::target_of;
use crate::ports::Page;

// === impl History ===

impl History {
    /// A page of the replies to an event, for a member.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in, and for an event that is not there;
    /// `bad_frame` for a `reference` that names none of this group, and for a page by number.
    pub(crate) async fn replies(
        &self,
        user: &UserId,
        group: &GroupId,
        reference: &str,
        query: HistoryQuery,
    ) -> Result<HistoryPage, Refusal> {
        let page = match query {
            HistoryQuery::Before(before, limit) => Page::Before(before, limit),
            HistoryQuery::After(after, limit) => Page::After(after, limit),
            HistoryQuery::Numbered { .. } => return Err(Refusal::bad_frame("replies have no pages by number")),
        };
        let document = self.documents.group(group).await?.filter(|document| document.member(user).is_some());
        let document = document.ok_or_else(|| Refusal::not_found("there is no such group, or you are not in it"))?;
        let base = document.base.seq;
        let about = Some(self.replied_to(group, base, reference).await?);
        let as_of = self.as_of(group).await?;
        let mut page = self.read_page(Within { group, base, as_of, about }, page, PAGE_BYTES).await?;
        self.own.mark(user, page.messages.iter_mut().collect()).await?;
        Ok(page)
    }

    /// The event that a reference names, which must be there.
    pub(super) async fn replied_to(&self, group: &GroupId, base: Seq, reference: &str) -> Result<Seq, Refusal> {
        let target = target_of(group, Some(reference))?;
        let there = |event: &Event| event.seq > base && event.kind != Kind::Void;
        match self.messages.event(group, target).await?.filter(there) {
            Some(_) => Ok(target),
            None => Err(Refusal::not_found("there is no such message")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::Code;
    use crate::hub::groups::OwnReactions;
    use crate::hub::testing::{MemoryLog, MemoryStore, node, text, user};

    #[tokio::test]
    async fn replies_are_paged_for_members_alone() {
        let id = GroupId::random();
        let reply = |seq| Event { reference: (seq % 2 == 0).then(|| id.event_id(1)), ..text(&id, seq, "anna") };
        let store = Arc::new(MemoryStore::of(&id, &["anna"], (1..=9).map(reply)));
        let (here, log) = (Arc::default(), Arc::<MemoryLog>::default());
        let heads =
            Arc::new(crate::hub::groups::Heads::new(log, store.clone(), store.clone(), Arc::clone(&here), node()));
        let own = Arc::new(OwnReactions::new(store.clone()));
        let history = History::new(store.clone(), store.clone(), store.clone(), here, heads, own);
        let page = async |name: &str, reference: &str, query| {
            let page = history.replies(&user(name), &id, reference, query).await;
            page.map(|page| page.messages.iter().map(|event| event.seq).collect::<Vec<_>>())
                .map_err(|refusal| refusal.code)
        };
        let first = id.event_id(1);
        assert_eq!(page("anna", &first, HistoryQuery::After(0, 50)).await, Ok(vec![2, 4, 6, 8]));
        assert_eq!(page("anna", &id.event_id(2), HistoryQuery::After(0, 50)).await, Ok(vec![]));
        assert_eq!(page("bob", &first, HistoryQuery::After(0, 50)).await, Err(Code::NotFound));
        assert_eq!(page("anna", &id.event_id(10), HistoryQuery::After(0, 50)).await, Err(Code::NotFound));
        for wrong in ["first", &GroupId::random().event_id(1)] {
            assert_eq!(page("anna", wrong, HistoryQuery::After(0, 50)).await, Err(Code::BadFrame), "{wrong}");
        }
        let numbered = HistoryQuery::Numbered { page: 0, per_page: 5 };
        assert_eq!(page("anna", &first, numbered).await, Err(Code::BadFrame));
    }
}

//! Answers for pins.

use std::sync::Arc;

use crate::domain::{GroupId, Refusal, UserId};
use crate::hub::config::PAGE_BYTES;
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::features::history::HistoryPage;
use crate::hub::groups::{Heads, OwnReactions};
use crate::hub::local::fitting;
use crate::ports::{GroupStore, MessageStore};
use crate::protocol::{ServerFrame, WireEvent, pushes, requests};

/// Pinned events that are listed at most.
const PINS: usize = 100;

/// Lists what is pinned.
pub(crate) struct Pins {
    messages: Arc<dyn MessageStore>,
    documents: Arc<dyn GroupStore>,
    heads: Arc<Heads>,
    own: Arc<OwnReactions>,
}

// === impl Pins ===

impl Pins {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
        heads: Arc<Heads>,
        own: Arc<OwnReactions>,
    ) -> Self {
        Self { messages, documents, heads, own }
    }

    /// What is pinned in a group of a user, newest first.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in.
    pub(crate) async fn pins(&self, user: &UserId, group: &GroupId) -> Result<HistoryPage, Refusal> {
        let applied = self.heads.applied(std::slice::from_ref(group)).await?;
        let mut messages = self.messages.pins(group, PINS + 1).await?;
        let document = self.documents.group(group).await?;
        let document = document.filter(|document| document.member(user).is_some());
        let document = document.ok_or_else(|| Refusal::not_found("there is no such group, or you are not in it"))?;
        messages.retain(|event| event.seq >= document.first);
        let found = messages.len();
        messages.truncate(fitting(messages.iter(), PAGE_BYTES).min(PINS));
        let more = messages.len() < found;
        self.own.mark(user, messages.iter_mut().collect()).await?;
        let as_of = applied.get(group).copied().unwrap_or(0);
        Ok(HistoryPage { group: group.clone(), messages, more, next: None, as_of })
    }
}

impl Answered for requests::Pins {
    type By = Pins;

    async fn answer(self, pins: &Pins, asker: Asker<'_>) -> Result<(), Refusal> {
        let (user, group) = (&asker.session.user, &self.group);
        if !asker.session.is_in(group) {
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        let pinned = pins.pins(user, group).await?;
        let messages = pinned.messages.iter().map(|event| WireEvent::for_reader(event, user)).collect();
        let (more, as_of) = (pinned.more, pinned.as_of);
        asker.tell(&ServerFrame::Pins(pushes::Pins { re: asker.re, group, messages, more, as_of }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{MemoryLog, MemoryStore, node, text, user};

    #[tokio::test]
    async fn members_see_pins_newest_first_and_others_see_none() {
        let id = GroupId::random();
        let store = Arc::new(MemoryStore::of(&id, &["anna"], [1, 2].map(|seq| text(&id, seq, "anna"))));
        let heads = Heads::new(Arc::<MemoryLog>::default(), store.clone(), store.clone(), Arc::default(), node());
        let pins = Pins::new(store.clone(), store.clone(), Arc::new(heads), Arc::new(OwnReactions::new(store)));
        let page = pins.pins(&user("anna"), &id).await.unwrap();
        assert_eq!((page.messages.iter().map(|event| event.seq).collect::<Vec<_>>(), page.more), (vec![2, 1], false));
        assert!(pins.pins(&user("bob"), &id).await.is_err());
    }
}

//! Answers for who reacts to an event, and with what.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Emoji, Event, GroupId, Kind, Millis, Refusal, Seq, UserId};
use crate::hub::features::answered::{Answered, Asker};
use crate::ports::{GroupStore, MessageStore, ReactionPage, ReactionStore, Reactor};
use crate::protocol::{ServerFrame, pushes, requests};

/// Reactions that are listed at once.
const REACTORS: usize = 200;

/// Who reacts with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactedUser {
    /// Who.
    pub id: UserId,
    /// With what.
    pub emoji: Emoji,
    /// Since when.
    pub time: Millis,
}

/// A page of those who react to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionsPage {
    /// By emoji and then by user.
    pub users: Vec<ReactedUser>,
    /// Where the next page begins, where there are more.
    pub next: Option<String>,
}

/// Lists reactions.
pub(crate) struct Reactions {
    messages: Arc<dyn MessageStore>,
    documents: Arc<dyn GroupStore>,
    reactions: Arc<dyn ReactionStore>,
}

// === impl Reactions ===

impl Reactions {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
        reactions: Arc<dyn ReactionStore>,
    ) -> Self {
        Self { messages, documents, reactions }
    }

    /// Who reacts to an event, with one emoji or with any; `after` is `next` of the page before.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in, and for an event that is not there;
    /// `bad_frame` for an `after` that is no page's `next`.
    pub(crate) async fn reactions(
        &self,
        user: &UserId,
        group: &GroupId,
        seq: Seq,
        emoji: Option<Emoji>,
        after: Option<&str>,
    ) -> Result<ReactionsPage, Refusal> {
        let after = after.map(|after| cursor(after, emoji.as_ref())).transpose()?;
        let document = self.documents.group(group).await?.filter(|document| document.member(user).is_some());
        let document = document.ok_or_else(|| Refusal::not_found("there is no such group, or you are not in it"))?;
        let there = |event: &Event| seq >= document.first && seq > document.base.seq && event.kind != Kind::Void;
        let event = self.messages.event(group, seq).await?.filter(there);
        let event = event.ok_or_else(|| Refusal::not_found("there is no such message"))?;
        if event.state.erasure.is_some() {
            return Ok(ReactionsPage { users: Vec::new(), next: None });
        }
        let page = ReactionPage { group: group.clone(), target: seq, emoji, after, limit: REACTORS + 1 };
        self.page(&page).await
    }

    async fn page(&self, page: &ReactionPage) -> Result<ReactionsPage, Refusal> {
        let mut reactors = self.reactions.reactors(page).await?;
        let more = reactors.len() > REACTORS;
        reactors.truncate(REACTORS);
        let next = reactors.last().filter(|_| more).map(|last| format!("{} {}", last.emoji, last.user));
        let ids: Vec<_> = reactors.iter().map(|reactor| (page.group.clone(), reactor.seq)).collect();
        let events = self.messages.events(&ids).await?;
        let times: HashMap<Seq, Millis> = events.iter().map(|event| (event.seq, event.time)).collect();
        let shown = |Reactor { user, emoji, seq }| {
            let time = times.get(&seq).copied().unwrap_or_default();
            ReactedUser { id: user, emoji, time }
        };
        Ok(ReactionsPage { users: reactors.into_iter().map(shown).collect(), next })
    }
}

/// Behind whom a page begins.
fn cursor(after: &str, only: Option<&Emoji>) -> Result<(Emoji, UserId), Refusal> {
    let read = |after: &str| {
        let (emoji, user) = after.rsplit_once(' ')?;
        Some((Emoji::parse(emoji).ok()?, UserId::parse(user).ok()?))
    };
    let cursor = read(after).filter(|(emoji, _)| only.is_none_or(|only| only == emoji));
    cursor.ok_or_else(|| Refusal::bad_frame("`after` must be `next` of the page before"))
}

impl Answered for requests::Reactions {
    type By = Reactions;

    async fn answer(self, reactions: &Reactions, asker: Asker<'_>) -> Result<(), Refusal> {
        let Self { group, seq, emoji, after } = self;
        if !asker.session.is_in(&group) {
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        let page = reactions.reactions(&asker.session.user, &group, seq, emoji, after.as_deref()).await?;
        let users =
            page.users.iter().map(|user| pushes::ReactorView { id: &user.id, emoji: &user.emoji, time: user.time });
        let (users, next) = (users.collect(), page.next.as_deref());
        asker.tell(&ServerFrame::Reactions(pushes::Reactions { re: asker.re, group: &group, seq, users, next }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Change, Code, Effect, Reaction, Switch};
    use crate::hub::testing::{MemoryStore, text, user};

    fn react(group: &GroupId, seq: Seq, name: &str, emoji: &str, on: bool) -> Effect {
        let (user, emoji) = (user(name), Emoji::parse(emoji).unwrap());
        let change = Change::React(Reaction { user, emoji, switch: Switch::set(seq, on), count: 1 });
        Effect { group: group.clone(), target: 1, change }
    }

    fn reactions(store: &Arc<MemoryStore>) -> Reactions {
        Reactions::new(store.clone(), store.clone(), store.clone())
    }

    #[tokio::test]
    async fn who_reacts_is_listed_by_emoji_and_page_by_page() {
        let id = GroupId::random();
        let store = Arc::new(MemoryStore::of(&id, &["anna"], (1..=900).map(|seq| text(&id, seq, "anna"))));
        let effects: Vec<_> = (0..450)
            .map(|at| react(&id, 2 + at, &format!("user-{at:03}"), [":a:", ":b:"][at as usize % 2], at != 7))
            .collect();
        store.apply_effects(&effects).await.unwrap();
        let (reactions, anna) = (reactions(&store), user("anna"));
        let all = async |emoji: Option<&str>| {
            let (mut listed, mut pages, mut after) = (Vec::new(), 0, None);
            loop {
                let emoji = emoji.map(|emoji| Emoji::parse(emoji).unwrap());
                let page = reactions.reactions(&anna, &id, 1, emoji, after.as_deref()).await.unwrap();
                listed.extend(page.users);
                (pages, after) = (pages + 1, page.next);
                if after.is_none() {
                    return (listed, pages);
                }
            }
        };
        let (listed, pages) = all(None).await;
        assert_eq!((listed.len(), pages), (449, 3));
        assert!(listed.is_sorted_by_key(|user| (user.emoji.clone(), user.id.clone())));
        assert_eq!((listed[1].id.as_str(), listed[1].time), ("user-002", text(&id, 4, "anna").time));
        let (of_b, pages) = all(Some(":b:")).await;
        assert_eq!((of_b.len(), pages), (224, 2), "one was taken back");
        assert!(of_b.iter().all(|user| user.emoji.as_str() == ":b:"));
    }

    #[tokio::test]
    async fn strangers_and_what_is_not_there_are_refused() {
        let id = GroupId::random();
        let store = Arc::new(MemoryStore::of(&id, &["anna"], [text(&id, 1, "anna")]));
        let reactions = reactions(&store);
        let code = async |name: &str, seq, emoji: Option<&str>, after| {
            let emoji = emoji.map(|emoji| Emoji::parse(emoji).unwrap());
            let page = reactions.reactions(&user(name), &id, seq, emoji, after).await;
            page.map(|page| page.users.len()).map_err(|refusal| refusal.code)
        };
        assert_eq!(code("anna", 1, None, None).await, Ok(0));
        assert_eq!(code("anna", 1, None, Some("👍 anna")).await, Ok(0));
        assert_eq!(code("bob", 1, None, None).await, Err(Code::NotFound));
        assert_eq!(code("anna", 2, None, None).await, Err(Code::NotFound));
        for wrong in ["", "👍", "anna", "👍 ", "a b", "👍 a b"] {
            assert_eq!(code("anna", 1, None, Some(wrong)).await, Err(Code::BadFrame), "{wrong:?}");
        }
        assert_eq!(code("anna", 1, Some("🎉"), Some("👍 anna")).await, Err(Code::BadFrame));
    }
}

//! Answers for who has seen an event: reckoned from marks, a page of members at a time.

use std::sync::Arc;

use crate::domain::{Event, Group, GroupId, Kind, Refusal, Seq, UserId};
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::local::WaitingMarks;
use crate::ports::{CursorStore, GroupStore, MessageStore};
use crate::protocol::{ServerFrame, pushes, requests};

/// Members whose marks are looked at for one page.
const MEMBERS: usize = 200;

/// Who of a page of members has seen an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPage {
    /// Who has read it, in the order of their ids.
    pub read: Vec<UserId>,
    /// Who holds it on a device, and has not read it.
    pub delivered: Vec<UserId>,
    /// The last member that was looked at, where there are more.
    pub next: Option<UserId>,
}

/// Tells who has seen events.
pub(crate) struct Seen {
    messages: Arc<dyn MessageStore>,
    documents: Arc<dyn GroupStore>,
    marks: Arc<dyn CursorStore>,
    waiting: Arc<WaitingMarks>,
}

// === impl Seen ===

impl Seen {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
        marks: Arc<dyn CursorStore>,
        waiting: Arc<WaitingMarks>,
    ) -> Self {
        Self { messages, documents, marks, waiting }
    }

    /// Who has seen an event, of those who were members before it; `after` is `next` of the page before.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in, and for an event that is not there.
    pub(crate) async fn seen(
        &self,
        user: &UserId,
        group: &GroupId,
        seq: Seq,
        after: Option<&UserId>,
    ) -> Result<SeenPage, Refusal> {
        let document = self.documents.group(group).await?.filter(|document| document.member(user).is_some());
        let document = document.ok_or_else(|| Refusal::not_found("there is no such group, or you are not in it"))?;
        let there = |event: &Event| seq >= document.first && seq > document.base.seq && event.kind != Kind::Void;
        let event = self.messages.event(group, seq).await?.filter(there);
        let event = event.ok_or_else(|| Refusal::not_found("there is no such message"))?;
        self.page(&document, &event, after).await
    }

    async fn page(&self, document: &Group, event: &Event, after: Option<&UserId>) -> Result<SeenPage, Refusal> {
        let (members, next) = members_before(document, event.seq, after);
        let stored = self.marks.marks_in(&document.id, &members).await?;
        let mut page = SeenPage { read: Vec::new(), delivered: Vec::new(), next };
        for member in members {
            let mark = stored.get(&member).copied().unwrap_or_default();
            let mark = self.waiting.latest_in(&member, &document.id, mark);
            // Whoever said it knows it, also while their mark waits on another node.
            if mark.read >= event.seq || member == event.from {
                page.read.push(member);
            } else if mark.delivered >= event.seq {
                page.delivered.push(member);
            }
        }
        Ok(page)
    }
}

/// Those who were members before a seq, in the order of their ids: a page of them, and the last of these where there are
/// more. Members come and go between pages, so none is found by its place.
fn members_before(document: &Group, seq: Seq, after: Option<&UserId>) -> (Vec<UserId>, Option<UserId>) {
    let members = document.members.iter().filter(|member| member.since < seq);
    let mut ids: Vec<&UserId> =
        members.map(|member| &member.id).filter(|id| after.is_none_or(|after| *id > after)).collect();
    ids.sort_unstable();
    let page: Vec<UserId> = ids.iter().take(MEMBERS).map(|id| (*id).clone()).collect();
    let next = page.last().filter(|_| ids.len() > MEMBERS).cloned();
    (page, next)
}

impl Answered for requests::Seen {
    type By = Seen;

    async fn answer(self, seen: &Seen, asker: Asker<'_>) -> Result<(), Refusal> {
        let Self { group, seq, after } = self;
        if !asker.session.is_in(&group) {
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        let SeenPage { read, delivered, next } = seen.seen(&asker.session.user, &group, seq, after.as_ref()).await?;
        let (read, delivered, next) = (&read, &delivered, next.as_ref());
        asker.tell(&ServerFrame::Seen(pushes::Seen { re: asker.re, group: &group, seq, read, delivered, next }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Code, Mark, Role};
    use crate::hub::testing::{MemoryStore, group, text, user};

    fn seen(store: &Arc<MemoryStore>) -> Seen {
        Seen::new(store.clone(), store.clone(), store.clone(), Arc::default())
    }

    fn mark(read: Seq, delivered: Seq) -> Mark {
        Mark { read, n: read, delivered }
    }

    #[tokio::test]
    async fn members_are_told_apart_by_their_marks_and_newcomers_are_left_out() {
        let (id, names) = (GroupId::random(), ["anna", "bob", "cleo", "dora", "eve"]);
        let store = Arc::new(MemoryStore::of(&id, &names, (1..=9).map(|seq| text(&id, seq, "anna"))));
        let mut document = group(&id, &names);
        document.members.iter_mut().for_each(|member| member.since = 1);
        document.members[4].since = 7;
        store.put_group(document);
        let raise = [("bob", mark(5, 9)), ("cleo", mark(2, 5)), ("dora", mark(4, 4)), ("eve", mark(9, 9))];
        let raise = raise.map(|(name, mark)| (user(name), id.clone(), mark));
        store.raise_marks(&raise).await.unwrap();
        let seen = seen(&store);
        // What waits on this node counts.
        seen.waiting.raise(&user("dora"), &id, mark(0, 6), Duration::from_secs(15));
        let page = seen.seen(&user("anna"), &id, 5, None).await.unwrap();
        let told = |names: &[&str]| names.iter().map(|name| user(name)).collect::<Vec<_>>();
        assert_eq!((page.read, page.delivered, page.next), (told(&["anna", "bob"]), told(&["cleo", "dora"]), None));
        let page = seen.seen(&user("anna"), &id, 5, Some(&user("bob"))).await.unwrap();
        assert_eq!((page.read, page.delivered), (told(&[]), told(&["cleo", "dora"])));
    }

    #[tokio::test]
    async fn large_groups_are_told_page_by_page() {
        let names: Vec<String> = (0..450).map(|number| format!("user-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let id = GroupId::random();
        let store = Arc::new(MemoryStore::of(&id, &names, [text(&id, 1, "user-0"), text(&id, 2, "user-0")]));
        let all: Vec<_> = names.iter().map(|name| (user(name), id.clone(), mark(2, 2))).collect();
        store.raise_marks(&all[..300]).await.unwrap();
        let (seen, mut read, mut pages, mut after) = (seen(&store), Vec::new(), 0, None);
        loop {
            let page = seen.seen(&user("user-7"), &id, 2, after.as_ref()).await.unwrap();
            (pages, after) = (pages + 1, page.next);
            read.extend(page.read);
            if after.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = all[..300].iter().map(|(user, ..)| user.clone()).collect();
        expected.sort_unstable();
        assert_eq!((read, pages), (expected, 3));
    }

    #[tokio::test]
    async fn strangers_and_what_is_not_there_are_refused() {
        let id = GroupId::random();
        let void = Event::void(id.clone(), text(&id, 3, "anna").head());
        let events = [text(&id, 1, "anna"), text(&id, 2, "anna"), void];
        let store = Arc::new(MemoryStore::of(&id, &["anna"], events));
        let mut document = group(&id, &["anna"]);
        (document.first, document.members[0].role) = (2, Role::Member);
        store.put_group(document);
        let seen = seen(&store);
        let code = async |name: &str, group: &GroupId, seq| {
            seen.seen(&user(name), group, seq, None).await.map(drop).map_err(|refusal| refusal.code)
        };
        for seq in [0, 1, 3, 9, Seq::MAX] {
            assert_eq!(code("anna", &id, seq).await, Err(Code::NotFound), "{seq}");
        }
        assert_eq!(code("anna", &id, 2).await, Ok(()));
        assert_eq!(code("bob", &id, 2).await, Err(Code::NotFound));
        assert_eq!(code("anna", &GroupId::random(), 2).await, Err(Code::NotFound));
        store.be_silent(true);
        assert_eq!(code("anna", &id, 2).await, Err(Code::Unavailable));
    }
}

//! Groups as their members are shown them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::names::Names;
use crate::domain::{Event, Group, GroupId, GroupKind, Head, Mark, Millis, Seq, UserId, now_ms};
use crate::hub::config::SMALL_GROUP;
use crate::hub::local::{GroupState, SessionHandle};
use crate::ports::StoreError;
use crate::protocol::{GroupView, MemberList, MemberView, ServerFrame, WireEvent};

/// A list of members is shown again within this time: when many join at once, to all of them.
const SHOWN_FOR: Duration = Duration::from_secs(5);
/// So many lists are kept: a few MB at most.
const LISTS: usize = 256;

/// Shows groups.
pub(crate) struct Views {
    names: Names,
    lists: MemberLists,
    /// Messages older than this are removed.
    retention: Option<Duration>,
}

/// Lists of members as they were shown a moment ago.
#[derive(Default)]
struct MemberLists(Mutex<HashMap<GroupId, ShownList>>);

struct ShownList {
    version: Seq,
    at: Instant,
    members: Arc<MemberList>,
}

// === impl MemberLists ===

impl MemberLists {
    fn get(&self, group: &Group) -> Option<Arc<MemberList>> {
        let lists = self.0.lock();
        let list = lists.get(&group.id).filter(|list| list.version == group.version)?;
        (list.at.elapsed() < SHOWN_FOR && list.members.len() == group.members.len()).then(|| list.members.clone())
    }

    fn put(&self, group: &Group, members: Arc<MemberList>) {
        let mut lists = self.0.lock();
        if lists.len() >= LISTS && !lists.contains_key(&group.id) {
            lists.clear();
        }
        lists.insert(group.id.clone(), ShownList { version: group.version, at: Instant::now(), members });
    }
}

// === impl Views ===

impl Views {
    pub(crate) fn new(names: Names, retention: Option<Duration>) -> Self {
        Self { names, lists: MemberLists::default(), retention }
    }

    /// Makes sure that the names of small groups' members are at hand.
    pub(crate) async fn member_names(&self, groups: impl Iterator<Item = &Group>) -> Result<(), StoreError> {
        let mut users: Vec<UserId> = groups
            .filter(|group| group.members.len() <= SMALL_GROUP && self.lists.get(group).is_none())
            .flat_map(|group| group.members.iter().map(|member| member.id.clone()))
            .collect();
        users.sort_unstable();
        users.dedup();
        self.names.names(&users).await.map(drop)
    }

    /// Makes sure that these users' names are at hand.
    pub(crate) async fn know_names(&self, users: &[UserId]) -> Result<(), StoreError> {
        self.names.names(users).await.map(drop)
    }

    /// What `reader` is shown of a group at some head.
    pub(crate) fn view<'a>(
        &self,
        group: &Group,
        head: Head,
        mark: Mark,
        last: Option<&'a Event>,
        reader: &UserId,
    ) -> GroupView<'a> {
        GroupView {
            id: group.id.clone(),
            kind: group.kind,
            name: group.name.clone(),
            access: group.access,
            about: group.settings.about.clone(),
            pinning: Some(group.settings.pinning).filter(|_| group.kind != GroupKind::Direct),
            archived: group.settings.archived,
            count: group.members.len(),
            online: None,
            head: head.seq,
            n: head.n,
            read: mark.read,
            unread: head.n.saturating_sub(mark.n),
            mentioned: (head.n <= mark.n).then_some(0),
            first: group.first,
            last: last.map(|event| WireEvent::for_reader(event, reader)),
            members: self.member_views(group),
            others: None,
        }
    }

    /// The newest event that a group shows, as far as it is known here and retention has left it.
    pub(crate) fn last_of(&self, state: &GroupState) -> Option<Arc<Event>> {
        let last = state.last_event()?;
        // Retention never takes the newest event of all.
        let is_head = state.position.at().is_some_and(|at| at.seq == last.seq);
        let oldest = self.retention.map_or(Millis::MIN, |kept| now_ms() - kept.as_millis() as Millis);
        (is_head || last.time >= oldest).then_some(last)
    }

    fn member_views(&self, group: &Group) -> Option<Arc<MemberList>> {
        if group.members.len() > SMALL_GROUP && group.kind != GroupKind::Direct {
            return None;
        }
        if let Some(members) = self.lists.get(group) {
            return Some(members);
        }
        let names = self.names.names_at_hand(group.members.iter().map(|member| &member.id));
        let views = names.zip(&group.members).map(|((id, name), member)| MemberView {
            id: id.clone(),
            name,
            role: member.role,
        });
        let members: Arc<MemberList> = Arc::new(views.collect());
        self.lists.put(group, members.clone());
        Some(members)
    }

    /// Tells a session of a group that is new to it, before the group's first event.
    pub(crate) fn announce(&self, state: &GroupState, session: &Arc<SessionHandle>) {
        let head = state.position.at().unwrap_or_default();
        // Whoever joins has read what was said before.
        self.announce_at(state, session, Mark { read: head.seq, n: head.n, delivered: head.seq }, None);
    }

    /// Tells all sessions of a group that were not told of it yet, before its next event: `welcome` shows so many
    /// groups only.
    pub(crate) fn introduce(&self, state: &mut GroupState) {
        for (session, mark) in state.take_unshown() {
            self.announce_at(state, &session, mark, self.last_of(state).as_deref());
        }
    }

    /// The same for one session, before what is replayed to it.
    pub(crate) fn introduce_to(&self, state: &mut GroupState, session: &Arc<SessionHandle>) {
        if let Some(mark) = state.take_unshown_to(&session.id) {
            self.announce_at(state, session, mark, self.last_of(state).as_deref());
        }
    }

    fn announce_at(&self, state: &GroupState, session: &Arc<SessionHandle>, mark: Mark, last: Option<&Event>) {
        let Some(document) = state.document.clone() else { return };
        let head = state.position.at().unwrap_or_default();
        let view = self.view(&document, head, mark, last, &session.user);
        session.send(&ServerFrame::group(None, &view));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::local::LocalGroups;
    use crate::hub::testing::{MemoryStore, group, local, text, user};
    use crate::ports::UserStore;

    fn views(people: &[&str], retention: Option<Duration>) -> (Views, Arc<MemoryStore>, Group) {
        let id = GroupId::random();
        let store = Arc::new(MemoryStore::of(&id, people, []));
        (Views::new(Names::new(store.clone()), retention), store, group(&id, people))
    }

    fn members(views: &Views, group: &Group) -> Option<Arc<MemberList>> {
        views.view(group, Head::default(), Mark::default(), None, &user("anna")).members
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_join_together_are_shown_one_list_and_a_later_version_is_another() {
        let (views, store, group) = views(&["anna", "bob"], None);
        store.set_profile(&user("bob"), None, Some("Bob")).await.unwrap();
        views.member_names([&group].into_iter()).await.unwrap();
        let first = members(&views, &group).unwrap();
        let names = serde_json::to_value(&*first).unwrap();
        assert_eq!([&names[0]["name"], &names[1]["name"]], ["anna", "Bob"]);
        assert!(Arc::ptr_eq(&first, &members(&views, &group).unwrap()));
        views.member_names([&group].into_iter()).await.unwrap();
        assert_eq!(store.calls("users"), 1, "the list is at hand");
        let mut later = Group { version: group.version + 1, ..group.clone() };
        later.members.pop();
        assert_eq!(members(&views, &later).unwrap().len(), 1);
        let again = members(&views, &group).unwrap();
        tokio::time::advance(SHOWN_FOR).await;
        assert!(!Arc::ptr_eq(&again, &members(&views, &group).unwrap()));
    }

    #[tokio::test]
    async fn large_groups_list_no_members_and_cost_no_names() {
        let names: Vec<_> = (0..=SMALL_GROUP).map(|number| format!("user-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (views, store, large) = views(&names, None);
        views.member_names([&large].into_iter()).await.unwrap();
        assert_eq!((store.calls("users"), members(&views, &large).is_none()), (0, true));
        let view = views.view(&large, Head::default(), Mark::default(), None, &user("user-1"));
        assert_eq!(view.count, SMALL_GROUP + 1);
        let small = group(&large.id, &names[1..]);
        assert_eq!(members(&views, &small).unwrap().len(), SMALL_GROUP);
    }

    #[test]
    fn what_retention_has_taken_is_no_newest_event_unless_it_is_the_newest_of_all() {
        let (views, _, group) = views(&["anna"], Some(Duration::from_secs(60)));
        let here = local(&LocalGroups::default(), group.clone(), 0);
        let mut state = here.state.lock();
        let old = Arc::new(text(&group.id, 1, "anna"));
        state.fan_out(&[old]);
        assert_eq!(views.last_of(&state).map(|last| last.seq), Some(1), "it never goes");
        let hidden = Arc::new(Event { shown: 1, ..Event::void(group.id.clone(), Head { seq: 2, ..Head::default() }) });
        state.fan_out(&[hidden]);
        assert_eq!(views.last_of(&state), None);
        let young = Arc::new(Event { time: now_ms(), ..text(&group.id, 3, "anna") });
        state.fan_out(&[young]);
        assert_eq!(views.last_of(&state).map(|last| last.seq), Some(3));
    }
}

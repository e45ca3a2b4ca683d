//! Groups as their members are shown them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::Hub;
use super::config::SMALL_GROUP;
use super::group::GroupState;
use super::handle::SessionHandle;
use crate::domain::{Event, Group, GroupId, GroupKind, Head, Mark, Millis, Seq, UserId, now_ms};
use crate::ports::StoreError;
use crate::protocol::{GroupView, MemberList, MemberView, ServerFrame, WireEvent};

/// A list of members is shown again within this time: when many join at once, to all of them.
const SHOWN_FOR: Duration = Duration::from_secs(5);
/// So many lists are kept: a few MB at most.
const LISTS: usize = 256;

/// Lists of members as they were shown a moment ago.
#[derive(Default)]
pub(crate) struct MemberLists(Mutex<HashMap<GroupId, ShownList>>);

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

impl Hub {
    /// Makes sure that the names of small groups' members are at hand.
    pub(crate) async fn member_names(&self, groups: impl Iterator<Item = &Group>) -> Result<(), StoreError> {
        let mut users: Vec<UserId> = groups
            .filter(|group| group.members.len() <= SMALL_GROUP && self.member_lists.get(group).is_none())
            .flat_map(|group| group.members.iter().map(|member| member.id.clone()))
            .collect();
        users.sort_unstable();
        users.dedup();
        self.names(&users).await.map(drop)
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
            count: group.members.len(),
            head: head.seq,
            n: head.n,
            read: mark.read,
            unread: head.n.saturating_sub(mark.n),
            first: group.first,
            last: last.map(|event| WireEvent::for_reader(event, reader)),
            members: self.member_views(group),
        }
    }

    /// The newest event that a group shows, as far as it is known here and retention has left it.
    pub(crate) fn last_of(&self, state: &GroupState) -> Option<Arc<Event>> {
        let last = state.last_event()?;
        // Retention never takes the newest event of all.
        let is_head = state.position.at().is_some_and(|at| at.seq == last.seq);
        let oldest = self.config.retention.map_or(Millis::MIN, |kept| now_ms() - kept.as_millis() as Millis);
        (is_head || last.time >= oldest).then_some(last)
    }

    fn member_views(&self, group: &Group) -> Option<Arc<MemberList>> {
        if group.members.len() > SMALL_GROUP && group.kind != GroupKind::Direct {
            return None;
        }
        if let Some(members) = self.member_lists.get(group) {
            return Some(members);
        }
        let names = self.names_at_hand(group.members.iter().map(|member| &member.id));
        let views = names.zip(&group.members).map(|((id, name), member)| MemberView {
            id: id.clone(),
            name,
            role: member.role,
        });
        let members: Arc<MemberList> = Arc::new(views.collect());
        self.member_lists.put(group, members.clone());
        Some(members)
    }

    /// Tells a session of a group that is new to it, before the group's first event.
    pub(crate) fn announce(&self, state: &GroupState, session: &Arc<SessionHandle>) {
        let Some(document) = state.document.clone() else { return };
        let head = state.position.at().unwrap_or_default();
        // Whoever joins has read what was said before.
        let mark = Mark { read: head.seq, n: head.n, delivered: head.seq };
        let view = self.view(&document, head, mark, None, &session.user);
        session.send(&ServerFrame::group(None, &view));
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
}

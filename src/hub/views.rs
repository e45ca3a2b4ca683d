//! Groups as their members are shown them.

use std::sync::Arc;

use super::Hub;
use super::config::SMALL_GROUP;
use super::group::GroupState;
use super::handle::SessionHandle;
use crate::domain::{Event, Group, GroupKind, Head, Mark, UserId};
use crate::ports::StoreError;
use crate::protocol::{GroupView, MemberView, ServerFrame, WireEvent};

impl Hub {
    /// Makes sure that the names of a small group's members are at hand.
    pub(crate) async fn member_names(&self, group: &Group) -> Result<(), StoreError> {
        if group.members.len() <= SMALL_GROUP {
            let ids: Vec<UserId> = group.members.iter().map(|member| member.id.clone()).collect();
            self.names(&ids).await?;
        }
        Ok(())
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

    fn member_views(&self, group: &Group) -> Option<Vec<MemberView>> {
        let small = group.members.len() <= SMALL_GROUP || group.kind == GroupKind::Direct;
        small.then(|| {
            let members = group.members.iter();
            members
                .map(|member| MemberView { id: member.id.clone(), name: self.name_of(&member.id), role: member.role })
                .collect()
        })
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

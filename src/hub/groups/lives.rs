//! A life of a group ends on this node.

use std::sync::Arc;

use crate::domain::{GroupId, Seq};
use crate::hub::groups::routes::Routes;
use crate::hub::local::{LocalGroup, LocalGroups, LocalUsers};
use crate::hub::pipeline::publish::Acks;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::ports::GroupStore;
use crate::protocol::ServerFrame;

/// Ends lives of groups here.
pub(crate) struct Lives {
    groups: Arc<LocalGroups>,
    users: Arc<LocalUsers>,
    acks: Arc<Acks>,
    routes: Arc<Routes>,
    documents: Arc<dyn GroupStore>,
    upcalls: Arc<dyn Upcalls>,
}

// === impl Lives ===

impl Lives {
    pub(crate) fn new(
        groups: Arc<LocalGroups>,
        users: Arc<LocalUsers>,
        acks: Arc<Acks>,
        routes: Arc<Routes>,
        documents: Arc<dyn GroupStore>,
        upcalls: Arc<dyn Upcalls>,
    ) -> Self {
        Self { groups, users, acks, routes, documents, upcalls }
    }

    /// The life of a group that lies below a seq is over.
    pub(crate) fn group_deleted(&self, id: &GroupId, base: Seq) {
        let Some(group) = self.groups.get(id) else { return };
        let is_of_it = group.state.lock().position.at().is_none_or(|at| at.seq < base);
        if is_of_it {
            self.let_go(&group);
        }
    }

    /// What this node holds of a group is of a life that is over: its sessions are told. Whatever comes of the group
    /// from now on begins anew here.
    pub(crate) fn let_go(&self, group: &Arc<LocalGroup>) {
        let (waiting, generation) = {
            // Held to the end, so that no session is let into the next life before it has left this one.
            let mut state = group.state.lock();
            if !state.end() {
                return;
            }
            state.sessions.clear();
            for session in self.users.all() {
                if session.remove_group(&group.id) {
                    session.send(&ServerFrame::gone(None, &group.id));
                }
            }
            (state.position.waiting(), state.generation)
        };
        self.groups.remove(group);
        self.routes.count();
        waiting.iter().for_each(|event| self.acks.resolve(event));
        self.routes.leave_route(&group.id, generation);
    }

    /// Whether the life that this node holds of a group is over. Members of the next one are brought to it.
    pub(crate) async fn is_over(&self, group: &Arc<LocalGroup>, at: Seq) -> bool {
        let Ok(document) = self.documents.group(&group.id).await else { return false };
        if document.as_ref().is_some_and(|document| document.base.seq <= at) {
            return false;
        }
        self.let_go(group);
        if let Some(next) = document {
            for member in next.members.iter().filter(|member| self.users.is_here(&member.id)) {
                let (group, user) = (group.id.clone(), member.id.clone());
                self.upcalls.tell(Upcall::Newcomer { group, user, after: next.base.seq });
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{Bed, MemoryStore, group, local, open_session};

    #[tokio::test]
    async fn sessions_hear_that_a_life_is_over_and_a_later_one_is_left_alone() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::default());
        let here = local(&bed.groups, group(&id, &["anna"]), 5);
        let (anna, ear) = open_session(&bed.users, "anna");
        anna.add_group(&id);
        bed.lives.group_deleted(&id, 5);
        assert!(bed.groups.get(&id).is_some(), "it is of the life that begins there");
        bed.lives.group_deleted(&id, 6);
        bed.lives.let_go(&here);
        assert!(bed.groups.get(&id).is_none() && here.state.lock().is_gone() && !anna.is_in(&id));
        assert_eq!(ear.texts().len(), 1);
    }
}

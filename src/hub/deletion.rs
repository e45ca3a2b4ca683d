//! Groups end, with everything in them. One whose id is made from names (a direct chat, a group made with a cid) may
//! begin anew, in another life: its sequence goes on where the last one ended, so that what is remembered of it, and
//! what is still under way, lies below its first seq and counts for nothing.

use std::sync::Arc;

use super::Hub;
use super::codec::PeerEvent;
use super::group::LocalGroup;
use crate::domain::{Group, GroupId, Refusal, Seq};
use crate::ports::{Deletion, StoreError};
use crate::protocol::ServerFrame;

/// Tries to make a group while others delete and make it.
const TRIES: usize = 3;

impl Hub {
    /// Deletes a group with everything in it. Repeat it when it fails half-way.
    pub async fn delete_group(self: &Arc<Self>, id: &GroupId) -> Result<(), Refusal> {
        let deletion = self.store.begin_deletion(id).await?;
        let deletion = deletion.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        self.finish_deletion(id, &deletion).await
    }

    /// Nobody finds the group any more, so nobody restores what is forgotten here. Nodes are told before it can begin
    /// anew.
    async fn finish_deletion(self: &Arc<Self>, id: &GroupId, deletion: &Deletion) -> Result<(), Refusal> {
        let base = match deletion.base {
            Some(base) => base,
            None => {
                let stored = self.store.head(id).await?;
                let forgotten = self.backplane.forget_group(self.partition(id), id, deletion.life, stored).await;
                forgotten?
            }
        };
        self.group_deleted(id, base.seq);
        self.tell_all_nodes(vec![PeerEvent::Deleted { group: id.clone(), base: base.seq }]).await?;
        Ok(self.store.finish_deletion(id, deletion, base).await?)
    }

    /// Stores a new group's document; false when it is there. A deletion that is half done, by a node that may have
    /// died over it, is finished first.
    pub(crate) async fn make_document(self: &Arc<Self>, group: &Group) -> Result<bool, Refusal> {
        for _ in 0..TRIES {
            if self.store.create_group(group).await? {
                return Ok(true);
            }
            match self.store.deletion(&group.id).await? {
                None => return Ok(false),
                Some(deletion) if deletion.base.is_none() => self.finish_deletion(&group.id, &deletion).await?,
                Some(_) => {}
            }
        }
        Err(Refusal::unavailable())
    }

    /// The life of a group that lies below a seq is over.
    pub(crate) fn group_deleted(self: &Arc<Self>, id: &GroupId, base: Seq) {
        let Some(group) = self.groups.get(id) else { return };
        let is_of_it = group.state.lock().position.at().is_none_or(|at| at.seq < base);
        if is_of_it {
            self.let_go(&group);
        }
    }

    /// What this node holds of a group is of a life that is over: its sessions are told. Whatever comes of the group
    /// from now on begins anew here.
    pub(crate) fn let_go(self: &Arc<Self>, group: &Arc<LocalGroup>) {
        let (waiting, generation) = {
            // Held to the end, so that no session is let into the next life before it has left this one.
            let mut state = group.state.lock();
            if std::mem::replace(&mut state.gone, true) {
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
        self.metrics.local_groups.set(self.groups.len() as i64);
        waiting.iter().for_each(|event| self.resolve(event));
        self.leave_route(&group.id, generation);
    }

    /// Whether the life that this node holds of a group is over. Members of the next one are brought to it.
    pub(crate) async fn is_over(self: &Arc<Self>, group: &Arc<LocalGroup>, at: Seq) -> bool {
        let Ok(document) = self.store.group(&group.id).await else { return false };
        if document.as_ref().is_some_and(|document| document.base.seq <= at) {
            return false;
        }
        self.let_go(group);
        if let Some(next) = document {
            for member in next.members.iter().filter(|member| self.users.is_here(&member.id)) {
                self.adopt(group.id.clone(), member.id.clone(), next.base.seq);
            }
        }
        true
    }

    /// Where the present life of a group begins of whose state the backplane knows nothing.
    pub(crate) async fn stored_base(&self, id: &GroupId) -> Result<Seq, StoreError> {
        if let Some(deletion) = self.store.deletion(id).await? {
            // Not told yet: above all that is stored.
            return Ok(deletion.base.map_or(Seq::MAX, |base| base.seq));
        }
        Ok(self.store.group(id).await?.map_or(0, |group| group.base.seq))
    }
}

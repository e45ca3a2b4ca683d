//! Whether what a send would do to others may stand: asked at the door, and again by the owner.

use std::sync::Arc;

use crate::domain::{GroupId, KindRow, Refusal, UserId};
use crate::hub::local::LocalGroups;
use crate::hub::node::NodeState;
use crate::hub::pipeline::effects::{check_target, refusal, target_of};
use crate::ports::{GroupStore, MessageStore};
use crate::protocol::SendFrame;

/// Asks early.
pub(crate) struct EffectDoor {
    node: Arc<NodeState>,
    groups: Arc<LocalGroups>,
    messages: Arc<dyn MessageStore>,
    documents: Arc<dyn GroupStore>,
}

// === impl EffectDoor ===

impl EffectDoor {
    pub(crate) fn new(
        node: Arc<NodeState>,
        groups: Arc<LocalGroups>,
        messages: Arc<dyn MessageStore>,
        documents: Arc<dyn GroupStore>,
    ) -> Self {
        Self { node, groups, messages, documents }
    }

    /// Answers early to a send whose effect could not be: the owner asks again, in the order of the sequence. A repeat
    /// of what is stored goes on, whatever has become of its target since: it gets the answer of the first.
    pub(super) async fn check(
        &self,
        from: &UserId,
        group: &GroupId,
        send: &SendFrame,
        members_only: bool,
    ) -> Result<(), Refusal> {
        let Some(row) = send.kind.row().filter(|row| row.fx > 0) else { return Ok(()) };
        let Err(refusal) = self.judge(row, group, send).await else { return Ok(()) };
        if members_only && !self.is_member(group, from).await? {
            // Nobody else learns what stands in the group.
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        match self.messages.event_by_cid(group, from, &send.cid).await? {
            Some(_) => Ok(()),
            None => Err(refusal),
        }
    }

    /// Whether a send with an effect would be in order now.
    async fn judge(&self, row: &KindRow, group: &GroupId, send: &SendFrame) -> Result<(), Refusal> {
        self.node.view().features.check(row)?;
        let seq = target_of(group, send.reference.as_deref())?;
        let here = self.groups.get(group).and_then(|group| group.state.lock().ring_event(seq));
        let target = match here {
            Some(target) => Some(target),
            None => self.messages.event(group, seq).await?.map(Arc::new),
        };
        check_target(row, target.as_deref()).map_err(refusal)
    }

    async fn is_member(&self, group: &GroupId, user: &UserId) -> Result<bool, Refusal> {
        if self.groups.get(group).is_some_and(|group| group.state.lock().has_member(user)) {
            return Ok(true);
        }
        Ok(self.documents.group(group).await?.is_some_and(|group| group.member(user).is_some()))
    }
}

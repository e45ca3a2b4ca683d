//! Whether what a send would do to others may stand: asked at the door, and again by the owner.

use std::sync::Arc;

use crate::domain::{Code, Event, GroupId, KindRow, Refusal, UserId};
use crate::hub::local::LocalGroups;
use crate::hub::node::NodeState;
use crate::hub::pipeline::effects::{Attempt, EffectRules, refusal, standing, target_of};
use crate::ports::{GroupStore, MessageStore, Standing};
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

    /// What the sender must be when it is appended. Answers early to a send whose effect could not be: the owner asks
    /// again, in the order of the sequence. A repeat of what is stored goes on, whatever has become of its target since:
    /// it gets the answer of the first.
    pub(super) async fn check(
        &self,
        from: &UserId,
        group: &GroupId,
        send: &SendFrame,
        members_only: bool,
    ) -> Result<Standing, Refusal> {
        let Some(row) = send.kind.row() else { return Ok(Standing::Member) };
        if row.fx == 0 {
            return Ok(standing(row, from, None));
        }
        let refusal = match self.judge(row, from, group, send).await {
            Ok(target) => return Ok(standing(row, from, Some(&target))),
            Err(refusal) => refusal,
        };
        if members_only && !self.is_member(group, from).await? {
            // Nobody else learns what stands in the group.
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        match self.messages.event_by_cid(group, from, &send.cid).await? {
            Some(_) => Ok(standing(row, from, None)),
            None => Err(refusal),
        }
    }

    /// Whether a send with an effect would be in order now, of somebody who may do to what others said what is given to
    /// some: that is looked at when it is appended. Answers what it is about.
    async fn judge(
        &self,
        row: &KindRow,
        from: &UserId,
        group: &GroupId,
        send: &SendFrame,
    ) -> Result<Arc<Event>, Refusal> {
        self.node.view().features.check(row)?;
        let seq = target_of(group, send.reference.as_deref())?;
        let here = self.groups.get(group).and_then(|group| group.state.lock().ring_event(seq));
        let target = match here {
            Some(target) => Some(target),
            None => self.messages.event(group, seq).await?.map(Arc::new),
        };
        // How long ago it was said is reckoned by the backplane's clock alone.
        let attempt = Attempt { from, entitled: true, place: None };
        EffectRules::default().check(send.kind, row, attempt, target.as_deref()).map_err(refusal)?;
        target.ok_or_else(|| refusal(Code::NotFound))
    }

    async fn is_member(&self, group: &GroupId, user: &UserId) -> Result<bool, Refusal> {
        if self.groups.get(group).is_some_and(|group| group.state.lock().has_member(user)) {
            return Ok(true);
        }
        Ok(self.documents.group(group).await?.is_some_and(|group| group.member(user).is_some()))
    }
}

//! Whether what a send would do to others may stand: asked at the door, and again by the owner.

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::{Code, Does, Event, Group, GroupId, KindRow, Mentions, Part, Refusal, Role, UserId};
use crate::hub::config::SMALL_GROUP;
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
        send: &mut SendFrame,
        members_only: bool,
    ) -> Result<Standing, Refusal> {
        let Some(row) = send.kind.row() else { return Ok(Standing::Member) };
        if row.does == Does::WhereNamed && !self.node.view().features.knows(row) {
            // As it was before there was anything to do: nobody looks.
            send.traits.fx = 0;
        }
        if send.traits.fx == 0 {
            return Ok(standing(row, from, None));
        }
        let refusal = match self.judge(row, from, group, send, members_only).await {
            Ok(target) => return Ok(standing(row, from, target.as_deref())),
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
    /// some: that is looked at when it is appended. Answers what it is about, if it is about anything.
    async fn judge(
        &self,
        row: &KindRow,
        from: &UserId,
        group: &GroupId,
        send: &SendFrame,
        members_only: bool,
    ) -> Result<Option<Arc<Event>>, Refusal> {
        self.node.view().features.check(row)?;
        if let Some(mentions) = &send.mentions {
            self.check_mentions(from, group, mentions, members_only).await?;
        }
        if row.reference == Part::Optional && send.reference.is_none() {
            return Ok(None);
        }
        self.judge_target(row, from, group, send).await.map(Some)
    }

    async fn judge_target(
        &self,
        row: &KindRow,
        from: &UserId,
        group: &GroupId,
        send: &SendFrame,
    ) -> Result<Arc<Event>, Refusal> {
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

    /// Members are mentioned, and all members of a large group by its admins alone. Who leaves meanwhile is mentioned all
    /// the same.
    async fn check_mentions(
        &self,
        from: &UserId,
        group: &GroupId,
        mentions: &Mentions,
        members_only: bool,
    ) -> Result<(), Refusal> {
        let document = self.document(group).await?;
        let members = document.as_ref().map(|document| document.members.as_slice()).unwrap_or_default();
        match mentions {
            Mentions::Users(users) => {
                let known: HashSet<&UserId> = members.iter().map(|member| &member.id).collect();
                match users.iter().find(|user| !known.contains(user)) {
                    Some(user) => Err(Refusal::not_found(format!("`{user}` is no member of this group"))),
                    None => Ok(()),
                }
            }
            Mentions::All if members.len() > SMALL_GROUP && members_only => {
                let by_admin = members.iter().any(|member| member.id == *from && member.role == Role::Admin);
                let why = format!("in a group of more than {SMALL_GROUP} admins alone mention all");
                if by_admin { Ok(()) } else { Err(Refusal::forbidden(why)) }
            }
            Mentions::All => Ok(()),
        }
    }

    async fn document(&self, group: &GroupId) -> Result<Option<Arc<Group>>, Refusal> {
        let here = self.groups.get(group).and_then(|group| group.state.lock().document.clone());
        match here {
            Some(document) => Ok(Some(document)),
            None => Ok(self.documents.group(group).await?.map(Arc::new)),
        }
    }

    async fn is_member(&self, group: &GroupId, user: &UserId) -> Result<bool, Refusal> {
        if self.groups.get(group).is_some_and(|group| group.state.lock().has_member(user)) {
            return Ok(true);
        }
        Ok(self.documents.group(group).await?.is_some_and(|group| group.member(user).is_some()))
    }
}

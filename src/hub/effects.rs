//! What events do to others: whether one may stand where it is, asked at the door and again by the owner, and what the
//! sender is told where it may not.

use std::sync::Arc;

use super::Hub;
use super::api::{HistoryPage, fitting};
use super::config::PAGE_BYTES;
use super::handle::SessionHandle;
use crate::domain::{Author, Code, Event, GroupId, KindRow, Refusal, Seq, UserId, parse_event_id};
use crate::ports::Standing;
use crate::protocol::{RequestId, SendFrame, ServerFrame, WireEvent, pushes};

/// Pinned events that are listed at most.
const PINS: usize = 100;

/// The event that one of a kind is about, by its `ref`: of the same group, or it is `bad_frame`.
pub(crate) fn target_of(group: &GroupId, reference: Option<&str>) -> Result<Seq, Refusal> {
    let reference = reference.ok_or_else(|| Refusal::bad_frame("the field `ref` is missing"))?;
    match parse_event_id(reference)? {
        (named, seq) if named == *group => Ok(seq),
        _ => Err(Refusal::bad_frame("`ref` must name an event of the same group")),
    }
}

/// Whether an event of a kind may be about what stands under the seq that it names.
pub(crate) fn check_target(row: &KindRow, target: Option<&Event>) -> Result<(), Code> {
    match target {
        Some(target) if row.about.fits(target.kind) => Ok(()),
        _ => Err(Code::NotFound),
    }
}

/// What the sender of an event is told that was refused when its turn came.
pub(crate) fn refusal(code: Code) -> Refusal {
    let message = match code {
        Code::NotFound => "the event that `ref` names is not there, or not one that this can be about",
        Code::Internal => "the store refused this message; change it before you send it again",
        _ => "what this is about has changed meanwhile; look at it again before you send this with another `cid`",
    };
    Refusal::new(code, message)
}

/// What a sender must be for events of a kind.
pub(crate) fn standing(row: &KindRow) -> Standing {
    match row.author {
        Author::Members => Standing::Member,
        Author::Admins => Standing::Admin,
        Author::Hub => Standing::Anybody,
    }
}

impl Hub {
    /// What is pinned in a group of a user, newest first.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in.
    pub async fn pins(&self, user: &UserId, group: &GroupId) -> Result<HistoryPage, Refusal> {
        let mut messages = self.store.pins(group, PINS + 1).await?;
        let document = self.store.group(group).await?;
        let document = document.filter(|document| document.member(user).is_some());
        let document = document.ok_or_else(|| Refusal::not_found("there is no such group, or you are not in it"))?;
        messages.retain(|event| event.seq >= document.first);
        let found = messages.len();
        messages.truncate(fitting(messages.iter(), PAGE_BYTES).min(PINS));
        let more = messages.len() < found;
        Ok(HistoryPage { group: group.clone(), messages, more })
    }

    /// The same, for a session.
    pub(crate) async fn answer_pins(
        &self,
        session: &SessionHandle,
        re: Option<&RequestId>,
        group: &GroupId,
    ) -> Result<(), Refusal> {
        if !session.is_in(group) {
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        let pinned = self.pins(&session.user, group).await?;
        let messages = pinned.messages.iter().map(|event| WireEvent::for_reader(event, &session.user)).collect();
        session.send(&ServerFrame::Pins(pushes::Pins { re, group, messages, more: pinned.more }));
        Ok(())
    }

    /// Answers early to a send whose effect could not be: the owner asks again, in the order of the sequence. A repeat
    /// of what is stored goes on, whatever has become of its target since: it gets the answer of the first.
    pub(crate) async fn check_effect(
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
        match self.store.event_by_cid(group, from, &send.cid).await? {
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
            None => self.store.event(group, seq).await?.map(Arc::new),
        };
        check_target(row, target.as_deref()).map_err(refusal)
    }

    async fn is_member(&self, group: &GroupId, user: &UserId) -> Result<bool, Refusal> {
        if self.groups.get(group).is_some_and(|group| group.state.lock().has_member(user)) {
            return Ok(true);
        }
        Ok(self.store.group(group).await?.is_some_and(|group| group.member(user).is_some()))
    }
}

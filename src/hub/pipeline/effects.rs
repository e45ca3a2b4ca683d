//! What events do to others, as rules: whether one may stand where it is, asked at the door and again by the owner, and
//! what the sender is told where it may not.

use crate::domain::{Author, Code, Event, GroupId, KindRow, Refusal, Seq, parse_event_id};
use crate::ports::Standing;

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

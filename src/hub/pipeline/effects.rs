//! What events do to others, as rules: whether one may stand where it is, asked at the door and again by the owner, and
//! what the sender is told where it may not.

use std::time::Duration;

use crate::domain::{Author, Code, Event, GroupId, Kind, KindRow, Millis, Refusal, Seq, UserId, parse_event_id};
use crate::ports::Standing;

/// Rules that are set.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EffectRules {
    /// For how long a text may be edited; `None` for ever.
    pub(crate) edit_window: Option<Duration>,
}

/// Who wants to do something to an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) from: &'a UserId,
    /// Whether they may do it to what others said, as far as that is given to some.
    pub(crate) entitled: bool,
    /// Its own place and time, where it has one.
    pub(crate) place: Option<(Seq, Millis)>,
}

/// The event that one of a kind is about, by its `ref`: of the same group, or it is `bad_frame`.
pub(crate) fn target_of(group: &GroupId, reference: Option<&str>) -> Result<Seq, Refusal> {
    let reference = reference.ok_or_else(|| Refusal::bad_frame("the field `ref` is missing"))?;
    match parse_event_id(reference)? {
        (named, seq) if named == *group => Ok(seq),
        _ => Err(Refusal::bad_frame("`ref` must name an event of the same group")),
    }
}

/// What the sender of an event is told that was refused when its turn came.
pub(crate) fn refusal(code: Code) -> Refusal {
    let message = match code {
        Code::NotFound => "the event that `ref` names is not there, or not one that this can be about",
        Code::Forbidden => "you may not do this to what others said, or to what was said so long ago",
        Code::Conflict => "the event that `ref` names is deleted",
        Code::TooLarge => "no more different emoji stand on one event: 20 at a time",
        Code::Internal => "the store refused this message; change it before you send it again",
        _ => "what this is about has changed meanwhile; look at it again before you send this with another `cid`",
    };
    Refusal::new(code, message)
}

/// What a sender must be for events of a kind, of which this one is about a target.
pub(crate) fn standing(row: &KindRow, from: &UserId, target: Option<&Event>) -> Standing {
    match row.author {
        Author::Members | Author::SameAuthor => Standing::Member,
        Author::Admins => Standing::Admin,
        Author::SameAuthorOrAdmins if target.is_none_or(|target| target.from == *from) => Standing::Member,
        Author::SameAuthorOrAdmins => Standing::Moderator,
        Author::Pinners => Standing::Pinner,
        Author::Hub => Standing::Anybody,
    }
}

// === impl EffectRules ===

impl EffectRules {
    /// Whether an event of a kind may be about what stands under the seq that it names.
    pub(crate) fn check(
        &self,
        kind: Kind,
        row: &KindRow,
        attempt: Attempt<'_>,
        target: Option<&Event>,
    ) -> Result<(), Code> {
        let target = target.filter(|target| row.about.fits(target.kind, target.traits)).ok_or(Code::NotFound)?;
        let may = match row.author {
            Author::SameAuthor => *attempt.from == target.from,
            Author::SameAuthorOrAdmins => attempt.entitled || *attempt.from == target.from,
            Author::Members | Author::Admins | Author::Pinners | Author::Hub => true,
        };
        if !may {
            return Err(Code::Forbidden);
        }
        let ended = target.state.erasure.as_ref();
        // To delete what is deleted is no fault: both wanted the same.
        if kind != Kind::Deleted && ended.is_some_and(|ended| attempt.comes_after(ended.seq)) {
            return Err(Code::Conflict);
        }
        if kind == Kind::Edited && self.is_too_late(attempt, target) {
            return Err(Code::Forbidden);
        }
        Ok(())
    }

    /// By the entries' own times: whoever reckons comes to the same.
    fn is_too_late(&self, attempt: Attempt<'_>, target: &Event) -> bool {
        let Some((window, (_, time))) = self.edit_window.zip(attempt.place) else { return false };
        u128::try_from(time.saturating_sub(target.time)).is_ok_and(|age| age > window.as_millis())
    }
}

// === impl Attempt ===

impl Attempt<'_> {
    fn comes_after(&self, seq: Seq) -> bool {
        self.place.is_none_or(|(own, _)| own > seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Change, Erasure};
    use crate::hub::testing::{text, user};

    /// What is said to one who attempts something at seq 9, a minute after `anna` said the text 3.
    fn told(kind: Kind, from: &str, entitled: bool, target: &Event) -> Result<(), Code> {
        let rules = EffectRules { edit_window: Some(Duration::from_secs(60)) };
        let attempt = Attempt { from: &user(from), entitled, place: Some((9, target.time + 60_000)) };
        rules.check(kind, kind.row().unwrap(), attempt, Some(target))
    }

    #[test]
    fn who_may_is_said_by_the_row_and_the_target() {
        let said = text(&GroupId::random(), 3, "anna");
        for (kind, own, others, entitled) in [
            (Kind::Pinned, Ok(()), Ok(()), Ok(())),
            (Kind::Edited, Ok(()), Err(Code::Forbidden), Err(Code::Forbidden)),
            (Kind::Deleted, Ok(()), Err(Code::Forbidden), Ok(())),
        ] {
            let [of_anna, of_bob, of_admin] =
                [("anna", false), ("bob", false), ("bob", true)].map(|(from, right)| told(kind, from, right, &said));
            assert_eq!((of_anna, of_bob, of_admin), (own, others, entitled), "{kind}");
        }
        let standing = |from| standing(Kind::Deleted.row().unwrap(), &user(from), Some(&said));
        assert_eq!((standing("anna"), standing("bob")), (Standing::Member, Standing::Moderator));
    }

    #[test]
    fn what_is_deleted_is_only_deleted_again() {
        let mut said = text(&GroupId::random(), 3, "anna");
        said.apply(&Change::Erase(Erasure { seq: 8, time: 1, by: user("anna") }));
        assert_eq!(told(Kind::Edited, "anna", false, &said), Err(Code::Conflict));
        assert_eq!(told(Kind::Pinned, "anna", false, &said), Err(Code::Conflict));
        assert_eq!(told(Kind::Deleted, "anna", false, &said), Ok(()));
        said.state.erasure = Some(Erasure { seq: 10, time: 1, by: user("anna") });
        assert_eq!(told(Kind::Edited, "anna", false, &said), Ok(()), "what comes later is not of its time");
    }

    #[test]
    fn texts_are_edited_within_their_time_and_nothing_else_is() {
        let mut said = Event { time: 1_000, ..text(&GroupId::random(), 3, "anna") };
        let rules = EffectRules { edit_window: Some(Duration::from_secs(60)) };
        let (anna, row) = (user("anna"), Kind::Edited.row().unwrap());
        let after = |ms: Millis| Attempt { from: &anna, entitled: false, place: Some((9, 1_000 + ms)) };
        assert_eq!(rules.check(Kind::Edited, row, after(60_000), Some(&said)), Ok(()));
        assert_eq!(rules.check(Kind::Edited, row, after(60_001), Some(&said)), Err(Code::Forbidden));
        assert_eq!(EffectRules::default().check(Kind::Edited, row, after(60_001), Some(&said)), Ok(()));
        said.kind = Kind::parse("x.poll").unwrap();
        assert_eq!(rules.check(Kind::Edited, row, after(0), Some(&said)), Err(Code::NotFound));
        assert_eq!(rules.check(Kind::Edited, row, after(0), None), Err(Code::NotFound));
    }
}

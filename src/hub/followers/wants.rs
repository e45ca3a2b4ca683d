//! Why groups are to be compared with what a follower has done. Pure state.

use std::time::Duration;

use tokio::time::Instant;

/// Heads are raised in the groups' documents within less than this, unless who should do it dies.
const RAISED_WITHIN: Duration = Duration::from_secs(4);

/// What is compared with what a follower has done in each group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compares {
    /// The head in the group's document, raised some seconds after the event, and not at all by who dies before.
    Heads,
    /// The newest event by the messages' own index.
    Newest,
}

/// Why groups are to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// The follower has never been here, or it has other settings now.
    New,
    /// Which groups moved cannot be told: it was too long ago, or the backplane's state was lost.
    Lost,
    /// More moved than is kept.
    Overflow,
    /// Something that should be stored was not there.
    Hole,
    /// A group's head was below what was done: the backplane's state is of the past.
    Behind,
    /// It is done once a day.
    Daily,
}

/// The comparisons that are wanted, and those under way.
#[derive(Debug, Default)]
pub(super) struct Wants {
    heads: Want,
    newest: Want,
}

/// One of the two.
#[derive(Debug, Default)]
struct Want {
    /// Since when, with the first of the reasons.
    wanted: Option<(Reason, Instant)>,
    under_way: Option<Reason>,
}

// === impl Reason ===

impl Reason {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [Self::New, Self::Lost, Self::Overflow, Self::Hole, Self::Behind, Self::Daily];

    /// Its name in a label.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Lost => "lost",
            Self::Overflow => "overflow",
            Self::Hole => "hole",
            Self::Behind => "behind",
            Self::Daily => "daily",
        }
    }

    /// Whether groups may have moved of which nothing is known until all are compared.
    fn hides_moves(self) -> bool {
        self != Self::Daily
    }

    /// Whether it comes with each try to work on a group.
    fn is_met_again(self) -> bool {
        matches!(self, Self::Hole | Self::Behind)
    }

    fn compares(self, what: Compares) -> bool {
        match self {
            // Who knew of the moves may have died before it raised the heads.
            Self::New | Self::Lost => true,
            Self::Overflow | Self::Hole | Self::Behind => what == Compares::Heads,
            Self::Daily => what == Compares::Newest,
        }
    }
}

// === impl Wants ===

impl Wants {
    /// Asks for what a reason calls for.
    pub(super) fn ask(&mut self, reason: Reason, now: Instant) {
        for kind in [Compares::Heads, Compares::Newest] {
            if reason.compares(kind) {
                self.ask_for(kind, reason, now);
            }
        }
    }

    /// Asks for a comparison of one kind.
    pub(super) fn ask_for(&mut self, kind: Compares, reason: Reason, now: Instant) {
        let want = self.of(kind);
        want.wanted = Some(match want.wanted {
            None => (reason, now),
            // What is met again and again must not put it off again and again.
            Some((first, since)) if reason.is_met_again() => (first.min(reason), since),
            Some((first, _)) => (first.min(reason), now),
        });
    }

    /// A comparison of a kind begins; answers the reason, where it is wanted and what moved before is in the documents.
    pub(super) fn begin(&mut self, kind: Compares, now: Instant) -> Option<Reason> {
        let want = self.of(kind);
        let (reason, _) = want.wanted.take_if(|(_, since)| now - *since >= RAISED_WITHIN)?;
        want.under_way = Some(reason);
        want.under_way
    }

    /// A comparison of a kind is done.
    pub(super) fn end(&mut self, kind: Compares) {
        self.of(kind).under_way = None;
    }

    /// Whether groups may have moved of which nothing is known until all are compared.
    pub(super) fn hides_moves(&self) -> bool {
        let hides = |want: &Want| {
            let wanted = want.wanted.map(|(reason, _)| reason);
            wanted.into_iter().chain(want.under_way).any(Reason::hides_moves)
        };
        hides(&self.heads) || hides(&self.newest)
    }

    fn of(&mut self, kind: Compares) -> &mut Want {
        match kind {
            Compares::Heads => &mut self.heads,
            Compares::Newest => &mut self.newest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_for_while_it_is_under_way_is_done_once_more() {
        let (mut wants, now) = (Wants::default(), Instant::now());
        let later = now + RAISED_WITHIN;
        assert_eq!(wants.begin(Compares::Heads, now), None);
        wants.ask(Reason::Hole, now);
        wants.ask(Reason::Lost, now);
        assert_eq!(wants.begin(Compares::Heads, now), None, "heads of before may not be raised yet");
        assert_eq!(wants.begin(Compares::Heads, later), Some(Reason::Lost));
        wants.ask(Reason::Overflow, now);
        wants.end(Compares::Heads);
        assert_eq!(wants.begin(Compares::Heads, later), Some(Reason::Overflow));
        wants.end(Compares::Heads);
        assert!(wants.hides_moves(), "the newest events are still to be compared");
        assert_eq!(wants.begin(Compares::Newest, later), Some(Reason::Lost));
        assert!(wants.hides_moves());
        wants.end(Compares::Newest);
        wants.ask(Reason::Daily, now);
        assert!(!wants.hides_moves());
        assert_eq!(wants.begin(Compares::Heads, later), None);
        assert_eq!(wants.begin(Compares::Newest, later), Some(Reason::Daily));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_met_again_and_again_does_not_put_it_off() {
        let (mut wants, now) = (Wants::default(), Instant::now());
        wants.ask(Reason::Hole, now);
        wants.ask(Reason::Hole, now + RAISED_WITHIN);
        assert_eq!(wants.begin(Compares::Heads, now + RAISED_WITHIN), Some(Reason::Hole));
    }

    #[test]
    fn reasons_have_names_of_their_own() {
        let names: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
    }
}

//! What people do all day, and how often: the mix of a run that is told to.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde_json::{Value, json};

use super::table::row;
use super::tally::{MixTally, State, Tally, count};
use crate::tools::frame_scan::Act;

/// Of a hundred deeds so many are of each kind; the rest is typing.
const TEXTS: u64 = 70;
const REACTIONS: u64 = 20;
const EDITS: u64 = 3;
const READS: u64 = 5;
/// Fewer than an event may have.
const EMOJI: [&str; 6] = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];
/// One in so many reactions is taken back.
const TAKEN_BACK: u64 = 5;
/// Spreads numbers that follow one another evenly (Knuth's multiplier).
const SPREAD: u64 = 6_364_136_223_846_793_005;

/// Something that a client does in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// It says something.
    Text,
    /// It reacts to an event, or takes that back.
    React { to: u64, emoji: &'static str, on: bool },
    /// It edits what it said.
    Edit { what: u64 },
    /// It has read up to here.
    Read { seq: u64 },
    /// It types.
    Type,
}

/// What a mixed run measured of one act.
#[derive(Debug, Serialize)]
pub struct ActFigures {
    /// Which: `text`, `reaction` or `edited`.
    pub kind: &'static str,
    /// Sends.
    pub sent: u64,
    /// Deliveries.
    pub delivered: u64,
    /// Latencies in milliseconds, p50, p90, p99 and p99.9: of a reaction to its sender, of others to each recipient.
    pub latency_ms: [f64; 4],
}

/// What a mixed run measured.
#[derive(Debug, Default, Serialize)]
pub struct MixFigures {
    /// By kind.
    pub acts: Vec<ActFigures>,
    /// Read marks and typing.
    pub passing: u64,
    /// Texts that were said in the place of what the hub does not know.
    pub instead: u64,
}

/// A `send` as it is on the wire.
#[derive(Default, Serialize)]
pub(super) struct Send<'a> {
    r#type: &'static str,
    id: u64,
    group: &'a str,
    cid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

/// What is on the wire of a deed.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Said<'a> {
    /// What becomes an event.
    Send(Send<'a>),
    /// What does not.
    Passing(Value),
}

// === impl Deed ===

impl Deed {
    /// What the run's deed of this number is: a text where there is nothing yet to do it to, or where the hub does not
    /// know it, which is counted.
    pub(super) fn of(number: u64, state: &State, tally: &MixTally) -> Self {
        let spread = number.wrapping_add(1).wrapping_mul(SPREAD) >> 33;
        let (point, chosen) = (spread % 100, spread / 100);
        let emoji = EMOJI[(chosen % EMOJI.len() as u64) as usize];
        let on = !(chosen / EMOJI.len() as u64).is_multiple_of(TAKEN_BACK);
        let [text, own, held] = [&state.text, &state.own, &state.held].map(|seq| seq.load(Ordering::Relaxed));
        let known = |act, deed, target| match (tally.knows(act), target) {
            (true, 0) => Self::Text,
            (true, _) => deed,
            (false, _) => {
                count(&tally.instead);
                Self::Text
            }
        };
        match point {
            point if point < TEXTS => Self::Text,
            point if point < TEXTS + REACTIONS => known(Act::Reaction, Self::React { to: text, emoji, on }, text),
            point if point < TEXTS + REACTIONS + EDITS => known(Act::Edit, Self::Edit { what: own }, own),
            point if point < TEXTS + REACTIONS + EDITS + READS => Self::Read { seq: held },
            _ => Self::Type,
        }
    }

    /// What is measured of it; nothing of what is no event.
    pub(super) fn act(self) -> Option<Act> {
        match self {
            Self::Text => Some(Act::Text),
            Self::React { .. } => Some(Act::Reaction),
            Self::Edit { .. } => Some(Act::Edit),
            Self::Read { .. } | Self::Type => None,
        }
    }

    /// Its frame, with a text of so many bytes where it has one.
    pub(super) fn said<'a>(self, number: u64, group: &'a str, bytes: usize, now: u64) -> Said<'a> {
        let mark = |act: Act| format!("~b:{now};{}", act.letter());
        let text = |act: Act| {
            let mut text = mark(act);
            text.extend(std::iter::repeat_n('x', bytes.saturating_sub(text.len())));
            Some(text)
        };
        let send = |cid: String| Send { r#type: "send", id: number, group, cid, ..Send::default() };
        let about = |seq: u64| Some(format!("{group}:{seq}"));
        match self {
            Self::Text => Said::Send(Send { text: text(Act::Text), ..send(format!("b{number}")) }),
            Self::React { to, emoji, on } => {
                let data = Some(json!({"emoji": emoji, "on": on}));
                let cid = format!("{}{number}", mark(Act::Reaction));
                Said::Send(Send { kind: Some("reaction"), r#ref: about(to), data, ..send(cid) })
            }
            Self::Edit { what } => {
                let (text, cid) = (text(Act::Edit), format!("e{number}"));
                Said::Send(Send { kind: Some("edited"), r#ref: about(what), text, ..send(cid) })
            }
            Self::Read { seq } => Said::Passing(json!({"type": "read", "group": group, "seq": seq})),
            Self::Type => Said::Passing(json!({"type": "typing", "group": group})),
        }
    }
}

// === impl MixFigures ===

impl MixFigures {
    /// What was counted.
    pub(super) fn of(tally: &Tally) -> Self {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let acts = Act::ALL.into_iter().map(|act| {
            let counted = tally.mix.of(act);
            let kind = match act {
                Act::Text => "text",
                Act::Reaction => "reaction",
                Act::Edit => "edited",
            };
            let (sent, delivered) = (number(&counted.sent), number(&counted.delivered));
            ActFigures { kind, sent, delivered, latency_ms: counted.latency.summary_ms() }
        });
        Self { acts: acts.collect(), passing: number(&tally.mix.passing), instead: number(&tally.mix.instead) }
    }

    /// Its rows of the table.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ActFigures { kind, sent, delivered, latency_ms: [p50, p90, p99, p999] } in &self.acts {
            row(f, &format!("{kind}: sends, deliveries"), format!("{sent}, {delivered}"))?;
            if *delivered > 0 {
                row(f, "  p50 / p90 / p99 / p99.9", format!("{p50:.2} / {p90:.2} / {p99:.2} / {p999:.2} ms"))?;
            }
        }
        row(f, "read marks and typing", self.passing.to_string())?;
        if self.instead > 0 {
            let told = format!("{}: the hub does not name kind:reaction or kind:edited in its features", self.instead);
            row(f, "texts in the place of others", told)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::frame_scan::Knows;

    fn state(text: u64, own: u64) -> State {
        State { text: text.into(), own: own.into(), held: 9.into(), ..State::default() }
    }

    fn counted(state: &State, tally: &MixTally) -> [u64; 5] {
        let mut counts = [0; 5];
        for number in 0..10_000 {
            let at = match Deed::of(number, state, tally) {
                Deed::Text => 0,
                Deed::React { to, .. } => 1 + usize::from(to != 7),
                Deed::Edit { what } => 2 + usize::from(what != 5),
                Deed::Read { seq } => 3 + usize::from(seq != 9),
                Deed::Type => 4,
            };
            counts[at] += 1;
        }
        counts
    }

    #[test]
    fn the_mix_is_what_people_do() {
        let tally = MixTally::default();
        tally.told(Knows { reactions: true, edits: true });
        let counts = counted(&state(7, 5), &tally);
        for (count, of_hundred) in counts.into_iter().zip([TEXTS, REACTIONS, EDITS, READS, 2]) {
            assert!(count.abs_diff(of_hundred * 100) < 100, "{counts:?}");
        }
        let counts = counted(&state(0, 0), &tally);
        assert_eq!((counts[1], counts[2]), (0, 0), "there is nothing yet to do it to");
        assert_eq!(tally.instead.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_the_hub_does_not_know_is_a_text_and_is_told() {
        let tally = Tally::default();
        let counts = counted(&state(7, 5), &tally.mix);
        assert_eq!((counts[1], counts[2]), (0, 0));
        let figures = MixFigures::of(&tally);
        assert!(figures.instead.abs_diff(2_300) < 200, "{}", figures.instead);
        struct Table(MixFigures);
        impl fmt::Display for Table {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(f)
            }
        }
        assert!(Table(figures).to_string().contains("does not name kind:reaction"));
    }

    #[test]
    fn frames_are_those_of_the_protocol() {
        let json = |deed: Deed| serde_json::to_value(deed.said(12, "g", 12, 99)).unwrap();
        let text = json!({"type": "send", "id": 12, "group": "g", "cid": "b12", "text": "~b:99;xxxxxx"});
        assert_eq!(json(Deed::Text), text);
        let reaction = json!({"type": "send", "id": 12, "group": "g", "cid": "~b:99;r12", "kind": "reaction",
                              "ref": "g:7", "data": {"emoji": "👍", "on": true}});
        assert_eq!(json(Deed::React { to: 7, emoji: "👍", on: true }), reaction);
        let edit = json!({"type": "send", "id": 12, "group": "g", "cid": "e12", "kind": "edited",
                          "ref": "g:5", "text": "~b:99;exxxxx"});
        assert_eq!(json(Deed::Edit { what: 5 }), edit);
        assert_eq!(json(Deed::Read { seq: 9 }), json!({"type": "read", "group": "g", "seq": 9}));
        assert_eq!(json(Deed::Type), json!({"type": "typing", "group": "g"}));
    }
}

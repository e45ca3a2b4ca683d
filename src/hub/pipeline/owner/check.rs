//! What entries do to others, checked in the order of the sequence before they are stored.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::reactions::Reactions;
use super::settled::Open;
use super::targets::{Place, Targets};
use crate::domain::{Code, Event, GroupId, Seq};
use crate::hub::pipeline::effects::{EffectRules, target_of};
use crate::ports::{LogEntry, MessageStore, Partition, ReactionStore, StoreError};

/// Checks entries against what is stored, and against those before them.
pub(crate) struct EffectChecker {
    messages: Arc<dyn MessageStore>,
    reactions: Arc<dyn ReactionStore>,
    rules: EffectRules,
}

/// Entries whose effect is still to be checked.
#[derive(Default)]
struct Unchecked {
    /// In the order of the sequence, by their position among the others, with what they are about.
    asked: Vec<(usize, Place)>,
    /// Those that must wait: what they are about is itself among the others, and may become a void.
    waiting: BTreeSet<usize>,
}

/// Cuts entries into portions, to be stored one after the other, with so many of each group at most.
pub(super) fn portions(entries: Vec<(Partition, LogEntry)>, most: usize) -> Vec<Vec<(Partition, LogEntry)>> {
    if entries.len() <= most {
        return vec![entries];
    }
    let mut counts: HashMap<GroupId, usize> = HashMap::new();
    let mut portions: Vec<Vec<_>> = Vec::new();
    for (partition, entry) in entries {
        let count = counts.entry(entry.group.clone()).or_default();
        let portion = *count / most;
        *count += 1;
        if portions.len() <= portion {
            portions.resize_with(portion + 1, Vec::new);
        }
        portions[portion].push((partition, entry));
    }
    portions
}

/// The event that one with an effect is about, which must stand below it.
fn target_below(event: &Event) -> Result<Seq, Code> {
    let target = target_of(&event.group, event.reference.as_deref()).map_err(|refusal| refusal.code)?;
    if target < event.seq { Ok(target) } else { Err(Code::NotFound) }
}

// === impl EffectChecker ===

impl EffectChecker {
    pub(crate) fn new(messages: Arc<dyn MessageStore>, reactions: Arc<dyn ReactionStore>, rules: EffectRules) -> Self {
        Self { messages, reactions, rules }
    }

    /// Checks entries whose effect is still to be checked, and puts voids in the place of those that may not stand. What
    /// they are about is read once for all of them. Answers which ones (by position) must wait.
    pub(super) async fn check_effects(&self, open: &mut [(usize, Open)]) -> Result<BTreeSet<usize>, StoreError> {
        let Unchecked { asked, waiting } = Unchecked::among(open);
        let places = asked.iter().map(|(_, about)| about.clone()).collect();
        let mut targets = Targets::read(&*self.messages, places).await?;
        let mut reactions = Reactions::read(&*self.reactions, asked.iter().map(|(at, _)| &open[*at].1.event)).await?;
        for (at, about) in &asked {
            let (_, one) = &mut open[*at];
            match targets.judge(&self.rules, &mut reactions, one, about) {
                Ok(()) => one.checked = true,
                Err(code) => refuse(one, code),
            }
        }
        Ok(waiting)
    }
}

// === impl Unchecked ===

impl Unchecked {
    /// Finds them; those that are about nothing below them are refused at once.
    fn among(open: &mut [(usize, Open)]) -> Self {
        let mut unchecked = Self::default();
        if open.iter().all(|(_, one)| one.is_checked()) {
            return unchecked;
        }
        let here: BTreeSet<Place> = open.iter().map(|(_, one)| (one.event.group.clone(), one.event.seq)).collect();
        for (at, (_, one)) in open.iter_mut().enumerate().filter(|(_, (_, one))| !one.is_checked()) {
            match target_below(&one.event).map(|target| (one.event.group.clone(), target)) {
                Ok(about) if here.contains(&about) => drop(unchecked.waiting.insert(at)),
                Ok(about) => unchecked.asked.push((at, about)),
                Err(code) => refuse(one, code),
            }
        }
        // What comes again may come behind what follows on it.
        unchecked.asked.sort_by_key(|(at, _)| open[*at].1.event.seq);
        unchecked
    }
}

/// The answers to its sender count it, by code.
fn refuse(one: &mut Open, code: Code) {
    let (group, seq, kind) = (&one.event.group, one.event.seq, one.event.kind);
    tracing::debug!(%group, seq, %kind, code = code.as_str(), "an event may not stand in its turn");
    one.refuse(code);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, Part};
    use crate::hub::codec::Body;
    use crate::hub::pipeline::owner::order::tests::entry;
    use crate::hub::pipeline::owner::settled::Fate;
    use crate::hub::testing::{MemoryStore, text, user};

    /// An entry of a kind by somebody, about a seq.
    fn about(group: &GroupId, seq: Seq, kind: Kind, from: &str, target: Seq) -> (usize, Open) {
        let row = kind.row().unwrap();
        let event = Event {
            kind,
            traits: kind.traits(),
            reference: Some(group.event_id(target)),
            text: (row.text == Part::Required).then(|| format!("edit {seq}")),
            data: (!row.flags.is_empty()).then(|| [("on".to_owned(), true.into())].into_iter().collect()),
            ..text(group, seq, from)
        };
        open(event)
    }

    fn open(event: Event) -> (usize, Open) {
        let entry = LogEntry { from: event.from.clone(), ..entry(&event.group, event.seq, 0) };
        (0, Open { partition: 0, entry, event, fate: Fate::Stored, checked: false })
    }

    fn entitled((slot, mut one): (usize, Open)) -> (usize, Open) {
        one.entry.body = Body::default().entitled(true).encode();
        (slot, one)
    }

    fn checker(store: &Arc<MemoryStore>) -> EffectChecker {
        EffectChecker::new(store.clone(), store.clone(), EffectRules::default())
    }

    fn refusals(open: &[(usize, Open)]) -> Vec<Option<Code>> {
        open.iter().map(|(_, one)| one.event.refusal()).collect()
    }

    #[tokio::test]
    async fn each_is_judged_by_what_those_before_it_do() {
        let (store, group) = (Arc::<MemoryStore>::default(), GroupId::random());
        store.put([text(&group, 1, "anna"), text(&group, 2, "anna")]);
        let mut open = [
            about(&group, 3, Kind::Edited, "anna", 1),
            about(&group, 4, Kind::Edited, "bob", 1),
            about(&group, 5, Kind::Deleted, "bob", 1),
            entitled(about(&group, 6, Kind::Deleted, "bob", 1)),
            about(&group, 7, Kind::Edited, "anna", 1),
            about(&group, 8, Kind::Pinned, "anna", 1),
            about(&group, 9, Kind::Deleted, "anna", 1),
            about(&group, 10, Kind::Pinned, "anna", 2),
            about(&group, 11, Kind::Deleted, "anna", 7),
        ];
        // What comes again may come behind what follows on it.
        open.swap(0, 4);
        let waiting = checker(&store).check_effects(&mut open).await.unwrap();
        assert_eq!(waiting, BTreeSet::from([8]), "what it is about is here, and becomes a void");
        open.swap(0, 4);
        let (forbidden, conflict) = (Some(Code::Forbidden), Some(Code::Conflict));
        let expected = [None, forbidden, forbidden, None, conflict, conflict, None, None, None];
        assert_eq!(refusals(&open), expected);
        assert!(open[3].1.is_checked() && open[4].1.is_checked() && !open[8].1.is_checked());
        assert_eq!(open[4].1.event.from, user("anna"));
    }

    #[tokio::test]
    async fn a_thousand_about_one_event_take_one_look_at_the_store() {
        let (store, group) = (Arc::<MemoryStore>::default(), GroupId::random());
        store.put([text(&group, 1, "anna")]);
        let kinds = [Kind::Edited, Kind::Pinned];
        let entry = |seq: Seq| about(&group, seq, kinds[seq as usize % 2], "anna", 1);
        let mut open: Vec<_> = (2..1_002).map(entry).collect();
        open.insert(500, about(&group, 1_002, Kind::Deleted, "anna", 1));
        let mut behind: Vec<_> = (1_003..1_010).map(entry).collect();
        open.append(&mut behind);
        assert!(checker(&store).check_effects(&mut open).await.unwrap().is_empty());
        assert_eq!(store.calls("events"), 1);
        assert_eq!(refusals(&open).into_iter().flatten().collect::<Vec<_>>(), [Code::Conflict; 7]);
    }

    #[test]
    fn portions_keep_the_order_and_hold_so_many_of_each_group() {
        let (one, other) = (GroupId::random(), GroupId::random());
        let entries: Vec<_> = (1..=5).map(|seq| (0, entry(&one, seq, 0))).chain([(0, entry(&other, 1, 0))]).collect();
        let seqs = |portion: &Vec<(Partition, LogEntry)>| -> Vec<Seq> {
            portion.iter().filter(|(_, entry)| entry.group == one).map(|(_, entry)| entry.seq).collect()
        };
        let cut = portions(entries, 2);
        assert_eq!(cut.iter().map(seqs).collect::<Vec<_>>(), [vec![1, 2], vec![3, 4], vec![5]]);
        assert_eq!(cut.iter().map(Vec::len).sum::<usize>(), 6);
    }
}

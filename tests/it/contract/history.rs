//! The full record of what was sent, acked and seen, held against P1–P6. Knows nothing of the hub's inside.

use std::collections::{BTreeMap, HashMap, HashSet};

/// What identifies a send: group, sender, cid.
pub type SendId = (String, String, String);

/// An event as some client (or the history API) showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub seq: u64,
    pub from: String,
    pub kind: String,
    pub text: String,
}

/// One thing that happened to one client, in its order.
#[derive(Debug, Clone)]
pub enum Happened {
    /// A connection began; per group the cursor that it resumed from.
    Connected {
        cursors: HashMap<String, u64>,
    },
    Message {
        group: String,
        shown: Shown,
    },
    Acked {
        id: SendId,
        seq: u64,
    },
    Gap {
        group: String,
        from: u64,
        to: u64,
    },
    /// The group's history ends before `from` again: the store was restored from a backup.
    Reset {
        group: String,
        from: u64,
    },
    /// No longer a member: what is said from now on is not for this client.
    Left {
        group: String,
    },
}

/// Everything that is known of a run.
#[derive(Debug, Default)]
pub struct History {
    /// Every send tried, with its first text.
    pub sent: HashMap<SendId, String>,
    /// What happened to each client.
    pub clients: HashMap<String, Vec<Happened>>,
    /// Which groups a client was a member of for the whole run, with the seq that it began from.
    pub members: HashMap<String, HashMap<String, u64>>,
    /// What is stored in the end, by group.
    pub stored: HashMap<String, Vec<Shown>>,
    /// What is marked as pinned in what is stored in the end, by group.
    pub pinned: HashMap<String, Vec<u64>>,
    /// Whether the store was restored from a backup meanwhile. Only then a client may be told to
    /// forget what it saw.
    pub restored: bool,
}

impl History {
    /// Every violation of the contract, in words; empty when it was held.
    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.check_stored(&mut found);
        self.check_pins(&mut found);
        for (client, happened) in &self.clients {
            self.check_client(client, happened, &mut found);
        }
        self.check_delivery(&mut found);
        found
    }

    fn event(&self, group: &str, seq: u64) -> Option<&Shown> {
        self.stored.get(group)?.get(usize::try_from(seq).ok()?.checked_sub(1)?)
    }

    /// P1 and P4 over what is stored: no holes, and no send twice.
    fn check_stored(&self, found: &mut Vec<String>) {
        for (group, events) in &self.stored {
            for (at, event) in events.iter().enumerate() {
                if event.seq != at as u64 + 1 {
                    found.push(format!("P1: {group} has seq {} where {} belongs", event.seq, at + 1));
                    break;
                }
            }
            let mut texts = HashSet::new();
            for event in events.iter().filter(|event| event.kind == "text") {
                if !texts.insert(&event.text) {
                    found.push(format!("P4: {:?} is stored twice in {group}", event.text));
                }
            }
        }
    }

    /// State follows from the sequence alone.
    fn check_pins(&self, found: &mut Vec<String>) {
        for (group, events) in &self.stored {
            let mut pins: BTreeMap<u64, bool> = BTreeMap::new();
            for event in events.iter().filter(|event| event.kind == "pinned") {
                let mut words = event.text.split(' ').skip(1);
                let target = words.next().and_then(|seq| seq.parse().ok()).unwrap_or_default();
                if self.event(group, target).is_none_or(|target| target.kind != "text") {
                    found.push(format!("state: {} of {group} pins {target}, which is no text", event.seq));
                }
                pins.insert(target, words.next() == Some("true"));
            }
            let reckoned: Vec<u64> = pins.into_iter().filter(|(_, on)| *on).map(|(seq, _)| seq).collect();
            let shown = self.pinned.get(group).cloned().unwrap_or_default();
            if reckoned != shown {
                found.push(format!("state: {group} says that {shown:?} are pinned, its sequence {reckoned:?}"));
            }
        }
    }

    /// One client's own view: order within a connection, agreement with the store, acks that stand.
    fn check_client(&self, client: &str, happened: &[Happened], found: &mut Vec<String>) {
        let mut at: HashMap<&str, u64> = HashMap::new();
        let mut acks: HashMap<&SendId, u64> = HashMap::new();
        let revoked = self.revoked(client, happened, found);
        for (index, what) in happened.iter().enumerate() {
            let stands = !revoked.contains(&index);
            match what {
                Happened::Reset { group, from } => drop(at.insert(group, from - 1)),
                Happened::Left { group } => drop(at.remove(group.as_str())),
                Happened::Connected { cursors } => {
                    at = cursors.iter().map(|(group, seq)| (group.as_str(), *seq)).collect();
                }
                Happened::Gap { group, from, to } => {
                    if at.get(group.as_str()).is_some_and(|at| at + 1 != *from) {
                        found.push(format!("P3: a gap {from}–{to} of {group} at {client} leaves a hole before it"));
                    }
                    at.insert(group, *to);
                }
                Happened::Message { group, shown } => {
                    if at.get(group.as_str()).is_some_and(|at| at + 1 != shown.seq) {
                        let at = at[group.as_str()];
                        found.push(format!("P1: {client} saw {} after {at} in {group}", shown.seq));
                    }
                    at.insert(group, shown.seq);
                    if stands && self.event(group, shown.seq) != Some(shown) {
                        found.push(format!(
                            "P2: {client} saw {shown:?} in {group}, stored is {:?}",
                            self.event(group, shown.seq)
                        ));
                    }
                }
                Happened::Acked { .. } if !stands => {}
                Happened::Acked { id, seq } => {
                    if *acks.entry(id).or_insert(*seq) != *seq {
                        found.push(format!("P4: {id:?} was acked with two seqs"));
                    }
                    let stands = self.event(&id.0, *seq).is_some_and(|event| {
                        event.from == id.1
                            && ["text", "pinned"].contains(&&*event.kind)
                            && self.sent.get(id) == Some(&event.text)
                    });
                    if !stands {
                        found.push(format!("P2: {id:?} was acked with {seq}, stored is {:?}", self.event(&id.0, *seq)));
                    }
                }
            }
        }
    }

    /// What a client was told to forget, by its place in the record. Where the store was restored,
    /// whoever had left a group before cannot be told, and forgets with leaving.
    fn revoked(&self, client: &str, happened: &[Happened], found: &mut Vec<String>) -> HashSet<usize> {
        let mut revoked = HashSet::new();
        for (index, what) in happened.iter().enumerate() {
            let (group, from) = match what {
                Happened::Reset { group, from } => (group, from),
                Happened::Left { group } if self.restored => (group, &1),
                _ => continue,
            };
            if !self.restored {
                found.push(format!("P2: {client} was told to forget {group} from {from} on"));
            }
            for (earlier, what) in happened[..index].iter().enumerate() {
                let beyond = match what {
                    Happened::Message { group: of, shown } => of == group && shown.seq >= *from,
                    Happened::Acked { id, seq } => id.0 == *group && seq >= from,
                    _ => false,
                };
                if beyond {
                    revoked.insert(earlier);
                }
            }
        }
        revoked
    }

    /// P3: every member got every event since it began, or a gap.
    fn check_delivery(&self, found: &mut Vec<String>) {
        for (client, groups) in &self.members {
            let mut seen: HashMap<&str, BTreeMap<u64, ()>> = HashMap::new();
            for what in self.clients.get(client).into_iter().flatten() {
                match what {
                    Happened::Message { group, shown } => {
                        seen.entry(group).or_default().insert(shown.seq, ());
                    }
                    Happened::Gap { group, from, to } => {
                        let seen = seen.entry(group).or_default();
                        seen.extend((*from..=*to).map(|seq| (seq, ())));
                    }
                    Happened::Reset { group, from } => {
                        seen.entry(group).or_default().retain(|seq, ()| seq < from);
                    }
                    _ => {}
                }
            }
            for (group, begun) in groups {
                let head = self.stored.get(group).map_or(0, |events| events.len() as u64);
                let seen = seen.remove(group.as_str()).unwrap_or_default();
                let missing: Vec<_> = (begun + 1..=head).filter(|seq| !seen.contains_key(seq)).collect();
                if !missing.is_empty() {
                    let shown = &missing[..missing.len().min(10)];
                    found.push(format!("P3: {client} never saw {} of {group}: {shown:?}", missing.len()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seq: u64) -> Shown {
        Shown { seq, from: "a".into(), kind: "text".into(), text: format!("t{seq}") }
    }

    fn id(seq: u64) -> SendId {
        ("g".into(), "a".into(), format!("c{seq}"))
    }

    /// A run in which all went well: three sends, acked, seen by `a` and `b`.
    fn good() -> History {
        let mut history = History::default();
        for client in ["a", "b"] {
            let mut happened = vec![Happened::Connected { cursors: HashMap::from([("g".into(), 0)]) }];
            for seq in 1..=3 {
                happened.push(Happened::Message { group: "g".into(), shown: shown(seq) });
                if client == "a" {
                    happened.push(Happened::Acked { id: id(seq), seq });
                }
            }
            history.clients.insert(client.into(), happened);
            history.members.insert(client.into(), HashMap::from([("g".into(), 0)]));
        }
        history.sent = (1..=3).map(|seq| (id(seq), format!("t{seq}"))).collect();
        history.stored.insert("g".into(), (1..=3).map(shown).collect());
        history
    }

    fn planted(plant: impl FnOnce(&mut History)) -> Vec<String> {
        let mut history = good();
        plant(&mut history);
        history.violations()
    }

    fn told(violations: &[String], promise: &str) -> bool {
        violations.iter().any(|violation| violation.starts_with(promise))
    }

    #[test]
    fn a_good_run_has_no_violations() {
        assert_eq!(good().violations(), Vec::<String>::new());
    }

    #[test]
    fn planted_violations_are_found() {
        let b = |history: &mut History| history.clients.get_mut("b").map(std::mem::take).unwrap_or_default();
        assert!(told(&planted(|h| drop(h.stored.get_mut("g").unwrap().remove(1))), "P1"), "a hole in the store");
        assert!(told(&planted(|h| h.stored.get_mut("g").unwrap()[2].text = "t1".into()), "P4"), "stored twice");
        let swapped = planted(|h| {
            let mut happened = b(h);
            happened.swap(1, 2);
            h.clients.insert("b".into(), happened);
        });
        assert!(told(&swapped, "P1"), "disorder: {swapped:?}");
        let lost = planted(|h| {
            let mut happened = b(h);
            happened.pop();
            h.clients.insert("b".into(), happened);
        });
        assert!(told(&lost, "P3"), "a lost message: {lost:?}");
        let unstored = planted(|h| drop(h.stored.get_mut("g").unwrap().pop()));
        assert!(told(&unstored, "P2"), "acked and seen, not stored: {unstored:?}");
        let other = planted(|h| h.stored.get_mut("g").unwrap()[0].from = "b".into());
        assert!(told(&other, "P2"), "acked with another's seq: {other:?}");
        let twice = planted(|h| {
            h.clients.get_mut("a").unwrap().push(Happened::Acked { id: id(1), seq: 2 });
        });
        assert!(told(&twice, "P4"), "two seqs for one send: {twice:?}");
        let hole = planted(|h| {
            let mut happened = b(h);
            happened.insert(1, Happened::Gap { group: "g".into(), from: 2, to: 2 });
            h.clients.insert("b".into(), happened);
        });
        assert!(told(&hole, "P3"), "a gap that does not begin where the client stands: {hole:?}");
    }

    #[test]
    fn planted_states_are_found() {
        let pin = |seq: u64, text: &str| Shown { kind: "pinned".into(), text: text.into(), ..shown(seq) };
        let pins = |texts: [&str; 2], pinned: Vec<u64>| {
            let mut history = History::default();
            let events = vec![shown(1), shown(2), pin(3, texts[0]), pin(4, texts[1])];
            history.stored.insert("g".into(), events);
            history.pinned.insert("g".into(), pinned);
            history.violations()
        };
        assert_eq!(pins(["pin 1 true", "pin 2 true"], vec![1, 2]), Vec::<String>::new());
        assert_eq!(pins(["pin 1 true", "pin 1 false"], vec![]), Vec::<String>::new());
        assert!(told(&pins(["pin 1 true", "pin 2 true"], vec![2]), "state"), "a pin is lost");
        assert!(told(&pins(["pin 1 true", "pin 1 false"], vec![1]), "state"), "the older one stands");
        assert!(told(&pins(["pin 1 true", "pin 3 true"], vec![1, 3]), "state"), "a pin of a pin");
    }

    #[test]
    fn only_a_restored_store_makes_forget() {
        let reset = |h: &mut History| {
            h.stored.get_mut("g").unwrap().pop();
            for happened in h.clients.values_mut() {
                happened.push(Happened::Reset { group: "g".into(), from: 3 });
            }
        };
        assert!(told(&planted(reset), "P2"), "nothing was restored");
        let restored = planted(|h| {
            reset(h);
            h.restored = true;
        });
        assert_eq!(restored, Vec::<String>::new());
        let again = planted(|h| {
            reset(h);
            h.restored = true;
            h.stored.get_mut("g").unwrap().push(Shown { text: "another".into(), ..shown(3) });
        });
        assert!(told(&again, "P3"), "what came to be there later is for everybody: {again:?}");
    }

    #[test]
    fn who_left_before_a_restore_has_forgotten() {
        let left = |h: &mut History| {
            h.stored.get_mut("g").unwrap().pop();
            h.clients.remove("a");
            h.members.clear();
            h.clients.get_mut("b").unwrap().push(Happened::Left { group: "g".into() });
        };
        assert!(told(&planted(left), "P2"), "nothing was restored");
        let restored = planted(|h| {
            left(h);
            h.restored = true;
        });
        assert_eq!(restored, Vec::<String>::new());
    }

    #[test]
    fn who_left_misses_nothing() {
        let left = planted(|h| {
            h.members.remove("b");
            let happened = h.clients.get_mut("b").unwrap();
            happened[2] = Happened::Left { group: "g".into() };
        });
        assert_eq!(left, Vec::<String>::new());
        let hole = planted(|h| {
            h.members.remove("b");
            h.clients.get_mut("b").unwrap().remove(2);
        });
        assert!(told(&hole, "P1"), "a hole while a member: {hole:?}");
    }

    #[test]
    fn a_gap_told_is_no_loss() {
        let violations = planted(|h| {
            let happened = h.clients.get_mut("b").unwrap();
            happened[1] = Happened::Gap { group: "g".into(), from: 1, to: 1 };
        });
        assert_eq!(violations, Vec::<String>::new());
    }

    #[test]
    fn what_comes_again_after_a_reconnect_is_in_order() {
        let violations = planted(|h| {
            let happened = h.clients.get_mut("b").unwrap();
            happened.push(Happened::Connected { cursors: HashMap::from([("g".into(), 1)]) });
            happened.extend((2..=3).map(|seq| Happened::Message { group: "g".into(), shown: shown(seq) }));
        });
        assert_eq!(violations, Vec::<String>::new());
    }
}

//! What entries do to others, checked in the order of the sequence before they are stored.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::settled::Open;
use crate::domain::{Code, Event, GroupId, Seq};
use crate::hub::pipeline::effects::{check_target, target_of};
use crate::ports::{LogEntry, MessageStore, Partition, StoreError};

/// Checks entries against what is stored.
pub(super) struct EffectChecker {
    messages: Arc<dyn MessageStore>,
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
    pub(super) fn new(messages: Arc<dyn MessageStore>) -> Self {
        Self { messages }
    }

    /// Checks entries whose effect is still to be checked, and puts voids in the place of those that may not stand.
    /// Answers which ones (by position) must wait: what they are about is itself among the others, and may become a void.
    pub(super) async fn check_effects(&self, open: &mut [(usize, Open)]) -> Result<BTreeSet<usize>, StoreError> {
        let mut waiting = BTreeSet::new();
        if open.iter().all(|(_, one)| one.is_checked()) {
            return Ok(waiting);
        }
        let here: BTreeSet<(GroupId, Seq)> =
            open.iter().map(|(_, one)| (one.event.group.clone(), one.event.seq)).collect();
        let mut asked: Vec<(usize, (GroupId, Seq))> = Vec::new();
        for (at, (_, one)) in open.iter_mut().enumerate().filter(|(_, (_, one))| !one.is_checked()) {
            match target_below(&one.event).map(|target| (one.event.group.clone(), target)) {
                Ok(target) if here.contains(&target) => drop(waiting.insert(at)),
                Ok(target) => asked.push((at, target)),
                Err(code) => refuse(one, code),
            }
        }
        let ids: Vec<_> = asked.iter().map(|(_, id)| id.clone()).collect();
        if ids.is_empty() {
            return Ok(waiting);
        }
        let (found, unreadable) = self.targets(&ids).await?;
        let found: HashMap<(&GroupId, Seq), &Event> =
            found.iter().map(|event| ((&event.group, event.seq), event)).collect();
        for (at, (group, target)) in &asked {
            let (_, one) = &mut open[*at];
            if unreadable.contains(&(group.clone(), *target)) {
                refuse(one, Code::Internal);
                continue;
            }
            let target = found.get(&(group, *target)).copied();
            match one.event.kind.row().map(|row| check_target(row, target)) {
                Some(Err(code)) => refuse(one, code),
                _ => one.checked = true,
            }
        }
        Ok(waiting)
    }

    /// What stands under these ids; and those of them that the store refuses to show, now and always: nobody else is to
    /// wait for them.
    async fn targets(&self, ids: &[(GroupId, Seq)]) -> Result<(Vec<Event>, BTreeSet<(GroupId, Seq)>), StoreError> {
        match self.messages.events(ids).await {
            Err(StoreError::Refused(_)) => {}
            answer => return answer.map(|found| (found, BTreeSet::new())),
        }
        let (mut found, mut unreadable) = (Vec::new(), BTreeSet::new());
        for id in ids {
            match self.messages.event(&id.0, id.1).await {
                Ok(event) => found.extend(event),
                Err(StoreError::Refused(why)) => {
                    tracing::error!(group = %id.0, seq = id.1, why, "what an event is about cannot be read");
                    unreadable.insert(id.clone());
                }
                Err(error) => return Err(error),
            }
        }
        Ok((found, unreadable))
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
    use crate::hub::pipeline::owner::order::tests::entry;

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

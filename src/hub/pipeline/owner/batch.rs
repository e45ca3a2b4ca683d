//! What was stored of a partition, on its way to be committed and routed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::route_hints::RouteHints;
use super::settled::{Fate, Settled};
use crate::domain::{Code, Event, GroupId, Kind, NodeName, Seq};
use crate::hub::codec::{PeerEvent, PeerMessage, encode_event};
use crate::ports::{Commit, EntryId, GroupCommit, LeaseToken, Partition};

/// What was stored of one partition, to be committed and routed.
pub(crate) struct Batch {
    pub(super) partition: Partition,
    pub(super) token: LeaseToken,
    pub(super) groups: BTreeMap<GroupId, Run>,
    /// What single nodes are to be told besides.
    pub(super) notes: Vec<(NodeName, PeerEvent)>,
    pub(super) done: Vec<EntryId>,
    pub(super) held: Arc<Mutex<HashSet<EntryId>>>,
}

#[derive(Default)]
pub(super) struct Run {
    pub(super) events: BTreeMap<u64, Arc<Event>>,
    pub(super) origins: BTreeSet<NodeName>,
}

/// What is kept of a partition from one batch to the next.
pub(super) struct Trail {
    pub(super) token: LeaseToken,
    /// Entries that are stored and routed, and still to be acked.
    pub(super) done: Vec<EntryId>,
    pub(super) held: Arc<Mutex<HashSet<EntryId>>>,
}

/// The nodes that are told of a group's events.
pub(super) type Routes = HashMap<GroupId, BTreeSet<NodeName>>;

// === impl Batch ===

impl Batch {
    pub(crate) fn new(partition: Partition, token: LeaseToken, held: Arc<Mutex<HashSet<EntryId>>>) -> Self {
        Self { partition, token, groups: BTreeMap::new(), notes: Vec::new(), done: Vec::new(), held }
    }

    /// Adds what became of an entry.
    pub(crate) fn add(&mut self, one: Settled) {
        let Settled { entry, event, fate, .. } = one;
        self.done.push(entry.id);
        let run = self.groups.entry(entry.group.clone()).or_default();
        run.origins.insert(entry.origin.clone());
        if let Some(event) = event {
            run.events.insert(event.seq, Arc::new(event));
        }
        let (group, from, cid) = (entry.group, entry.from, entry.cid);
        match fate {
            Fate::Stored | Fate::Moved => {}
            Fate::StoredBefore(first) => {
                let (seq, time) = (first.seq, first.time);
                let note = match first.refusal() {
                    Some(code) => PeerEvent::refused(group, from, cid, code),
                    None => PeerEvent::Acked { group, from, cid, seq, time },
                };
                self.notes.push((entry.origin, note));
            }
            Fate::Refused => self.notes.push((entry.origin, PeerEvent::refused(group, from, cid, Code::Internal))),
        }
    }

    /// Takes out the events of a group up to a seq, and has their senders told; false when there are none.
    pub(super) fn leave_out(&mut self, group: &GroupId, base: Seq) -> bool {
        let Some(run) = self.groups.get_mut(group) else { return false };
        let present = run.events.split_off(&base.saturating_add(1));
        let ended = std::mem::replace(&mut run.events, present);
        for (event, origin) in ended.values().flat_map(|event| run.origins.iter().map(move |origin| (event, origin))) {
            let (group, from, cid) = (event.group.clone(), event.from.clone(), event.cid.clone());
            self.notes.push((origin.clone(), PeerEvent::Ended { group, from, cid }));
        }
        !ended.is_empty()
    }

    /// Adds events that were found in the store.
    pub(crate) fn add_found(&mut self, events: Vec<Event>) {
        for event in events {
            self.groups.entry(event.group.clone()).or_default().events.insert(event.seq, Arc::new(event));
        }
    }

    pub(super) fn commit(&self, done: Vec<EntryId>, me: &NodeName, route_hints: &RouteHints) -> Commit {
        let mut groups: Vec<_> = self.groups.iter().filter_map(|(group, run)| run.commit(group, me)).collect();
        let mut hinted = BTreeSet::new();
        for part in &groups {
            route_hints.extend(&mut hinted, &part.group);
            hinted.extend(part.askers.iter().cloned());
        }
        hinted.remove(me);
        if !hinted.is_empty() {
            for part in &mut groups {
                part.peer_message = PeerMessage::encode(&[PeerEvent::run(&part.group, &part.recent)]);
            }
        }
        let hinted = hinted.into_iter().collect();
        Commit { partition: self.partition, token: self.token.clone(), done, groups, hinted }
    }
}

// === impl Run ===

impl Run {
    /// The group's part in a commit, without a peer message; `None` when nothing of it is to be shown.
    fn commit(&self, group: &GroupId, me: &NodeName) -> Option<GroupCommit> {
        let last = self.events.values().next_back()?;
        let head = last.head();
        let recent: Vec<_> = self.events.values().map(|event| (event.seq, encode_event(event))).collect();
        let erased_at = self.events.values().rfind(|event| event.kind == Kind::Deleted).map(|event| event.seq);
        let askers = self.origins.iter().filter(|node| *node != me).cloned().collect();
        Some(GroupCommit { group: group.clone(), head, recent, erased_at, peer_message: Bytes::new(), askers })
    }
}

/// Whether the commit itself told a node of a group's events.
pub(super) fn was_told(node: &NodeName, part: &GroupCommit, routes: &[NodeName], hinted: &[NodeName]) -> bool {
    hinted.contains(node) && (routes.contains(node) || part.askers.contains(node))
}

pub(super) fn forget(held: &Mutex<HashSet<EntryId>>, entries: &[EntryId]) {
    let mut held = held.lock();
    for entry in entries {
        held.remove(entry);
    }
}

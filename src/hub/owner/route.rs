//! Commit, then peer messages: what is stored goes to the nodes with members.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::route_hints::RouteHints;
use super::{Hub, Owned, RETRY};
use crate::domain::{Code, Event, GroupId, MembershipChange, NodeName, Seq, UserId};
use crate::hub::codec::{PeerEvent, PeerMessage, encode_event};
use crate::hub::metrics::Stage;
use crate::hub::owner::settle::{Fate, Settled};
use crate::ports::{Commit, CommitError, Committed, EntryId, GroupCommit, LeaseToken, Partition};

/// Acks wait this long for a batch to go with. Until then a new owner would find these entries pending, and
/// their documents in the store.
const ACK_AFTER: Duration = Duration::from_secs(2);
/// Batches of a partition stored ahead of its routing stage.
const AHEAD: usize = 4;
/// Peer messages are tried for this long, in which all batches of their partition wait behind them.
pub(super) const POST_FOR: Duration = Duration::from_secs(1);
/// After so long without the backplane the partition is given up: its lease has ended by then.
const GIVE_UP: Duration = Duration::from_secs(15);

/// What was stored of one partition, to be committed and routed.
pub(crate) struct Batch {
    pub(super) partition: Partition,
    token: LeaseToken,
    pub(super) groups: BTreeMap<GroupId, Run>,
    /// What single nodes are to be told besides.
    notes: Vec<(NodeName, PeerEvent)>,
    done: Vec<EntryId>,
    held: Arc<Mutex<HashSet<EntryId>>>,
}

#[derive(Default)]
pub(super) struct Run {
    pub(super) events: BTreeMap<u64, Arc<Event>>,
    origins: BTreeSet<NodeName>,
}

/// What is kept of a partition from one batch to the next.
struct Trail {
    token: LeaseToken,
    /// Entries that are stored and routed, and still to be acked.
    done: Vec<EntryId>,
    held: Arc<Mutex<HashSet<EntryId>>>,
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
    fn leave_out(&mut self, group: &GroupId, base: Seq) -> bool {
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

    fn commit(&self, done: Vec<EntryId>, me: &NodeName, route_hints: &RouteHints) -> Commit {
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
        let askers = self.origins.iter().filter(|node| *node != me).cloned().collect();
        Some(GroupCommit { group: group.clone(), head, recent, peer_message: Bytes::new(), askers })
    }
}

impl Hub {
    /// Begins the routing stage of a partition. Each has one of its own, so that none waits for another's part
    /// of the backplane.
    pub(super) fn open_routes(self: &Arc<Self>, owned: &Arc<Owned>, partition: Partition) -> mpsc::Sender<Batch> {
        let (routes, batches) = mpsc::channel(AHEAD);
        self.spawn(self.clone().run_routes(owned.clone(), partition, batches));
        routes
    }

    /// Commits and routes batches of a partition in their order, for as long as the node runs.
    async fn run_routes(self: Arc<Self>, owned: Arc<Owned>, partition: Partition, mut batches: mpsc::Receiver<Batch>) {
        let mut before: Option<Trail> = None;
        loop {
            let received = match &mut before {
                Some(trail) if !trail.done.is_empty() => match tokio::time::timeout(ACK_AFTER, batches.recv()).await {
                    Ok(received) => received,
                    Err(_) => {
                        self.ack_idle(&owned, partition, trail).await;
                        continue;
                    }
                },
                _ => batches.recv().await,
            };
            let Some(batch) = received else { return };
            let started = Instant::now();
            let trail = before.take().filter(|trail| trail.token == batch.token);
            before = self.route(&owned, batch, trail).await;
            self.metrics.took(Stage::Route, started.elapsed().as_secs_f64());
        }
    }

    /// Commits one batch, with the acks of the one before, and tells everybody concerned.
    async fn route(self: &Arc<Self>, owned: &Arc<Owned>, mut batch: Batch, before: Option<Trail>) -> Option<Trail> {
        let acked = before.map(|trail| trail.done).unwrap_or_default();
        let me = self.node.name();
        let mut commit = batch.commit(acked.clone(), &me, &owned.route_hints);
        let Some(committed) = self.commit(owned, &commit).await else {
            self.remove_ended(batch.groups.into_keys()).await;
            return None;
        };
        forget(&batch.held, &acked);
        let told = self.leave_out_ended(&mut batch, &mut commit, &committed).await;
        let mut nodes = self.nodes_of_newcomers(&batch).await;
        for ((part, routes), told) in commit.groups.iter().zip(&committed.routes).zip(told) {
            let nodes = nodes.entry(part.group.clone()).or_default();
            let origins = batch.groups.get(&part.group).into_iter().flat_map(|run| &run.origins);
            nodes.extend(routes.iter().chain(origins).cloned());
            if told {
                nodes.retain(|node| !was_told(node, part, routes, &commit.hinted));
            }
            owned.route_hints.learn(&part.group, routes);
        }
        self.send_mail(owned, self.write_mail(&batch, &commit, &nodes, &batch.notes)).await;
        Some(Trail { token: batch.token, done: batch.done, held: batch.held })
    }

    /// Takes out events of lives of their groups that are over: they were stored too late to be deleted with them.
    /// Nobody is shown them, and their senders hear of it. Answers of which groups the commit told everybody.
    async fn leave_out_ended(&self, batch: &mut Batch, commit: &mut Commit, committed: &Committed) -> Vec<bool> {
        let mut told = Vec::with_capacity(commit.groups.len());
        for (part, base) in commit.groups.iter_mut().zip(&committed.bases) {
            told.push(
                committed.told && base.is_some_and(|base| part.recent.first().is_none_or(|(seq, _)| *seq > base)),
            );
            let base = match base {
                Some(base) => *base,
                None => self.base_of_unknown(&part.group).await,
            };
            part.recent.retain(|(seq, _)| *seq > base);
            if batch.leave_out(&part.group, base) {
                self.remove_ended(std::iter::once(part.group.clone())).await;
            }
        }
        told
    }

    /// What was stored of these groups and is not committed by this node may be of lives that are over.
    pub(super) async fn remove_ended(&self, groups: impl Iterator<Item = GroupId>) {
        for group in groups {
            if let Err(error) = self.store.sweep_group(&group).await {
                // What is left lies below what is shown of the group.
                tracing::debug!(%error, %group, "what is left of an earlier life was not removed");
            }
        }
    }

    /// Asks the store, until it answers, where the present life of a group begins.
    async fn base_of_unknown(&self, group: &GroupId) -> Seq {
        let mut retry = RETRY;
        loop {
            match self.stored_base(group).await {
                Ok(base) => return base,
                Err(error) => {
                    tracing::warn!(%error, %group, "whether a group is still there cannot be told yet");
                }
            }
            retry.pause().await;
        }
    }

    /// Commits until it is done; `None` when the partition is no longer ours.
    async fn commit(&self, owned: &Owned, commit: &Commit) -> Option<Committed> {
        let started = Instant::now();
        let mut retry = RETRY;
        loop {
            match self.backplane.commit(commit).await {
                Ok(committed) => return Some(committed),
                Err(CommitError::LeaseLost) => {
                    tracing::info!(partition = commit.partition, "a partition was taken over by another node");
                    owned.lose(commit.partition, &commit.token);
                    return None;
                }
                Err(CommitError::Backplane(error)) => {
                    tracing::warn!(%error, partition = commit.partition, "a commit is to be repeated");
                    if started.elapsed() > GIVE_UP {
                        owned.lose(commit.partition, &commit.token);
                        return None;
                    }
                    retry.pause().await;
                }
            }
        }
    }

    /// The nodes where users who were just added have sessions: they know nothing of the group yet.
    async fn nodes_of_newcomers(&self, batch: &Batch) -> Routes {
        let mut nodes = HashMap::new();
        for (group, run) in &batch.groups {
            let mut users: Vec<UserId> = Vec::new();
            for event in run.events.values() {
                if let Some(MembershipChange::Joined(joined, _)) = event.membership() {
                    users.extend(joined);
                }
            }
            if users.is_empty() {
                continue;
            }
            let (started, mut retry) = (Instant::now(), RETRY);
            loop {
                match self.backplane.whereabouts(&users).await {
                    Ok(found) => {
                        let sessions = found.into_iter().flat_map(|at| at.sessions);
                        nodes.insert(group.clone(), sessions.map(|session| session.node).collect());
                        break;
                    }
                    Err(_) if started.elapsed() >= POST_FOR || retry.is_at_most() => {
                        // Wherever they are: nodes without them leave the peer message aside.
                        let view = self.node.view();
                        nodes.insert(group.clone(), view.nodes.iter().map(|node| node.node.clone()).collect());
                        break;
                    }
                    Err(_) => retry.pause().await,
                }
            }
        }
        nodes
    }

    /// Nothing follows: acks go by themselves.
    async fn ack_idle(&self, owned: &Owned, partition: Partition, trail: &mut Trail) {
        let (token, done) = (trail.token.clone(), std::mem::take(&mut trail.done));
        let commit = Commit { partition, token, done, groups: Vec::new(), hinted: Vec::new() };
        if self.commit(owned, &commit).await.is_some() {
            forget(&trail.held, &commit.done);
        }
    }
}

/// Whether the commit itself told a node of a group's events.
fn was_told(node: &NodeName, part: &GroupCommit, routes: &[NodeName], hinted: &[NodeName]) -> bool {
    hinted.contains(node) && (routes.contains(node) || part.askers.contains(node))
}

fn forget(held: &Mutex<HashSet<EntryId>>, entries: &[EntryId]) {
    let mut held = held.lock();
    for entry in entries {
        held.remove(entry);
    }
}

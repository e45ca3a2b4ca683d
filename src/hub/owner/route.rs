//! Commit, then letters: what is stored goes to the nodes with members.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_bytes::ByteBuf;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Hub, Owned};
use crate::domain::{Event, GroupId, Head, MembershipChange, NodeName, UserId};
use crate::hub::metrics::Stage;
use crate::hub::owner::settle::{Fate, Settled};
use crate::hub::wire::{Item, Letter, encode_event};
use crate::ports::{Commit, CommitError, EntryId, GroupCommit, LeaseToken, Partition};

/// Acks wait this long for a batch to go with.
const ACK_AFTER: Duration = Duration::from_millis(200);
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MOST: Duration = Duration::from_secs(1);
/// After so long without the backplane the partition is given up: its lease has ended by then.
const GIVE_UP: Duration = Duration::from_secs(15);

/// What was stored of one partition, to be committed and routed.
pub(crate) struct Batch {
    partition: Partition,
    token: LeaseToken,
    groups: BTreeMap<GroupId, Run>,
    /// What single nodes are to be told besides.
    notes: Vec<(NodeName, Item)>,
    done: Vec<EntryId>,
    held: Arc<Mutex<HashSet<EntryId>>>,
}

#[derive(Default)]
struct Run {
    events: BTreeMap<u64, Event>,
    origins: BTreeSet<NodeName>,
}

/// Entries that are stored and routed, and still to be acked.
struct Done {
    token: LeaseToken,
    entries: Vec<EntryId>,
    held: Arc<Mutex<HashSet<EntryId>>>,
}

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
            run.events.insert(event.seq, event);
        }
        let (group, from, cid) = (entry.group, entry.from, entry.cid);
        match fate {
            Fate::Stored | Fate::Moved => {}
            Fate::StoredBefore { seq, time } => {
                self.notes.push((entry.origin, Item::Acked { group, from, cid, seq, time }));
            }
            Fate::Refused => self.notes.push((entry.origin, Item::Refused { group, from, cid })),
        }
    }

    /// Adds events that were found in the store.
    pub(crate) fn add_found(&mut self, events: Vec<Event>) {
        for event in events {
            self.groups.entry(event.group.clone()).or_default().events.insert(event.seq, event);
        }
    }

    fn commit(&self, done: Vec<EntryId>) -> Commit {
        let groups = self.groups.iter().filter_map(|(group, run)| {
            let last = run.events.values().next_back()?;
            let head = Head { seq: last.seq, n: last.n, time: last.time };
            let recent = run.events.values().map(|event| (event.seq, encode_event(event))).collect();
            Some(GroupCommit { group: group.clone(), head, recent })
        });
        Commit { partition: self.partition, token: self.token.clone(), done, groups: groups.collect() }
    }
}

impl Hub {
    /// Commits and routes batches in their order, for as long as the node runs.
    pub(crate) async fn run_routes(self: Arc<Self>, owned: Arc<Owned>, mut batches: mpsc::Receiver<Vec<Batch>>) {
        let mut done: HashMap<Partition, Done> = HashMap::new();
        loop {
            let received = if done.is_empty() {
                batches.recv().await
            } else {
                match tokio::time::timeout(ACK_AFTER, batches.recv()).await {
                    Ok(received) => received,
                    Err(_) => {
                        self.ack_idle(&owned, &mut done).await;
                        continue;
                    }
                }
            };
            let Some(together) = received else { return };
            let started = Instant::now();
            let work = together.into_iter().map(|batch| {
                let acks = done.remove(&batch.partition).filter(|done| done.token == batch.token);
                self.route(&owned, batch, acks)
            });
            for routed in futures::future::join_all(work).await.into_iter().flatten() {
                done.insert(routed.0, routed.1);
            }
            self.metrics.took(Stage::Route, started.elapsed().as_secs_f64());
        }
    }

    /// Commits one batch, with the acks of the one before, and sends its letters.
    async fn route(
        self: &Arc<Self>,
        owned: &Arc<Owned>,
        batch: Batch,
        acks: Option<Done>,
    ) -> Option<(Partition, Done)> {
        let acked = acks.map(|done| done.entries).unwrap_or_default();
        let commit = batch.commit(acked.clone());
        let routes = self.commit(owned, &commit).await?;
        forget(&batch.held, &acked);
        let newcomers = self.nodes_of_newcomers(&batch).await;
        let letters = self.write_letters(&batch, &commit, routes, newcomers);
        self.post_letters(owned, letters).await;
        Some((batch.partition, Done { token: batch.token, entries: batch.done, held: batch.held }))
    }

    /// Commits until it is done; `None` when the partition is no longer ours.
    async fn commit(&self, owned: &Owned, commit: &Commit) -> Option<Vec<Vec<NodeName>>> {
        let started = Instant::now();
        let mut retry = RETRY_FIRST;
        loop {
            match self.backplane.commit(commit).await {
                Ok(routes) => return Some(routes),
                Err(CommitError::LeaseLost) => {
                    tracing::info!(partition = commit.partition, "a partition was taken over by another node");
                    owned.lose(commit.partition, &commit.token);
                    return None;
                }
                Err(CommitError::Backplane(error)) => {
                    self.metrics.backplane_error();
                    tracing::warn!(%error, partition = commit.partition, "a commit is to be repeated");
                    if started.elapsed() > GIVE_UP {
                        owned.lose(commit.partition, &commit.token);
                        return None;
                    }
                    tokio::time::sleep(retry).await;
                    retry = (retry * 2).min(RETRY_MOST);
                }
            }
        }
    }

    /// The nodes where users who were just added have sessions: they know nothing of the group yet.
    async fn nodes_of_newcomers(&self, batch: &Batch) -> HashMap<GroupId, Vec<NodeName>> {
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
            let mut retry = RETRY_FIRST;
            loop {
                match self.backplane.whereabouts(&users).await {
                    Ok(found) => {
                        let sessions = found.into_iter().flat_map(|at| at.sessions);
                        nodes.insert(group.clone(), sessions.map(|session| session.node).collect());
                        break;
                    }
                    Err(_) if retry >= RETRY_MOST => {
                        // Wherever they are: nodes without them leave the letter aside.
                        let view = self.node.view();
                        nodes.insert(group.clone(), view.nodes.iter().map(|node| node.node.clone()).collect());
                        break;
                    }
                    Err(_) => {
                        tokio::time::sleep(retry).await;
                        retry *= 2;
                    }
                }
            }
        }
        nodes
    }

    /// What each node is to be told. This one takes its part at once.
    fn write_letters(
        self: &Arc<Self>,
        batch: &Batch,
        commit: &Commit,
        routes: Vec<Vec<NodeName>>,
        mut newcomers: HashMap<GroupId, Vec<NodeName>>,
    ) -> BTreeMap<NodeName, Vec<Item>> {
        let me = self.node.name();
        let mut letters: BTreeMap<NodeName, Vec<Item>> = BTreeMap::new();
        for (part, routed) in commit.groups.iter().zip(routes) {
            let Some(run) = batch.groups.get(&part.group) else { continue };
            let mut nodes: BTreeSet<NodeName> = routed.into_iter().collect();
            nodes.extend(run.origins.iter().cloned());
            nodes.extend(newcomers.remove(&part.group).into_iter().flatten());
            if nodes.remove(&me) {
                self.deliver(&part.group, run.events.values().cloned().map(Arc::new).collect());
            }
            for node in nodes {
                let events = part.recent.iter().map(|(_, bytes)| ByteBuf::from(bytes.to_vec())).collect();
                letters.entry(node).or_default().push(Item::Run { group: part.group.clone(), events });
            }
        }
        for (node, item) in &batch.notes {
            if *node == me {
                self.take_item(item.clone());
            } else {
                letters.entry(node.clone()).or_default().push(item.clone());
            }
        }
        letters
    }

    /// Posts, a few times if need be; what cannot be posted is found by comparing positions.
    async fn post_letters(self: &Arc<Self>, owned: &Arc<Owned>, letters: BTreeMap<NodeName, Vec<Item>>) {
        if letters.is_empty() {
            return;
        }
        let posts: Vec<_> = letters.into_iter().map(|(node, items)| (node, Letter::encode(items))).collect();
        let mut retry = RETRY_FIRST;
        while let Err(error) = self.backplane.post(&posts).await {
            self.metrics.backplane_error();
            if retry >= RETRY_MOST {
                tracing::warn!(%error, "letters were lost; their nodes are to be told");
                self.own_up(owned, posts.into_iter().map(|(node, _)| node));
                return;
            }
            tokio::time::sleep(retry).await;
            retry *= 2;
        }
    }

    /// Has nodes compare what they hold, as soon as they can be told: their sweeps would find what is
    /// missing in groups that they know, and not that a user of theirs is in a new one.
    fn own_up(self: &Arc<Self>, owned: &Arc<Owned>, nodes: impl Iterator<Item = NodeName>) {
        let mut uninformed = owned.uninformed.lock();
        let begins = uninformed.is_empty();
        uninformed.extend(nodes);
        if begins && !uninformed.is_empty() {
            let (hub, owned) = (self.clone(), owned.clone());
            self.spawn(async move { hub.inform(&owned).await });
        }
    }

    async fn inform(&self, owned: &Owned) {
        loop {
            tokio::time::sleep(RETRY_MOST).await;
            let posts: Vec<_> = {
                let mut uninformed = owned.uninformed.lock();
                let view = self.node.view();
                // A later life of a node compares by itself.
                uninformed.retain(|node| view.nodes.iter().any(|live| live.node == *node));
                if uninformed.is_empty() {
                    return;
                }
                uninformed.iter().map(|node| (node.clone(), Letter::encode(vec![Item::Missed]))).collect()
            };
            if self.backplane.post(&posts).await.is_ok() {
                let mut uninformed = owned.uninformed.lock();
                for (node, _) in &posts {
                    uninformed.remove(node);
                }
                if uninformed.is_empty() {
                    return;
                }
            }
        }
    }

    /// Nothing follows: acks go by themselves.
    async fn ack_idle(&self, owned: &Owned, done: &mut HashMap<Partition, Done>) {
        let acks = std::mem::take(done).into_iter().map(|(partition, done)| async move {
            let Done { token, entries, held } = done;
            let commit = Commit { partition, token, done: entries, groups: Vec::new() };
            if self.commit(owned, &commit).await.is_some() {
                forget(&held, &commit.done);
            }
        });
        futures::future::join_all(acks).await;
    }
}

fn forget(held: &Mutex<HashSet<EntryId>>, entries: &[EntryId]) {
    let mut held = held.lock();
    for entry in entries {
        held.remove(entry);
    }
}

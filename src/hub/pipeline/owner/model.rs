//! Every order of steps of two owners, a lease, a log and a node that listens, over the real
//! [`Order`] and [`Position`]: whatever comes first, everybody is given every event once and in
//! order, and nothing that is not stored.
//!
//! What stands for Redis and the store does what their ports promise, no more. An owner that has
//! lost its lease goes on with what it was doing, late, as a paused process does.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::order::Order;
use crate::domain::{Cid, Event, GroupId, Head, Kind, NodeName, Role, Seq, UserId};
use crate::hub::local::Position;
use crate::ports::{EntryId, LogEntry};

/// Messages in a run: enough for one in a hole and one behind it. Three take minutes, and find no more.
const LAST: Seq = 2;
const OWNERS: usize = 2;

/// What is left out on purpose, to see that the model would tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// Who takes over does not claim what is pending.
    NoClaim,
    /// Commits are taken without the lease, and carry whatever was read.
    NoFence,
    /// Peer messages go out before the insert.
    EarlyPeerMessages,
    /// Positions are not compared with the stored head.
    NoSweep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A sender's message gets its seq.
    Append,
    /// The first owner's lease ends, the second takes it.
    TakeOver,
    Owner(usize, Work),
    /// The node reads a peer message.
    Hear,
    /// A peer message is lost.
    Lose,
    /// The node compares its position with the stored head and fetches what it lacks.
    Sweep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Read,
    Claim,
    /// Sees that more is pending than it holds.
    Look,
    Store,
    Commit,
    Post,
}

#[derive(Debug, Clone, Default)]
struct Owner {
    order: Order,
    held: BTreeSet<Seq>,
    drained: bool,
    /// Stored, to be committed.
    stored: Vec<Seq>,
    /// Committed, to be posted; acked when posted.
    committed: Vec<Seq>,
    given_up: bool,
}

/// The world between two steps.
#[derive(Debug, Clone)]
struct World {
    group: GroupId,
    flaw: Flaw,
    appended: Seq,
    /// The stored head as each entry was told it.
    told: BTreeMap<Seq, Seq>,
    delivered: Seq,
    pending: BTreeSet<Seq>,
    leader: usize,
    owners: [Owner; OWNERS],
    store: BTreeSet<Seq>,
    head: Seq,
    inbox: Vec<Vec<Seq>>,
    may_lose: bool,
    position: Position,
    given: Vec<Seq>,
}

// === impl World ===

impl World {
    fn new(flaw: Flaw) -> Self {
        let mut position = Position::default();
        position.start(Head::default());
        let mut owners: [Owner; OWNERS] = Default::default();
        owners[0].drained = true;
        Self {
            group: GroupId::parse("aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap(),
            flaw,
            appended: 0,
            told: BTreeMap::new(),
            delivered: 0,
            pending: BTreeSet::new(),
            leader: 0,
            owners,
            store: BTreeSet::new(),
            head: 0,
            inbox: Vec::new(),
            may_lose: true,
            position,
            given: Vec::new(),
        }
    }

    /// What may happen next.
    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.appended < LAST {
            steps.push(Step::Append);
        }
        if self.leader == 0 {
            steps.push(Step::TakeOver);
        }
        for (at, owner) in self.owners.iter().enumerate() {
            let begun = at <= self.leader && !owner.given_up;
            let work = [
                (Work::Claim, !owner.drained),
                (Work::Look, self.flaw != Flaw::NoClaim && owner.drained && !self.pending.is_subset(&owner.held)),
                (Work::Read, owner.drained && self.delivered < self.appended),
                (Work::Store, owner.stored.is_empty() && !owner.order.clone().take_ready().is_empty()),
                (Work::Commit, !owner.stored.is_empty() && owner.committed.is_empty()),
                (Work::Post, !owner.committed.is_empty()),
            ];
            steps.extend(work.into_iter().filter(|(_, can)| begun && *can).map(|(work, _)| Step::Owner(at, work)));
        }
        if !self.inbox.is_empty() {
            steps.push(Step::Hear);
            if self.may_lose {
                steps.push(Step::Lose);
            }
        }
        if self.flaw != Flaw::NoSweep && self.given.len() < self.head as usize {
            steps.push(Step::Sweep);
        }
        steps
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append => {
                self.appended += 1;
                self.told.insert(self.appended, self.head);
            }
            Step::TakeOver => {
                self.leader = 1;
                self.owners[1].drained = self.flaw == Flaw::NoClaim;
            }
            Step::Owner(at, work) => self.work(at, work),
            Step::Hear => {
                let run = self.inbox.remove(0);
                self.hear(run);
            }
            Step::Lose => {
                self.inbox.remove(0);
                self.may_lose = false;
            }
            Step::Sweep => {
                self.position.want(self.head);
                self.hear(Vec::new());
            }
        }
    }

    fn work(&mut self, at: usize, work: Work) {
        match work {
            Work::Read => {
                let fresh: Vec<Seq> = (self.delivered + 1..=self.appended).collect();
                self.delivered = self.appended;
                self.pending.extend(&fresh);
                self.offer(at, fresh);
            }
            Work::Claim => {
                self.owners[at].drained = true;
                let pending = self.pending.iter().copied().collect();
                self.offer(at, pending);
            }
            Work::Look => self.owners[at].drained = false,
            Work::Store => {
                let ready: Vec<Seq> = self.owners[at].order.take_ready().iter().map(|entry| entry.seq).collect();
                // Inserting what is there already is a duplicate of the same: as good as stored.
                self.store.extend(&ready);
                self.owners[at].stored = ready;
            }
            Work::Commit if self.leader != at && self.flaw != Flaw::NoFence => self.owners[at].given_up = true,
            Work::Commit => {
                let stored = std::mem::take(&mut self.owners[at].stored);
                self.head = stored.iter().copied().fold(self.head, Seq::max);
                self.owners[at].committed = stored;
            }
            Work::Post => {
                let run = std::mem::take(&mut self.owners[at].committed);
                if self.leader == at || self.flaw == Flaw::NoFence {
                    self.pending.retain(|seq| !run.contains(seq));
                }
                if self.flaw != Flaw::EarlyPeerMessages {
                    self.inbox.push(run);
                }
            }
        }
    }

    fn offer(&mut self, at: usize, seqs: Vec<Seq>) {
        for seq in seqs {
            if self.owners[at].held.insert(seq) {
                let entry = self.entry(seq);
                self.owners[at].order.offer(entry);
                if self.flaw == Flaw::EarlyPeerMessages {
                    self.inbox.push(vec![seq]);
                }
            }
        }
        if self.owners[at].order.holes().is_empty() {
            return;
        }
        // A hole is somebody else's entry, or stored already.
        let (head, group) = (self.head, self.group.clone());
        self.owners[at].order.pass(&group, head);
        self.owners[at].drained = self.flaw == Flaw::NoClaim;
    }

    /// As a node takes what it hears: gives out what is in turn, fetches what is missing.
    fn hear(&mut self, run: Vec<Seq>) {
        let events: Vec<_> = run.into_iter().map(|seq| self.event(seq)).collect();
        self.position.stash(events);
        loop {
            for event in self.position.ready() {
                self.position.advance(&event);
                self.given.push(event.seq);
            }
            self.position.prune();
            let Some((after, upto)) = self.position.missing().filter(|_| self.flaw != Flaw::NoSweep) else { return };
            let fetched: Vec<_> =
                (after + 1..=upto).take_while(|seq| self.store.contains(seq)).map(|seq| self.event(seq)).collect();
            if fetched.is_empty() {
                return;
            }
            self.position.stash(fetched);
        }
    }

    fn event(&self, seq: Seq) -> Arc<Event> {
        Arc::new(Event::void(self.group.clone(), Head { seq, ..Head::default() }))
    }

    fn entry(&self, seq: Seq) -> LogEntry {
        LogEntry {
            id: EntryId(seq, 0),
            group: self.group.clone(),
            seq,
            n: 0,
            shown: 0,
            time: 0,
            stored: self.told[&seq],
            origin: NodeName::parse("a.1").unwrap(),
            from: UserId::hub(),
            cid: Cid::parse("c").unwrap(),
            kind: Kind::Text,
            traits: Kind::Text.traits(),
            users: Vec::new(),
            role: Role::Member,
            rules: crate::domain::RulesChange::default(),
            body: Default::default(),
        }
    }

    /// What must be true at all times.
    fn broken(&self) -> Option<String> {
        let in_order = self.given.iter().copied().eq(1..=self.given.len() as Seq);
        if !in_order {
            return Some(format!("given {:?}", self.given));
        }
        let unstored = self.given.iter().find(|seq| !self.store.contains(seq));
        unstored.map(|seq| format!("{seq} was given and is not stored"))
    }
}

/// Goes through every order of steps; the first broken promise, with the way there.
fn explore(flaw: Flaw) -> Result<usize, String> {
    let mut seen = HashSet::new();
    let mut open = vec![(World::new(flaw), Vec::new())];
    while let Some((world, way)) = open.pop() {
        if !seen.insert(format!("{world:?}")) {
            continue;
        }
        if let Some(broken) = world.broken() {
            return Err(format!("{broken} after {way:?}"));
        }
        let steps = world.steps();
        // Nobody has anything left to do: everything must have arrived.
        if steps.is_empty() && world.given.len() < LAST as usize {
            return Err(format!("only {:?} were given after {way:?}", world.given));
        }
        for step in steps {
            let mut next = world.clone();
            next.take(step);
            let way = way.iter().copied().chain([step]).collect();
            open.push((next, way));
        }
    }
    Ok(seen.len())
}

#[test]
fn whatever_comes_first_everybody_gets_everything_once() {
    let worlds = explore(Flaw::None).unwrap();
    assert!(worlds > 500, "only {worlds} worlds were seen");
}

#[test]
fn the_model_tells_what_would_be_wrong() {
    for flaw in [Flaw::NoClaim, Flaw::EarlyPeerMessages, Flaw::NoSweep] {
        assert!(explore(flaw).is_err(), "{flaw:?} goes unnoticed");
    }
}

/// The lease saves work; what keeps the promises is that everything may happen twice.
#[test]
fn without_a_fence_no_harm_is_done() {
    explore(Flaw::NoFence).unwrap();
}

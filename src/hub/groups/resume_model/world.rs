//! Store, routes, inbox, a node's group, and a session that resumes.

mod verdict;

use std::sync::Arc;

use super::recorder::{Recorder, welcome};
use super::{Faults, Flaw, Start};
use crate::domain::{Event, GroupId, Head, Seq};
use crate::hub::groups::replay::{Plan, fetched_page};
use crate::hub::local::{GroupState, Lack, Onward, SessionHandle, frames_for};
use crate::protocol::Encoding;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The next event is stored and committed; a peer message goes to this node, if it has a route.
    Commit,
    /// The node reads a peer message.
    Hear,
    /// A peer message is lost.
    Lose,
    /// The node compares its position with the stored head.
    Sweep,
    /// The session's own way goes a step on.
    Resume,
    /// So does the task that fetches what the group lacks.
    CatchUp,
    /// The same, when the store does not answer.
    Fail(Work),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Resume,
    CatchUp,
}

/// How far the session has come.
#[derive(Debug, Clone, PartialEq)]
enum Stage {
    Route,
    /// The head is read, the route is not there: only where that is the flaw.
    Head(Seq),
    Begin(Seq),
    LetIn,
    Welcome(Seq),
    Plan,
    Look(Seq),
    Fetch(Seq, Seq),
    Send(Vec<Seq>),
    /// About to go live: only where that is the flaw.
    Switch,
    Live,
}

#[derive(Debug, Clone, PartialEq)]
enum Task {
    Idle,
    Look,
    Give(Seq, Seq),
    Fetch(Seq),
}

/// The world between two steps.
pub struct World {
    start: Start,
    flaw: Flaw,
    group: GroupId,
    state: GroupState,
    session: Arc<SessionHandle>,
    heard: Arc<Recorder>,
    neighbour: Option<Arc<Recorder>>,
    stage: Stage,
    task: Task,
    routed: bool,
    stored: Seq,
    peer_messages: Vec<Seq>,
    may_lose: bool,
    may_fail: bool,
    welcomed_at: Seq,
}

// === impl World ===

impl World {
    pub fn new(start: Start, flaw: Flaw) -> Self {
        let heard = Arc::<Recorder>::default();
        let mut world = Self {
            start,
            flaw,
            group: GroupId::parse("aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap(),
            state: GroupState::default(),
            session: heard.session("anna"),
            heard,
            neighbour: None,
            stage: Stage::Route,
            task: Task::Idle,
            routed: false,
            stored: start.stored,
            peer_messages: Vec::new(),
            may_lose: start.faults == Faults::Losses,
            may_fail: start.faults == Faults::Failures,
            welcomed_at: 0,
        };
        if start.neighbour {
            world.settle_neighbour();
        }
        world
    }

    /// Somebody who has been here for long: the group has its route and its position.
    fn settle_neighbour(&mut self) {
        let recorder = Arc::<Recorder>::default();
        let session = recorder.session("bob");
        welcome(&session);
        session.add_group(&self.group);
        self.state.sessions.push(session);
        self.state.start(head(self.stored));
        self.routed = true;
        self.neighbour = Some(recorder);
        self.stage = Stage::LetIn;
    }

    /// What may happen next.
    pub fn steps(&self) -> Vec<Step> {
        let behind = self.state.position.at().is_some_and(|at| at.seq < self.stored);
        let fails = |work| (Step::Fail(work), self.may_fail);
        let mut steps = vec![
            (Step::Commit, self.stored < self.start.last),
            (Step::Hear, !self.peer_messages.is_empty()),
            (Step::Lose, !self.peer_messages.is_empty() && self.may_lose),
            (Step::Sweep, self.start.faults == Faults::Losses && behind && self.task == Task::Idle),
            (Step::Resume, self.stage != Stage::Live && self.start.cursor.is_none_or(|cursor| cursor <= self.stored)),
            (Step::CatchUp, self.task != Task::Idle),
        ];
        if matches!(self.stage, Stage::Fetch(..)) {
            steps.push(fails(Work::Resume));
        }
        if matches!(self.task, Task::Fetch(_)) {
            steps.push(fails(Work::CatchUp));
        }
        steps.into_iter().filter(|(_, can)| *can).map(|(step, _)| step).collect()
    }

    pub fn take(&mut self, step: Step) {
        match step {
            Step::Commit => {
                self.stored += 1;
                if self.routed {
                    self.peer_messages.push(self.stored);
                }
            }
            Step::Hear => {
                let seq = self.peer_messages.remove(0);
                self.deliver(seq);
            }
            Step::Lose => {
                self.peer_messages.remove(0);
                self.may_lose = false;
            }
            Step::Sweep => {
                self.state.position.want(self.stored);
                self.wake();
            }
            Step::Resume => self.resume(true),
            Step::CatchUp => self.catch_up(true),
            Step::Fail(work) => {
                self.may_fail = false;
                match work {
                    Work::Resume => self.resume(false),
                    Work::CatchUp => self.catch_up(false),
                }
            }
        }
    }

    /// As the hub delivers a run of one event.
    fn deliver(&mut self, seq: Seq) {
        let event = self.event(seq);
        if self.flaw == Flaw::ForgetEarly && self.state.position.at().is_none() {
            return;
        }
        let behind = self.state.position.at().is_some_and(|at| at.seq < seq);
        if self.flaw == Flaw::HolesIgnored && behind && self.state.is_live() {
            self.state.position.advance(&self.event(seq - 1));
        }
        if self.state.position.follows(seq) && self.state.is_live() {
            self.state.fan_out(&[event]);
            return;
        }
        if self.state.position.at().is_none_or(|at| seq > at.seq) {
            self.state.position.stash([event]);
        }
        self.wake();
    }

    /// Begins to catch up, if there is anything to be done.
    fn wake(&mut self) {
        if self.state.begin_catching_up() {
            self.task = Task::Look;
        }
    }

    fn catch_up(&mut self, answered: bool) {
        self.task = match self.task.clone() {
            Task::Idle => Task::Idle,
            Task::Look => match self.state.lack() {
                Some(Lack::Ready(ready)) => Task::Give(ready[0].seq, ready[ready.len() - 1].seq),
                Some(Lack::Missing(after)) => Task::Fetch(after),
                None => Task::Idle,
            },
            Task::Give(first, last) => {
                for seq in first..=last {
                    let event = self.event(seq);
                    self.state.fan_out(&[event]);
                }
                self.state.position.prune();
                Task::Look
            }
            Task::Fetch(after) => {
                if answered {
                    let events = self.events_after(after, 200);
                    self.state.position.stash(events);
                }
                Task::Look
            }
        };
    }

    fn resume(&mut self, answered: bool) {
        self.stage = match self.stage.clone() {
            Stage::Route if self.flaw == Flaw::HeadBeforeRoute => Stage::Head(self.stored),
            Stage::Route => {
                self.routed = true;
                Stage::Begin(self.stored)
            }
            Stage::Head(stored) => {
                self.routed = true;
                Stage::Begin(stored)
            }
            Stage::Begin(stored) => {
                self.state.start(head(stored));
                self.wake();
                Stage::LetIn
            }
            Stage::LetIn => {
                self.session.add_group(&self.group);
                if self.start.cursor.is_none() || self.flaw == Flaw::LiveAtOnce {
                    self.state.sessions.push(self.session.clone());
                }
                Stage::Welcome(self.state.position.at().unwrap_or_default().seq)
            }
            Stage::Welcome(at) => {
                welcome(&self.session);
                self.welcomed_at = at;
                if self.start.cursor.is_some() { Stage::Plan } else { Stage::Live }
            }
            Stage::Plan => {
                let at = self.state.position.at().unwrap_or_default().seq;
                let cursor = self.start.cursor.unwrap_or_default();
                // A cursor ahead of this node: it only is late, as the backplane says.
                let at = if cursor > at { at.max(self.stored) } else { at };
                self.state.position.want(at);
                self.wake();
                let plan = Plan::decide(cursor, at, 1);
                assert!(plan.gaps.is_empty(), "nothing is out of reach here: {plan:?}");
                Stage::Look(plan.after)
            }
            Stage::Look(sent) => self.look(sent),
            Stage::Fetch(sent, upto) if answered => self.fetch(sent, upto),
            Stage::Fetch(sent, _) if self.flaw == Flaw::SkipsOnFailure => Stage::Look(sent + 1),
            Stage::Fetch(sent, _) => Stage::Look(sent),
            Stage::Send(seqs) => {
                let page: Vec<_> = seqs.iter().map(|seq| self.event(*seq)).collect();
                self.session.offer(&frames_for(&page, &self.session.user, Encoding::Json));
                Stage::Look(seqs.last().copied().unwrap_or_default())
            }
            Stage::Switch => {
                self.state.sessions.push(self.session.clone());
                Stage::Live
            }
            Stage::Live => Stage::Live,
        };
    }

    /// The step from replay to live, in pages of one.
    fn look(&mut self, sent: Seq) -> Stage {
        let at = self.state.position.at().unwrap_or_default().seq;
        if self.flaw == Flaw::LateSwitch && sent >= at {
            return Stage::Switch;
        }
        match self.state.go_on(&self.group, &self.session, sent, 1) {
            Onward::Page(page) => Stage::Send(seqs(&page)),
            Onward::Fetch(upto) => Stage::Fetch(sent, upto),
            Onward::Live(_) => Stage::Live,
            Onward::Over => panic!("the session stays"),
        }
    }

    /// A page of two from the store: enough to span a hole.
    fn fetch(&self, sent: Seq, upto: Seq) -> Stage {
        let upto = if self.flaw == Flaw::PastPosition { Seq::MAX } else { upto };
        match fetched_page(self.events_after(sent, 2), upto) {
            page if page.is_empty() => Stage::Look(sent),
            page => Stage::Send(seqs(&page)),
        }
    }

    fn events_after(&self, after: Seq, limit: usize) -> Vec<Arc<Event>> {
        let early = (self.start.faults == Faults::Early).then_some(self.start.last);
        let stored = (after + 1..=self.start.last).filter(|seq| *seq <= self.stored || early == Some(*seq));
        stored.take(limit).map(|seq| self.event(seq)).collect()
    }

    fn event(&self, seq: Seq) -> Arc<Event> {
        Arc::new(Event::void(self.group.clone(), Head { seq, ..Head::default() }))
    }
}

fn seqs(events: &[Arc<Event>]) -> Vec<Seq> {
    events.iter().map(|event| event.seq).collect()
}

fn head(seq: Seq) -> Head {
    Head { seq, ..Head::default() }
}

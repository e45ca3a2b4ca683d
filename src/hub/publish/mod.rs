//! Sends on their way into the log, and who waits for their acks.
//!
//! A send's answer comes later than its append: from the delivery of the stored event, or from the
//! store for a repeated one.
//!
//! - `appends`: appends in batches; - `repeats`: sends that were seen before; - `remembered`: how many
//!   of them the backplane still knows.

mod appends;
mod remembered;
mod repeats;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;

use super::handle::SessionHandle;
use super::metrics::Stage;
use super::{Hub, effects};
use crate::domain::{Cid, Code, Event, GroupId, Millis, Refusal, Seq, UserId};
use crate::ports::Append;
use crate::protocol::{RequestId, ServerFrame, pushes};
use appends::{AppendBatcher, Queued};
use remembered::Remembered;

/// Repeated sends looked up in the store at the same time.
const CHECKS_AT_ONCE: usize = 16;

/// A send that is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The group.
    pub group: GroupId,
    /// The sender's id for it.
    pub cid: Cid,
    /// Its place in the group.
    pub seq: Seq,
    /// Its time.
    pub time: Millis,
}

/// Who waits for the answer to a send.
pub(crate) enum Reply {
    Session { session: Arc<SessionHandle>, re: Option<RequestId> },
    Call(oneshot::Sender<Result<Stored, Refusal>>),
}

type SendKey = (GroupId, UserId, Cid);

/// The batches to append and everybody who waits.
pub(crate) struct Publisher {
    appends: Vec<AppendBatcher>,
    waiting: DashMap<SendKey, Waiting>,
    /// In order of their deadlines, which are all equally far.
    deadlines: Mutex<VecDeque<(Instant, SendKey)>>,
    count: AtomicUsize,
    /// Repeated sends that are looked up in the store at the same time.
    checks: Semaphore,
    remembered: Remembered,
}

struct Waiting {
    since: Instant,
    replies: Vec<Reply>,
}

// === impl Publisher ===

impl Publisher {
    pub(crate) fn new(partitions: u16, cid_window: Duration) -> Self {
        Self {
            appends: appends::batchers(partitions),
            waiting: DashMap::new(),
            deadlines: Mutex::default(),
            count: AtomicUsize::new(0),
            checks: Semaphore::new(CHECKS_AT_ONCE),
            remembered: Remembered::new(cid_window),
        }
    }

    /// Notes who waits; false when the same send is under way from here already: its answer will do
    /// for both.
    fn wait(&self, key: SendKey, reply: Reply, timeout: Duration) -> bool {
        let now = Instant::now();
        let mut first = false;
        let mut entry = self.waiting.entry(key.clone()).or_insert_with(|| {
            first = true;
            self.count.fetch_add(1, Ordering::Relaxed);
            Waiting { since: now, replies: Vec::new() }
        });
        entry.replies.push(reply);
        drop(entry);
        if first {
            self.deadlines.lock().push_back((now + timeout, key));
        }
        first
    }

    fn take(&self, key: &SendKey) -> Option<Waiting> {
        let taken = self.waiting.remove(key).map(|(_, waiting)| waiting);
        if taken.is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        taken
    }

    /// Sends that wait for their answer.
    pub(crate) fn pending(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

impl Hub {
    /// Takes a send in. The answer goes to `reply`, once it is stored or refused.
    ///
    /// `on_demand`: its group is made where there is none, when it is sent again.
    pub(crate) fn publish(self: &Arc<Self>, append: Append, reply: Reply, on_demand: bool) {
        let key = key_of(&append);
        self.metrics.accepted.inc();
        if !self.publisher.wait(key.clone(), reply, self.config.send_timeout) {
            return;
        }
        if !self.enqueue(Queued { append, since: Instant::now(), again: false, on_demand }) {
            self.answer(&key, &Err(Refusal::overloaded("too many messages wait for this group; try again")));
        }
    }

    /// Sends and waits for the answer.
    pub(crate) async fn publish_and_wait(self: &Arc<Self>, append: Append) -> Result<Stored, Refusal> {
        let (sender, receiver) = oneshot::channel();
        self.publish(append, Reply::Call(sender), false);
        receiver.await.unwrap_or_else(|_| Err(Refusal::unavailable()))
    }

    /// An event is stored and was given out: whoever sent it from here is told.
    pub(crate) fn resolve(&self, event: &Event) {
        if self.publisher.pending() > 0 {
            let key = (event.group.clone(), event.from.clone(), event.cid.clone());
            if let Some(code) = event.refusal() {
                self.refuse_key(&key, code);
            } else if self.resolve_key(&key, event.seq, event.time) {
                self.read_by_sending(event);
            }
        }
    }

    /// A send is stored at a seq; false when nobody here waits for it.
    pub(crate) fn resolve_key(&self, key: &SendKey, seq: Seq, time: Millis) -> bool {
        let stored = Stored { group: key.0.clone(), cid: key.2.clone(), seq, time };
        self.answer(key, &Ok(stored))
    }

    /// A send was refused for good.
    pub(crate) fn refuse_key(&self, key: &SendKey, code: Code) {
        self.answer(key, &Err(effects::refusal(code)));
    }

    /// The life of the group that a send belongs to has ended before it was acked.
    pub(crate) fn ended_key(&self, key: &SendKey) {
        let refusal =
            Refusal { message: "the group was deleted; repeat it with the same cid".into(), ..Refusal::unavailable() };
        self.answer(key, &Err(refusal));
    }

    fn answer(&self, key: &SendKey, result: &Result<Stored, Refusal>) -> bool {
        let Some(waiting) = self.publisher.take(key) else { return false };
        match result {
            Ok(_) => {
                self.metrics.acked.inc();
                self.metrics.took(Stage::EndToEnd, waiting.since.elapsed().as_secs_f64());
            }
            Err(refusal) => self.metrics.rejected(refusal.code),
        }
        for reply in waiting.replies {
            reply.give(result.clone());
        }
        true
    }

    /// Answers `unavailable` to sends that have waited too long.
    pub(crate) async fn run_send_deadlines(self: Arc<Self>) {
        let mut tick = tokio::time::interval(Duration::from_millis(250));
        loop {
            tick.tick().await;
            let now = Instant::now();
            loop {
                let due = {
                    let mut deadlines = self.publisher.deadlines.lock();
                    match deadlines.front() {
                        Some((at, _)) if *at <= now => deadlines.pop_front(),
                        _ => None,
                    }
                };
                let Some((at, key)) = due else { break };
                let timeout = self.config.send_timeout;
                // A key that was answered and is used again has a later deadline of its own.
                if self.publisher.waiting.get(&key).is_some_and(|waiting| waiting.since + timeout <= at) {
                    self.answer(&key, &Err(Refusal::unavailable()));
                }
            }
            self.metrics.pending_sends.set(self.publisher.pending() as i64);
            self.metrics.remembered_cids.set(self.publisher.remembered.count(now) as i64);
        }
    }
}

// === impl Reply ===

impl Reply {
    fn give(self, result: Result<Stored, Refusal>) {
        match self {
            Reply::Call(sender) => drop(sender.send(result)),
            Reply::Session { session, re } => session.send(&match &result {
                Ok(stored) => ServerFrame::Ack(pushes::Ack {
                    re: re.as_ref(),
                    group: &stored.group,
                    cid: &stored.cid,
                    seq: stored.seq,
                    time: stored.time,
                }),
                Err(refusal) => ServerFrame::refusal(re.as_ref(), refusal),
            }),
        }
    }
}

fn key_of(append: &Append) -> SendKey {
    (append.group.clone(), append.from.clone(), append.cid.clone())
}

//! Who waits for the answers to sends, and the answers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::remembered::Remembered;
use crate::domain::{Cid, Code, Event, GroupId, Millis, Refusal, Seq, UserId};
use crate::hub::local::SessionHandle;
use crate::hub::metrics::Stage;
use crate::hub::pipeline::effects;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::ports::Append;
use crate::protocol::{RequestId, ServerFrame, pushes};

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

pub(crate) type SendKey = (GroupId, UserId, Cid);

/// Everybody who waits for an answer.
pub(crate) struct Acks {
    waiting: DashMap<SendKey, Waiting>,
    /// In order of their deadlines, which are all equally far.
    deadlines: Mutex<VecDeque<(Instant, SendKey)>>,
    count: AtomicUsize,
    remembered: Remembered,
    /// After this long without an answer a send gets `unavailable`.
    timeout: Duration,
    upcalls: Arc<dyn Upcalls>,
    metrics: PipelineMetrics,
}

struct Waiting {
    since: Instant,
    replies: Vec<Reply>,
}

// === impl Acks ===

impl Acks {
    pub(crate) fn new(
        timeout: Duration,
        cid_window: Duration,
        upcalls: Arc<dyn Upcalls>,
        metrics: PipelineMetrics,
    ) -> Self {
        let remembered = Remembered::new(cid_window);
        let (waiting, deadlines, count) = (DashMap::new(), Mutex::default(), AtomicUsize::new(0));
        Self { waiting, deadlines, count, remembered, timeout, upcalls, metrics }
    }

    /// After this long without an answer a send gets `unavailable`.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Notes who waits; false when the same send is under way from here already: its answer will do
    /// for both.
    pub(crate) fn wait(&self, key: SendKey, reply: Reply) -> bool {
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
            self.deadlines.lock().push_back((now + self.timeout, key));
        }
        first
    }

    /// Whether anybody waits for the answer still.
    pub(crate) fn is_waited_for(&self, key: &SendKey) -> bool {
        self.waiting.contains_key(key)
    }

    /// A send was appended, and its repeats are recognised from now on.
    pub(crate) fn remember(&self) {
        self.remembered.note(Instant::now());
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

    /// An event is stored and was given out: whoever sent it from here is told.
    pub(crate) fn resolve(&self, event: &Event) {
        if self.pending() > 0 {
            let key = (event.group.clone(), event.from.clone(), event.cid.clone());
            if let Some(code) = event.refusal() {
                self.refuse_key(&key, code);
            } else if self.resolve_key(&key, event.seq, event.time) {
                self.upcalls.tell(Upcall::Acked(event));
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

    pub(crate) fn answer(&self, key: &SendKey, result: &Result<Stored, Refusal>) -> bool {
        let Some(waiting) = self.take(key) else { return false };
        match result {
            Ok(_) => {
                self.metrics.acked.inc();
                self.metrics.common.took(Stage::EndToEnd, waiting.since.elapsed().as_secs_f64());
            }
            Err(refusal) => self.metrics.common.rejected(refusal.code),
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
                    let mut deadlines = self.deadlines.lock();
                    match deadlines.front() {
                        Some((at, _)) if *at <= now => deadlines.pop_front(),
                        _ => None,
                    }
                };
                let Some((at, key)) = due else { break };
                let timeout = self.timeout;
                // A key that was answered and is used again has a later deadline of its own.
                if self.waiting.get(&key).is_some_and(|waiting| waiting.since + timeout <= at) {
                    self.answer(&key, &Err(Refusal::unavailable()));
                }
            }
            self.metrics.pending_sends.set(self.pending() as i64);
            self.metrics.remembered_cids.set(self.remembered.count(now) as i64);
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

pub(crate) fn key_of(append: &Append) -> SendKey {
    (append.group.clone(), append.from.clone(), append.cid.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{Told, metrics, text};

    fn call(acks: &Acks, event: &Event) -> (bool, oneshot::Receiver<Result<Stored, Refusal>>) {
        let (sender, receiver) = oneshot::channel();
        let key = (event.group.clone(), event.from.clone(), event.cid.clone());
        (acks.wait(key, Reply::Call(sender)), receiver)
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_for_a_send_are_answered_by_its_delivery_or_in_time() {
        let (told, second) = (Arc::<Told>::default(), Duration::from_secs(1));
        let acks = Arc::new(Acks::new(10 * second, second, told.clone(), metrics().pipeline));
        let group = GroupId::random();
        let (stored, lost) = (text(&group, 1, "anna"), text(&group, 2, "anna"));
        let (first, one) = call(&acks, &stored);
        let (again, other) = call(&acks, &stored);
        assert!(first && !again, "a repeat from here is under way already");
        let (_, late) = call(&acks, &lost);
        acks.resolve(&stored);
        acks.resolve(&stored);
        assert_eq!([one.await.unwrap().unwrap().seq, other.await.unwrap().unwrap().seq], [1, 1]);
        assert_eq!(told.take(), ["acked 1"]);
        tokio::spawn(acks.clone().run_send_deadlines());
        assert_eq!(late.await.unwrap().unwrap_err().code, Code::Unavailable);
        assert_eq!(acks.pending(), 0);
    }
}

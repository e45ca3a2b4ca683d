//! Sends on their way into the log, and who waits for their acks.
//!
//! Each partition has a lane: what arrives while an append is under way goes with the next, so
//! batches grow with load and a lone send never waits for company. A send's answer comes later, from
//! the delivery of the stored event (or from the store, for a repeated one).

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;

use super::Hub;
use super::handle::SessionHandle;
use super::metrics::Stage;
use super::remembered::Remembered;
use crate::domain::{Cid, Code, Event, GroupId, Kind, Millis, Refusal, Seq, UserId};
use crate::ports::{Append, Appended, BackplaneError, Partition};
use crate::protocol::{RequestId, ServerFrame};

/// An append carries so many sends at most: a script that runs longer would hold others up.
const BATCH_MAX: usize = 256;
/// So many sends wait for one partition's append at most; beyond it the hub is overloaded.
const LANE_MAX: usize = 8_192;
/// Repeated sends looked up in the store at the same time.
const CHECKS_AT_ONCE: usize = 16;
/// Between two tries while the backplane is out of reach.
const RETRY_AFTER: Duration = Duration::from_millis(200);

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

/// The lanes and everybody who waits.
pub(crate) struct Publisher {
    lanes: Vec<Mutex<Lane>>,
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

#[derive(Default)]
struct Lane {
    queue: VecDeque<Queued>,
    running: bool,
}

struct Queued {
    append: Append,
    since: Instant,
    /// It was told `Seen`, found to be lost, and is on its second try.
    again: bool,
}

// === impl Publisher ===

impl Publisher {
    pub(crate) fn new(partitions: u16, cid_window: Duration) -> Self {
        Self {
            lanes: (0..partitions).map(|_| Mutex::default()).collect(),
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
    pub(crate) fn publish(self: &Arc<Self>, append: Append, reply: Reply) {
        let key = key_of(&append);
        self.metrics.accepted.inc();
        if !self.publisher.wait(key.clone(), reply, self.config.send_timeout) {
            return;
        }
        if !self.enqueue(Queued { append, since: Instant::now(), again: false }) {
            self.answer(&key, &Err(Refusal::overloaded("too many messages wait for this group; try again")));
        }
    }

    /// Sends and waits for the answer.
    pub(crate) async fn publish_and_wait(self: &Arc<Self>, append: Append) -> Result<Stored, Refusal> {
        let (sender, receiver) = oneshot::channel();
        self.publish(append, Reply::Call(sender));
        receiver.await.unwrap_or_else(|_| Err(Refusal::unavailable()))
    }

    fn enqueue(self: &Arc<Self>, queued: Queued) -> bool {
        let partition = self.partition(&queued.append.group);
        let mut lane = self.publisher.lanes[usize::from(partition)].lock();
        if lane.queue.len() >= LANE_MAX {
            return false;
        }
        lane.queue.push_back(queued);
        if !std::mem::replace(&mut lane.running, true) {
            let hub = self.clone();
            self.spawn(async move { hub.run_lane(partition).await });
        }
        true
    }

    async fn run_lane(self: Arc<Self>, partition: Partition) {
        while let Some(batch) = self.next_batch(partition) {
            self.append_batch(partition, batch).await;
        }
    }

    fn next_batch(&self, partition: Partition) -> Option<Vec<Queued>> {
        let mut lane = self.publisher.lanes[usize::from(partition)].lock();
        if lane.queue.is_empty() {
            lane.running = false;
            return None;
        }
        let count = lane.queue.len().min(BATCH_MAX);
        Some(lane.queue.drain(..count).collect())
    }

    /// Appends a batch, in order; those of groups whose state was absent once more after restoring it.
    async fn append_batch(self: &Arc<Self>, partition: Partition, batch: Vec<Queued>) {
        let mut left = batch;
        let mut restored: Option<GroupId> = None;
        while !left.is_empty() {
            let appends: Vec<Append> = left.iter().map(|queued| queued.append.clone()).collect();
            let answers = match self.backplane.append(partition, &self.node.name(), &appends).await {
                Ok(answers) => answers,
                Err(error) => {
                    left = self.after_failed_append(left, &error).await;
                    continue;
                }
            };
            let mut unknown = Vec::new();
            for (queued, answer) in left.into_iter().zip(answers) {
                match answer {
                    Appended::Unknown => unknown.push(queued),
                    answer => self.appended(queued, answer),
                }
            }
            left = unknown;
            let Some(group) = left.first().map(|queued| queued.append.group.clone()) else { return };
            let outcome = if restored.as_ref() == Some(&group) {
                Err(Refusal::unavailable())
            } else {
                self.restore(&group).await.map(drop)
            };
            restored = Some(group.clone());
            if let Err(refusal) = outcome {
                let (failed, others) = left.into_iter().partition(|queued| queued.append.group == group);
                left = others;
                self.refuse_all(failed, &refusal);
            }
        }
    }

    async fn after_failed_append(&self, left: Vec<Queued>, error: &BackplaneError) -> Vec<Queued> {
        let refusal = self.backplane_refusal(error);
        if matches!(error, BackplaneError::OutOfMemory) {
            self.refuse_all(left, &refusal);
            return Vec::new();
        }
        tokio::time::sleep(RETRY_AFTER).await;
        // Those whose senders have been told `unavailable` meanwhile need no further try.
        left.into_iter().filter(|queued| self.publisher.waiting.contains_key(&key_of(&queued.append))).collect()
    }

    fn refuse_all(&self, queued: Vec<Queued>, refusal: &Refusal) {
        for queued in queued {
            self.answer(&key_of(&queued.append), &Err(refusal.clone()));
        }
    }

    fn appended(self: &Arc<Self>, queued: Queued, answer: Appended) {
        self.metrics.took(Stage::Append, queued.since.elapsed().as_secs_f64());
        let key = key_of(&queued.append);
        match answer {
            Appended::Accepted { .. } => self.publisher.remembered.note(Instant::now()),
            Appended::Seen { seq } => {
                let hub = self.clone();
                self.spawn(async move { hub.seen_before(queued, seq).await });
            }
            Appended::NotMember => {
                self.answer(&key, &Err(Refusal::forbidden("you are not a member of this group")));
            }
            Appended::Full => {
                self.answer(&key, &Err(Refusal::overloaded("the hub is storing more than it can; try again")));
            }
            Appended::Unknown => {}
        }
    }

    /// A repeated send: acked when the document under its seq, or under its cid, is this very send.
    /// When it is still in the log, its delivery acks it. When it is neither (its seq went to
    /// another event), it is lost, and appended anew.
    async fn seen_before(self: Arc<Self>, mut queued: Queued, seq: Seq) {
        let key = key_of(&queued.append);
        let Append { group, from, cid, .. } = &queued.append;
        let mut pause = RETRY_AFTER;
        let found = loop {
            // Repeats come in swarms when something was slow: they must not make it slower.
            let Ok(place) = self.publisher.checks.acquire().await else { return };
            let found = self.stored_send(group, from, cid, seq).await;
            drop(place);
            // Where the group is not on this node, and another node made the first try, no
            // delivery will come by here.
            let unheard = matches!(found, Ok(Found::NotYet)) && self.groups.get(group).is_none();
            if !unheard || !self.publisher.waiting.contains_key(&key) {
                break found;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        };
        match found {
            Ok(Found::Stored(event)) => self.settle(&event),
            Ok(Found::NotYet) => {}
            Ok(Found::Lost) if queued.again => {}
            Ok(Found::Lost) => {
                let partition = self.partition(group);
                if self.backplane.forget_cid(partition, group, from, cid).await.is_ok() {
                    queued.again = true;
                    if !self.enqueue(queued) {
                        self.answer(&key, &Err(Refusal::overloaded("too many messages wait for this group")));
                    }
                }
            }
            Err(error) => drop(self.answer(&key, &Err(self.store_refusal(&error)))),
        }
    }

    async fn stored_send(
        &self,
        group: &GroupId,
        from: &UserId,
        cid: &Cid,
        seq: Seq,
    ) -> Result<Found, crate::ports::StoreError> {
        let at_seq = self.store.event(group, seq).await?;
        match at_seq {
            None => return Ok(Found::NotYet),
            Some(event) if event.from == *from && event.cid == *cid => return Ok(Found::Stored(event)),
            Some(_) => {}
        }
        Ok(self.store.event_by_cid(group, from, cid).await?.map_or(Found::Lost, Found::Stored))
    }

    /// An event is stored and was given out: whoever sent it from here is told.
    pub(crate) fn settle(&self, event: &Event) {
        if self.publisher.pending() > 0 {
            let key = (event.group.clone(), event.from.clone(), event.cid.clone());
            if self.settle_key(&key, event.seq, event.time) {
                self.read_by_sending(event);
            }
        }
    }

    /// A send is stored at a seq; false when nobody here waits for it.
    pub(crate) fn settle_key(&self, key: &SendKey, seq: Seq, time: Millis) -> bool {
        let stored = Stored { group: key.0.clone(), cid: key.2.clone(), seq, time };
        self.answer(key, &Ok(stored))
    }

    /// The store refused a send for good.
    pub(crate) fn refuse_key(&self, key: &SendKey) {
        self.answer(
            key,
            &Err(Refusal::new(Code::Internal, "the store refused this message; change it before you send it again")),
        );
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

/// What the store knows of a repeated send.
enum Found {
    Stored(Event),
    NotYet,
    Lost,
}

// === impl Reply ===

impl Reply {
    fn give(self, result: Result<Stored, Refusal>) {
        match self {
            Reply::Call(sender) => drop(sender.send(result)),
            Reply::Session { session, re } => session.send(&match &result {
                Ok(stored) => ServerFrame::Ack {
                    re: re.as_ref(),
                    group: &stored.group,
                    cid: &stored.cid,
                    seq: stored.seq,
                    time: stored.time,
                },
                Err(refusal) => ServerFrame::refusal(re.as_ref(), refusal),
            }),
        }
    }
}

fn key_of(append: &Append) -> SendKey {
    (append.group.clone(), append.from.clone(), append.cid.clone())
}

/// A send as the log takes it.
pub(crate) fn text_append(group: GroupId, from: UserId, cid: Cid, body: Bytes, members_only: bool) -> Append {
    Append { group, from, cid, kind: Kind::Text, body, members_only }
}

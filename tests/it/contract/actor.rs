//! A client that sends, reconnects, resumes and repeats as the protocol tells clients to, and
//! writes down all that happens to it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use hubbub::protocol::Encoding;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::client::{Over, Socket};
use super::history::{Happened, SendId, Shown};

/// Between two tries to connect.
const RECONNECT: Duration = Duration::from_millis(150);
/// A send without an answer for this long is repeated on the same connection.
const REPEAT: Duration = Duration::from_secs(12);
/// So many unanswered sends are enough: whoever repeats more of them at once is told to stay away.
const MOST_WAITING: usize = 100;
/// An actor with a haunt goes in or out after each of these.
const RESTLESS: Duration = Duration::from_millis(1_500);
/// One of so many sends is followed by a nap: the session is there, and reads nothing.
const NAPS: u32 = 300;
const LONGEST_NAP: Duration = Duration::from_secs(8);

/// One of so many sends pins a text that the actor has seen, or takes the pin back.
const PINS: u32 = 8;
/// Why a pin is refused that is worth no repeat: the actor is no admin there, or a store that was restored has no such text.
const NO_PIN: [&str; 3] = ["forbidden", "not_found", "unsupported"];

/// What all actors are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Send, at the actor's pace.
    Load,
    /// Send nothing new; get all answers.
    Settle,
    /// Stop.
    Over,
}

/// Where an actor says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub group: String,
    /// The other one of a direct chat, which this names the group of.
    pub to: Option<String>,
}

/// Who an actor is and what it does.
pub struct Part {
    pub user: String,
    pub token: String,
    pub encoding: Encoding,
    /// `host:port` of every node.
    pub nodes: Vec<String>,
    pub places: Vec<Place>,
    /// An open group that the actor joins and leaves all the time, besides.
    pub haunt: Option<String>,
    /// Mean pause between two sends.
    pub pause: Duration,
    pub seed: u64,
}

/// What an actor wrote down.
#[derive(Debug, Default)]
pub struct Record {
    pub happened: Vec<Happened>,
    pub sent: HashMap<SendId, String>,
    pub reconnects: usize,
    pub refusals: HashMap<String, usize>,
}

/// How far an actor has come, for those who wait for it.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub unanswered: usize,
    /// The last seq held in each group.
    pub held: HashMap<String, u64>,
    pub acked: usize,
}

struct Actor {
    part: Part,
    random: StdRng,
    record: Record,
    cursors: HashMap<String, u64>,
    /// Unanswered sends, in the order in which they were made.
    waiting: BTreeMap<u64, Waiting>,
    acked: HashSet<SendId>,
    /// The newest text seen in each group.
    texts: HashMap<String, u64>,
    next: u64,
    progress: watch::Sender<Progress>,
}

struct Waiting {
    id: SendId,
    frame: Value,
    since: Instant,
}

/// Plays a part until the phase is `Over`.
pub async fn play(part: Part, mut phase: watch::Receiver<Phase>, progress: watch::Sender<Progress>) -> Record {
    let random = StdRng::seed_from_u64(part.seed);
    let cursors = part.places.iter().map(|place| (place.group.clone(), 0)).collect();
    let mut actor = Actor {
        part,
        random,
        record: Record::default(),
        cursors,
        waiting: BTreeMap::new(),
        acked: HashSet::new(),
        texts: HashMap::new(),
        next: 0,
        progress,
    };
    while *phase.borrow() != Phase::Over {
        if let Err(Over(code)) = actor.connection(&mut phase).await {
            assert!(
                !matches!(code, Some(1008 | 4000..=4099)),
                "the hub told {} to stay away: {code:?}",
                actor.part.user
            );
            actor.record.reconnects += 1;
            // Paces reconnects as a client does; nothing is concluded from it.
            tokio::select! {
                () = tokio::time::sleep(RECONNECT) => {}
                _ = phase.changed() => {}
            }
        }
    }
    actor.record
}

impl Actor {
    async fn connection(&mut self, phase: &mut watch::Receiver<Phase>) -> Result<(), Over> {
        let node = self.part.nodes[self.random.random_range(0..self.part.nodes.len())].clone();
        let mut socket = Socket::connect(&node, self.part.encoding).await?;
        let hello = json!({"type": "hello", "token": self.part.token, "cursors": self.cursors});
        socket.ask(&hello, "welcome").await?;
        self.record.happened.push(Happened::Connected { cursors: self.cursors.clone() });
        for frame in self.waiting.values().map(|waiting| waiting.frame.clone()).collect::<Vec<_>>() {
            socket.say(&frame).await?;
        }
        let mut next_send = Instant::now() + self.pause();
        let mut repeat = tokio::time::interval(Duration::from_secs(1));
        let mut restless = tokio::time::interval(RESTLESS);
        loop {
            let load = *phase.borrow() == Phase::Load;
            let may_send = load && self.waiting.len() < MOST_WAITING;
            tokio::select! {
                frame = socket.hear() => self.take(&frame?),
                () = tokio::time::sleep_until(next_send), if may_send => {
                    next_send = Instant::now() + self.pause();
                    let frame = self.new_send();
                    socket.say(&frame).await?;
                    if self.random.random_ratio(1, NAPS) {
                        // Paused, as a phone in a pocket; nothing is concluded from it.
                        tokio::time::sleep(LONGEST_NAP.mul_f64(self.random.random_range(0.1..1.0))).await;
                    }
                }
                _ = restless.tick(), if load && self.part.haunt.is_some() => {
                    if let Some(frame) = self.in_or_out() {
                        socket.say(&frame).await?;
                    }
                }
                _ = repeat.tick() => {
                    for frame in self.overdue() {
                        socket.say(&frame).await?;
                    }
                }
                _ = phase.changed() => if *phase.borrow() == Phase::Over { return Ok(()) },
            }
        }
    }

    fn pause(&mut self) -> Duration {
        self.part.pause.mul_f64(self.random.random_range(0.2..1.8))
    }

    fn new_send(&mut self) -> Value {
        self.next += 1;
        let place = self.somewhere();
        let id = (place.group.clone(), self.part.user.clone(), format!("c{}", self.next));
        let text = self.texts.get(&place.group).copied().filter(|_| self.random.random_ratio(1, PINS));
        let (mut frame, text) = match text {
            Some(seq) => {
                let on = self.random.random();
                let reference = format!("{}:{seq}", place.group);
                (json!({"kind": "pinned", "ref": reference, "data": {"on": on}}), pin(seq, on))
            }
            None => {
                let text = format!("{}-{}", self.part.user, self.next);
                (json!({"text": text}), text)
            }
        };
        (frame["type"], frame["id"], frame["cid"]) = ("send".into(), self.next.into(), id.2.clone().into());
        match place.to {
            Some(peer) => frame["to"] = peer.into(),
            None => frame["group"] = place.group.into(),
        }
        self.record.sent.insert(id.clone(), text);
        self.waiting.insert(self.next, Waiting { id, frame: frame.clone(), since: Instant::now() });
        self.tell();
        frame
    }

    fn somewhere(&mut self) -> Place {
        let inside = self.part.haunt.clone().filter(|haunt| self.cursors.contains_key(haunt));
        let at = self.random.random_range(0..self.part.places.len() + usize::from(inside.is_some()));
        match (self.part.places.get(at), inside) {
            (None, Some(group)) => Place { group, to: None },
            (place, _) => place.unwrap_or(&self.part.places[0]).clone(),
        }
    }

    fn in_or_out(&mut self) -> Option<Value> {
        let haunt = self.part.haunt.as_ref()?;
        let what = if self.cursors.contains_key(haunt) { "leave" } else { "join" };
        Some(json!({"type": what, "id": "in or out", "group": haunt}))
    }

    fn overdue(&mut self) -> Vec<Value> {
        let now = Instant::now();
        let overdue = self.waiting.values_mut().filter(|waiting| now - waiting.since > REPEAT);
        overdue
            .map(|waiting| {
                waiting.since = now;
                waiting.frame.clone()
            })
            .collect()
    }

    fn take(&mut self, frame: &Value) {
        match frame["type"].as_str() {
            Some("message") => self.take_message(frame),
            Some("ack") => self.take_ack(frame),
            Some("gap") => {
                let (group, from, to) = (text(&frame["group"]), number(&frame["from"]), number(&frame["to"]));
                if frame["reason"] == "reset" {
                    self.cursors.insert(group.clone(), from - 1);
                    self.record.happened.push(Happened::Reset { group, from });
                } else {
                    self.cursors.insert(group.clone(), to);
                    self.record.happened.push(Happened::Gap { group, from, to });
                }
            }
            // A store that was restored knows nothing of the group yet.
            Some("group") if frame["gone"] == true && self.forgets(&text(&frame["id"])) => {
                let group = text(&frame["id"]);
                self.cursors.insert(group.clone(), 0);
                self.record.happened.push(Happened::Reset { group, from: 1 });
            }
            Some("group") if frame["gone"] == true && self.part.haunt.as_deref() == frame["id"].as_str() => {
                let group = text(&frame["id"]);
                self.cursors.remove(&group);
                self.record.happened.push(Happened::Left { group });
            }
            Some("error") => {
                *self.record.refusals.entry(text(&frame["code"])).or_default() += 1;
                let number = frame["re"].as_u64().unwrap_or_default();
                let haunt = self.part.haunt.as_deref();
                // Sent where the actor is no member any more.
                let outside = |waiting: &Waiting| frame["code"] == "forbidden" && haunt == Some(&waiting.id.0);
                let no_pin = |waiting: &Waiting| {
                    waiting.frame["kind"] == "pinned"
                        && frame["code"].as_str().is_some_and(|code| NO_PIN.contains(&code))
                };
                if self.waiting.get(&number).is_some_and(|waiting| outside(waiting) || no_pin(waiting)) {
                    self.waiting.remove(&number);
                } else if let Some(waiting) = self.waiting.get_mut(&number) {
                    // Told to try again with the same cid: soon, by the next look at what is overdue.
                    waiting.since = Instant::now() - REPEAT;
                }
            }
            _ => {}
        }
        self.tell();
    }

    /// Whether this is a group that the actor belongs to for good and has seen something of.
    fn forgets(&self, group: &str) -> bool {
        self.part.places.iter().any(|place| place.group == group) && self.cursors.get(group).is_some_and(|at| *at > 0)
    }

    fn take_message(&mut self, frame: &Value) {
        let group = text(&frame["group"]);
        let shown = shown(frame);
        // A client drops seqs that it holds already; the record keeps what it did not drop.
        let held = self.cursors.entry(group.clone()).or_default();
        if shown.seq > *held {
            *held = shown.seq;
            if shown.kind == "text" {
                self.texts.insert(group.clone(), shown.seq);
            }
            self.record.happened.push(Happened::Message { group, shown });
        }
    }

    fn take_ack(&mut self, frame: &Value) {
        let id = (text(&frame["group"]), self.part.user.clone(), text(&frame["cid"]));
        self.waiting.retain(|_, waiting| waiting.id != id);
        self.acked.insert(id.clone());
        self.record.happened.push(Happened::Acked { id, seq: number(&frame["seq"]) });
    }

    fn tell(&self) {
        let progress = Progress { unanswered: self.waiting.len(), held: self.cursors.clone(), acked: self.acked.len() };
        self.progress.send_replace(progress);
    }
}

/// An event as the record keeps it.
pub fn shown(frame: &Value) -> Shown {
    let text_of = match frame["kind"].as_str() {
        Some("pinned") => {
            let target = frame["ref"].as_str().and_then(|id| id.rsplit(':').next()?.parse().ok());
            pin(target.unwrap_or_default(), frame["data"]["on"] == true)
        }
        _ => frame["text"].as_str().unwrap_or_default().to_owned(),
    };
    Shown { seq: number(&frame["seq"]), from: text(&frame["from"]), kind: text(&frame["kind"]), text: text_of }
}

/// What a pin stands for in the record, in place of a text.
fn pin(target: u64, on: bool) -> String {
    format!("pin {target} {on}")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

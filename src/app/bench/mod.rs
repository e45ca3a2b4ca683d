//! `hubbub bench`: loads a hub, holds it to the contract meanwhile, and sets its figures beside the
//! machine's own floor.
//!
//! - [`client`]: a connected client, its socket a [`line`](mod@line); - [`reader`]: the one thread that reads them
//!   all, each into its [`inbox`];
//! - [`load`]: who sends what when; - [`settle`]: until everything has arrived; - [`deep`]: a group with many
//!   messages;
//! - [`floor`]: a bare write; - [`pace`]: the same at the run's pace, its reader waiting;
//! - [`tally`], [`histogram`]: what is counted; - [`usage`]: what processes use; - [`report`]: the figures.

mod client;
mod deep;
mod floor;
mod histogram;
mod inbox;
mod line;
mod load;
mod pace;
mod reader;
mod report;
mod settle;
mod tally;
mod usage;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::json;

use crate::app::own_fault::lack_of;
use crate::domain::random_token;
use crate::protocol::Encoding;
use client::{Client, Who};
use line::Answer;
use pace::Pace;
use reader::Reader;
pub use report::{Report, Verdict};
use tally::{State, Tally};

/// The floor is measured over so many sockets at most; each is two files, and more do not change it.
const FLOOR_SOCKETS: usize = 4_000;
/// A group is made in less.
const GROUP_PATIENCE: Duration = Duration::from_secs(20);

/// What a run does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `host:port` of every node.
    pub nodes: Vec<String>,
    /// A token for each client.
    pub tokens: Vec<(String, String)>,
    /// Groups that the clients are spread over, each in one.
    pub groups: usize,
    /// Messages a second, over all groups.
    pub rate: f64,
    /// How long the load lasts.
    pub duration: Duration,
    /// How frames are encoded.
    pub encoding: Encoding,
    /// Bytes of a text.
    pub text: usize,
    /// Processes whose use is measured: nodes, Redis.
    pub pids: Vec<u32>,
    /// Processes whose use is told apart: MongoDB.
    pub store_pids: Vec<u32>,
    /// What kind of run.
    pub mode: Mode,
    /// Connections opened at the same time.
    pub at_once: usize,
}

/// What kind of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A rate for a time.
    Rate,
    /// As much as the hub takes: so many sends of each group under way.
    Saturate {
        /// Sends under way in each group; `None` for as many as bring the most deliveries.
        window: Option<usize>,
    },
    /// Connections that do nothing.
    Idle,
    /// All connections cut in the middle of a load, and back at once.
    ReconnectStorm,
    /// One group filled with messages, its history and resuming timed on the way.
    Deep {
        /// How many messages.
        messages: u64,
    },
}

/// Why nothing was measured, in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum Unmeasured {
    /// The hub did not do its part.
    #[error("{0}")]
    Hub(String),
    /// The run could not be made as it was planned: that says nothing about the hub.
    #[error("{0}")]
    Run(String),
}

impl From<std::io::Error> for Unmeasured {
    /// A connection to the hub broke.
    fn from(error: std::io::Error) -> Self {
        Self::Hub(error.to_string())
    }
}

/// The clients and groups of a run.
struct Crowd {
    clients: Vec<Client>,
    states: Vec<Arc<State>>,
    who: Vec<Who>,
    groups: Vec<String>,
    tally: Arc<Tally>,
    /// After the clients: they still tell it that they go.
    reader: Reader,
    /// The next send's number; no two of a run are alike.
    numbers: AtomicU64,
}

/// Runs a plan and answers what was measured. Progress goes to standard error.
///
/// # Errors
/// What kept it from measuring.
pub async fn run(plan: &Plan) -> Result<Report, Unmeasured> {
    let tally = Arc::new(Tally::default());
    let measured = measure(plan, &tally).await;
    match tally.fault() {
        Some(fault) => Err(Unmeasured::Run(fault.to_owned())),
        None => measured,
    }
}

async fn measure(plan: &Plan, tally: &Arc<Tally>) -> Result<Report, Unmeasured> {
    let before = Used::now(plan);
    let mut crowd = Crowd::gather(plan, tally.clone()).await?;
    let joins = crowd.join_again(plan).await?;
    let mut report = Report::begin(plan, joins);
    if let Mode::Deep { messages } = plan.mode {
        crowd.deepen(plan, messages, &mut report).await?;
    } else if let Mode::Idle = plan.mode {
        eprintln!("holding {} idle clients for {} s", crowd.clients.len(), plan.duration.as_secs());
        let start = Used::now(plan);
        tokio::time::sleep(plan.duration).await;
        let clients_a_node = crowd.clients.len().max(1) as f64 / plan.nodes.len().max(1) as f64;
        report.idle(&before, &start, &Used::now(plan), clients_a_node, plan.duration);
    } else {
        crowd.load(plan, &mut report).await?;
    }
    report.contract(&crowd.tally);
    // Files are few: those of the clients are given back before the floors open their own.
    drop(crowd);
    let (sockets, frame) = (plan.tokens.len().min(FLOOR_SOCKETS), sample(plan));
    let unmeasured = |error| Unmeasured::Run(format!("the floor of this machine cannot be measured: {error}"));
    report.floor = floor::microseconds_per_write(sockets, &frame).map_err(unmeasured)?;
    if let Mode::Rate | Mode::ReconnectStorm = plan.mode {
        let each = (plan.tokens.len() / plan.groups.max(1)).clamp(1, sockets.max(1));
        let pace = Pace { sockets, each, rate: plan.rate, encoding: plan.encoding };
        report.floor_at_pace = Some(pace::microseconds_per_write(pace, &frame).map_err(unmeasured)?);
    }
    Ok(report)
}

/// A frame as members get it, for the floor.
fn sample(plan: &Plan) -> Vec<u8> {
    use crate::domain::{Event, GroupId, Head, Kind};
    use crate::protocol::{ServerFrame, WireEvent, encode};
    let head = Head { seq: 100_000, n: 100_000, shown: 100_000, time: crate::domain::now_ms() };
    let mut event = Event::void(GroupId::random(), head);
    event.kind = Kind::Text;
    event.text = Some("x".repeat(plan.text));
    encode(&ServerFrame::Message(WireEvent::public(&event)), plan.encoding).to_vec()
}

// === impl Crowd ===

impl Crowd {
    /// Makes everybody known and the groups with them.
    async fn gather(plan: &Plan, tally: Arc<Tally>) -> Result<Self, Unmeasured> {
        let who: Vec<Who> = plan
            .tokens
            .iter()
            .enumerate()
            .map(|(i, (_, token))| Who {
                address: plan.nodes[i % plan.nodes.len()].clone(),
                token: token.clone(),
                encoding: plan.encoding,
            })
            .collect();
        let states: Vec<_> = who.iter().map(|_| Arc::new(State::default())).collect();
        let unread = |error| Unmeasured::Run(format!("this machine lets nothing be read: {error}"));
        let reader = Reader::start(tally.clone()).map_err(unread)?;
        let (clients, groups) = (Vec::new(), Vec::new());
        let mut crowd = Self { clients, states, who, groups, tally, reader, numbers: AtomicU64::new(0) };
        eprintln!("connecting {} clients for the first time", crowd.who.len());
        crowd.connect(plan).await?;
        eprintln!("making {} groups of {}", plan.groups, crowd.who.len() / plan.groups.max(1));
        let run = random_token();
        for group in 0..plan.groups {
            let members: Vec<&str> = crowd.members(group, plan).map(|i| plan.tokens[i].0.as_str()).collect();
            let ask = json!({"type": "create", "id": 1, "name": format!("bench {run} {group}"), "members": members,
                             "cid": format!("bench-{run}-{group}")});
            let creator = crowd.members(group, plan).next();
            let creator = creator.ok_or_else(|| Unmeasured::Hub("there are more groups than clients".into()))?;
            let told = crowd.clients[creator].ask(&ask, Answer::Group, GROUP_PATIENCE).await?;
            let id = told.ok_or_else(|| {
                let last = crowd.tally.last_error.lock().clone().unwrap_or_default();
                Unmeasured::Hub(format!("a group was not made; is max_members large enough? {last}"))
            })?;
            crowd.groups.push(id);
        }
        Ok(crowd)
    }

    /// The clients of a group, by index: every `groups`-th one, so that each group spans the nodes.
    fn members(&self, group: usize, plan: &Plan) -> impl Iterator<Item = usize> + use<> {
        let (size, count, nodes) = (self.who.len(), plan.groups.max(1), plan.nodes.len().max(1));
        (0..size).filter(move |i| (i / nodes) % count == group)
    }

    fn group_of(&self, client: usize, plan: &Plan) -> Option<&str> {
        self.groups.get((client / plan.nodes.len().max(1)) % plan.groups.max(1)).map(String::as_str)
    }

    async fn connect(&mut self, plan: &Plan) -> Result<(), Unmeasured> {
        let opened = futures::stream::iter(0..self.who.len())
            .map(|i| {
                let group = self.group_of(i, plan);
                let (who, state, orders) = (&self.who[i], self.states[i].clone(), self.reader.orders());
                async move {
                    let mut client = Client::connect(who, group, state, orders).await?;
                    client.welcomed().await?;
                    Ok::<_, std::io::Error>(client)
                }
            })
            .buffered(plan.at_once)
            .collect::<Vec<_>>()
            .await;
        let opened: Result<Vec<_>, _> = opened.into_iter().collect();
        self.clients = opened.map_err(|error| {
            if let Some(lack) = lack_of(&error) {
                self.tally.break_off(lack.to_owned());
            } else if error.kind() == ErrorKind::NotFound {
                self.tally.break_off(error.to_string());
            }
            let last = self.tally.last_error.lock().clone().unwrap_or_default();
            Unmeasured::Hub(format!("a client did not get in: {error} {last}"))
        })?;
        Ok(())
    }

    /// Everybody leaves and joins again: the groups are there now. Answers joins a second.
    async fn join_again(&mut self, plan: &Plan) -> Result<f64, Unmeasured> {
        self.clients.clear();
        // The hub sees the old connections end; nothing is concluded from the time.
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.states = self.who.iter().map(|_| Arc::new(State::default())).collect();
        eprintln!("joining");
        let start = Instant::now();
        self.connect(plan).await?;
        let joins = self.who.len() as f64 / start.elapsed().as_secs_f64();
        self.tally.closed.store(0, Ordering::Relaxed);
        Ok(joins)
    }
}

/// What the measured processes have used at a moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Used {
    pub(crate) hub: Vec<(u32, usage::Usage)>,
    pub(crate) store: Duration,
    pub(crate) own: Duration,
}

// === impl Used ===

impl Used {
    fn now(plan: &Plan) -> Self {
        let of =
            |pids: &[u32]| pids.iter().filter_map(|pid| Some((*pid, usage::of_process(*pid)?))).collect::<Vec<_>>();
        Self {
            hub: of(&plan.pids),
            store: of(&plan.store_pids).iter().map(|(_, usage)| usage.cpu).sum(),
            own: usage::of_self().cpu,
        }
    }
}

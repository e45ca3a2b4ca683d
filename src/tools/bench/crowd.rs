//! The clients and groups of a run.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::json;

use super::client::{Client, Who};
use super::error::Unmeasured;
use super::line::Answer;
use super::plan::Plan;
use super::reader::Reader;
use super::tally::{State, Tally};
use crate::domain::random_token;
use crate::tools::own_fault::lack_of;

/// A group is made in less.
const GROUP_PATIENCE: Duration = Duration::from_secs(20);

/// The clients and groups of a run.
pub(super) struct Crowd {
    pub(super) clients: Vec<Client>,
    pub(super) states: Vec<Arc<State>>,
    pub(super) who: Vec<Who>,
    pub(super) groups: Vec<String>,
    pub(super) tally: Arc<Tally>,
    /// After the clients: they still tell it that they go.
    pub(super) reader: Reader,
    /// The next send's number; no two of a run are alike.
    pub(super) numbers: AtomicU64,
}

// === impl Crowd ===

impl Crowd {
    /// Makes everybody known and the groups with them.
    pub(super) async fn gather(plan: &Plan, tally: Arc<Tally>) -> Result<Self, Unmeasured> {
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
    pub(super) fn members(&self, group: usize, plan: &Plan) -> impl Iterator<Item = usize> + use<> {
        let (size, count, nodes) = (self.who.len(), plan.groups.max(1), plan.nodes.len().max(1));
        (0..size).filter(move |i| (i / nodes) % count == group)
    }

    pub(super) fn group_of(&self, client: usize, plan: &Plan) -> Option<&str> {
        self.groups.get((client / plan.nodes.len().max(1)) % plan.groups.max(1)).map(String::as_str)
    }

    pub(super) async fn connect(&mut self, plan: &Plan) -> Result<(), Unmeasured> {
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
    pub(super) async fn join_again(&mut self, plan: &Plan) -> Result<f64, Unmeasured> {
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

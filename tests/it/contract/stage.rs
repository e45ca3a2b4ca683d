//! Three nodes on Redis and MongoDB, clients that send without a pause, and the verdict after.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use hubbub::protocol::Encoding;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::actor::{Part, Phase, Progress, Record, play, shown};
use super::client::Socket;
use super::history::{History, Shown};
use crate::support::hub::{Hub, JWT_SECRET};
use crate::support::mongo::MongoServer;
use crate::support::redis::{Aof, RedisOptions, RedisServer};
use crate::support::wait::eventually_within;

/// How long everything may take to be well again after a fault: leases end, nodes are reaped, and
/// what was cut off comes back.
const RECOVERY: Duration = Duration::from_secs(90);
const USERS: usize = 8;
const GROUPS: usize = 4;

/// A running cluster under load.
pub struct Stage {
    pub redis: RedisServer,
    pub mongo: MongoServer,
    pub nodes: Vec<Hub>,
    groups: Vec<String>,
    phase: watch::Sender<Phase>,
    actors: Vec<(String, watch::Receiver<Progress>, JoinHandle<Record>)>,
}

impl Stage {
    /// Starts the servers and nodes, makes groups, and lets the load begin.
    pub async fn open(seed: u64) -> Self {
        let redis = RedisServer::start_with(&RedisOptions::aof(Aof::Always)).await;
        let mongo = MongoServer::start().await;
        let database = mongo.database_url("hubbub");
        let node = |name: &str| {
            Hub::builder(name).redis(&redis.url()).mongodb(&database).env("HUBBUB_LOG", "info,hubbub=debug")
        };
        let (a, b, c) = tokio::join!(node("a").start(), node("b").start(), node("c").start());
        let nodes = vec![a, b, c];
        let groups = make_groups(&nodes[0].address()).await;
        let (phase, phases) = watch::channel(Phase::Load);
        let addresses: Vec<String> = nodes.iter().map(Hub::address).collect();
        let actors = (0..USERS)
            .map(|i| {
                let (progress, watched) = watch::channel(Progress::default());
                let part = Part {
                    user: user(i),
                    token: token(&user(i)),
                    encoding: Encoding::ALL[i % Encoding::ALL.len()],
                    nodes: addresses.clone(),
                    groups: groups.clone(),
                    pause: Duration::from_millis(40),
                    seed: seed + i as u64,
                };
                (user(i), watched, tokio::spawn(play(part, phases.clone(), progress)))
            })
            .collect();
        let stage = Self { redis, mongo, nodes, groups, phase, actors };
        stage.until_acked(10).await;
        stage
    }

    /// Waits until every actor has `more` acks than now: the hub works for everybody.
    pub async fn until_acked(&self, more: usize) {
        let wanted: Vec<usize> = self.actors.iter().map(|(_, at, _)| at.borrow().acked + more).collect();
        eventually_within(RECOVERY, "every client gets acks", async || {
            let lacking: Vec<_> = self
                .actors
                .iter()
                .zip(&wanted)
                .filter(|((_, at, _), wanted)| at.borrow().acked < **wanted)
                .map(|((user, at, _), _)| format!("{user}: {:?}", *at.borrow()))
                .collect();
            if lacking.is_empty() { Ok(()) } else { Err(lacking.join("; ")) }
        })
        .await;
    }

    /// Ends the load, waits until all is answered and seen, and holds the contract against the record.
    pub async fn verdict(self) {
        self.phase.send_replace(Phase::Settle);
        eventually_within(RECOVERY, "everything sent is answered and seen by all", async || {
            let heads = heads(&self.nodes[0].address(), &self.groups).await?;
            let behind: Vec<_> = self
                .actors
                .iter()
                .filter(|(_, at, _)| {
                    let at = at.borrow();
                    at.unanswered > 0 || heads.iter().any(|(group, head)| at.held.get(group) != Some(head))
                })
                .map(|(user, at, _)| format!("{user}: {:?}", *at.borrow()))
                .collect();
            if behind.is_empty() { Ok(()) } else { Err(behind.join("; ")) }
        })
        .await;
        self.phase.send_replace(Phase::Over);
        let mut history = History::default();
        let mut reconnects = 0;
        let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
        for (user, _, actor) in self.actors {
            let record = actor.await.expect("an actor does not fail");
            reconnects += record.reconnects;
            record.refusals.into_iter().for_each(|(code, count)| *refusals.entry(code).or_default() += count);
            history.sent.extend(record.sent);
            history.clients.insert(user.clone(), record.happened);
            history.members.insert(user, self.groups.iter().map(|group| (group.clone(), 0)).collect());
        }
        // Node `a` is never the one that dies.
        let address = self.nodes[0].address();
        history.stored = stored(&address, &self.groups).await;
        let events: usize = history.stored.values().map(Vec::len).sum();
        println!("{} sends, {events} events, {reconnects} reconnects, refusals {refusals:?}", history.sent.len());
        assert!(history.sent.len() > 100, "the load was no load: {} sends", history.sent.len());
        let violations = history.violations();
        assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
    }
}

fn user(i: usize) -> String {
    format!("user-{i}")
}

/// A token for a user, valid for an hour.
pub fn token(user: &str) -> String {
    let expires = hubbub::domain::now_ms() / 1_000 + 3_600;
    let claims = json!({"sub": user, "exp": expires, "name": user});
    let key = jsonwebtoken::EncodingKey::from_secret(JWT_SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("HS256 signs anything")
}

/// Connects a user and says hello.
pub async fn connected(address: &str, user: &str) -> Socket {
    let mut socket = Socket::connect(address, Encoding::Json).await.expect("the node takes connections");
    let hello = json!({"type": "hello", "token": token(user)});
    socket.ask(&hello, "welcome").await.expect("hello is accepted");
    socket
}

async fn make_groups(address: &str) -> Vec<String> {
    let users: Vec<String> = (0..USERS).map(user).collect();
    for user in &users {
        drop(connected(address, user).await);
    }
    let mut socket = connected(address, &users[0]).await;
    let mut groups = Vec::new();
    for i in 0..GROUPS {
        let frame =
            json!({"type": "create", "id": i, "name": format!("group {i}"), "members": users, "cid": format!("g{i}")});
        socket.say(&frame).await.expect("the node takes frames");
        let made = loop {
            let group = socket.hear_a("group").await.expect("the group is made");
            if group["re"] == i {
                break group["id"].as_str().expect("a group has an id").to_owned();
            }
        };
        groups.push(made);
    }
    groups
}

/// How far each group is stored.
async fn heads(address: &str, groups: &[String]) -> Result<HashMap<String, u64>, String> {
    let lost = |over: super::client::Over| format!("no history: {over:?}");
    let mut socket = connected(address, &user(0)).await;
    let mut heads = HashMap::new();
    for group in groups {
        let ask = json!({"type": "history", "group": group, "limit": 1});
        let page = socket.ask(&ask, "history").await.map_err(lost)?;
        let head = page["messages"][0]["seq"].as_u64().ok_or("an empty history")?;
        heads.insert(group.clone(), head);
    }
    Ok(heads)
}

/// What is stored, as `history` shows it, page by page.
async fn stored(address: &str, groups: &[String]) -> HashMap<String, Vec<Shown>> {
    let mut socket = connected(address, &user(0)).await;
    let mut all = HashMap::new();
    for group in groups {
        let mut events: Vec<Shown> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.seq);
            let ask = json!({"type": "history", "group": group, "after": after, "limit": 200});
            let page = socket.ask(&ask, "history").await.expect("history is answered");
            events.extend(page["messages"].as_array().into_iter().flatten().map(shown));
            if page["more"] != true {
                break;
            }
        }
        all.insert(group.clone(), events);
    }
    all
}

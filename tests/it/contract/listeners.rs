//! Clients that send without a pause in all sorts of groups, and the verdict on what they went through.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use hubbub::domain::{GroupId, UserId};
use hubbub::protocol::Encoding;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::actor::{Part, Phase, Place, Progress, Record, play, shown};
use super::client::{Over, Socket};
use super::history::{History, Shown};
use crate::support::hub::JWT_SECRET;
use crate::support::wait::{eventually_within, poll};

/// How long everything may take to be well again after a fault: leases end, nodes are reaped, and
/// what was cut off comes back.
pub const RECOVERY: Duration = Duration::from_secs(90);

/// Who there is and what they do.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    pub users: usize,
    /// Groups of all users.
    pub groups: usize,
    /// Mean pause of each between two sends.
    pub pause: Duration,
    /// With a group of one, direct chats opened from both sides, and an open group that two users
    /// join and leave all the time.
    pub all_sorts: bool,
    pub seed: u64,
}

/// Everybody, in all their groups.
pub struct Listeners {
    actors: Vec<Actor>,
    /// A member of each group, who can read what is stored.
    readers: HashMap<String, String>,
    phase: watch::Sender<Phase>,
}

struct Actor {
    user: String,
    places: Vec<Place>,
    progress: watch::Receiver<Progress>,
    playing: JoinHandle<Record>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Verdict {
    pub sends: usize,
    pub events: usize,
    pub reconnects: usize,
    pub refusals: BTreeMap<String, usize>,
    pub violations: Vec<String>,
}

// === impl Listeners ===

impl Listeners {
    /// Makes the groups over one node and lets everybody begin over all `addresses`.
    pub async fn assemble(cast: Cast, node: &str, addresses: Vec<String>) -> Self {
        let (phase, phases) = watch::channel(Phase::Load);
        let (parts, readers) = parts(cast, node, &addresses).await;
        let actors = parts.into_iter().map(|part| {
            let (progress, watched) = watch::channel(Progress::default());
            let (user, places) = (part.user.clone(), part.places.clone());
            Actor { user, places, progress: watched, playing: tokio::spawn(play(part, phases.clone(), progress)) }
        });
        Self { actors: actors.collect(), readers, phase }
    }

    /// Waits until every actor has `more` acks than now: the hub works for everybody. Answers how
    /// long it took.
    pub async fn until_acked(&self, more: usize) -> Duration {
        let begun = Instant::now();
        let wanted: Vec<usize> = self.actors.iter().map(|actor| actor.progress.borrow().acked + more).collect();
        eventually_within(RECOVERY, "every client gets acks", async || {
            let lacking: Vec<_> = self
                .actors
                .iter()
                .zip(&wanted)
                .filter(|(actor, wanted)| actor.progress.borrow().acked < **wanted)
                .map(|(actor, _)| actor.told())
                .collect();
            if lacking.is_empty() { Ok(()) } else { Err(lacking.join("; ")) }
        })
        .await;
        begun.elapsed()
    }

    /// Ends the load and waits until all is answered and seen by all.
    pub async fn settle(&self, node: &str) {
        self.phase.send_replace(Phase::Settle);
        let settled = poll(RECOVERY, async || {
            let heads = self.heads(node).await?;
            let behind: Vec<_> = self.actors.iter().filter(|actor| actor.is_behind(&heads)).map(Actor::told).collect();
            if behind.is_empty() { Ok(()) } else { Err(format!("heads {heads:?}; {}", behind.join("; "))) }
        });
        if let Err(last) = settled.await {
            panic!("not everything sent is answered and seen by all within {RECOVERY:?}: {last}");
        }
    }

    /// Goes on after [`Listeners::settle`].
    pub fn carry_on(&self) {
        self.phase.send_replace(Phase::Load);
    }

    /// Ends it all and holds the contract against the record.
    pub async fn verdict(self, node: &str, restored: bool) -> Verdict {
        self.settle(node).await;
        self.phase.send_replace(Phase::Over);
        let mut verdict = Verdict::default();
        let mut history = History { restored, ..stored(node, &self.readers).await };
        for actor in self.actors {
            let record = actor.playing.await.expect("an actor does not fail");
            verdict.reconnects += record.reconnects;
            record.refusals.into_iter().for_each(|(code, count)| *verdict.refusals.entry(code).or_default() += count);
            history.sent.extend(record.sent);
            history.clients.insert(actor.user.clone(), record.happened);
            let groups = actor.places.into_iter().map(|place| (place.group, 0)).collect();
            history.members.insert(actor.user, groups);
        }
        verdict.sends = history.sent.len();
        verdict.events = history.stored.values().map(Vec::len).sum();
        verdict.violations = history.violations();
        verdict
    }

    /// How far each group is stored.
    async fn heads(&self, node: &str) -> Result<HashMap<String, u64>, String> {
        let mut heads = HashMap::new();
        for (user, groups) in by_reader(&self.readers) {
            let mut socket = try_connected(node, user).await?;
            for group in groups {
                let page = page(&mut socket, group, json!({"limit": 1})).await?;
                heads.insert(group.clone(), page["messages"][0]["seq"].as_u64().unwrap_or(0));
            }
        }
        Ok(heads)
    }
}

// === impl Actor ===

impl Actor {
    fn is_behind(&self, heads: &HashMap<String, u64>) -> bool {
        let at = self.progress.borrow();
        let held = |place: &Place| at.held.get(&place.group).copied().unwrap_or(0);
        at.unanswered > 0 || self.places.iter().any(|place| heads.get(&place.group) != Some(&held(place)))
    }

    fn told(&self) -> String {
        format!("{}: {:?}", self.user, *self.progress.borrow())
    }
}

/// Everybody's part, and for each group somebody who can read it.
async fn parts(cast: Cast, node: &str, addresses: &[String]) -> (Vec<Part>, HashMap<String, String>) {
    let users: Vec<String> = (0..cast.users).map(user).collect();
    for user in &users {
        drop(connected(node, user).await);
    }
    let mut maker = connected(node, &users[0]).await;
    let mut shared = Vec::new();
    let mut readers = HashMap::new();
    for i in 0..cast.groups {
        shared.push(make_group(&mut maker, &format!("g{i}"), &users, "members").await);
    }
    readers.extend(shared.iter().map(|group| (group.clone(), users[0].clone())));
    let (mut alone, mut haunt) = (None, None);
    if cast.all_sorts {
        alone = Some(make_group(&mut maker, "alone", &users[..1], "members").await);
        haunt = Some(make_group(&mut maker, "haunt", &users[..1], "open").await);
        readers.extend(alone.iter().chain(&haunt).map(|group| (group.clone(), users[0].clone())));
    }
    let mut parts = Vec::new();
    for (i, user) in users.iter().enumerate() {
        let mut places: Vec<_> = shared.iter().map(|group| Place { group: group.clone(), to: None }).collect();
        if i == 0 {
            places.extend(alone.iter().chain(&haunt).map(|group| Place { group: group.clone(), to: None }));
        }
        if let Some(peer) = users.get(i ^ 1).filter(|_| cast.all_sorts) {
            let group = direct(user, peer);
            readers.insert(group.clone(), user.clone());
            places.push(Place { group, to: Some(peer.clone()) });
        }
        let restless = cast.all_sorts && (1..=2).contains(&i);
        parts.push(Part {
            user: user.clone(),
            token: token(user),
            encoding: Encoding::ALL[i % Encoding::ALL.len()],
            nodes: addresses.to_vec(),
            places,
            haunt: haunt.clone().filter(|_| restless),
            pause: cast.pause,
            seed: cast.seed.wrapping_mul(1_000) + i as u64,
        });
    }
    (parts, readers)
}

fn user(i: usize) -> String {
    format!("user-{i}")
}

fn direct(one: &str, other: &str) -> String {
    let id = |user: &str| UserId::parse(user).expect("a valid id");
    GroupId::direct(&id(one), &id(other)).to_string()
}

async fn make_group(maker: &mut Socket, cid: &str, members: &[String], access: &str) -> String {
    let frame = json!({
        "type": "create", "id": cid, "name": cid, "members": members, "access": access, "cid": cid
    });
    maker.say(&frame).await.expect("the node takes frames");
    loop {
        let group = maker.hear_a("group").await.expect("the group is made");
        if group["re"] == cid {
            return group["id"].as_str().expect("a group has an id").to_owned();
        }
    }
}

/// A token for a user, valid for a day.
pub fn token(user: &str) -> String {
    let expires = hubbub::domain::now_ms() / 1_000 + 24 * 3_600;
    let claims = json!({"sub": user, "exp": expires, "name": user});
    hubbub::identity::tokens::provide();
    let key = jsonwebtoken::EncodingKey::from_secret(JWT_SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("HS256 signs anything")
}

/// Connects a user and says hello.
pub async fn connected(address: &str, user: &str) -> Socket {
    try_connected(address, user).await.unwrap_or_else(|why| panic!("{user} at {address}: {why}"))
}

async fn try_connected(address: &str, user: &str) -> Result<Socket, String> {
    let lost = |over: Over| format!("no connection: {over:?}");
    let mut socket = Socket::connect(address, Encoding::Json).await.map_err(lost)?;
    let hello = json!({"type": "hello", "token": token(user)});
    socket.ask(&hello, "welcome").await.map_err(lost)?;
    Ok(socket)
}

fn by_reader(readers: &HashMap<String, String>) -> BTreeMap<&String, Vec<&String>> {
    let mut groups: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    readers.iter().for_each(|(group, user)| groups.entry(user).or_default().push(group));
    groups
}

/// A page of history; an empty one where there is no such group (yet).
async fn page(socket: &mut Socket, group: &str, query: Value) -> Result<Value, String> {
    let mut ask = json!({"type": "history", "id": 1, "group": group});
    query.as_object().into_iter().flatten().for_each(|(name, value)| ask[name] = value.clone());
    socket.say(&ask).await.map_err(|over| format!("no history: {over:?}"))?;
    loop {
        let frame = socket.hear_soon().await.map_err(|over| format!("no history: {over:?}"))?;
        match frame["type"].as_str() {
            Some("history") => return Ok(frame),
            // Many pages are asked for one after the other: as the protocol says, later.
            Some("error") if frame["code"] == "rate_limited" => {
                tokio::time::sleep(Duration::from_millis(frame["retry_after"].as_u64().unwrap_or(1_000))).await;
                socket.say(&ask).await.map_err(|over| format!("no history: {over:?}"))?;
            }
            Some("error") if frame["code"] == "not_found" => return Ok(json!({"messages": [], "more": false})),
            Some("error") => return Err(format!("no history: {frame}")),
            _ => {}
        }
    }
}

/// What is stored, as `history` shows it, page by page.
async fn stored(node: &str, readers: &HashMap<String, String>) -> History {
    let mut all = History::default();
    for (user, groups) in by_reader(readers) {
        let mut socket = connected(node, user).await;
        for group in groups {
            let (mut events, mut pinned): (Vec<Shown>, Vec<u64>) = Default::default();
            loop {
                let after = events.last().map_or(0, |event| event.seq);
                let query = json!({"after": after, "limit": 200});
                let page = page(&mut socket, group, query).await.expect("history is answered");
                let messages = page["messages"].as_array().into_iter().flatten();
                pinned.extend(messages.clone().filter(|m| m["pinned"] == true).filter_map(|m| m["seq"].as_u64()));
                events.extend(messages.map(shown));
                if page["more"] != true {
                    break;
                }
            }
            all.stored.insert(group.clone(), events);
            all.pinned.insert(group.clone(), pinned);
        }
    }
    all
}

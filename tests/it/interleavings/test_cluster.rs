//! Nodes of one process over a real Redis and one store, each behind gates of its own.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fred::clients::Client as RedisClient;
use fred::interfaces::{ClientLike, HashesInterface, KeysInterface};
use fred::types::{ClusterHash, CustomCommand, Value as RedisValue};
use hubbub::adapters::BackplaneLimits;
use hubbub::adapters::redis::{RedisBackplane, RedisConfig};
use hubbub::adapters::sqlite::SqliteStore;
use hubbub::domain::{Event, GroupId, Kind, Seq, UserId};
use hubbub::hub::{Hub, HubConfig, Metrics, Optional, Rate};
use hubbub::ports::{Backplane, Journal, Page, Store};
use serde_json::{Value, json};

use super::gated::{GatedBackplane, GatedStore};
use super::gates::Gates;
use crate::people::{Client, NameIsToken, make_group};
use crate::support::shared::{self, RedisSpace};
use crate::support::{eventually, redis};

/// Short, so that a node that stands still is soon taken for dead; long enough for a machine that
/// is busy with other tests.
const LEASE: Duration = Duration::from_secs(3);
const PARTITIONS: u16 = 1;
/// How long a client repeats a send at most.
const REPEATED_FOR: Duration = Duration::from_secs(60);

/// The node that partition 0 falls to when all three live, by the hash of their names.
pub const FIRST: usize = 1;

/// A node behind its gates.
pub struct Node {
    pub hub: Arc<Hub>,
    pub gates: Gates,
}

/// Nodes `a`, `b`, `c` … with one partition: one of them owns all groups.
pub struct TestCluster {
    pub store: Arc<dyn Store>,
    pub backplane: Arc<dyn Backplane>,
    pub nodes: Vec<Node>,
    redis: RedisClient,
    _holder: Box<dyn Any + Send + Sync>,
}

/// Replaces all keys of groups by those of a snapshot, but for leases.
const ROLL_BACK: &str = "
for _, key in ipairs(redis.call('KEYS', '*}:v2:*')) do
  if key:find('{p', 1, true) and key:sub(-6) ~= ':lease' then redis.call('DEL', key) end
end
for at = 1, #KEYS do redis.call('RESTORE', KEYS[at], 0, ARGV[at]) end
";

/// The keys that hold a text, whatever they are.
const FIND: &str = "
local function holds(value)
  if type(value) == 'string' then return value:find(ARGV[1], 1, true) ~= nil end
  if type(value) ~= 'table' then return false end
  for _, part in ipairs(value) do
    if holds(part) then return true end
  end
  return false
end
local found, all = {}, { string = { 'GET' }, list = { 'LRANGE', 0, -1 }, hash = { 'HGETALL' }, set = { 'SMEMBERS' },
  zset = { 'ZRANGE', 0, -1 }, stream = { 'XRANGE', '-', '+' } }
for _, key in ipairs(redis.call('KEYS', '*')) do
  local read = all[redis.call('TYPE', key).ok]
  if holds(redis.call(read[1], key, unpack(read, 2))) then found[#found + 1] = key end
end
return found
";

/// What Redis held at some moment.
pub struct Snapshot(Vec<(String, RedisValue)>);

// === impl TestCluster ===

impl TestCluster {
    pub async fn open(nodes: usize) -> Self {
        Self::over(shared::redis().await, nodes, |_| {}).await
    }

    /// On this Redis, with settings of the test's own.
    pub async fn over(space: RedisSpace, nodes: usize, change: impl Fn(&mut HubConfig)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(directory.path().join("hubbub.db")).unwrap());
        Self::with_store(store, Box::new(directory), space, nodes, change).await
    }

    /// With nodes that each write a journal, and a backplane that remembers the moves of so many groups.
    pub async fn with_journals(space: RedisSpace, moves_kept: u64, journals: Vec<Arc<dyn Journal>>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(directory.path().join("hubbub.db")).unwrap());
        let mut ways = Vec::new();
        for journal in journals {
            ways.push((connect_with(&space, moves_kept).await, Some(journal)));
        }
        Self::over_ways(store, Box::new(directory), space, ways, |_| {}).await
    }

    /// With a store of the test's own, which lives as long as what holds it.
    pub async fn with_store(
        store: Arc<dyn Store>,
        holder: Box<dyn Any + Send + Sync>,
        space: RedisSpace,
        nodes: usize,
        change: impl Fn(&mut HubConfig),
    ) -> Self {
        let mut ways = Vec::new();
        for _ in 0..nodes {
            ways.push((connect(&space).await, None));
        }
        Self::over_ways(store, holder, space, ways, change).await
    }

    /// A node for each way to Redis, with its journal.
    async fn over_ways(
        store: Arc<dyn Store>,
        holder: Box<dyn Any + Send + Sync>,
        space: RedisSpace,
        ways: Vec<(Arc<dyn Backplane>, Option<Arc<dyn Journal>>)>,
        change: impl Fn(&mut HubConfig),
    ) -> Self {
        let (backplane, nodes) = (connect(&space).await, ways.len());
        let mut started = Vec::new();
        for (name, way) in ["a", "b", "c"].into_iter().zip(ways) {
            let mut config = HubConfig {
                node: name.into(),
                partitions: PARTITIONS,
                node_lease: LEASE,
                sweep_every: Duration::from_millis(500),
                session_rate: Rate { burst: 10_000, per_second: 10_000 },
                user_rate: Rate { burst: 10_000, per_second: 10_000 },
                ..HubConfig::default()
            };
            change(&mut config);
            started.push(Node::start(config, &store, way).await);
        }
        let redis = redis::client(&space.url).await;
        let scene = Self { store, backplane, nodes: started, redis, _holder: holder };
        eventually("all nodes see each other", async || {
            let all = scene.nodes.iter().all(|node| node.hub.nodes().len() == nodes);
            if all { Ok(()) } else { Err("some do not") }
        })
        .await;
        scene.settled_owner().await;
        scene
    }

    /// Which node owns the groups, if any does now.
    pub async fn owner(&self) -> Option<usize> {
        let name = self.backplane.partition_owner(0).await.ok()??.base().to_owned();
        self.nodes.iter().position(|node| node.hub.config().node == name)
    }

    /// Waits until the node that should own the groups does, and answers which.
    pub async fn settled_owner(&self) -> usize {
        let first = if self.nodes.len() > FIRST { FIRST } else { 0 };
        eventually("the first choice owns the groups", async || match self.owner().await {
            Some(owner) if owner == first => Ok(owner),
            other => Err(format!("{other:?} owns them, not {first}")),
        })
        .await
    }

    /// Waits until another node owns the groups.
    pub async fn taken_over_from(&self, old: usize) -> usize {
        eventually("another node takes the partition over", async || match self.owner().await {
            Some(owner) if owner != old => Ok(owner),
            other => Err(format!("{other:?} owns it")),
        })
        .await
    }

    pub async fn join(&self, node: usize, user: &str) -> Client {
        Client::hello(&self.nodes[node].hub, user).await.0
    }

    /// A user on each node, named `user-0`, `user-1` …, all in one group that the first one made.
    pub async fn people(&self) -> (Vec<Client>, GroupId) {
        let mut people = Vec::new();
        for node in 0..self.nodes.len() {
            people.push(self.join(node, &format!("user-{node}")).await);
        }
        let others: Vec<String> = (1..people.len()).map(|node| format!("user-{node}")).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        let group = GroupId::parse(&make_group(&mut people[0], &others).await).unwrap();
        for client in &mut people[1..] {
            client.next("group").await;
        }
        (people, group)
    }

    /// Redis loses everything.
    pub async fn empty_redis(&self) {
        let command = CustomCommand::new_static("FLUSHDB", ClusterHash::Random, false);
        let _: () = self.redis.custom(command, vec!["SYNC"]).await.expect("the test's Redis is there");
    }

    /// What Redis holds of the groups now. Nothing should be under way.
    pub async fn snapshot(&self) -> Snapshot {
        let mut held = Vec::new();
        for key in self.group_keys().await {
            let value: RedisValue = self.redis.dump(key.clone()).await.expect("the test's Redis is there");
            held.push((key, value));
        }
        Snapshot(held)
    }

    /// What Redis holds of the groups is as it was then: it lost its tail, as after a failover. In one step: what is
    /// appended meanwhile is lost as a whole, or not at all.
    pub async fn roll_back(&self, snapshot: Snapshot) {
        let command = CustomCommand::new_static("EVAL", ClusterHash::Random, false);
        let (keys, values): (Vec<_>, Vec<_>) = snapshot.0.into_iter().unzip();
        let mut arguments: Vec<RedisValue> = vec![ROLL_BACK.into(), (keys.len() as i64).into()];
        arguments.extend(keys.into_iter().map(RedisValue::from));
        arguments.extend(values);
        let rolled: Result<RedisValue, _> = self.redis.custom(command, arguments).await;
        rolled.expect("Redis takes its own dump back");
    }

    /// The keys of Redis under which something stands that was said.
    pub async fn keys_that_hold(&self, said: &str) -> Vec<String> {
        let command = CustomCommand::new_static("EVAL", ClusterHash::Random, false);
        let arguments: Vec<RedisValue> = vec![FIND.into(), 0.into(), said.into()];
        self.redis.custom(command, arguments).await.expect("the test's Redis is there")
    }

    /// Redis loses the lease of the partition, and nothing else.
    pub async fn lose_lease(&self) {
        let command = CustomCommand::new_static("KEYS", ClusterHash::Random, false);
        let keys: Vec<String> = self.redis.custom(command, vec!["*:lease"]).await.expect("the test's Redis is there");
        let _: i64 = self.redis.del(keys).await.expect("the test's Redis is there");
    }

    /// The group's next seq will be nobody's.
    pub async fn skip_a_seq(&self, group: &GroupId) {
        let state = format!(":g:{group}");
        let keys = self.group_keys().await;
        let key = keys.into_iter().find(|key| key.ends_with(&state)).expect("the group has a state");
        let _: i64 = self.redis.hincrby(key, "s", 1).await.expect("the test's Redis is there");
    }

    /// An entry such as a version to come may write, in the log of all groups.
    pub async fn append_unreadable(&self) {
        let command = CustomCommand::new_static("XADD", ClusterHash::FirstKey, false);
        let logs = self.group_keys().await.into_iter().filter(|key| key.ends_with(":log"));
        for log in logs {
            let entry = vec![log, "*".into(), "v".into(), "9".into()];
            let _: String = self.redis.custom(command.clone(), entry).await.expect("the test's Redis is there");
        }
    }

    /// Logs, states and remembered cids; not the lease, which runs out by itself.
    async fn group_keys(&self) -> Vec<String> {
        let command = CustomCommand::new_static("KEYS", ClusterHash::Random, false);
        let mut keys: Vec<String> =
            self.redis.custom(command, vec!["*}:v2:*"]).await.expect("the test's Redis is there");
        keys.retain(|key| key.contains("{p") && !key.ends_with(":lease"));
        keys
    }

    /// Redis loses the recent events of all groups.
    pub async fn forget_recent_events(&self) {
        self.forget(":v2:x:").await;
    }

    /// Redis loses what it remembers of sends: their time is over.
    pub async fn forget_cids(&self) {
        self.forget(":v2:c:").await;
    }

    /// Redis loses the states of all groups.
    pub async fn forget_states(&self) {
        self.forget(":v2:g:").await;
    }

    async fn forget(&self, sort: &str) {
        for key in self.group_keys().await.into_iter().filter(|key| key.contains(sort)) {
            let _: () = self.redis.del(key).await.expect("the test's Redis is there");
        }
    }

    /// Redis loses the nodes' inboxes, with the peer messages in them.
    pub async fn lose_inboxes(&self) {
        let command = CustomCommand::new_static("KEYS", ClusterHash::Random, false);
        let inboxes: Vec<String> =
            self.redis.custom(command, vec!["*:v2:in"]).await.expect("the test's Redis is there");
        let _: () = self.redis.del(inboxes).await.expect("the test's Redis is there");
    }

    /// Waits until a node has no route for a group.
    pub async fn route_left(&self, node: usize, group: &GroupId) {
        let name = &self.nodes[node].hub.config().node;
        eventually("the route is removed", async || {
            let routes = self.backplane.routes(0, group).await.map_err(|error| error.to_string())?;
            if routes.iter().all(|route| route.base() != name) { Ok(()) } else { Err(format!("{routes:?}")) }
        })
        .await;
    }

    /// Waits until somebody's removal from a group is in the log.
    pub async fn not_a_member(&self, group: &GroupId, user: &str) {
        let user = [UserId::parse(user).unwrap()];
        eventually("the removal is in the log", async || match self.backplane.roles(0, group, &user).await {
            Ok(Some(roles)) if roles == [None] => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }

    /// Everything stored of a group.
    pub async fn stored(&self, group: &GroupId) -> Vec<Event> {
        self.store.page(group, Page::After(0, 10_000)).await.unwrap()
    }

    /// Everybody sees a last message of the first one's, and until then all that is stored, in
    /// order, each event once; no `cid` is stored twice.
    pub async fn agree(&self, people: &mut [Client], group: &GroupId) {
        let end = format!("end-{}", rand::random::<u32>());
        repeat_until_acked(&mut people[0], group, &end).await;
        let mut views = Vec::new();
        for client in people.iter_mut() {
            views.push(seen_until(client, group, &end).await);
        }
        let stored = self.stored(group).await;
        let kinds: Vec<_> = stored.iter().map(|event| (event.seq, event.kind.as_str().to_owned())).collect();
        assert!(stored.iter().map(|event| event.seq).eq(1..=stored.len() as Seq), "holes: {kinds:?}");
        let mut cids: Vec<_> = stored.iter().map(|event| (event.from.clone(), event.cid.clone())).collect();
        cids.sort();
        assert!(cids.windows(2).all(|pair| pair[0] != pair[1]), "stored twice: {cids:?}");
        // What was repeated although it was stored may come behind the end, as a void.
        let last = stored.iter().find(|event| text_of(event) == end).expect("what was acked is stored").seq;
        for (view, at) in views.iter().zip(0..) {
            let first = view.first().map_or(0, |(seq, _)| *seq);
            let between = stored.iter().filter(|event| (first..=last).contains(&event.seq));
            let seen: HashMap<Seq, &str> = view.iter().map(|(seq, text)| (*seq, text.as_str())).collect();
            let may_be = |event: &Event| as_it_may_be_seen(event, seen.get(&event.seq).copied().unwrap_or_default());
            let expected: Vec<_> = between.map(|event| (event.seq, may_be(event))).collect();
            assert_eq!(*view, expected, "what client {at} saw of {kinds:?}");
        }
        for late in stored.iter().filter(|event| event.seq > last) {
            assert_eq!(late.kind.as_str(), "void", "nobody waits for what comes behind the end: {kinds:?}");
        }
    }
}

// === impl Node ===

impl Node {
    async fn start(
        config: HubConfig,
        store: &Arc<dyn Store>,
        (backplane, journal): (Arc<dyn Backplane>, Option<Arc<dyn Journal>>),
    ) -> Self {
        store.prepare(config.partitions).await.unwrap();
        backplane.check(config.partitions).await.unwrap();
        let gates = Gates::default();
        let store = Arc::new(GatedStore { inner: store.clone(), gates: gates.clone() });
        let backplane = Arc::new(GatedBackplane { inner: backplane, gates: gates.clone() });
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        let hub = Hub::new(
            config,
            store,
            backplane,
            Arc::new(NameIsToken),
            metrics,
            Optional { journal, ..Optional::default() },
        );
        hub.start().await.unwrap();
        Self { hub, gates }
    }
}

/// A node's own way to this Redis.
pub async fn connect(space: &RedisSpace) -> Arc<dyn Backplane> {
    connect_with(space, BackplaneLimits::default().moves_kept).await
}

/// The same, where the moves of so many groups are remembered.
async fn connect_with(space: &RedisSpace, moves_kept: u64) -> Arc<dyn Backplane> {
    let limits = BackplaneLimits { moves_kept, ..BackplaneLimits::default() };
    let config = RedisConfig { prefix: space.prefix.clone(), limits, ..RedisConfig::new(&space.url) };
    Arc::new(RedisBackplane::connect(&config).await.expect("the test's Redis is there"))
}

/// Says a text, with itself as its cid, and waits for nothing.
pub async fn send(client: &mut Client, group: &GroupId, cid: &str) {
    client.say(send_frame(group, cid)).await;
}

/// The same, repeated while the answer is "not now", as clients do.
pub async fn repeat_until_acked(client: &mut Client, group: &GroupId, cid: &str) {
    until_acked(client, send_frame(group, cid)).await;
}

/// Repeats a send until it is acked; answers the ack.
pub async fn until_acked(client: &mut Client, frame: Value) -> Value {
    let begun = std::time::Instant::now();
    let mut answers = Vec::new();
    while begun.elapsed() < REPEATED_FOR {
        client.say(frame.clone()).await;
        loop {
            let answer = client.next_of(&["ack", "error"]).await;
            if answer["cid"] == frame["cid"] {
                return answer;
            }
            if answer["re"] == frame["id"] {
                answers.push(answer);
                break;
            }
        }
    }
    panic!("{frame} was not acked: {answers:?}");
}

fn send_frame(group: &GroupId, cid: &str) -> Value {
    json!({"type": "send", "id": cid, "group": group.as_str(), "cid": cid, "text": cid})
}

/// The group's messages that a client is shown, up to the one with this text.
async fn seen_until(client: &mut Client, group: &GroupId, text: &str) -> Vec<(Seq, String)> {
    let mut seen = Vec::new();
    loop {
        let message = client.next("message").await;
        if message["group"] != group.as_str() {
            continue;
        }
        let shown = message["text"].as_str().unwrap_or_default().to_owned();
        seen.push((message["seq"].as_u64().unwrap(), shown.clone()));
        if shown == text {
            return seen;
        }
    }
}

/// What somebody may have seen an event say: what they did, where that was said once or is said now; of what is deleted
/// anything.
fn as_it_may_be_seen(event: &Event, seen: &str) -> String {
    let is_erased = event.state.erasure.is_some() || event.kind == Kind::Edited && event.text.is_none();
    let may_be = is_erased || event.current_text() == Some(seen);
    if may_be { seen.to_owned() } else { text_of(event) }
}

fn text_of(event: &Event) -> String {
    event.text.clone().unwrap_or_default()
}

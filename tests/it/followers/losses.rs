//! What follows stored events lags, and then what it would go by is lost, or another node has to go on.

use tempfile::TempDir;

use super::{FOLLOWED_WITHIN, quiet_group, say};
use crate::contract::followed::{Compared, Journals, Stored};
use crate::support::hub::{Hub, HubBuilder};
use crate::support::redis::{Aof, RedisOptions, RedisServer};
use crate::support::wait::eventually_within;
use crate::support::{MongoServer, RedisSentinel, scratch};

/// The setting that has a node write its journal.
const JOURNAL: &str = "HUBBUB_JOURNAL";
/// Groups in which nobody is online.
const GROUPS: usize = 6;
const DATABASE: &str = "hubbub";

/// Where nodes store and what they follow.
struct Ground {
    mongo: MongoServer,
    redis_url: String,
    journals: Journals,
    _directory: TempDir,
}

// === impl Ground ===

impl Ground {
    async fn open(redis_url: String) -> Self {
        let directory = scratch::directory("journals");
        let journals = Journals::of(directory.path());
        Self { mongo: MongoServer::start().await, redis_url, journals, _directory: directory }
    }

    fn node(&self, name: &str) -> HubBuilder {
        let node = Hub::builder(name).redis(&self.redis_url).mongodb(&self.mongo.database_url(DATABASE));
        node.env(JOURNAL, &self.journals.folder(name))
    }

    /// Turns the journal of a node on or off, with a kill between.
    async fn turn(&self, node: &mut Hub, on: bool) {
        let folder = self.journals.folder(node.name());
        node.set(JOURNAL, on.then_some(folder.as_str()));
        node.kill();
        node.restart().await;
    }

    /// Waits until all that is stored is followed.
    async fn agree(&mut self) {
        let stored = Stored::Mongo { url: self.mongo.url(), database: DATABASE.into() };
        let Compared { stored, lines, differences } = self.journals.follow(&stored, false).await;
        assert!(differences.is_empty(), "{stored} stored, {lines} lines:\n{}", differences.join("\n"));
        assert!(stored >= 3 * GROUPS, "who made each group joined, and two things were said: {stored}");
    }
}

async fn groups(node: &Hub) -> Vec<String> {
    let mut groups = Vec::new();
    for _ in 0..GROUPS {
        let group = quiet_group(node).await;
        say(node, &group, "one").await;
        groups.push(group);
    }
    groups
}

async fn say_in_all(node: &Hub, groups: &[String], text: &str) {
    for group in groups {
        say(node, group, text).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_emptied_while_nobody_has_followed_for_a_while() {
    let mut redis = RedisServer::start_with(&RedisOptions::aof(Aof::Always)).await;
    let mut ground = Ground::open(redis.url()).await;
    let (mut a, mut b) = (ground.node("a").start().await, ground.node("b").start().await);
    let groups = groups(&a).await;
    ground.agree().await;
    for node in [&mut a, &mut b] {
        ground.turn(node, false).await;
    }
    say_in_all(&a, &groups, "unheard of").await;
    redis.restart_empty().await;
    say_in_all(&b, &groups[..GROUPS / 2], "heard of").await;
    for node in [&mut a, &mut b] {
        ground.turn(node, true).await;
    }
    ground.agree().await;
}

/// The replica lacks the last commits, and takes the primary's place. The store has them, and nobody says anything more.
#[tokio::test(flavor = "multi_thread")]
async fn redis_fails_over_without_its_last_second() {
    let mut redis = RedisSentinel::start().await;
    let mut ground = Ground::open(redis.url()).await;
    let (a, b) = (ground.node("a").start().await, ground.node("b").start().await);
    let groups = groups(&a).await;
    ground.agree().await;
    redis.pause_replica().await;
    say_in_all(&b, &groups, "in the last second").await;
    redis.fail_over_to_paused().await;
    ground.agree().await;
    for node in [&a, &b] {
        node.internal("/readyz").await.expect("both go on");
    }
}

/// Nodes come and are killed while others write: partitions move from one follower to another.
#[tokio::test(flavor = "multi_thread")]
async fn partitions_move_as_nodes_come_and_die() {
    let redis = RedisServer::start_with(&RedisOptions::aof(Aof::Always)).await;
    let mut ground = Ground::open(redis.url()).await;
    let a = ground.node("a").start().await;
    let groups = groups(&a).await;
    let mut b = ground.node("b").start().await;
    works(&b).await;
    say_in_all(&b, &groups, "two").await;
    let c = ground.node("c").start().await;
    works(&c).await;
    b.kill();
    say_in_all(&c, &groups, "three").await;
    drop(c);
    say_in_all(&a, &groups, "four").await;
    b.restart().await;
    works(&b).await;
    say_in_all(&b, &groups, "five").await;
    ground.agree().await;
}

/// Waits until a node works somewhere for the journal.
async fn works(node: &Hub) {
    eventually_within(FOLLOWED_WITHIN, "the node has a share", async || {
        match node.metric("hubbub_follower_partitions{follower=\"journal\"}").await {
            0.0 => Err("it has none"),
            _ => Ok(()),
        }
    })
    .await;
}

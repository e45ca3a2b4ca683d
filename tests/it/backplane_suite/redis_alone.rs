//! What only Redis can show: memory that runs out, a server that is killed, paused or set up wrong,
//! connections that break.

use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::{ClientLike, HashesInterface};
use fred::types::{ClusterHash, CustomCommand};
use hubbub::adapters::BackplaneLimits;
use hubbub::adapters::redis::{RedisBackplane, RedisConfig};
use hubbub::domain::{GroupId, now_ms};
use hubbub::ports::{
    Appended, BackplaneError, Cluster, Commit, CommitError, GroupStates, InboxPosition, Log, Reseq, Sequencer,
    StartError,
};

use super::PARTITIONS;
use super::redis::Redis;
use super::sample::*;
use crate::support::redis::{Aof, RedisOptions, RedisServer};
use crate::support::shared::RedisSpace;
use crate::support::{eventually, shared};

/// A Redis of the test's own.
struct Own {
    server: RedisServer,
    scene: TestCluster<Redis>,
}

impl Own {
    async fn start(aof: Aof) -> Self {
        let server = RedisServer::start_with(&RedisOptions::aof(aof)).await;
        let space = RedisSpace { url: server.url(), prefix: String::new() };
        let world = Redis::at(space, BackplaneLimits::default()).await;
        Self { server, scene: TestCluster::of(world).await }
    }
}

async fn admin(client: &Client, words: &[&str]) {
    let (command, arguments) = words.split_first().expect("a command");
    let command = CustomCommand::new(*command, ClusterHash::Random, false);
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    client.custom::<(), _>(command, arguments).await.unwrap();
}

/// Whether anybody waits in a blocking call.
async fn blocked_clients(client: &Client) -> Result<(), String> {
    let command = CustomCommand::new_static("INFO", ClusterHash::Random, false);
    let info: String = client.custom(command, vec!["clients"]).await.map_err(|error| error.to_string())?;
    if info.contains("blocked_clients:0") { Err(info) } else { Ok(()) }
}

/// Tries until Redis answers again.
async fn again<T>(what: &str, call: impl AsyncFnMut() -> Result<T, BackplaneError>) -> T {
    eventually(what, call).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_memory_nothing_new_is_taken_and_the_rest_goes_on() {
    let Own { server: _server, scene } = Own::start(Aof::Off).await;
    let backplane = &scene.backplane;
    scene.say("1").await;
    scene.say("2").await;
    let entries = scene.read_all(1).await;
    backplane.open_inbox(&node("a.1")).await.unwrap();
    admin(&scene.world.client, &["CONFIG", "SET", "maxmemory", "100kb"]).await;

    let refused = backplane.append(scene.partition, &scene.origin, &[text(&scene.group, "anna", "3")]).await;
    assert!(matches!(refused, Err(BackplaneError::OutOfMemory)), "{refused:?}");
    let refused = backplane.change_members(scene.partition, &scene.origin, &add(&scene.group, "anna", &["cleo"])).await;
    assert!(matches!(refused, Err(BackplaneError::OutOfMemory)), "{refused:?}");
    let refused = backplane.put_ticket("t", "x", LONG).await;
    assert!(matches!(refused, Err(BackplaneError::OutOfMemory)), "{refused:?}");

    scene.hold().await;
    scene.commit(&[entries[0].id], vec![group_commit(&scene.group, 1..=1)]).await.unwrap();
    let claimed = backplane.claim(&node("successor.1"), scene.partition).await.unwrap().entries;
    for entry in claimed {
        let reseq = Reseq { partition: scene.partition, token: scene.token.clone(), entry, floor: head(5, 5) };
        backplane.reseq(&reseq).await.unwrap();
    }
    scene.know(&GroupId::random()).await;
    backplane.beat(&record("a.1"), LONG).await.unwrap();
    let (anna, here) = session("anna", "a.1");
    backplane.register(&anna, &here).await.unwrap();
    backplane.join_routes(scene.partition, &[scene.group.clone()], &node("a.1"), 1).await.unwrap();
    backplane.post(&[(node("a.1"), bytes::Bytes::from("peer message"))]).await.unwrap();
    let read = backplane.read_inbox(&node("a.1"), InboxPosition::default(), WAIT).await.unwrap();
    assert_eq!(read.entries.len(), 1);
    backplane.unregister(&anna, &here).await.unwrap();
    backplane.leave(&node("a.1"), PARTITIONS).await.unwrap();

    admin(&scene.world.client, &["CONFIG", "SET", "maxmemory", "0"]).await;
    let answers = again("memory is back", async || {
        backplane.append(scene.partition, &scene.origin, &[text(&scene.group, "anna", "3")]).await
    })
    .await;
    assert_eq!(accepted(&answers).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_back_with_its_data() {
    let Own { mut server, scene } = Own::start(Aof::Always).await;
    scene.say("1").await;
    scene.say("2").await;
    assert_eq!(scene.read_all(2).await.len(), 2);
    scene.say("3").await;
    server.kill();
    let sent = text(&scene.group, "anna", "4");
    let lost = scene.backplane.append(scene.partition, &scene.origin, std::slice::from_ref(&sent)).await;
    assert!(matches!(lost, Err(BackplaneError::Unreachable(_))), "{lost:?}");
    let lost = scene.backplane.read_log(&scene.owner, &[scene.partition], SHORT).await;
    assert!(matches!(lost, Err(BackplaneError::Unreachable(_))), "{lost:?}");
    assert!(scene.backplane.ping().await.is_err());
    server.restart().await;

    let answers = again("Redis is back", async || {
        scene.backplane.append(scene.partition, &scene.origin, std::slice::from_ref(&sent)).await
    })
    .await;
    // It may have been sent again when its answer was lost.
    assert!(matches!(answers[..], [Appended::Accepted { seq: 4, .. } | Appended::Seen { seq: 4 }]), "{answers:?}");
    assert_eq!(scene.append(&[text(&scene.group, "anna", "2")]).await, [Appended::Seen { seq: 2 }]);
    scene.hold().await;
    let mut entries = scene.backplane.claim(&scene.owner, scene.partition).await.unwrap().entries;
    assert_eq!(seqs(&entries), [1, 2]);
    while entries.len() < 4 {
        let more = again("the reader is back", async || {
            scene.backplane.read_log(&scene.owner, &[scene.partition], WAIT).await
        });
        entries.extend(more.await.into_iter().flat_map(|read| read.entries));
    }
    assert_eq!(seqs(&entries), [1, 2, 3, 4]);
    scene.commit(&ids(&entries), vec![group_commit(&scene.group, 1..=4)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_back_with_nothing() {
    let Own { mut server, scene } = Own::start(Aof::Off).await;
    let name = node("a.1");
    scene.backplane.open_inbox(&name).await.unwrap();
    scene.backplane.beat(&record("a.1"), LONG).await.unwrap();
    scene.say("1").await;
    server.restart_empty().await;
    let beat = again("Redis is back", async || scene.backplane.beat(&record("a.1"), LONG).await).await;
    assert!(!beat.renewed && beat.uptime < 5_000, "{beat:?}");
    assert_eq!(scene.append(&[text(&scene.group, "anna", "1")]).await, [Appended::Unknown]);
    let read = again("the inbox is read again", async || {
        scene.backplane.read_inbox(&name, InboxPosition::default(), SHORT).await
    });
    assert!(read.await.lossy);
    scene.hold().await;
    scene.know(&scene.group).await;
    assert_eq!(scene.say("1").await, 1);
    let reads =
        again("the log is read again", async || scene.backplane.read_log(&scene.owner, &[scene.partition], WAIT).await);
    assert_eq!(reads.await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_redis_is_given_up_and_found_again() {
    let server = RedisServer::start().await;
    let config = RedisConfig { command_timeout: Duration::from_millis(300), ..RedisConfig::new(server.url()) };
    let backplane = RedisBackplane::connect(&config).await.unwrap();
    let (consumer, group) = (node("a.1"), GroupId::random());
    backplane.restore(0, &node("o.1"), &floor(&group)).await.unwrap();
    assert!(backplane.read_log(&consumer, &[0], SHORT).await.unwrap().is_empty());
    server.process().pause();
    let begun = std::time::Instant::now();
    let (read, ping) = tokio::join!(backplane.read_log(&consumer, &[0], SHORT), backplane.ping());
    assert!(matches!(read, Err(BackplaneError::Unreachable(_))), "{read:?}");
    assert!(matches!(ping, Err(BackplaneError::Unreachable(_))), "{ping:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    server.process().resume();
    again("it answers", async || backplane.ping().await).await;
    let send = text(&group, "anna", "1");
    again("it takes", async || backplane.append(0, &consumer, std::slice::from_ref(&send)).await).await;
    // Read now, or by the read that was given up: then it is pending.
    let found = eventually("the entry comes", async || {
        let mut entries = backplane.claim(&consumer, 0).await.map_err(|error| error.to_string())?.entries;
        let reads = backplane.read_log(&consumer, &[0], SHORT).await.map_err(|error| error.to_string())?;
        entries.extend(reads.into_iter().flat_map(|read| read.entries));
        entries.pop().ok_or_else(|| "nothing yet".to_owned())
    });
    assert_eq!(found.await.cid, send.cid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_connection_is_told_to_the_reader() {
    let Own { server: _server, scene } = Own::start(Aof::Off).await;
    let consumer = scene.owner.clone();
    for round in 1..=5 {
        let broken = async {
            eventually("the reader waits", async || blocked_clients(&scene.world.client).await).await;
            admin(&scene.world.client, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
        };
        let partitions = [scene.partition];
        let (read, ()) = tokio::join!(scene.backplane.read_log(&consumer, &partitions, WAIT), broken);
        assert!(matches!(read, Err(BackplaneError::Unreachable(_))), "{read:?}");
        let send = text(&scene.group, "anna", &round.to_string());
        let call = async || scene.backplane.append(scene.partition, &consumer, std::slice::from_ref(&send)).await;
        again("it is connected again", call).await;
        let reads = again("the reader is connected again", async || {
            scene.backplane.read_log(&consumer, &[scene.partition], WAIT).await
        });
        assert_eq!(reads.await[0].entries[0].seq, round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgotten_scripts_are_sent_again() {
    let Own { server: _server, scene } = Own::start(Aof::Off).await;
    for id in ["1", "2"] {
        scene.say(id).await;
        let entries = scene.read_all(1).await;
        scene.commit(&ids(&entries), vec![]).await.unwrap();
        admin(&scene.world.client, &["SCRIPT", "FLUSH"]).await;
    }
    let send = async |at: usize| scene.append(&[text(&scene.group, "bert", &at.to_string())]).await;
    let senders = (0..20).map(send);
    let seqs: Vec<u64> =
        futures::future::join_all(senders).await.iter().flat_map(|answers| accepted(answers)).collect();
    assert!(sorted(seqs).into_iter().eq(3..=22));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_evicts_is_refused() {
    let Own { server: _server, scene } = Own::start(Aof::Off).await;
    scene.backplane.check(PARTITIONS).await.unwrap();
    admin(&scene.world.client, &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    let refused = scene.backplane.check(PARTITIONS).await.unwrap_err();
    let StartError::Never(refused) = refused else { panic!("no waiting mends it: {refused}") };
    assert!(refused.contains("allkeys-lru") && refused.contains("noeviction"), "{refused}");
}

/// Neither starts beside the other: apart from each other they would own the same groups.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_of_the_layout_before_are_refused_and_refuse() {
    let Own { server: _server, scene } = Own::start(Aof::Off).await;
    let (client, leases) = (&scene.world.client, "{hub}:v1:leases");
    admin(client, &["ZADD", leases, &(now_ms() + 60_000).to_string(), "old.1"]).await;
    let refused = scene.backplane.check(PARTITIONS).await.unwrap_err();
    let StartError::Never(refused) = refused else { panic!("no waiting mends it: {refused}") };
    assert!(refused.contains("stop them first"), "{refused}");
    admin(client, &["ZADD", leases, &(now_ms() - 60_000).to_string(), "old.1"]).await;
    scene.backplane.check(PARTITIONS).await.unwrap();
    let told: String = client.hget("{hub}:v1:meta", "partitions").await.unwrap();
    assert_eq!(told, "0", "no node can have that number");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_number_of_partitions_is_refused() {
    let space = shared::redis().await;
    let backplane = super::redis::connect(&space, &BackplaneLimits::default()).await;
    backplane.check(16).await.unwrap();
    let refused = super::redis::connect(&space, &BackplaneLimits::default()).await.check(8).await.unwrap_err();
    let StartError::Never(refused) = refused else { panic!("no waiting mends it: {refused}") };
    assert!(refused.contains("16") && refused.contains('8'), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prefixes_keep_deployments_apart() {
    let space = shared::redis().await;
    let one = super::redis::connect(&space, &BackplaneLimits::default()).await;
    let other = RedisSpace { prefix: format!("{}other:", space.prefix), ..space };
    let other = super::redis::connect(&other, &BackplaneLimits::default()).await;
    one.beat(&record("a.1"), LONG).await.unwrap();
    assert_eq!(other.beat(&record("b.1"), LONG).await.unwrap().live.len(), 1);
    assert!(one.hold_partition(0, &node("a.1"), &hubbub::ports::LeaseToken("x".into()), LONG).await.unwrap());
    assert_eq!(other.partition_owner(0).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_a_later_version_are_not_misread() {
    let Own { server: _server, scene } = Own::start(Aof::Off).await;
    admin(&scene.world.client, &["XADD", "{p01}:v2:log", "*", "v", "3", "g", "?"]).await;
    scene.say("1").await;
    let read = scene.backplane.read_log(&scene.owner, &[scene.partition], WAIT).await.unwrap().remove(0);
    let claimed = scene.backplane.claim(&scene.owner, scene.partition).await.unwrap();
    for told in [read, claimed] {
        assert_eq!(seqs(&told.entries), [1], "the others are read");
        let [(_, BackplaneError::Unexpected(why))] = &told.unreadable[..] else { panic!("{told:?}") };
        assert!(why.contains('3'), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_of_earlier_lives_keep_what_is_pending() {
    let Own { server: _server, scene } = Own::start(Aof::Off).await;
    for life in 1..=3 {
        scene.say(&life.to_string()).await;
        let consumer = node(&format!("life.{life}"));
        let entries = scene.read_as(&*scene.backplane, &consumer, WAIT).await;
        assert_eq!(seqs(&entries), [life]);
    }
    assert_eq!(seqs(&scene.backplane.claim(&node("life.4"), scene.partition).await.unwrap().entries), [1, 2, 3]);
    let commit = scene.commit(&[], vec![]).await;
    assert!(!matches!(commit, Err(CommitError::LeaseLost)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_it_answers_no_more() {
    let space = shared::redis().await;
    let backplane = super::redis::connect(&space, &BackplaneLimits::default()).await;
    let reading = async { backplane.read_log(&node("a.1"), &[0], SHORT).await.unwrap() };
    assert!(reading.await.is_empty());
    backplane.close().await;
    assert!(backplane.ping().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_tells_nodes_in_the_same_step() {
    let scene = TestCluster::<Redis>::new().await;
    let (done, groups) = (Vec::new(), vec![group_commit(&scene.group, 1..=1)]);
    let commit =
        Commit { partition: scene.partition, token: scene.token.clone(), done, groups, hinted: vec![node("a.1")] };
    assert!(scene.backplane.commit(&commit).await.unwrap().told);
}

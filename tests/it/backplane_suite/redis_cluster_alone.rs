//! What only a Cluster can show: one of its masters is lost.

use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::config::{Options, Server};
use fred::types::{ClusterHash, CustomCommand};
use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{GroupId, NodeName};
use hubbub::ports::{Backplane, Cluster, Commit, InboxPosition, Inboxes, Registry};

use super::redis::{Redis, connect};
use super::redis_cluster::RedisCluster as ClusterWorld;
use super::sample::*;
use super::{PARTITIONS, World};
use crate::support::redis::{Aof, RedisOptions};
use crate::support::shared::{self, RedisSpace};
use crate::support::{RedisCluster, eventually};

/// Takes everything of a test from one master.
async fn forget(world: &Redis, master: &Server) {
    let command = CustomCommand::new_static("KEYS", ClusterHash::Random, false);
    let options = Options { cluster_node: Some(master.clone()), ..Options::default() };
    let pattern = format!("{}*", world.space.prefix);
    let keys: Vec<String> = world.client.with_options(&options).custom(command, vec![pattern]).await.unwrap();
    for key in keys {
        world.client.del::<(), _>(key).await.unwrap();
    }
}

/// One group in each partition, all known.
async fn settle(backplane: &dyn Backplane) -> Vec<GroupId> {
    let mut groups = Vec::new();
    for partition in 0..PARTITIONS {
        let group = GroupId::random();
        backplane.restore(partition, &node("origin.1"), &floor(&group)).await.unwrap();
        groups.push(group);
    }
    groups
}

async fn known(backplane: &dyn Backplane, groups: &[GroupId]) -> usize {
    let mut known = 0;
    for (partition, group) in (0..).zip(groups) {
        known += backplane.heads(partition, std::slice::from_ref(group)).await.unwrap().iter().flatten().count();
    }
    known
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_master_forgot_is_unknown_and_the_rest_stays() {
    let world = Redis::at(shared::redis_cluster().await, BackplaneLimits::default()).await;
    let backplane = connect(&world.space, &world.limits).await;
    let names: Vec<NodeName> = (0..8).map(|at| node(&format!("n{at}.1"))).collect();
    let (mut lost_groups, mut lost_leases, mut lost_inboxes) = (0, 0, 0);
    for master in world.client.active_connections() {
        let groups = settle(&backplane).await;
        let (anna, here) = session("anna", "n0.1");
        backplane.register(&anna, &here).await.unwrap();
        for name in &names {
            backplane.open_inbox(name).await.unwrap();
            backplane.beat(&record(name.as_str()), LONG).await.unwrap();
        }
        forget(&world, &master).await;
        lost_groups += groups.len() - known(&backplane, &groups).await;
        let beat = backplane.beat(&record("n0.1"), LONG).await.unwrap();
        lost_leases += usize::from(!beat.renewed);
        assert_eq!(beat.live.len(), if beat.renewed { names.len() } else { 1 });
        for name in &names {
            let read = backplane.read_inbox(name, InboxPosition::default(), 2 * SHORT / 10).await.unwrap();
            lost_inboxes += usize::from(read.lossy);
        }
    }
    // Each key has one master: each was lost once.
    assert_eq!((lost_groups, lost_leases, lost_inboxes), (usize::from(PARTITIONS), 1, names.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_killed_and_back() {
    let mut cluster = RedisCluster::start_with(&RedisOptions::aof(Aof::Always)).await;
    let space = RedisSpace { url: cluster.url(), prefix: "t:".into() };
    let world = Redis::at(space, BackplaneLimits::default()).await;
    let backplane = world.node().await;
    let groups = settle(&*backplane).await;
    let partitions: Vec<u16> = (0..PARTITIONS).collect();
    assert!(backplane.read_log(&node("a.1"), &partitions, SHORT).await.unwrap().is_empty());
    for index in 0..3 {
        cluster.master(index).kill();
        cluster.master(index).restart().await;
        cluster.wait_until_ok().await;
        let mut found = Vec::new();
        for (partition, group) in (0..).zip(&groups) {
            let send = text(group, "anna", &index.to_string());
            eventually("every partition takes sends again", async || {
                backplane.append(partition, &node("o.1"), std::slice::from_ref(&send)).await
            })
            .await;
        }
        eventually("every partition is read again", async || {
            let mut errors = Vec::new();
            match backplane.read_log(&node("a.1"), &partitions, SHORT).await {
                Ok(reads) => found.extend(reads.into_iter().flat_map(|read| read.entries)),
                Err(error) => errors.push(error.to_string()),
            }
            for partition in &partitions {
                // What a lost answer carried is pending.
                let pending = backplane.claim(&node("a.1"), *partition).await.map_err(|error| error.to_string())?;
                found.extend(pending.entries);
            }
            found.sort_by(|a, b| (&a.group, a.seq).cmp(&(&b.group, b.seq)));
            found.dedup_by(|a, b| a.group == b.group && a.seq == b.seq);
            let complete = groups.iter().all(|group| {
                found.iter().filter(|entry| entry.group == *group).map(|entry| entry.seq).eq(1..=index as u64 + 1)
            });
            if complete { Ok(()) } else { Err(format!("{} came, {errors:?}", found.len())) }
        })
        .await;
    }
}

/// Its connections stay: nothing but the others' word tells that it is no master any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_falls_silent_and_is_replaced() {
    let mut cluster = RedisCluster::start_with_replicas().await;
    let world = Redis::at(RedisSpace { url: cluster.url(), prefix: "t:".into() }, BackplaneLimits::default()).await;
    let backplane = world.node().await;
    let groups = settle(&*backplane).await;
    let silent = cluster.fail_over_from_silent().await;
    for (partition, group) in (0..).zip(&groups) {
        let send = text(group, "anna", "to whoever is master now");
        eventually("every partition takes sends", async || {
            backplane.append(partition, &node("o.1"), std::slice::from_ref(&send)).await
        })
        .await;
    }
    cluster.master(silent).process().resume();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inboxes_in_other_slots_are_not_told_by_a_commit() {
    let scene = TestCluster::<ClusterWorld>::new().await;
    let (done, groups) = (Vec::new(), vec![group_commit(&scene.group, 1..=1)]);
    let commit =
        Commit { partition: scene.partition, token: scene.token.clone(), done, groups, hinted: vec![node("a.1")] };
    assert!(!scene.backplane.commit(&commit).await.unwrap().told);
}

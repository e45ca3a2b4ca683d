//! How Redis keeps who is a member, and what a change costs it.

use fred::clients::Client;
use fred::interfaces::{ClientLike, HashesInterface};
use fred::types::{ClusterHash, CustomCommand};
use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{Kind, Member, Role};
use hubbub::ports::{ChangeOutcome, ChangeRequest, GroupSnapshot, Permission};

use super::redis::Redis;
use super::sample::*;
use crate::support::redis::{Aof, RedisOptions, RedisServer};
use crate::support::shared::RedisSpace;

/// A Redis whose commands nobody else counts in.
async fn alone() -> (RedisServer, TestCluster<Redis>) {
    let server = RedisServer::start_with(&RedisOptions::aof(Aof::Off)).await;
    let space = RedisSpace { url: server.url(), prefix: String::new() };
    let scene = TestCluster::of(Redis::at(space, BackplaneLimits::default()).await).await;
    (server, scene)
}

/// How often a member set was read as a whole.
async fn scans(client: &Client) -> u64 {
    let command = CustomCommand::new_static("INFO", ClusterHash::Random, false);
    let info: String = client.custom(command, vec!["commandstats"]).await.unwrap();
    let whole = ["hgetall", "hkeys", "hvals", "hscan"].map(|name| format!("cmdstat_{name}:calls="));
    let calls = info.lines().filter_map(|line| whole.iter().find_map(|name| line.strip_prefix(name.as_str())));
    calls.map(|calls| calls.split(',').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_members_are_looked_at_only_where_the_last_admin_goes() {
    let (_server, scene) = alone().await;
    let mut members: Vec<Member> =
        (1..=10_000).map(|at| Member { since: at, ..member(&format!("user-{at}"), Role::Member) }).collect();
    members[0].role = Role::Admin;
    members[1].role = Role::Admin;
    let known = GroupSnapshot { head: head(10_000, 0), members, version: 10_000, ..floor(&scene.group) };
    scene.backplane.restore(scene.partition, &scene.origin, &known).await.unwrap();
    let before = scans(&scene.world.client).await;
    for at in 0..100 {
        let name = format!("guest-{at}");
        let adding = ChangeRequest { max_members: 20_000, ..add(&scene.group, "user-1", &[&name]) };
        assert!(matches!(scene.change(&adding).await, ChangeOutcome::Accepted { .. }));
        let removing =
            ChangeRequest { kind: Kind::Left, ..add(&scene.group, "user-1", &[&format!("user-{}", 100 + at)]) };
        assert!(matches!(scene.change(&removing).await, ChangeOutcome::Accepted { .. }));
        scene.backplane.restore(scene.partition, &scene.origin, &known).await.unwrap();
    }
    let leave = |name: &str| ChangeRequest {
        kind: Kind::Left,
        permission: Permission::Oneself,
        ..add(&scene.group, name, &[name])
    };
    assert_eq!(scene.change(&leave("user-1")).await, ChangeOutcome::Accepted { seq: 10_201 });
    assert_eq!(scans(&scene.world.client).await, before);
    assert_eq!(scene.change(&leave("user-2")).await, ChangeOutcome::Accepted { seq: 10_203 });
    assert_eq!(scans(&scene.world.client).await, before + 1);
    assert_eq!(scene.role("user-3").await, Some(Role::Admin));
}

/// A set as versions wrote it that kept neither since when somebody is a member nor how many are admins; one of
/// them may have changed it while this one runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sets_of_an_earlier_version_are_read_and_led() {
    let (_server, scene) = alone().await;
    let state = format!("{{p01}}:v2:g:{}", scene.group);
    let client = &scene.world.client;
    client.hdel::<(), _, _>(state.clone(), vec!["ad", "@anna", "@bert"]).await.unwrap();
    let old = vec![("@dora", "m"), ("@cleo", "m"), ("mv", "3"), ("s", "3"), ("c", "2")];
    client.hset::<(), _, _>(state.clone(), old).await.unwrap();
    assert_eq!(scene.role("cleo").await, Some(Role::Member));
    assert_eq!(scene.change(&add(&scene.group, "cleo", &["emil"])).await, ChangeOutcome::Accepted { seq: 5 });
    assert_eq!((scene.role("cleo").await, scene.role("emil").await), (Some(Role::Admin), Some(Role::Member)));
    let entries = scene.read_all(2).await;
    assert_eq!((entries[0].kind, &entries[0].users), (Kind::Role, &users(&["cleo"])));
    // The earlier version lets dora and cleo change places, and leaves the count as it was.
    client.hset::<(), _, _>(state, vec![("@dora", "a"), ("@cleo", "m"), ("mv", "6"), ("s", "6")]).await.unwrap();
    let removing = ChangeRequest { kind: Kind::Left, ..add(&scene.group, "dora", &["dora"]) };
    assert_eq!(scene.change(&removing).await, ChangeOutcome::Accepted { seq: 8 });
    assert_eq!(scene.role("cleo").await, Some(Role::Admin));
}

/// What later versions write beside the members, or behind a member's role, stays where this one writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_of_a_later_version_keeps_what_is_not_known_here() {
    let (_server, scene) = alone().await;
    let state = format!("{{p01}}:v2:g:{}", scene.group);
    let client = &scene.world.client;
    let later = vec![("@anna", "a3 owner"), ("later", "of a later version")];
    client.hset::<(), _, _>(state.clone(), later).await.unwrap();
    let owner = Role::parse("owner").unwrap();
    assert_eq!(scene.role("anna").await, Some(owner));
    // The letter before the name says what it allows here.
    assert_eq!(scene.change(&add(&scene.group, "anna", &["cleo"])).await, ChangeOutcome::Accepted { seq: 1 });
    let stored = GroupSnapshot {
        members: vec![Member { since: 3, ..member("anna", owner) }],
        version: 9,
        ..floor(&scene.group)
    };
    scene.backplane.restore(scene.partition, &scene.origin, &stored).await.unwrap();
    let kept: Vec<String> = client.hmget(state, vec!["@anna", "later"]).await.unwrap();
    assert_eq!(kept, ["m3 owner", "of a later version"]);
}

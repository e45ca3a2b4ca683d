//! Whoever comes and goes, in whatever order and through whichever node: a group with members has an admin.

use std::sync::Arc;

use futures::future::join_all;
use hubbub::adapters::local::LocalBackplane;
use hubbub::adapters::sqlite::SqliteStore;
use hubbub::domain::{Cid, Event, Group, GroupId, Head, Kind, MembershipChange, NodeName, Role, UserId};
use hubbub::hub::{Hub, HubConfig, Metrics, Optional, Rate};
use hubbub::ports::{Backplane, ChangeRequest, Inserted, Page, Permission, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::gates::Side;
use super::test_cluster::{FIRST, TestCluster, connect, repeat_until_acked};
use crate::people::{Client, NameIsToken};
use crate::support::{eventually, shared};

const NODES: usize = 3;
const PEOPLE: [&str; 5] = ["ann", "bob", "cy", "dan", "eve"];
/// Groups that live through rounds of deeds, each of its own.
const RUNS: usize = 20;

/// What somebody does, or has done to them.
#[derive(Debug, Clone)]
enum Deed {
    Join,
    Leave,
    /// Removes another, as an admin.
    Remove(usize),
    /// Adds another, as an admin.
    Add(usize),
    /// The hub gives them a role.
    Role(Role),
}

/// What each of the people does at the same time; some do nothing.
type Round = Vec<Option<Deed>>;

fn rounds() -> impl Strategy<Value = Vec<Round>> {
    let other = 0..PEOPLE.len();
    let deed = prop_oneof![
        3 => Just(Deed::Join),
        6 => Just(Deed::Leave),
        2 => other.clone().prop_map(Deed::Remove),
        1 => other.prop_map(Deed::Add),
        1 => Just(Deed::Role(Role::Admin)),
        1 => Just(Deed::Role(Role::Member)),
    ];
    let round = proptest::collection::vec(proptest::option::weighted(0.7, deed), PEOPLE.len());
    proptest::collection::vec(round, 1..5)
}

/// Three nodes over one store and one backplane, and somebody of each name at one of them.
struct TestHub {
    store: Arc<dyn Store>,
    backplane: Arc<dyn Backplane>,
    hubs: Vec<Arc<Hub>>,
    people: Vec<Client>,
    _directory: tempfile::TempDir,
}

impl TestHub {
    async fn open(connect: impl AsyncFn() -> Arc<dyn Backplane>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(directory.path().join("hubbub.db")).unwrap());
        let mut hubs = Vec::new();
        for name in ["a", "b", "c"].into_iter().take(NODES) {
            let rate = Rate { burst: 10_000, per_second: 10_000 };
            let (node, partitions) = (name.into(), 2);
            let config = HubConfig { node, partitions, session_rate: rate, user_rate: rate, ..HubConfig::default() };
            let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
            let hub =
                Hub::new(config, store.clone(), connect().await, Arc::new(NameIsToken), metrics, Optional::default());
            hub.start().await.unwrap();
            hubs.push(hub);
        }
        eventually("all nodes see each other", async || {
            if hubs.iter().all(|hub| hub.nodes().len() == NODES) { Ok(()) } else { Err("some do not") }
        })
        .await;
        let mut people = Vec::new();
        for (at, name) in PEOPLE.into_iter().enumerate() {
            people.push(Client::hello(&hubs[at % NODES], name).await.0);
        }
        Self { store, backplane: connect().await, hubs, people, _directory: directory }
    }

    /// An open group in which all are, made by the first.
    async fn group(&mut self, cid: &str) -> GroupId {
        let create = json!({"type": "create", "id": cid, "cid": cid, "name": "tea", "access": "open",
            "members": PEOPLE[1..]});
        let made = answer(&mut self.people[0], create).await;
        GroupId::parse(made["id"].as_str().unwrap()).unwrap()
    }

    async fn live_through(&mut self, group: &GroupId, round: &Round) {
        let Self { people, hubs, backplane, .. } = self;
        let deeds = people.iter_mut().zip(round).enumerate().map(|(at, (client, deed))| {
            let (hub, backplane) = (&hubs[at % NODES], &*backplane);
            async move {
                match deed {
                    Some(Deed::Join) => drop(answer(client, frame("join", group, None)).await),
                    Some(Deed::Leave) => drop(answer(client, frame("leave", group, None)).await),
                    Some(Deed::Remove(other)) => drop(answer(client, frame("remove", group, Some(*other))).await),
                    Some(Deed::Add(other)) => drop(answer(client, frame("add", group, Some(*other))).await),
                    Some(Deed::Role(Role::Admin)) => hub.make_admin(group, &user(at)).await.unwrap(),
                    Some(Deed::Role(_)) => demote(&**backplane, group, at).await,
                    None => {}
                }
            }
        });
        join_all(deeds).await;
    }

    /// Waits until the state, the stored document and the stored sequence say the same; answers what.
    async fn agreed(&self, group: &GroupId) -> Group {
        agreed(&*self.store, &*self.backplane, group, 2).await
    }
}

/// Waits until the state, the stored document and the stored sequence, replayed from nothing, say the same.
async fn agreed(store: &dyn Store, backplane: &dyn Backplane, group: &GroupId, partitions: u16) -> Group {
    let everybody: Vec<UserId> = (0..PEOPLE.len()).map(user).collect();
    eventually("state, document and sequence agree", async || {
        let roles = backplane.roles(group.partition(partitions), group, &everybody).await;
        let roles = roles.map_err(|error| error.to_string())?.ok_or("the state is absent")?;
        let document = store.group(group).await.unwrap().unwrap();
        let mut replayed = Group { members: Vec::new(), version: 0, ..document.clone() };
        for event in store.page(group, Page::After(0, 10_000)).await.unwrap() {
            if let Some(change) = event.membership() {
                replayed.apply(event.seq, &change);
            }
        }
        let stored: Vec<_> = everybody.iter().map(|user| document.member(user).map(|member| member.role)).collect();
        if replayed.members == document.members && stored == roles {
            Ok(document)
        } else {
            Err(format!("{roles:?} in the state, {:?} stored, {:?} replayed", document.members, replayed.members))
        }
    })
    .await
}

fn user(at: usize) -> UserId {
    UserId::parse(PEOPLE[at]).unwrap()
}

fn frame(what: &str, group: &GroupId, other: Option<usize>) -> Value {
    let users: Vec<_> = other.iter().map(|at| PEOPLE[*at]).collect();
    json!({"type": what, "id": Cid::random().as_str(), "group": group.as_str(), "users": users})
}

/// Whatever is answered to a frame.
async fn answer(client: &mut Client, frame: Value) -> Value {
    client.say(frame.clone()).await;
    loop {
        let answer = client.next_of(&["ok", "error", "group"]).await;
        if answer["re"] == frame["id"] {
            return answer;
        }
    }
}

async fn demote(backplane: &dyn Backplane, group: &GroupId, at: usize) {
    let change = ChangeRequest {
        group: group.clone(),
        actor: UserId::hub(),
        kind: Kind::Role,
        role: Role::Member,
        users: vec![user(at)],
        permission: Permission::Hub,
        max_members: 100,
        cid: Cid::random(),
    };
    let origin = NodeName::parse("a.1").unwrap();
    backplane.change_members(group.partition(2), &origin, &change).await.unwrap();
}

fn admins(group: &Group) -> Vec<&str> {
    let admins = group.members.iter().filter(|member| member.role == Role::Admin);
    admins.map(|member| member.id.as_str()).collect()
}

async fn whoever_comes_and_goes(connect: impl AsyncFn() -> Arc<dyn Backplane>) {
    let mut house = TestHub::open(connect).await;
    let mut runner = TestRunner::new(Config::default());
    for run in 0..RUNS {
        let rounds = rounds().new_tree(&mut runner).expect("the strategy rejects nothing").current();
        let group = house.group(&format!("run-{run}")).await;
        for round in &rounds {
            house.live_through(&group, round).await;
            let left = house.agreed(&group).await;
            assert!(left.members.is_empty() || !admins(&left).is_empty(), "{:?} after {rounds:?}", left.members);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_and_goes_over_redis() {
    let space = shared::redis().await;
    whoever_comes_and_goes(async || connect(&space).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_and_goes_in_process() {
    let shared: Arc<dyn Backplane> = Arc::new(LocalBackplane::new());
    whoever_comes_and_goes(async || shared.clone()).await;
}

/// The admin and the one who would follow leave through two nodes, neither of which knows of the other's leaving.
#[tokio::test(flavor = "multi_thread")]
async fn two_who_leave_at_once_are_followed_by_the_third() {
    let scene = TestCluster::open(NODES).await;
    let mut people = Vec::new();
    for (node, name) in PEOPLE.into_iter().take(NODES).enumerate() {
        people.push(scene.join(node, name).await);
    }
    let create = json!({"type": "create", "id": 1, "name": "tea", "members": PEOPLE[1..NODES]});
    let group = GroupId::parse(answer(&mut people[0], create).await["id"].as_str().unwrap()).unwrap();
    let mut cy = people.pop().unwrap();
    let known: Vec<_> = (0..2).map(|node| scene.nodes[node].gates.hold(Side::After, "group")).collect();
    let leaving = join_all(people.iter_mut().map(|client| answer(client, frame("leave", &group, None))));
    let released = async {
        for held in &known {
            held.reached().await;
        }
        drop(known);
    };
    let (answers, ()) = futures::join!(leaving, released);
    assert!(answers.iter().all(|answer| answer["type"] == "ok"), "{answers:?}");
    let _dan = scene.join(0, PEOPLE[NODES]).await;
    assert_eq!(answer(&mut cy, frame("add", &group, Some(NODES))).await["type"], "ok");
    assert_eq!(admins(&agreed(&*scene.store, &*scene.backplane, &group, 1).await), ["cy"]);
}

/// The store has it that the admin left, and of nobody who followed: that was lost with Redis' tail.
#[tokio::test(flavor = "multi_thread")]
async fn a_successor_who_was_lost_is_made_one_again() {
    let scene = TestCluster::open(NODES).await;
    let (mut people, group) = scene.people().await;
    let head = scene.store.head(&group).await.unwrap();
    let gone = UserId::parse("user-0").unwrap();
    let mut left = Event::void(group.clone(), Head { seq: head.seq + 1, ..head });
    (left.kind, left.traits, left.from) = (Kind::Left, Kind::Left.traits(), gone.clone());
    left.data = json!({"users": ["user-0"]}).as_object().cloned();
    assert_eq!(scene.store.insert(&[left]).await.unwrap(), [Inserted::Stored]);
    scene.store.apply_membership(&group, head.seq + 1, &MembershipChange::Left(vec![gone])).await.unwrap();
    scene.empty_redis().await;
    repeat_until_acked(&mut people[1], &group, "hello").await;
    eventually("the one who has been in it longest is an admin", async || {
        let stored = scene.store.group(&group).await.unwrap().unwrap();
        if admins(&stored) == ["user-1"] { Ok(()) } else { Err(format!("{:?}", stored.members)) }
    })
    .await;
    people.remove(0).session.end().await;
    scene.agree(&mut people, &group).await;
}

/// The seq of the event by which somebody follows turns out to be another's in the store.
#[tokio::test(flavor = "multi_thread")]
async fn a_successor_whose_seq_is_taken_is_made_one_under_another() {
    let scene = TestCluster::open(NODES).await;
    let (mut people, group) = scene.people().await;
    let head = scene.store.head(&group).await.unwrap();
    let stopped = scene.nodes[FIRST].gates.hold(Side::Before, "insert");
    let taken = async {
        stopped.reached().await;
        let taken = Event::void(group.clone(), Head { seq: head.seq + 2, ..head });
        assert_eq!(scene.store.insert(&[taken]).await.unwrap(), [Inserted::Stored]);
        stopped.release();
    };
    let (left, ()) = futures::join!(answer(&mut people[0], frame("leave", &group, None)), taken);
    assert_eq!(left["type"], "ok");
    eventually("the one who has been in it longest is an admin", async || {
        let stored = scene.store.group(&group).await.unwrap().unwrap();
        if admins(&stored) == ["user-1"] { Ok(()) } else { Err(format!("{:?}", stored.members)) }
    })
    .await;
    people.remove(0).session.end().await;
    scene.agree(&mut people, &group).await;
}

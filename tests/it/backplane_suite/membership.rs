//! Who may change the members, and how a change becomes part of the sequence.

use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{Access, GroupId, GroupKind, Kind, Role};
use hubbub::ports::{Appended, ChangeOutcome, ChangeRequest, GroupSnapshot, Permission};

use super::World;
use super::sample::*;

fn remove(group: &GroupId, actor: &str, names: &[&str]) -> ChangeRequest {
    ChangeRequest { kind: Kind::Left, ..add(group, actor, names) }
}

fn by_oneself(change: ChangeRequest) -> ChangeRequest {
    ChangeRequest { permission: Permission::Oneself, ..change }
}

fn by_the_hub(change: ChangeRequest) -> ChangeRequest {
    ChangeRequest { permission: Permission::Hub, ..change }
}

async fn open_group<W: World>(scene: &TestCluster<W>) -> GroupId {
    let group = GroupId::random();
    scene
        .backplane
        .restore(scene.partition, &scene.origin, &GroupSnapshot { access: Access::Open, ..floor(&group) })
        .await
        .unwrap();
    group
}

pub async fn admins_add_and_remove<W: World>() {
    let scene = TestCluster::<W>::new().await;
    assert_eq!(scene.change(&add(&scene.group, "anna", &["cleo", "dora"])).await, ChangeOutcome::Accepted { seq: 1 });
    assert_eq!(scene.role("dora").await, Some(Role::Member));
    assert_eq!(accepted(&scene.append(&[text(&scene.group, "cleo", "1")]).await), [2]);
    assert_eq!(scene.change(&remove(&scene.group, "anna", &["cleo"])).await, ChangeOutcome::Accepted { seq: 3 });
    assert_eq!(scene.append(&[text(&scene.group, "cleo", "2")]).await, [Appended::NotMember]);
    let entries = scene.read_all(3).await;
    let about: Vec<_> = entries.iter().map(|entry| (entry.kind, entry.users.clone(), entry.n)).collect();
    let expected =
        [(Kind::Joined, users(&["cleo", "dora"]), 0), (Kind::Text, vec![], 1), (Kind::Left, users(&["cleo"]), 1)];
    assert_eq!(about, expected);
    assert_eq!((&entries[0].from, &entries[0].origin, entries[0].role), (&user("anna"), &scene.origin, Role::Member));
    assert!(entries[0].body.is_empty());
}

pub async fn only_admins_do<W: World>() {
    let scene = TestCluster::<W>::new().await;
    for actor in ["bert", "mallory"] {
        assert_eq!(scene.change(&add(&scene.group, actor, &["cleo"])).await, ChangeOutcome::Forbidden, "{actor}");
        assert_eq!(scene.change(&remove(&scene.group, actor, &["anna"])).await, ChangeOutcome::Forbidden, "{actor}");
    }
    assert_eq!(scene.change(&by_oneself(add(&scene.group, "cleo", &["cleo"]))).await, ChangeOutcome::Forbidden);
    assert_eq!(scene.change(&by_oneself(remove(&scene.group, "bert", &["anna"]))).await, ChangeOutcome::Forbidden);
    assert_eq!(
        scene.change(&by_oneself(remove(&scene.group, "bert", &["bert"]))).await,
        ChangeOutcome::Accepted { seq: 1 }
    );
    assert_eq!((scene.role("anna").await, scene.role("bert").await), (Some(Role::Admin), None));
}

pub async fn open_groups_let_people_in<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let group = open_group(&scene).await;
    let join = |name: &str| by_oneself(add(&group, name, &[name]));
    assert_eq!(scene.change(&join("cleo")).await, ChangeOutcome::Accepted { seq: 1 });
    assert_eq!(scene.change(&join("cleo")).await, ChangeOutcome::Unchanged);
    let as_admin = ChangeRequest { role: Role::Admin, ..join("dora") };
    assert_eq!(scene.change(&as_admin).await, ChangeOutcome::Forbidden);
    let another = by_oneself(add(&group, "dora", &["dora", "emil"]));
    assert_eq!(scene.change(&another).await, ChangeOutcome::Forbidden);
    assert_eq!(scene.change(&by_oneself(remove(&group, "cleo", &["cleo"]))).await, ChangeOutcome::Accepted { seq: 2 });
    assert_eq!(scene.change(&by_oneself(remove(&group, "cleo", &["cleo"]))).await, ChangeOutcome::Unchanged);
}

pub async fn nobody_joins_a_direct_chat<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let direct = GroupId::direct(&user("anna"), &user("bert"));
    let state = GroupSnapshot { kind: GroupKind::Direct, access: Access::Open, ..floor(&direct) };
    scene.backplane.restore(scene.partition, &scene.origin, &state).await.unwrap();
    for change in [
        add(&direct, "anna", &["cleo"]),
        remove(&direct, "anna", &["bert"]),
        by_oneself(add(&direct, "cleo", &["cleo"])),
        by_oneself(remove(&direct, "anna", &["anna"])),
    ] {
        assert_eq!(scene.change(&change).await, ChangeOutcome::Forbidden, "{change:?}");
    }
}

pub async fn the_hub_may_do_anything<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let founder = ChangeRequest { role: Role::Admin, ..by_the_hub(add(&scene.group, "hub.system", &["cleo"])) };
    assert_eq!(scene.change(&founder).await, ChangeOutcome::Accepted { seq: 1 });
    assert_eq!(scene.role("cleo").await, Some(Role::Admin));
    let ban = by_the_hub(remove(&scene.group, "hub.system", &["anna"]));
    assert_eq!(scene.change(&ban).await, ChangeOutcome::Accepted { seq: 2 });
    assert_eq!(scene.change(&add(&scene.group, "anna", &["dora"])).await, ChangeOutcome::Forbidden);
}

pub async fn no_more_than_allowed<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let adding = |names: &[&str]| ChangeRequest { max_members: 4, ..add(&scene.group, "anna", names) };
    assert_eq!(scene.change(&adding(&["cleo", "dora", "emil"])).await, ChangeOutcome::TooMany);
    assert_eq!(scene.role("cleo").await, None);
    assert_eq!(scene.change(&adding(&["cleo", "bert", "dora", "dora"])).await, ChangeOutcome::Accepted { seq: 1 });
    assert_eq!(scene.change(&adding(&["emil"])).await, ChangeOutcome::TooMany);
    assert_eq!(scene.change(&remove(&scene.group, "anna", &["dora"])).await, ChangeOutcome::Accepted { seq: 2 });
    assert_eq!(scene.change(&adding(&["emil"])).await, ChangeOutcome::Accepted { seq: 3 });
}

pub async fn what_changes_nothing_is_left_out<W: World>() {
    let scene = TestCluster::<W>::new().await;
    // An admin is not made a member by being added again.
    assert_eq!(scene.change(&add(&scene.group, "anna", &["anna", "bert"])).await, ChangeOutcome::Unchanged);
    assert_eq!(scene.role("anna").await, Some(Role::Admin));
    assert_eq!(scene.change(&remove(&scene.group, "anna", &["nobody"])).await, ChangeOutcome::Unchanged);
    assert_eq!(scene.change(&add(&scene.group, "anna", &[])).await, ChangeOutcome::Unchanged);
    let mixed = add(&scene.group, "anna", &["bert", "cleo", "cleo"]);
    assert_eq!(scene.change(&mixed).await, ChangeOutcome::Accepted { seq: 1 });
    let entries = scene.read_all(1).await;
    assert_eq!(entries[0].users, users(&["cleo"]));
}

pub async fn a_repeated_change_has_its_first_seq<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let leave = by_oneself(remove(&scene.group, "bert", &["bert"]));
    assert_eq!(scene.change(&leave).await, ChangeOutcome::Accepted { seq: 1 });
    scene.say("between").await;
    assert_eq!(scene.change(&leave).await, ChangeOutcome::Accepted { seq: 1 });
    assert_eq!(seqs(&scene.read_all(2).await), [1, 2]);
    assert!(scene.read(SHORT).await.is_empty());
}

pub async fn roles_change<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let promote =
        ChangeRequest { kind: Kind::Role, role: Role::Admin, ..add(&scene.group, "anna", &["bert", "nobody"]) };
    assert_eq!(scene.change(&by_oneself(promote.clone())).await, ChangeOutcome::Forbidden);
    let promote = ChangeRequest { cid: cid("promotion"), ..promote };
    assert_eq!(scene.change(&promote).await, ChangeOutcome::Accepted { seq: 1 });
    assert_eq!((scene.role("bert").await, scene.role("nobody").await), (Some(Role::Admin), None));
    let again = ChangeRequest { cid: cid("another"), ..promote };
    assert_eq!(scene.change(&again).await, ChangeOutcome::Unchanged);
    let entry = scene.read_all(1).await.remove(0);
    assert_eq!((entry.kind, entry.role, entry.users), (Kind::Role, Role::Admin, users(&["bert"])));
}

pub async fn refused_where_nothing_is_known_or_all_is_full<W: World>() {
    let scene = TestCluster::<W>::with(BackplaneLimits { log_cap: 1, ..BackplaneLimits::default() }).await;
    assert_eq!(scene.change(&add(&GroupId::random(), "anna", &["cleo"])).await, ChangeOutcome::Unknown);
    scene.say("1").await;
    let adding = add(&scene.group, "anna", &["cleo"]);
    assert_eq!(scene.change(&adding).await, ChangeOutcome::Full);
    assert_eq!(scene.role("cleo").await, None);
    let entries = scene.read_all(1).await;
    scene.commit(&ids(&entries), vec![]).await.unwrap();
    assert_eq!(scene.change(&adding).await, ChangeOutcome::Accepted { seq: 2 });
}

pub async fn changes_and_sends_share_one_sequence<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let backplane = scene.world.node().await;
    let sends = async {
        for at in 0..20 {
            scene.say(&at.to_string()).await;
        }
    };
    let changes = async {
        for at in 0..10 {
            let name = format!("user{at}");
            let mut adding = add(&scene.group, "anna", &[&name]);
            adding.max_members = 100;
            let outcome = backplane.change_members(scene.partition, &node("b.1"), &adding).await.unwrap();
            assert!(matches!(outcome, ChangeOutcome::Accepted { .. }), "{outcome:?}");
        }
    };
    tokio::join!(sends, changes);
    assert!(seqs(&scene.read_all(30).await).into_iter().eq(1..=30));
}

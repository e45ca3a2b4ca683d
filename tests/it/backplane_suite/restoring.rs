//! A group's state comes from the store, and only ever rises.

use hubbub::domain::{Access, GroupId, GroupKind, Kind, Role};
use hubbub::ports::{Appended, ChangeOutcome, ChangeRequest, GroupSnapshot, Permission, Reseq};

use super::World;
use super::sample::*;

pub async fn an_empty_group_is_known<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let lonely = GroupId::random();
    assert_eq!(scene.head(&lonely).await, None);
    assert_eq!(scene.backplane.roles(scene.partition, &lonely, &users(&["anna"])).await.unwrap(), None);
    scene
        .backplane
        .restore(scene.partition, &scene.origin, &GroupSnapshot { members: vec![], ..floor(&lonely) })
        .await
        .unwrap();
    assert_eq!(scene.head(&lonely).await, Some(Default::default()));
    assert_eq!(scene.backplane.roles(scene.partition, &lonely, &users(&["anna"])).await.unwrap(), Some(vec![None]));
    assert_eq!(scene.append(&[text(&lonely, "anna", "1")]).await, [Appended::NotMember]);
}

pub async fn counters_rise_and_never_fall<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let restore = async |seq, n| {
        let floor = GroupSnapshot { head: head(seq, n), ..floor(&scene.group) };
        scene.backplane.restore(scene.partition, &scene.origin, &floor).await.unwrap();
    };
    restore(10, 7).await;
    assert_eq!(scene.head(&scene.group).await, Some(head(10, 7)));
    let answers = scene.append(&[text(&scene.group, "anna", "1"), text(&scene.group, "anna", "2")]).await;
    assert!(matches!(answers[1], Appended::Accepted { seq: 12, n: 9, .. }), "{answers:?}");
    restore(3, 3).await;
    restore(11, 8).await;
    assert_eq!(scene.head(&scene.group).await, Some(head(11, 8)));
    let answers = scene.append(&[text(&scene.group, "anna", "3")]).await;
    assert!(matches!(answers[..], [Appended::Accepted { seq: 13, n: 10, .. }]), "{answers:?}");
    assert_eq!(scene.read_all(3).await.last().unwrap().stored, 11);
}

pub async fn members_of_a_lower_version_stay_away<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let ChangeOutcome::Accepted { seq } = scene.change(&add(&scene.group, "anna", &["cleo"])).await else {
        panic!("an admin adds")
    };
    let old = GroupSnapshot { members: vec![member("bert", Role::Admin)], version: seq - 1, ..floor(&scene.group) };
    scene.backplane.restore(scene.partition, &scene.origin, &old).await.unwrap();
    assert_eq!(scene.role("cleo").await, Some(Role::Member));
    assert_eq!(scene.role("anna").await, Some(Role::Admin));
    let new = GroupSnapshot { members: vec![member("bert", Role::Admin)], version: seq + 1, ..floor(&scene.group) };
    scene.backplane.restore(scene.partition, &scene.origin, &new).await.unwrap();
    assert_eq!(scene.role("cleo").await, None);
    assert_eq!(scene.role("bert").await, Some(Role::Admin));
}

pub async fn the_same_version_is_the_stores<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.change(&add(&scene.group, "anna", &["cleo", "dora"])).await;
    let stored = GroupSnapshot {
        members: vec![member("anna", Role::Admin), member("emil", Role::Member)],
        version: 1,
        ..floor(&scene.group)
    };
    scene.backplane.restore(scene.partition, &scene.origin, &stored).await.unwrap();
    assert_eq!(scene.role("cleo").await, None);
    assert_eq!(scene.role("emil").await, Some(Role::Member));
    // The number of members follows: two are left.
    let mut third = add(&scene.group, "anna", &["fritz"]);
    third.max_members = 3;
    assert_eq!(scene.change(&third).await, ChangeOutcome::Accepted { seq: 2 });
}

pub async fn roles_follow_the_set<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let asked = users(&["bert", "nobody", "anna"]);
    let roles = scene.backplane.roles(scene.partition, &scene.group, &asked).await.unwrap().unwrap();
    assert_eq!(roles, [Some(Role::Member), None, Some(Role::Admin)]);
    assert_eq!(scene.backplane.roles(scene.partition, &scene.group, &[]).await.unwrap(), Some(vec![]));
}

pub async fn many_members_are_kept<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let names: Vec<String> = (0..2500).map(|at| format!("member|{at}@example.org")).collect();
    let others = names.iter().map(|name| member(name, Role::Member));
    let members = others.chain([member("bert", Role::Admin)]).collect();
    let many = GroupSnapshot { members, version: 1, ..floor(&scene.group) };
    scene.backplane.restore(scene.partition, &scene.origin, &many).await.unwrap();
    for name in [&names[0], &names[999], &names[1000], &names[2499]] {
        assert_eq!(scene.role(name).await, Some(Role::Member), "{name}");
    }
    scene
        .backplane
        .restore(scene.partition, &scene.origin, &GroupSnapshot { version: 2, ..floor(&scene.group) })
        .await
        .unwrap();
    assert_eq!(scene.role(&names[1700]).await, None);
    assert_eq!(scene.role("anna").await, Some(Role::Admin));
}

pub async fn a_forgotten_group_is_unknown<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    scene.backplane.join_routes(scene.partition, &[scene.group.clone()], &node("a.1"), 1).await.unwrap();
    scene.commit_upto(1..=1).await;
    let base = scene.backplane.forget_group(scene.partition, &scene.group, 0, head(1, 1)).await.unwrap().seq;
    assert_eq!(scene.head(&scene.group).await, None);
    assert_eq!(scene.append(&[text(&scene.group, "anna", "2")]).await, [Appended::Unknown]);
    assert_eq!(scene.backplane.routes(scene.partition, &scene.group).await.unwrap(), []);
    assert_eq!(scene.backplane.recent(scene.partition, &scene.group, 0).await.unwrap(), []);
    // Made again, it goes on where it ended.
    let open = GroupSnapshot { access: Access::Open, head: head(base, 1), version: base, base, ..floor(&scene.group) };
    scene.backplane.restore(scene.partition, &scene.origin, &open).await.unwrap();
    assert_eq!(scene.backplane.recent(scene.partition, &scene.group, 0).await.unwrap(), []);
    let mut join = add(&scene.group, "cleo", &["cleo"]);
    join.permission = Permission::Oneself;
    assert_eq!(scene.change(&join).await, ChangeOutcome::Accepted { seq: base + 1 });
}

fn owner() -> Role {
    Role::parse("owner").unwrap()
}

/// Anna has a role of a later version, bert is an admin, cleo a member.
fn led_by_an_owner(group: &GroupId) -> GroupSnapshot {
    let members = vec![member("anna", owner()), member("bert", Role::Admin), member("cleo", Role::Member)];
    GroupSnapshot { members, version: 1, head: head(1, 0), ..floor(group) }
}

async fn restored<W: World>(scene: &TestCluster<W>, floor: &GroupSnapshot) {
    assert!(scene.backplane.restore(scene.partition, &scene.origin, floor).await.unwrap());
}

fn by_hub(change: ChangeRequest) -> ChangeRequest {
    ChangeRequest { permission: Permission::Hub, ..change }
}

pub async fn roles_of_a_later_version_are_kept<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let stored = led_by_an_owner(&scene.group);
    restored(&scene, &stored).await;
    assert_eq!(scene.role("anna").await, Some(owner()));
    // It allows what a member may do.
    assert_eq!(scene.change(&add(&scene.group, "anna", &["dora"])).await, ChangeOutcome::Forbidden);
    assert!(matches!(scene.append(&[text(&scene.group, "anna", "1")]).await[..], [Appended::Accepted { .. }]));
    // Changes of others leave it alone, and so does one that gives what it counts as.
    let role = |name: &str, role| by_hub(ChangeRequest { kind: Kind::Role, role, ..add(&scene.group, "hub", &[name]) });
    assert!(matches!(scene.change(&add(&scene.group, "bert", &["dora"])).await, ChangeOutcome::Accepted { .. }));
    assert_eq!(scene.change(&role("anna", Role::Member)).await, ChangeOutcome::Unchanged);
    assert_eq!(scene.role("anna").await, Some(owner()));
    // A later version gives it, and an entry tells of it, also when it moves.
    assert!(matches!(scene.change(&role("cleo", owner())).await, ChangeOutcome::Accepted { .. }));
    assert_eq!(scene.change(&role("cleo", owner())).await, ChangeOutcome::Unchanged);
    let entry = scene.read_all(3).await.pop().unwrap();
    assert_eq!((entry.kind, entry.role, &entry.users), (Kind::Role, owner(), &users(&["cleo"])));
    let (partition, token) = (scene.partition, scene.token.clone());
    let moves = Reseq { partition, token, entry, floor: head(9, 5) };
    scene.backplane.reseq(&moves).await.unwrap();
    let moved = scene.read_all(1).await.remove(0);
    assert_eq!((moved.seq, moved.role, scene.role("cleo").await), (10, owner(), Some(owner())));
    // Whoever is made an admin is one, and keeps their place in the order of succession.
    assert!(matches!(scene.change(&role("anna", Role::Admin)).await, ChangeOutcome::Accepted { seq: 11 }));
    assert_eq!(scene.role("anna").await, Some(Role::Admin));
    restored(&scene, &GroupSnapshot { version: 20, ..stored }).await;
    assert_eq!((scene.role("anna").await, scene.role("dora").await), (Some(owner()), None));
}

pub async fn access_of_a_later_version_lets_nobody_in<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let access = Access::parse("password").unwrap();
    restored(&scene, &GroupSnapshot { access, ..floor(&scene.group) }).await;
    let join = ChangeRequest { permission: Permission::Oneself, ..add(&scene.group, "dora", &["dora"]) };
    assert_eq!(scene.change(&join).await, ChangeOutcome::Forbidden);
    assert!(matches!(scene.change(&add(&scene.group, "anna", &["dora"])).await, ChangeOutcome::Accepted { .. }));
}

pub async fn groups_of_a_later_kind_are_changed_by_the_hub_alone<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let kind = GroupKind::parse("channel").unwrap();
    restored(&scene, &GroupSnapshot { kind, ..floor(&scene.group) }).await;
    let leave = ChangeRequest { kind: Kind::Left, ..add(&scene.group, "bert", &["bert"]) };
    for refused in [
        add(&scene.group, "anna", &["dora"]),
        ChangeRequest { permission: Permission::Oneself, ..leave.clone() },
        ChangeRequest { actor: user("anna"), ..leave.clone() },
    ] {
        assert_eq!(scene.change(&refused).await, ChangeOutcome::Forbidden);
    }
    assert!(matches!(scene.append(&[text(&scene.group, "bert", "1")]).await[..], [Appended::Accepted { seq: 1, .. }]));
    // Whether it needs an admin is not known either.
    let admin_leaves = ChangeRequest { users: users(&["anna"]), ..leave };
    assert_eq!(scene.change(&by_hub(admin_leaves)).await, ChangeOutcome::Accepted { seq: 2 });
    assert_eq!(scene.role("bert").await, Some(Role::Member));
}

pub async fn nobody_is_made_admin_beside_a_role_of_a_later_version<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let stored = led_by_an_owner(&scene.group);
    restored(&scene, &stored).await;
    let leave = |name: &str| ChangeRequest {
        kind: Kind::Left,
        permission: Permission::Oneself,
        ..add(&scene.group, name, &[name])
    };
    assert_eq!(scene.change(&leave("bert")).await, ChangeOutcome::Accepted { seq: 2 });
    let nobody =
        GroupSnapshot { members: vec![stored.members[0].clone(), stored.members[2].clone()], version: 2, ..stored };
    restored(&scene, &nobody).await;
    assert_eq!((scene.role("anna").await, scene.role("cleo").await), (Some(owner()), Some(Role::Member)));
    // Once they have gone, somebody has to.
    assert_eq!(scene.change(&leave("anna")).await, ChangeOutcome::Accepted { seq: 4 });
    assert_eq!(scene.role("cleo").await, Some(Role::Admin));
}

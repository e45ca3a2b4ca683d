//! A group with members has an admin: whoever has been a member longest follows the last one who goes.

use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{Access, Cid, GroupId, GroupKind, Kind, Member, Role, UserId};
use hubbub::ports::{ChangeOutcome, ChangeRequest, GroupSnapshot, LogEntry, Permission, Reseq};

use super::World;
use super::sample::*;

fn leave(group: &GroupId, name: &str) -> ChangeRequest {
    ChangeRequest { kind: Kind::Left, permission: Permission::Oneself, ..add(group, name, &[name]) }
}

fn join(group: &GroupId, name: &str) -> ChangeRequest {
    ChangeRequest { permission: Permission::Oneself, ..add(group, name, &[name]) }
}

fn role(group: &GroupId, role: Role, names: &[&str]) -> ChangeRequest {
    ChangeRequest { kind: Kind::Role, role, permission: Permission::Hub, ..add(group, "hub.system", names) }
}

fn since(name: &str, role: Role, since: u64) -> Member {
    Member { since, ..member(name, role) }
}

fn accepted_at(seq: u64) -> ChangeOutcome {
    ChangeOutcome::Accepted { seq }
}

/// The kind, the users and the role of each.
fn told(entries: &[LogEntry]) -> Vec<(u64, Kind, Vec<UserId>, Role)> {
    entries.iter().map(|entry| (entry.seq, entry.kind, entry.users.clone(), entry.role)).collect()
}

async fn open_and_empty<W: World>(scene: &TestCluster<W>) {
    let empty = GroupSnapshot { access: Access::Open, members: vec![], version: 1, ..floor(&scene.group) };
    scene.backplane.restore(scene.partition, &scene.origin, &empty).await.unwrap();
}

pub async fn the_longest_member_follows<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let group = &scene.group;
    assert_eq!(scene.change(&add(group, "anna", &["zoe"])).await, accepted_at(1));
    assert_eq!(scene.change(&add(group, "anna", &["cleo"])).await, accepted_at(2));
    scene.say("hello").await;
    assert_eq!(scene.change(&leave(group, "anna")).await, accepted_at(5));
    assert_eq!(scene.role("bert").await, Some(Role::Admin));
    let entries = scene.read_all(5).await;
    let expected = [(4, Kind::Left, users(&["anna"]), Role::Member), (5, Kind::Role, users(&["bert"]), Role::Admin)];
    assert_eq!(told(&entries[3..]), expected);
    let last = &entries[4];
    assert_eq!((&last.from, &last.origin, last.n, last.stored), (&UserId::hub(), &scene.origin, 1, 0));
    assert!(last.body.is_empty() && last.cid.is_hub_made());
    // Who removes is an admin already, and a change of role does not make anybody's time anew.
    assert_eq!(scene.change(&role(group, Role::Admin, &["cleo", "zoe"])).await, accepted_at(6));
    assert_eq!(scene.change(&role(group, Role::Member, &["zoe", "cleo"])).await, accepted_at(7));
    let expel = ChangeRequest { kind: Kind::Left, permission: Permission::Hub, ..add(group, "hub.system", &["bert"]) };
    assert_eq!(scene.change(&expel).await, accepted_at(9));
    assert_eq!((scene.role("zoe").await, scene.role("cleo").await), (Some(Role::Admin), Some(Role::Member)));
    assert_ne!(scene.read_all(4).await[3].cid, last.cid);
}

pub async fn of_equals_the_least_id_follows<W: World>() {
    let scene = TestCluster::<W>::new().await;
    assert_eq!(scene.change(&add(&scene.group, "anna", &["dora", "a_b", "aB", "Zoe", "a"])).await, accepted_at(1));
    assert_eq!(scene.change(&leave(&scene.group, "bert")).await, accepted_at(2));
    for (who, next, seq) in
        [("anna", "Zoe", 4), ("Zoe", "a", 6), ("a", "aB", 8), ("aB", "a_b", 10), ("a_b", "dora", 12)]
    {
        assert_eq!(scene.change(&leave(&scene.group, who)).await, accepted_at(seq), "{who}");
        assert_eq!(scene.role(next).await, Some(Role::Admin), "{next} after {who}");
    }
    assert_eq!(scene.change(&leave(&scene.group, "dora")).await, accepted_at(13));
}

pub async fn whoever_joins_an_empty_group_is_its_admin<W: World>() {
    let scene = TestCluster::<W>::new().await;
    open_and_empty(&scene).await;
    assert_eq!(scene.change(&join(&scene.group, "cleo")).await, accepted_at(2));
    assert_eq!(scene.change(&join(&scene.group, "bert")).await, accepted_at(3));
    assert_eq!((scene.role("cleo").await, scene.role("bert").await), (Some(Role::Admin), Some(Role::Member)));
    assert_eq!(scene.change(&leave(&scene.group, "bert")).await, accepted_at(4));
    assert_eq!(scene.change(&leave(&scene.group, "cleo")).await, accepted_at(5));
    assert_eq!(scene.change(&join(&scene.group, "bert")).await, accepted_at(7));
    assert_eq!(scene.change(&join(&scene.group, "bert")).await, ChangeOutcome::Unchanged);
    assert_eq!(scene.role("bert").await, Some(Role::Admin));
    assert_eq!(told(&scene.read_all(7).await)[6], (7, Kind::Role, users(&["bert"]), Role::Admin));
}

/// However two go at once, the third is not left without.
pub async fn of_three_who_go_at_once_the_last_is_admin<W: World>() {
    for _ in 0..8 {
        let scene = TestCluster::<W>::new().await;
        scene.change(&add(&scene.group, "anna", &["cleo", "dora"])).await;
        let nodes = [scene.world.node().await, scene.world.node().await, scene.world.node().await];
        let leaving = nodes.iter().zip(["anna", "bert", "cleo"]).map(|(node, name)| {
            let (origin, change) = (&scene.origin, leave(&scene.group, name));
            async move { node.change_members(scene.partition, origin, &change).await.unwrap() }
        });
        futures::future::join_all(leaving).await;
        assert_eq!(scene.role("dora").await, Some(Role::Admin));
    }
}

pub async fn the_last_admin_stays_one<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let demote = |names: &[&str]| role(&scene.group, Role::Member, names);
    assert_eq!(scene.change(&demote(&["anna"])).await, ChangeOutcome::NoAdmin);
    assert_eq!(scene.change(&demote(&["bert"])).await, ChangeOutcome::Unchanged);
    assert_eq!(scene.change(&role(&scene.group, Role::Admin, &["bert"])).await, accepted_at(1));
    assert_eq!(scene.change(&demote(&["anna", "bert"])).await, ChangeOutcome::NoAdmin);
    assert_eq!(scene.change(&demote(&["anna"])).await, accepted_at(2));
    assert_eq!(scene.change(&demote(&["bert", "bert"])).await, ChangeOutcome::NoAdmin);
    assert_eq!((scene.role("anna").await, scene.role("bert").await), (Some(Role::Member), Some(Role::Admin)));
    assert_eq!(seqs(&scene.read_all(2).await), [1, 2]);
}

pub async fn a_repeat_brings_no_second_successor<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let leave = leave(&scene.group, "anna");
    assert_eq!(scene.change(&leave).await, accepted_at(2));
    assert_eq!(scene.change(&leave).await, accepted_at(1));
    assert_eq!(seqs(&scene.read_all(2).await), [1, 2]);
    assert_eq!(scene.say_as_service("next").await, 3);
}

pub async fn a_full_log_stops_no_successor<W: World>() {
    let scene = TestCluster::<W>::with(BackplaneLimits { log_cap: 1, ..BackplaneLimits::default() }).await;
    assert_eq!(scene.change(&leave(&scene.group, "anna")).await, accepted_at(2));
    assert_eq!(scene.change(&add(&scene.group, "bert", &["cleo"])).await, ChangeOutcome::Full);
    assert_eq!(seqs(&scene.read_all(2).await), [1, 2]);
}

pub async fn direct_chats_have_no_admins<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let direct = GroupId::direct(&user("anna"), &user("bert"));
    let members = vec![since("anna", Role::Member, 1), since("bert", Role::Member, 1)];
    let state = GroupSnapshot { kind: GroupKind::Direct, members, version: 1, ..floor(&direct) };
    scene.backplane.restore(scene.partition, &scene.origin, &state).await.unwrap();
    let expel =
        ChangeRequest { kind: Kind::Left, permission: Permission::Hub, ..add(&direct, "hub.system", &["anna"]) };
    assert_eq!(scene.change(&expel).await, accepted_at(1));
    assert_eq!(scene.change(&role(&direct, Role::Member, &["bert"])).await, ChangeOutcome::Unchanged);
    assert_eq!(scene.read_all(1).await.len(), 1);
    assert!(scene.read(SHORT).await.is_empty());
}

/// Its `role` event is lost, or became a void.
pub async fn a_set_restored_without_an_admin_gets_one<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let members = vec![since("cleo", Role::Member, 7), since("bert", Role::Member, 5), since("dora", Role::Member, 3)];
    let stored = GroupSnapshot { head: head(9, 4), members, version: 8, ..floor(&scene.group) };
    let nodes = [scene.world.node().await, scene.world.node().await, scene.world.node().await];
    let restores = (0..9).map(|at| nodes[at % 3].restore(scene.partition, &scene.origin, &stored));
    assert!(futures::future::join_all(restores).await.iter().all(Result::is_ok));
    assert_eq!(scene.role("dora").await, Some(Role::Admin));
    let entries = scene.read_all(1).await;
    assert_eq!(told(&entries), [(10, Kind::Role, users(&["dora"]), Role::Admin)]);
    assert_eq!(
        (&entries[0].from, &entries[0].origin, entries[0].n, entries[0].stored),
        (&UserId::hub(), &scene.origin, 4, 9)
    );
    assert!(scene.read(SHORT).await.is_empty());
    // The store knows all up to 10, and nothing of an admin: its event is a void.
    let without = GroupSnapshot { head: head(10, 4), version: 10, ..stored.clone() };
    scene.backplane.restore(scene.partition, &scene.origin, &without).await.unwrap();
    scene.backplane.restore(scene.partition, &scene.origin, &without).await.unwrap();
    let again = scene.read_all(1).await;
    assert_eq!(told(&again), [(11, Kind::Role, users(&["dora"]), Role::Admin)]);
    assert_ne!(again[0].cid, entries[0].cid);
    assert!(scene.read(SHORT).await.is_empty());
    assert_eq!(scene.change(&leave(&scene.group, "dora")).await, accepted_at(13));
    assert_eq!(scene.role("bert").await, Some(Role::Admin));
}

pub async fn a_change_that_moves_leaves_an_admin<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let reseq = async |entry: &LogEntry| {
        let (token, entry) = (scene.token.clone(), entry.clone());
        let reseq = Reseq { partition: scene.partition, token, entry, floor: head(6, 2) };
        scene.backplane.reseq(&reseq).await.unwrap();
    };
    assert_eq!(scene.change(&leave(&scene.group, "anna")).await, accepted_at(2));
    let entries = scene.read_all(2).await;
    // As the store has it, anna is admin, and bert came after cleo.
    let members = vec![since("anna", Role::Admin, 1), since("cleo", Role::Member, 2), since("bert", Role::Member, 4)];
    let stored = GroupSnapshot { head: head(6, 2), members, version: 6, ..floor(&scene.group) };
    scene.backplane.restore(scene.partition, &scene.origin, &stored).await.unwrap();
    reseq(&entries[0]).await;
    assert_eq!((scene.role("anna").await, scene.role("cleo").await), (None, Some(Role::Admin)));
    reseq(&entries[0]).await;
    reseq(&entries[1]).await;
    let expected = [
        (7, Kind::Left, users(&["anna"]), Role::Member),
        (8, Kind::Role, users(&["cleo"]), Role::Admin),
        (9, Kind::Role, users(&["bert"]), Role::Admin),
    ];
    assert_eq!(told(&scene.read_all(3).await), expected);
    assert!(scene.read(SHORT).await.is_empty());
}

/// The same where a change of role moves, to a set in which nobody else is admin. It makes nobody's time anew.
pub async fn a_demotion_that_moves_leaves_an_admin<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.change(&role(&scene.group, Role::Admin, &["bert"])).await;
    scene.change(&ChangeRequest { cid: Cid::random(), ..role(&scene.group, Role::Member, &["anna"]) }).await;
    let entry = scene.read_all(2).await.remove(1);
    let members = vec![since("anna", Role::Admin, 3), since("bert", Role::Member, 1), since("cleo", Role::Member, 5)];
    let stored = GroupSnapshot { head: head(6, 2), members, version: 6, ..floor(&scene.group) };
    scene.backplane.restore(scene.partition, &scene.origin, &stored).await.unwrap();
    let reseq = Reseq { partition: scene.partition, token: scene.token.clone(), entry, floor: head(6, 2) };
    scene.backplane.reseq(&reseq).await.unwrap();
    assert_eq!((scene.role("anna").await, scene.role("bert").await), (Some(Role::Member), Some(Role::Admin)));
    assert_eq!(told(&scene.read_all(2).await)[1], (8, Kind::Role, users(&["bert"]), Role::Admin));
    assert_eq!(scene.change(&leave(&scene.group, "bert")).await, accepted_at(10));
    assert_eq!((scene.role("anna").await, scene.role("cleo").await), (Some(Role::Admin), Some(Role::Member)));
}

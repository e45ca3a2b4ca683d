//! What admins set of a group: who may, what follows from it at once, and how it is restored.

use hubbub::domain::{Access, Cid, GroupId, GroupKind, Kind, Pinning, Role, RulesChange, UserId};
use hubbub::ports::{
    Append, Appended, ChangeOutcome, ChangeRequest, GroupSnapshot, Permission, Reseq, Standing, UpdateRequest,
};

use super::World;
use super::sample::*;

fn set(group: &GroupId, actor: &str, rules: RulesChange) -> UpdateRequest {
    let (group, actor, cid) = (group.clone(), user(actor), Cid::random());
    UpdateRequest { group, actor, rules, body: "what changed".into(), cid }
}

fn access(access: Access) -> RulesChange {
    RulesChange { access: Some(access), ..RulesChange::default() }
}

fn archived(archived: bool) -> RulesChange {
    RulesChange { archived: Some(archived), ..RulesChange::default() }
}

fn pinning(pinning: Pinning) -> RulesChange {
    RulesChange { pinning: Some(pinning), ..RulesChange::default() }
}

fn join(group: &GroupId, name: &str) -> ChangeRequest {
    ChangeRequest { permission: Permission::Oneself, ..add(group, name, &[name]) }
}

fn leave(group: &GroupId, name: &str) -> ChangeRequest {
    ChangeRequest { kind: Kind::Left, ..join(group, name) }
}

fn pin(group: &GroupId, name: &str, id: &str) -> Append {
    Append { kind: Kind::Pinned, traits: Kind::Pinned.traits(), standing: Standing::Pinner, ..text(group, name, id) }
}

impl<W: World> TestCluster<W> {
    async fn set(&self, actor: &str, rules: RulesChange) -> ChangeOutcome {
        self.set_once(&set(&self.group, actor, rules)).await
    }

    async fn set_once(&self, change: &UpdateRequest) -> ChangeOutcome {
        self.backplane.change_group(self.partition, &self.origin, change).await.unwrap()
    }

    async fn restore(&self, floor: GroupSnapshot) {
        assert!(self.backplane.restore(self.partition, &self.origin, &floor).await.unwrap());
    }
}

pub async fn admins_set_what_holds_from_the_next_call_on<W: World>() {
    let scene = TestCluster::<W>::new().await;
    assert_eq!(scene.change(&join(&scene.group, "cleo")).await, ChangeOutcome::Forbidden);
    for actor in ["bert", "mallory"] {
        assert_eq!(scene.set(actor, access(Access::Open)).await, ChangeOutcome::Forbidden, "{actor}");
    }
    let open = set(&scene.group, "anna", access(Access::Open));
    assert_eq!(scene.set_once(&open).await, ChangeOutcome::Accepted { seq: 1 });
    assert_eq!(scene.change(&join(&scene.group, "cleo")).await, ChangeOutcome::Accepted { seq: 2 });
    assert_eq!(scene.set_once(&open).await, ChangeOutcome::Accepted { seq: 1 }, "a repeat");
    // One that changes nothing of the state is an event all the same.
    assert_eq!(scene.set("anna", RulesChange::default()).await, ChangeOutcome::Accepted { seq: 3 });
    let later = Access::parse("by_request").unwrap();
    assert_eq!(scene.set("anna", access(later)).await, ChangeOutcome::Accepted { seq: 4 });
    assert_eq!(scene.change(&join(&scene.group, "dora")).await, ChangeOutcome::Forbidden);
    let entries = scene.read_all(4).await;
    let first = &entries[0];
    assert_eq!((first.kind, first.traits, first.rules), (Kind::Updated, Kind::Updated.traits(), access(Access::Open)));
    assert_eq!((&first.from, &first.origin, &first.cid), (&user("anna"), &scene.origin, &open.cid));
    assert_eq!((&first.body[..], first.n, first.shown), (&b"what changed"[..], 0, 1));
    assert_eq!((entries[2].rules, entries[3].rules), (RulesChange::default(), access(later)));
    assert!(entries.iter().all(|entry| entry.kind == Kind::Updated || !entry.users.is_empty()));
}

pub async fn direct_chats_and_groups_of_later_kinds_are_not_changed<W: World>() {
    let scene = TestCluster::<W>::new().await;
    for kind in [GroupKind::Direct, GroupKind::parse("channel").unwrap()] {
        let group = GroupId::random();
        let members = vec![member("anna", Role::Admin)];
        scene.restore(GroupSnapshot { kind, members, ..floor(&group) }).await;
        let change = set(&group, "anna", access(Access::Open));
        assert_eq!(scene.set_once(&change).await, ChangeOutcome::Forbidden, "{kind}");
    }
}

pub async fn changes_are_refused_where_nothing_is_known_or_all_is_full<W: World>() {
    let scene = TestCluster::<W>::with(small()).await;
    let unknown = set(&GroupId::random(), "anna", archived(true));
    assert_eq!(scene.set_once(&unknown).await, ChangeOutcome::Unknown);
    for id in 0..small().log_cap {
        scene.say(&id.to_string()).await;
    }
    assert_eq!(scene.set("anna", archived(true)).await, ChangeOutcome::Full);
    assert_eq!(scene.append(&[text(&scene.group, "anna", "more")]).await, [Appended::Full], "it is not archived");
}

pub async fn who_may_pin_is_what_admins_set<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let pins = async |name: &str, id: &str| scene.append(&[pin(&scene.group, name, id)]).await.remove(0);
    assert_eq!(pins("bert", "1").await, Appended::NotAdmin);
    assert!(matches!(pins("anna", "1").await, Appended::Accepted { .. }));
    scene.set("anna", pinning(Pinning::Members)).await;
    assert!(matches!(pins("bert", "2").await, Appended::Accepted { .. }));
    assert_eq!(pins("mallory", "2").await, Appended::NotMember);
    let as_admin = Append { standing: Standing::Admin, ..pin(&scene.group, "bert", "3") };
    assert_eq!(scene.append(&[as_admin]).await, [Appended::NotAdmin]);
    scene.set("anna", pinning(Pinning::parse("owners").unwrap())).await;
    assert_eq!(pins("bert", "4").await, Appended::NotAdmin, "a name of a later version allows least");
    let direct = GroupId::direct(&user("anna"), &user("bert"));
    let members = vec![member("anna", Role::Member), member("bert", Role::Member)];
    scene.restore(GroupSnapshot { kind: GroupKind::Direct, members, ..floor(&direct) }).await;
    assert!(matches!(scene.append(&[pin(&direct, "bert", "5")]).await[..], [Appended::Accepted { .. }]));
}

pub async fn nothing_is_said_in_an_archive<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let said = scene.say("before").await;
    scene.set("anna", RulesChange { access: Some(Access::Open), ..archived(true) }).await;
    assert_eq!(scene.append(&[text(&scene.group, "anna", "after")]).await, [Appended::Archived]);
    assert_eq!(scene.append(&[text(&scene.group, "mallory", "after")]).await, [Appended::NotMember]);
    assert_eq!(scene.append(&[text(&scene.group, "anna", "before")]).await, [Appended::Seen { seq: said }]);
    scene.say_as_service("by the hub").await;
    let promote = ChangeRequest { kind: Kind::Role, role: Role::Admin, ..add(&scene.group, "anna", &["bert"]) };
    for change in [
        add(&scene.group, "anna", &["cleo"]),
        ChangeRequest { kind: Kind::Left, ..add(&scene.group, "anna", &["bert"]) },
        promote,
        join(&scene.group, "cleo"),
    ] {
        assert_eq!(scene.change(&change).await, ChangeOutcome::Archived, "{change:?}");
    }
    let by_the_hub =
        ChangeRequest { permission: Permission::Hub, actor: UserId::hub(), ..add(&scene.group, "anna", &["dora"]) };
    assert!(matches!(scene.change(&by_the_hub).await, ChangeOutcome::Accepted { .. }));
    assert!(matches!(scene.change(&leave(&scene.group, "bert")).await, ChangeOutcome::Accepted { .. }));
    assert_eq!(scene.set("dora", archived(false)).await, ChangeOutcome::Forbidden);
    assert!(matches!(scene.set("anna", archived(false)).await, ChangeOutcome::Accepted { .. }));
    scene.say("after").await;
}

pub async fn what_is_set_is_restored_by_its_version<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let says = async |id: &str| scene.append(&[text(&scene.group, "anna", id)]).await.remove(0);
    let stored = |rules_version, archived| GroupSnapshot { archived, rules_version, ..floor(&scene.group) };
    // Set, and not stored yet: what the store knows is older.
    assert_eq!(scene.set("anna", archived(true)).await, ChangeOutcome::Accepted { seq: 1 });
    scene.restore(stored(0, false)).await;
    assert_eq!(says("1").await, Appended::Archived);
    // It became a void: all that is stored up to there counts as applied.
    scene.restore(stored(1, false)).await;
    assert!(matches!(says("2").await, Appended::Accepted { seq: 2, .. }));
    scene.restore(stored(2, true)).await;
    assert_eq!(says("3").await, Appended::Archived);
    // A change of members raises the other version only.
    scene.restore(GroupSnapshot { version: 9, ..stored(1, false) }).await;
    assert_eq!(says("4").await, Appended::Archived);
    scene.world.lose_everything().await;
    scene.hold().await;
    let again = GroupSnapshot { pinning: Pinning::Members, access: Access::Open, ..stored(4, false) };
    scene.restore(again).await;
    assert!(matches!(scene.append(&[pin(&scene.group, "bert", "5")]).await[..], [Appended::Accepted { .. }]));
    assert!(matches!(scene.change(&join(&scene.group, "cleo")).await, ChangeOutcome::Accepted { .. }));
}

pub async fn a_change_that_moves_is_set_again<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.set("anna", archived(true)).await;
    scene.set("anna", RulesChange::default()).await;
    let entries = scene.read_all(2).await;
    // The store knows nothing of it, and has other events under these seqs.
    let stored = GroupSnapshot { head: head(5, 2), rules_version: 5, ..floor(&scene.group) };
    scene.restore(stored.clone()).await;
    for entry in entries {
        let (partition, token) = (scene.partition, scene.token.clone());
        scene.backplane.reseq(&Reseq { partition, token, entry, floor: head(5, 2) }).await.unwrap();
    }
    let moved = scene.read_all(2).await;
    assert_eq!((seqs(&moved), moved[0].rules, moved[1].rules), (vec![6, 7], archived(true), RulesChange::default()));
    assert_eq!((&moved[0].body[..], moved[0].kind), (&b"what changed"[..], Kind::Updated));
    // The version is that of its new place.
    scene.restore(stored).await;
    assert_eq!(scene.append(&[text(&scene.group, "anna", "1")]).await, [Appended::Archived]);
}

pub async fn who_has_shown_the_password_joins_where_one_is_asked_for<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let knows = |name: &str| ChangeRequest { permission: Permission::Password, ..join(&scene.group, name) };
    assert_eq!(scene.change(&knows("cleo")).await, ChangeOutcome::Forbidden);
    scene.set("anna", access(Access::Password)).await;
    assert_eq!(scene.change(&join(&scene.group, "cleo")).await, ChangeOutcome::Forbidden);
    assert_eq!(scene.change(&knows("cleo")).await, ChangeOutcome::Accepted { seq: 2 });
    let as_admin = ChangeRequest { role: Role::Admin, ..knows("dora") };
    let another = ChangeRequest { users: users(&["dora", "emil"]), ..knows("dora") };
    for wrong in [as_admin, another] {
        assert_eq!(scene.change(&wrong).await, ChangeOutcome::Forbidden);
    }
    scene.set("anna", access(Access::Open)).await;
    assert_eq!(scene.change(&knows("dora")).await, ChangeOutcome::Forbidden, "it was changed meanwhile");
    scene.set("anna", RulesChange { archived: Some(true), ..access(Access::Password) }).await;
    assert_eq!(scene.change(&knows("dora")).await, ChangeOutcome::Archived);
}

pub async fn who_was_invited_joins_whatever_the_access<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let invited = |name: &str| ChangeRequest { permission: Permission::Invited, ..join(&scene.group, name) };
    assert_eq!(scene.change(&invited("cleo")).await, ChangeOutcome::Accepted { seq: 1 });
    assert_eq!(scene.change(&invited("cleo")).await, ChangeOutcome::Unchanged);
    let as_admin = ChangeRequest { role: Role::Admin, ..invited("dora") };
    let another = ChangeRequest { users: users(&["emil"]), ..invited("dora") };
    let full = ChangeRequest { max_members: 3, ..invited("dora") };
    let outcomes = [scene.change(&as_admin).await, scene.change(&another).await, scene.change(&full).await];
    assert_eq!(outcomes, [ChangeOutcome::Forbidden, ChangeOutcome::Forbidden, ChangeOutcome::TooMany]);
    scene.set("anna", archived(true)).await;
    assert_eq!(scene.change(&invited("dora")).await, ChangeOutcome::Archived);
}

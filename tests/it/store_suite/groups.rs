//! Groups and their members.

use std::collections::BTreeMap;

use futures::future::join_all;
use hubbub::domain::{Access, Base, GroupKind, Mark, MembershipChange, Role, UserId};
use hubbub::ports::Page;
use serde_json::json;

use super::Fixture;
use super::marks::marks_of;
use super::sample::{group, profile, texts, user};

fn joined(names: &[&str]) -> MembershipChange {
    MembershipChange::Joined(names.iter().map(|name| user(name)).collect(), Role::Member)
}

fn left(names: &[&str]) -> MembershipChange {
    MembershipChange::Left(names.iter().map(|name| user(name)).collect())
}

pub async fn a_group_is_made_once(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let first = group(&["anna", "bert"]);
    let tries = (0..8).map(|number| {
        let (store, mut group) = (store.clone(), first.clone());
        group.name = format!("try {number}");
        tokio::spawn(async move { store.create_group(&group).await.unwrap().then_some(group) })
    });
    let made: Vec<_> = join_all(tries).await.into_iter().filter_map(|made| made.unwrap()).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(store.group(&first.id).await.unwrap().as_ref(), Some(&made[0]));
    assert!(!store.create_group(&first).await.unwrap());
    assert_eq!(store.group(&first.id).await.unwrap().as_ref(), Some(&made[0]));
}

pub async fn groups_are_found_and_listed(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let mut groups = vec![group(&["anna"]), group(&[]), group(&["anna", "bert"])];
    groups[1].access = Access::Members;
    groups[2].kind = GroupKind::Direct;
    groups[2].name = String::new();
    for group in &groups {
        assert!(store.create_group(group).await.unwrap());
    }
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    let absent = group(&[]).id;
    let ids: Vec<_> = groups.iter().map(|group| group.id.clone()).chain([absent.clone()]).collect();
    let mut found = store.groups(&ids).await.unwrap();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(found, groups);
    assert_eq!(store.group(&absent).await.unwrap(), None);
    assert!(store.groups(&[]).await.unwrap().is_empty());
    assert_eq!(store.all_groups(0, 2).await.unwrap(), groups[..2]);
    assert_eq!(store.all_groups(1, 2).await.unwrap(), groups[2..]);
    assert!(store.all_groups(2, 2).await.unwrap().is_empty());
}

pub async fn members_follow_the_events(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let mut expected = group(&["anna"]);
    assert!(store.create_group(&expected).await.unwrap());
    let id = expected.id.clone();
    let events = [
        (1, joined(&["anna", "bert", "cleo"])),
        (4, left(&["bert"])),
        (6, MembershipChange::Role(vec![user("cleo")], Role::Admin)),
        (9, joined(&["bert"])),
    ];
    for (seq, change) in &events {
        store.apply_membership(&id, *seq, change).await.unwrap();
        assert!(expected.apply(*seq, change));
        assert_eq!(store.group(&id).await.unwrap().as_ref(), Some(&expected));
    }
    let list = async |name| store.user(&user(name)).await.unwrap().unwrap().groups;
    assert_eq!(list("anna").await, BTreeMap::from([(id.clone(), 1)]));
    assert_eq!(list("bert").await, BTreeMap::from([(id.clone(), 9)]));
    assert_eq!(list("cleo").await, BTreeMap::from([(id.clone(), 1)]));
    store.apply_membership(&id, 10, &left(&["anna"])).await.unwrap();
    assert_eq!(list("anna").await, BTreeMap::new());
}

pub async fn an_old_event_again_changes_nothing(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&[]);
    assert!(store.create_group(&made).await.unwrap());
    let events = [(1, joined(&["anna", "bert"])), (2, left(&["bert"])), (3, joined(&["cleo"]))];
    for (seq, change) in &events {
        store.apply_membership(&made.id, *seq, change).await.unwrap();
    }
    let group = store.group(&made.id).await.unwrap();
    for (seq, change) in &events {
        store.apply_membership(&made.id, *seq, change).await.unwrap();
    }
    assert_eq!(store.group(&made.id).await.unwrap(), group);
    let users = store.users(&["anna", "bert", "cleo"].map(user)).await.unwrap();
    let within: Vec<&str> = users.iter().filter(|u| u.is_in(&made.id)).map(|u| u.id.as_str()).collect();
    assert_eq!(within.len(), 2);
    assert!(within.contains(&"anna") && within.contains(&"cleo"));
}

pub async fn members_who_were_never_here_are_made(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&[]);
    assert!(store.create_group(&made).await.unwrap());
    store.apply_membership(&made.id, 1, &joined(&["new"])).await.unwrap();
    store.apply_membership(&made.id, 2, &left(&["stranger"])).await.unwrap();
    let new = store.user(&user("new")).await.unwrap().unwrap();
    assert_eq!((new.profile, new.banned, new.password), (profile("", ""), false, None));
    assert!(new.created > 0 && new.last_seen == 0);
    assert_eq!(store.user(&user("stranger")).await.unwrap(), None);
}

pub async fn changes_of_an_unknown_group_do_nothing(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let unknown = group(&[]).id;
    store.apply_membership(&unknown, 1, &joined(&["anna"])).await.unwrap();
    assert_eq!(store.group(&unknown).await.unwrap(), None);
    assert_eq!(store.user(&user("anna")).await.unwrap(), None);
}

/// Nodes of two versions work on one store: the older one gives back what it does not know.
pub async fn what_a_later_version_wrote_is_kept(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&[]);
    assert!(store.create_group(&made).await.unwrap());
    store.apply_membership(&made.id, 1, &joined(&["anna", "bert", "cleo"])).await.unwrap();
    let record =
        |name: &str, role: &str, since: u64| json!({"id": name, "role": role, "since": since, "by": ["a roster"]});
    let members = [record("anna", "owner", 1), record("bert", "member", 1), record("cleo", "member", 1)];
    let fields = [("kind", "channel"), ("access", "password"), ("later", "of a later version")];
    fixture.write_as_a_later_version(&made.id, &fields, json!(members)).await;

    let owner = Role::parse("owner").unwrap();
    let read = store.group(&made.id).await.unwrap().unwrap();
    assert_eq!((read.kind.as_str(), read.access.as_str(), read.members[0].role), ("channel", "password", owner));
    for (seq, change) in [
        (2, joined(&["dora"])),
        (3, left(&["bert"])),
        (4, MembershipChange::Role(vec![user("cleo")], Role::Admin)),
        (5, joined(&["bert"])),
        (6, MembershipChange::Role(vec![user("dora")], owner)),
    ] {
        store.apply_membership(&made.id, seq, &change).await.unwrap();
    }
    let newcomer = |name: &str, role: &str, since: u64| json!({"id": name, "role": role, "since": since});
    let expected = [
        record("anna", "owner", 1),
        record("cleo", "admin", 1),
        newcomer("dora", "owner", 2),
        // Of whom it was said before that they left, nothing is said any more.
        newcomer("bert", "member", 5),
    ];
    assert_eq!(fixture.written(&made.id, "members").await, json!(expected));
    for (field, value) in fields {
        assert_eq!(fixture.written(&made.id, field).await, value, "{field}");
    }
}

pub async fn ten_thousand_members(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&[]);
    assert!(store.create_group(&made).await.unwrap());
    let everybody: Vec<UserId> = (0..10_000).map(|n| user(&format!("user-{n:05}"))).collect();
    let change = MembershipChange::Joined(everybody.clone(), Role::Member);
    store.apply_membership(&made.id, 1, &change).await.unwrap();
    let group = store.group(&made.id).await.unwrap().unwrap();
    assert!(group.members.iter().map(|member| &member.id).eq(&everybody));
    let some = MembershipChange::Left(everybody[9_500..].to_vec());
    store.apply_membership(&made.id, 2, &some).await.unwrap();
    assert_eq!(store.group(&made.id).await.unwrap().unwrap().members.len(), 9_500);
    let users = store.users(&everybody[9_490..9_510]).await.unwrap();
    assert_eq!(users.len(), 20);
    assert_eq!(users.iter().filter(|user| user.is_in(&made.id)).count(), 10);
}

pub async fn many_groups_at_once_reach_the_users_list(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made: Vec<_> = (0..20).map(|_| group(&[])).collect();
    let changes = made.iter().map(|group| {
        let (store, group) = (store.clone(), group.clone());
        tokio::spawn(async move {
            assert!(store.create_group(&group).await.unwrap());
            store.apply_membership(&group.id, 1, &joined(&["anna", "bert"])).await.unwrap();
            store.apply_membership(&group.id, 2, &left(&["bert"])).await.unwrap();
        })
    });
    for change in join_all(changes).await {
        change.unwrap();
    }
    let anna = store.user(&user("anna")).await.unwrap().unwrap();
    assert_eq!(anna.groups, made.iter().map(|group| (group.id.clone(), 1)).collect());
    assert_eq!(store.user(&user("bert")).await.unwrap().unwrap().groups, BTreeMap::new());
}

pub async fn a_deleted_group_leaves_nothing(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let (gone, kept) = (group(&[]), group(&[]));
    let mark = Mark { read: 1, n: 1, delivered: 1 };
    for group in [&gone, &kept] {
        assert!(store.create_group(group).await.unwrap());
        store.apply_membership(&group.id, 1, &joined(&["anna"])).await.unwrap();
        store.insert(&texts(&group.id, 1200)).await.unwrap();
        store.raise_marks(&[(user("anna"), group.id.clone(), mark)]).await.unwrap();
    }
    for _ in 0..2 {
        if let Some(deletion) = store.begin_deletion(&gone.id).await.unwrap() {
            store.finish_deletion(&gone.id, &deletion, Base { seq: 1201, n: 1200 }).await.unwrap();
        }
        assert_eq!(store.group(&gone.id).await.unwrap(), None);
        assert!(store.page(&gone.id, Page::After(0, 10)).await.unwrap().is_empty());
        let anna = store.user(&user("anna")).await.unwrap().unwrap();
        assert_eq!(anna.groups, BTreeMap::from([(kept.id.clone(), 1)]));
        let marks = marks_of(&store, &user("anna")).await;
        assert!(marks.into_keys().eq([kept.id.clone()]));
    }
    assert_eq!(store.head(&kept.id).await.unwrap().seq, 1200);
}

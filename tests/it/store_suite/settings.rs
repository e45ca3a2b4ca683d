//! What admins set of groups: in any order, again and late.

use std::collections::BTreeMap;

use futures::future::join_all;
use hubbub::domain::{Access, Base, Group, GroupUpdate, MembershipChange, PasswordHash, Pinning, Role, Seq};

use super::Fixture;
use super::sample::{group, user};

fn name(name: &str) -> GroupUpdate {
    GroupUpdate { name: Some(name.into()), ..GroupUpdate::default() }
}

fn updates() -> Vec<(Seq, GroupUpdate)> {
    vec![
        (3, GroupUpdate { access: Some(Access::Members), about: Some("Zeilen\nund $ .".into()), ..name("Köche") }),
        (5, GroupUpdate { archived: Some(true), pinning: Some(Pinning::Members), ..GroupUpdate::default() }),
        (8, GroupUpdate { about: Some(String::new()), ..name("Gäste") }),
        (9, GroupUpdate { archived: Some(false), access: Some(Access::Open), ..GroupUpdate::default() }),
    ]
}

pub async fn each_field_is_as_the_greatest_seq_says(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let mut expected = group(&["anna"]);
    updates().iter().for_each(|(seq, update)| expected.update(*seq, update));
    let set = BTreeMap::from([("name", 8), ("about", 8), ("access", 9), ("pinning", 5), ("archived", 9)]);
    assert_eq!(expected.settings.set, set.into_iter().map(|(name, seq)| (name.to_owned(), seq)).collect());
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let made = group(&["anna"]);
        let expected = Group { id: made.id.clone(), ..expected.clone() };
        assert!(store.create_group(&made).await.unwrap());
        for at in order.into_iter().chain(order) {
            let (seq, update) = &updates()[at];
            store.apply_update(&made.id, *seq, update).await.unwrap();
        }
        assert_eq!(store.group(&made.id).await.unwrap(), Some(expected.clone()), "{order:?}");
        assert_eq!(store.groups(std::slice::from_ref(&made.id)).await.unwrap(), [expected]);
    }
}

pub async fn members_and_settings_change_at_the_same_time(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&[]);
    assert!(store.create_group(&made).await.unwrap());
    let tasks = (1..=10).map(|seq| {
        let (store, id) = (store.clone(), made.id.clone());
        tokio::spawn(async move {
            if seq % 2 == 0 {
                let about = Some(format!("about {seq}"));
                store.apply_update(&id, seq, &GroupUpdate { about, ..name(&format!("name {seq}")) }).await.unwrap();
            } else {
                let change = MembershipChange::Joined(vec![user(&format!("user-{seq}"))], Role::Member);
                store.apply_membership(&id, seq, &change).await.unwrap();
            }
        })
    });
    for done in join_all(tasks).await {
        done.unwrap();
    }
    let stored = store.group(&made.id).await.unwrap().unwrap();
    assert_eq!((stored.name.as_str(), stored.settings.about.as_str()), ("name 10", "about 10"));
    assert!(stored.members.iter().any(|member| member.id == user("user-9")));
    drop(store);
    fixture.reopen().await;
    assert_eq!(fixture.store().group(&made.id).await.unwrap(), Some(stored));
}

pub async fn nothing_is_set_of_what_is_not_there_or_of_an_earlier_life(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&["anna"]);
    store.apply_update(&made.id, 3, &name("nothing")).await.unwrap();
    assert_eq!(store.group(&made.id).await.unwrap(), None);
    assert!(store.create_group(&made).await.unwrap());
    let first = GroupUpdate { archived: Some(true), about: Some("old".into()), ..name("old") };
    store.apply_update(&made.id, 4, &first).await.unwrap();
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    store.apply_update(&made.id, 5, &name("marked")).await.unwrap();
    assert_eq!(store.group(&made.id).await.unwrap(), None);
    let base = Base { seq: 6, n: 0 };
    store.finish_deletion(&made.id, &deletion, base).await.unwrap();
    store.apply_update(&made.id, 5, &name("gone")).await.unwrap();
    assert!(store.create_group(&made).await.unwrap());
    let anew = Group { base, version: 6, first: 7, ..made.clone() };
    assert_eq!(store.group(&made.id).await.unwrap().as_ref(), Some(&anew), "nothing of the old one is left");
    store.apply_update(&made.id, 5, &name("late")).await.unwrap();
    assert_eq!(store.group(&made.id).await.unwrap().as_ref(), Some(&anew));
    store.apply_update(&made.id, 7, &name("new")).await.unwrap();
    assert_eq!(store.group(&made.id).await.unwrap().unwrap().name, "new");
}

pub async fn a_group_begins_with_what_its_creator_set(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let mut made = group(&["anna"]);
    made.access = Access::parse("password").unwrap();
    made.settings.password = Some(PasswordHash::stored("$argon2id$v=19$x"));
    made.settings.about = "secrets".into();
    assert!(store.create_group(&made).await.unwrap());
    assert_eq!(store.group(&made.id).await.unwrap(), Some(made.clone()));
    store.apply_update(&made.id, 2, &name("other")).await.unwrap();
    let settings = store.group(&made.id).await.unwrap().unwrap().settings;
    assert_eq!((settings.password, settings.about.as_str()), (made.settings.password, "secrets"));
}

pub async fn a_password_is_of_one_life(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&["anna"]);
    let password = |text: &str| PasswordHash::stored(text);
    store.set_group_password(&made.id, 0, &password("nobody's")).await.unwrap();
    assert!(store.create_group(&made).await.unwrap());
    store.set_group_password(&made.id, 0, &password("first")).await.unwrap();
    store.set_group_password(&made.id, 5, &password("of another life")).await.unwrap();
    let stored = async || store.group(&made.id).await.unwrap().unwrap().settings.password;
    assert_eq!(stored().await, Some(password("first")));
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    store.set_group_password(&made.id, 0, &password("too late")).await.unwrap();
    store.finish_deletion(&made.id, &deletion, Base { seq: 6, n: 0 }).await.unwrap();
    assert!(store.create_group(&made).await.unwrap());
    store.set_group_password(&made.id, 0, &password("too late")).await.unwrap();
    assert_eq!(stored().await, None);
    store.set_group_password(&made.id, 6, &password("new")).await.unwrap();
    assert_eq!(stored().await, Some(password("new")));
}

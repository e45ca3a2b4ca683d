//! Devices of users.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use hubbub::domain::{Base, Device, DeviceName, GroupId, MAX_DEVICES, MembershipChange, Role, Seq, UserId};
use hubbub::ports::Store;

use super::Fixture;
use super::sample::{group, profile, user};

type Held = BTreeMap<GroupId, Seq>;

fn device(name: &str, seen: i64, held: &[(&GroupId, Seq)]) -> Device {
    let mut device = Device::new(DeviceName::parse(name).unwrap(), seen);
    device.raise(seen, held.iter().map(|(group, seq)| ((*group).clone(), *seq)));
    device
}

/// A store with these users.
async fn with_users(fixture: &impl Fixture, names: &[&str]) -> Arc<dyn Store> {
    let store = fixture.store();
    for name in names {
        store.ensure_user(&user(name), &profile(name, name)).await.unwrap();
    }
    store
}

async fn raise(store: &Arc<dyn Store>, name: &str, device: Device) {
    store.raise_devices(&[(user(name), device)]).await.unwrap();
}

/// A user's devices as they come: each with when it was seen, and what it holds.
async fn devices_of(store: &Arc<dyn Store>, user: &UserId) -> Vec<(String, i64, Held)> {
    let found = store.devices(user).await.unwrap();
    found.into_iter().map(|device| (device.name.to_string(), device.seen, device.delivered)).collect()
}

pub async fn each_device_keeps_the_greatest_of_its_own(fixture: &mut impl Fixture) {
    let store = with_users(fixture, &["a.n|n@a", "bert"]).await;
    let (anna, tea, cake) = (user("a.n|n@a"), GroupId::random(), GroupId::random());
    assert!(devices_of(&store, &anna).await.is_empty());
    let phone = "Ännä's $phone.1 📱";
    for (seen, seq) in [(50, 5), (40, 9), (60, 2)] {
        raise(&store, "a.n|n@a", device(phone, seen, &[(&tea, seq)])).await;
    }
    let others = [
        (anna.clone(), device("laptop", 70, &[(&tea, 3), (&cake, 1)])),
        (anna.clone(), device("laptop", 65, &[(&tea, 4)])),
        (user("bert"), device("laptop", 10, &[])),
    ];
    store.raise_devices(&others).await.unwrap();
    store.raise_devices(&[]).await.unwrap();
    let expected = [
        ("laptop".to_owned(), 70, Held::from([(tea.clone(), 4), (cake, 1)])),
        (phone.to_owned(), 60, Held::from([(tea, 9)])),
    ];
    assert_eq!(devices_of(&store, &anna).await, expected);
    assert_eq!(devices_of(&store, &user("bert")).await, [("laptop".to_owned(), 10, Held::new())]);
    drop(store);
    fixture.reopen().await;
    assert_eq!(devices_of(&fixture.store(), &anna).await, expected);
}

pub async fn the_device_that_was_seen_longest_ago_makes_room(fixture: &mut impl Fixture) {
    let store = with_users(fixture, &["anna", "bert"]).await;
    let (anna, tea) = (user("anna"), GroupId::random());
    raise(&store, "bert", device("old", 1, &[(&tea, 1)])).await;
    for number in 1..=MAX_DEVICES as i64 {
        raise(&store, "anna", device(&format!("d{number}"), number, &[(&tea, 1)])).await;
    }
    // The oldest is seen again, so that the second has been away for longest.
    raise(&store, "anna", device("d1", 100, &[])).await;
    raise(&store, "anna", device("new", 101, &[(&tea, 2)])).await;
    let names =
        async || -> Vec<String> { devices_of(&store, &anna).await.into_iter().map(|(name, _, _)| name).collect() };
    let there = names().await;
    assert_eq!((there.len(), &there[..2]), (MAX_DEVICES, &["new".to_owned(), "d1".to_owned()][..]));
    assert!(!there.contains(&"d2".to_owned()), "{there:?}");
    // What comes late of a device from before goes at once, and a device that comes back begins anew.
    raise(&store, "anna", device("late", 2, &[(&tea, 9)])).await;
    assert_eq!(names().await, there);
    raise(&store, "anna", device("d2", 102, &[])).await;
    assert_eq!(devices_of(&store, &anna).await[0], ("d2".to_owned(), 102, Held::new()));
    assert_eq!(devices_of(&store, &user("bert")).await.len(), 1);
}

pub async fn many_new_devices_at_once_leave_as_many_as_are_kept(fixture: &mut impl Fixture) {
    let store = with_users(fixture, &["anna"]).await;
    let raises = (1..=60i64).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { raise(&store, "anna", device(&format!("d{number}"), number, &[])).await })
    });
    for raise in join_all(raises).await {
        raise.unwrap();
    }
    let seen: Vec<i64> = devices_of(&store, &user("anna")).await.into_iter().map(|(_, seen, _)| seen).collect();
    assert!(seen.iter().copied().eq((41..=60).rev()), "{seen:?}");
}

pub async fn users_who_are_not_there_have_no_devices(fixture: &mut impl Fixture) {
    let store = with_users(fixture, &["anna", "bert"]).await;
    let tea = GroupId::random();
    let raised = ["anna", "bert", "nobody"].map(|name| (user(name), device("phone", 5, &[(&tea, 3)])));
    store.raise_devices(&raised).await.unwrap();
    for _ in 0..2 {
        store.delete_user(&user("anna")).await.unwrap();
        // Sessions end a moment later.
        store.raise_devices(&raised).await.unwrap();
        for name in ["anna", "nobody"] {
            assert!(devices_of(&store, &user(name)).await.is_empty(), "{name}");
        }
    }
    store.set_banned(&user("bert"), true).await.unwrap();
    store.raise_devices(&raised).await.unwrap();
    assert_eq!(devices_of(&store, &user("bert")).await.len(), 1, "who is banned may come back");
}

pub async fn marks_of_devices_end_with_their_group(fixture: &mut impl Fixture) {
    let store = with_users(fixture, &["anna"]).await;
    let (tea, cake) = (group(&[]), group(&[]));
    for made in [&tea, &cake] {
        assert!(store.create_group(made).await.unwrap());
        let joined = MembershipChange::Joined(vec![user("anna")], Role::Member);
        store.apply_membership(&made.id, 1, &joined).await.unwrap();
    }
    raise(&store, "anna", device("phone", 5, &[(&tea.id, 3), (&cake.id, 4)])).await;
    let deletion = store.begin_deletion(&tea.id).await.unwrap().unwrap();
    store.finish_deletion(&tea.id, &deletion, Base { seq: 7, n: 4 }).await.unwrap();
    let left = [("phone".to_owned(), 5, Held::from([(cake.id.clone(), 4)]))];
    assert_eq!(devices_of(&store, &user("anna")).await, left);
}

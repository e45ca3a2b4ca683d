//! How Redis keeps sessions beside nodes of an earlier version, which know nothing of devices.

use std::collections::BTreeMap;

use fred::interfaces::HashesInterface;
use hubbub::adapters::BackplaneLimits;
use hubbub::domain::DeviceName;
use hubbub::ports::{Registry, SessionRecord};

use super::redis::{Redis, connect};
use super::sample::*;
use crate::support::shared;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_version_leaves_of_a_device_goes_with_the_next_change() {
    let limits = BackplaneLimits::default();
    let world = Redis::at(shared::redis().await, limits.clone()).await;
    let (backplane, client) = (connect(&world.space, &limits).await, &world.client);
    let on = |device: &str, (user, record): (_, SessionRecord)| {
        (user, SessionRecord { device: Some(DeviceName::parse(device).unwrap()), ..record })
    };
    let (anna, phone) = on("phone", session("anna", "a.1"));
    let (_, laptop) = on("laptop", session("anna", "a.1"));
    backplane.register(&anna, &phone).await.unwrap();
    let keys = world.everywhere("KEYS", "*{u:*").await;
    let [key] = &keys[..] else { panic!("{keys:?}") };
    let fields = async || -> BTreeMap<String, String> { client.hgetall(key.clone()).await.unwrap() };
    let devices = async || -> Vec<String> {
        fields().await.into_iter().filter(|(name, _)| name.starts_with("d:")).map(|(_, device)| device).collect()
    };
    // An earlier version reads the node alone behind a session, and removes nothing else.
    assert_eq!(fields().await[&format!("s:{}", phone.session)], "a.1");
    client.hdel::<(), _, _>(key.clone(), format!("s:{}", phone.session)).await.unwrap();
    assert_eq!(devices().await, ["phone"]);
    assert_eq!(backplane.register(&anna, &laptop).await.unwrap().others, []);
    assert_eq!(devices().await, ["laptop"]);
    // A session that it registers has no device.
    let (_, plain) = session("anna", "b.1");
    client.hset::<(), _, _>(key.clone(), (format!("s:{}", plain.session), "b.1")).await.unwrap();
    assert_eq!(backplane.register(&anna, &laptop).await.unwrap().others, [plain.clone()]);
    backplane.unregister(&anna, &laptop).await.unwrap();
    assert_eq!(backplane.whereabouts(&[anna]).await.unwrap()[0].sessions, [plain]);
    assert!(devices().await.is_empty());
}

use fred::prelude::KeysInterface;

use crate::support::{RedisCluster, RedisOptions, eventually, redis::Aof};

/// Their slots are on the first, second and third master.
const KEYS: [&str; 3] = ["b", "c", "a"];

#[tokio::test]
async fn every_slot_is_served_and_a_master_comes_back() {
    let mut cluster = RedisCluster::start_with(&RedisOptions::aof(Aof::Always)).await;
    let client = cluster.client().await;
    for key in KEYS {
        let set = client.set::<(), _, _>(key, key, None, None, false).await;
        set.unwrap_or_else(|error| panic!("{key}: {error}"));
    }
    for (index, key) in KEYS.into_iter().enumerate() {
        let on_this_master = cluster.master(index).client().await.get::<String, _>(key).await;
        assert_eq!(on_this_master.as_deref(), Ok(key));
    }

    cluster.master(1).kill();
    eventually("the cluster misses a master", async || match client.get::<String, _>("c").await {
        Ok(value) => Err(format!("still answered: {value}")),
        Err(_) => Ok(()),
    })
    .await;

    cluster.master(1).restart().await;
    cluster.wait_until_ok().await;
    let client = cluster.client().await;
    assert_eq!(client.get::<String, _>("c").await.as_deref(), Ok("c"));
}

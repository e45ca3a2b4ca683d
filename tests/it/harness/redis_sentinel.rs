use fred::prelude::KeysInterface;

use crate::support::{RedisSentinel, eventually};

#[tokio::test]
async fn a_client_follows_the_primary_to_the_replica() {
    let mut group = RedisSentinel::start().await;
    let first = group.primary_port().await;
    let client = group.client().await;
    client.set::<(), _, _>("key", "before", None, None, false).await.expect("Redis takes a value");

    group.fail_over().await;
    assert_ne!(group.primary_port().await, first);
    let client = group.client().await;
    eventually("the new primary takes a value", async || {
        client.set::<(), _, _>("key", "after", None, None, false).await
    })
    .await;

    group.restart_killed().await;
    assert_ne!(group.primary_port().await, first);
}

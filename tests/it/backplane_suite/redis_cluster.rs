//! The suite over a Redis Cluster of three masters.

use std::sync::Arc;

use fred::interfaces::KeysInterface;
use hubbub::adapters::BackplaneLimits;
use hubbub::ports::Backplane;

use super::redis::Redis;
use super::{World, backplane_suite};
use crate::support::shared;

pub struct RedisCluster(Redis);

impl World for RedisCluster {
    async fn with(limits: BackplaneLimits) -> Self {
        Self(Redis::at(shared::redis_cluster().await, limits).await)
    }

    async fn node(&self) -> Arc<dyn Backplane> {
        self.0.node().await
    }

    async fn lose_everything(&self) {
        // Other tests are on the same servers.
        for key in self.0.everywhere("KEYS", &format!("{}*", self.0.space.prefix)).await {
            self.0.client.del::<(), _>(key).await.unwrap();
        }
    }
}

backplane_suite! { RedisCluster }

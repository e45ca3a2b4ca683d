//! The suite over one Redis.

use std::sync::Arc;

use fred::clients::Client;
use fred::interfaces::ClientLike;
use fred::types::config::Options;
use fred::types::{ClusterHash, CustomCommand};
use hubbub::adapters::BackplaneLimits;
use hubbub::adapters::redis::{RedisBackplane, RedisConfig};
use hubbub::ports::Backplane;

use super::{World, backplane_suite};
use crate::support::redis;
use crate::support::shared::{self, RedisSpace};

pub struct Redis {
    pub space: RedisSpace,
    pub limits: BackplaneLimits,
    pub client: Client,
}

pub async fn connect(space: &RedisSpace, limits: &BackplaneLimits) -> RedisBackplane {
    let config = RedisConfig { prefix: space.prefix.clone(), limits: limits.clone(), ..RedisConfig::new(&space.url) };
    RedisBackplane::connect(&config).await.expect("the test's Redis is there")
}

impl Redis {
    pub async fn at(space: RedisSpace, limits: BackplaneLimits) -> Self {
        let client = redis::client(&space.url).await;
        Self { space, limits, client }
    }

    /// The command's answer, from every master.
    pub async fn everywhere(&self, name: &'static str, argument: &str) -> Vec<String> {
        let mut answers = Vec::new();
        for server in self.client.active_connections() {
            let command = CustomCommand::new_static(name, ClusterHash::Random, false);
            let options = Options { cluster_node: Some(server), ..Options::default() };
            let node = self.client.with_options(&options);
            let found: Vec<String> = node.custom(command, vec![argument.to_owned()]).await.unwrap();
            answers.extend(found);
        }
        answers
    }
}

impl World for Redis {
    async fn with(limits: BackplaneLimits) -> Self {
        Self::at(shared::redis().await, limits).await
    }

    async fn node(&self) -> Arc<dyn Backplane> {
        Arc::new(connect(&self.space, &self.limits).await)
    }

    async fn lose_everything(&self) {
        self.everywhere("FLUSHDB", "SYNC").await;
    }
}

backplane_suite! { Redis }

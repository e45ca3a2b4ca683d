//! [`FollowerLeases`] in Redis.

use std::time::Duration;

use async_trait::async_trait;

use super::RedisBackplane;
use super::reply::Reply;
use super::script::{Call, HOLD_FOLLOWER, RELEASE_PARTITION};
use crate::domain::NodeName;
use crate::ports::{BackplaneError, FollowerLeases, LeaseToken, Partition};

#[async_trait]
impl FollowerLeases for RedisBackplane {
    async fn hold_follower(
        &self,
        partition: Partition,
        follower: &str,
        node: &NodeName,
        token: &LeaseToken,
        lease: Duration,
    ) -> Result<bool, BackplaneError> {
        let call = Call::keys([self.keys.follower_lease(partition, follower)])
            .arg(node.as_str())
            .arg(token.0.as_str())
            .number(lease.as_millis().max(1) as u64);
        Ok(HOLD_FOLLOWER.run(&self.client, call).await?.number()? == 1)
    }

    async fn release_follower(
        &self,
        partition: Partition,
        follower: &str,
        token: &LeaseToken,
    ) -> Result<(), BackplaneError> {
        let call = Call::keys([self.keys.follower_lease(partition, follower)]).arg(token.0.as_str());
        RELEASE_PARTITION.run(&self.client, call).await.map(drop)
    }
}

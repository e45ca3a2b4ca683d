//! Leases of followers, in memory.

use std::time::Duration;

use async_trait::async_trait;

use super::{Answer, MemoryCluster};
use crate::domain::NodeName;
use crate::ports::{FollowerLeases, LeaseToken, Partition};

#[async_trait]
impl FollowerLeases for MemoryCluster {
    async fn hold_follower(&self, _: Partition, _: &str, _: &NodeName, _: &LeaseToken, _: Duration) -> Answer<bool> {
        self.link.shared(true)
    }

    async fn release_follower(&self, _: Partition, _: &str, _: &LeaseToken) -> Answer<()> {
        Ok(())
    }
}

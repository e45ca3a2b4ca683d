//! [`FollowerLeases`] in process.

use std::time::Duration;

use async_trait::async_trait;

use super::LocalBackplane;
use super::partition::Lease;
use crate::domain::{Millis, NodeName};
use crate::ports::{BackplaneError, FollowerLeases, LeaseToken, Partition};

#[async_trait]
impl FollowerLeases for LocalBackplane {
    async fn hold_follower(
        &self,
        partition: Partition,
        follower: &str,
        node: &NodeName,
        token: &LeaseToken,
        lease: Duration,
    ) -> Result<bool, BackplaneError> {
        let now = self.clock.now();
        let state = self.partition(partition);
        let mut state = state.lock();
        let held = state.followers.get(follower).filter(|held| held.until > now);
        if held.is_some_and(|held| held.token != *token) {
            return Ok(false);
        }
        let until = now + lease.as_millis() as Millis;
        state.followers.insert(follower.to_owned(), Lease { owner: node.clone(), token: token.clone(), until });
        Ok(true)
    }

    async fn release_follower(
        &self,
        partition: Partition,
        follower: &str,
        token: &LeaseToken,
    ) -> Result<(), BackplaneError> {
        let state = self.partition(partition);
        let mut state = state.lock();
        if state.followers.get(follower).is_some_and(|held| held.token == *token) {
            state.followers.remove(follower);
        }
        Ok(())
    }
}

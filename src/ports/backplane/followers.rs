//! Which node works for a follower on a partition: leases, by the backplane's clock.

use std::time::Duration;

use async_trait::async_trait;

use super::{BackplaneError, LeaseToken, Partition};
use crate::domain::NodeName;

/// Leases of followers, a (follower, partition) each. They end like those of owners, and with the backplane.
#[async_trait]
pub trait FollowerLeases: Send + Sync + 'static {
    /// Takes the lease of a follower for a partition when it is free (or already held with this token), and renews it for
    /// `lease`. True when held now.
    async fn hold_follower(
        &self,
        partition: Partition,
        follower: &str,
        node: &NodeName,
        token: &LeaseToken,
        lease: Duration,
    ) -> Result<bool, BackplaneError>;

    /// Gives the lease back, if it is held with this token.
    async fn release_follower(
        &self,
        partition: Partition,
        follower: &str,
        token: &LeaseToken,
    ) -> Result<(), BackplaneError>;
}

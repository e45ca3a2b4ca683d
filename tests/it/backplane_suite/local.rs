//! The suite over the backplane in process, and what its clock can show without waiting.

use std::sync::Arc;
use std::time::Duration;

use hubbub::adapters::BackplaneLimits;
use hubbub::adapters::local::LocalBackplane;
use hubbub::ports::{Appended, Backplane, Cluster, Log};

use super::sample::*;
use super::{World, backplane_suite};

pub struct Local(Arc<LocalBackplane>);

impl World for Local {
    async fn with(limits: BackplaneLimits) -> Self {
        Self(Arc::new(LocalBackplane::with_limits(limits)))
    }

    async fn node(&self) -> Arc<dyn Backplane> {
        self.0.clone()
    }

    async fn lose_everything(&self) {
        self.0.lose_everything();
    }
}

backplane_suite! { Local }

#[tokio::test(start_paused = true)]
async fn a_cid_is_forgotten_after_its_window() {
    let scene = TestCluster::<Local>::new().await;
    assert_eq!(scene.say("once").await, 1);
    let window = BackplaneLimits::default().cid_window;
    tokio::time::advance(window - Duration::from_secs(1)).await;
    assert_eq!(scene.append(&[text(&scene.group, "anna", "once")]).await, [Appended::Seen { seq: 1 }]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(scene.say("once").await, 2);
}

#[tokio::test(start_paused = true)]
async fn an_idle_recent_cache_is_dropped() {
    let scene = TestCluster::<Local>::new().await;
    let ttl = BackplaneLimits::default().recent_ttl;
    scene.commit_upto(1..=2).await;
    tokio::time::advance(ttl / 2).await;
    scene.hold().await;
    scene.commit_upto(3..=3).await;
    let recent = async || scene.backplane.recent(scene.partition, &scene.group, 0).await.unwrap().len();
    tokio::time::advance(ttl / 2).await;
    scene.hold().await;
    scene.commit(&[], vec![]).await.unwrap();
    assert_eq!(recent().await, 3);
    tokio::time::advance(ttl / 2).await;
    scene.hold().await;
    scene.commit(&[], vec![]).await.unwrap();
    assert_eq!(recent().await, 0);
}

#[tokio::test(start_paused = true)]
async fn leases_end_by_the_clock() {
    let backplane = LocalBackplane::new();
    let lease = Duration::from_secs(8);
    backplane.beat(&record("a.1"), lease).await.unwrap();
    tokio::time::advance(lease - Duration::from_millis(1)).await;
    assert!(backplane.beat(&record("a.1"), lease).await.unwrap().renewed);
    tokio::time::advance(lease).await;
    let beat = backplane.beat(&record("b.1"), lease).await.unwrap();
    assert_eq!(beat.dead, [node("a.1")]);
    assert_eq!(beat.uptime, 15_999);
    assert!(!backplane.beat(&record("a.1"), lease).await.unwrap().renewed);
}

#[tokio::test(start_paused = true)]
async fn a_read_waits_as_long_as_it_was_told() {
    let backplane = LocalBackplane::new();
    let begun = tokio::time::Instant::now();
    assert!(backplane.read_log(&node("a.1"), &[0, 1], Duration::from_secs(3)).await.unwrap().is_empty());
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
}

//! Nodes, Redis and MongoDB die, are paused and come back under load; the contract holds.

use std::time::Duration;

use crate::contract::stage::Stage;
use crate::support::wait::eventually_within;

/// Presence after a death: lease, beat and reap, as P6 says.
const REAPED_WITHIN: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_breaks_without_a_fault() {
    let stage = Stage::open(1).await;
    stage.until_acked(30).await;
    stage.verdict().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_killed() {
    let mut stage = Stage::open(2).await;
    stage.nodes[1].kill();
    stage.until_acked(20).await;
    let survivor = &stage.nodes[0];
    eventually_within(REAPED_WITHIN, "the dead node is cleared away", async || {
        let metrics = survivor.internal("/metrics").await.map_err(|error| error.to_string())?;
        if metrics.contains("hubbub_live_nodes 2") { Ok(()) } else { Err("three nodes live".to_owned()) }
    })
    .await;
    stage.nodes[1].restart().await;
    stage.until_acked(10).await;
    stage.verdict().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_ended_in_order_and_started_again_one_after_another() {
    let mut stage = Stage::open(7).await;
    for node in 0..stage.nodes.len() {
        let status = stage.nodes[node].terminate().await;
        assert!(status.success(), "{status}");
        stage.nodes[node].restart().await;
        stage.until_acked(10).await;
    }
    stage.verdict().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed_and_comes_back_with_its_data() {
    let mut stage = Stage::open(3).await;
    stage.redis.kill();
    stage.redis.restart().await;
    stage.until_acked(20).await;
    stage.verdict().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed_and_comes_back_empty() {
    let mut stage = Stage::open(4).await;
    stage.redis.kill();
    stage.redis.restart_empty().await;
    stage.until_acked(20).await;
    stage.verdict().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_is_killed_and_comes_back() {
    let mut stage = Stage::open(5).await;
    stage.mongo.kill();
    stage.mongo.restart().await;
    stage.until_acked(20).await;
    stage.verdict().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_paused_past_its_lease_and_woken() {
    let stage = Stage::open(6).await;
    let paused = &stage.nodes[2];
    paused.process().pause();
    let survivor = &stage.nodes[0];
    eventually_within(REAPED_WITHIN, "the others take the paused node for dead", async || {
        let metrics = survivor.internal("/metrics").await.map_err(|error| error.to_string())?;
        if metrics.contains("hubbub_live_nodes 2") { Ok(()) } else { Err("three nodes live".to_owned()) }
    })
    .await;
    paused.process().resume();
    stage.until_acked(20).await;
    stage.verdict().await;
}

use std::{net::TcpStream, time::Duration};

use crate::support::{Hub, eventually, http, wait::poll};

async fn page(hub: &Hub) -> Result<String, reqwest::Error> {
    let page = http::client().get(hub.http_url()).send().await?;
    page.error_for_status()?.text().await
}

#[tokio::test]
async fn a_node_answers_on_both_listeners() {
    let hub = Hub::embedded().await;
    assert!(page(&hub).await.expect("the page is served").contains("<html"));
    assert!(hub.internal("/metrics").await.expect("metrics are served").contains("hubbub_"));
}

#[tokio::test]
async fn a_killed_node_is_silent_and_comes_back_at_the_same_place() {
    let mut hub = Hub::embedded().await;
    let place = hub.address();
    hub.kill();
    TcpStream::connect(&place).expect_err("nobody listens there");
    hub.restart().await;
    assert_eq!(hub.address(), place);
    page(&hub).await.expect("the page is served");
}

#[tokio::test]
async fn a_node_that_is_asked_to_end_does_so_in_order() {
    let mut hub = Hub::embedded().await;
    let status = hub.terminate().await;
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_paused_node_answers_when_it_is_resumed() {
    let hub = Hub::embedded().await;
    hub.process().pause();
    let silent = poll(Duration::from_millis(300), async || page(&hub).await).await;
    silent.expect_err("a paused node is silent");
    hub.process().resume();
    eventually("the page is served", async || page(&hub).await).await;
}

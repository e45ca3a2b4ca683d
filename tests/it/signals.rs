//! Signals that whoever started a node sends it.

use hubbub::protocol::Encoding;

use crate::protocol::peer::Peer;
use crate::support::Hub;

#[tokio::test]
async fn a_terminal_that_closes_ends_a_node_in_good_order() {
    let mut hub = Hub::embedded().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    hub.hang_up();
    let (code, bye) = anna.over().await;
    assert_eq!((code, bye.expect("it is told")["reconnect"].as_bool()), (Some(1012), Some(true)));
    assert!(hub.exited().await.success());
}

#[tokio::test]
async fn a_node_that_was_started_to_outlive_its_terminal_does() {
    let mut hub = Hub::builder("nohup").without_hangups().start().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    hub.hang_up();
    let group = anna.group(&[]).await;
    anna.send(&group, "c1", "still here").await;
    assert!(hub.terminate().await.success());
}

//! Coming back with cursors.

use hubbub::protocol::Encoding;
use serde_json::json;

use super::peer::Peer;
use crate::support::Hub;

#[tokio::test]
async fn what_was_missed_comes_in_order_and_then_what_is_new() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let [mut anna, bert] = Peer::people(&hub, encoding, ["anna", "bert"]).await;
        let group = anna.group(&["bert"]).await;
        let held = anna.send(&group, "c0", "held").await;
        drop(bert);
        for number in 1..=20 {
            anna.send(&group, &format!("c{number}"), &number.to_string()).await;
        }
        let (mut bert, welcome) = Peer::resume(&hub, encoding, "bert", json!({&group: held})).await;
        let shown = welcome["groups"].as_array().unwrap().iter().find(|shown| shown["id"] == group.as_str()).unwrap();
        assert_eq!((&shown["head"], &shown["unread"]), (&json!(held + 20), &json!(21)));
        anna.send(&group, "live", "21").await;
        let expected: Vec<_> = (1..=21).map(|number| (held + number, number.to_string())).collect();
        assert_eq!(bert.texts(&group, 21).await, expected);
    }
}

#[tokio::test]
async fn what_will_not_come_is_told() {
    let hub = Hub::builder("a").env("HUBBUB_SESSION_BURST", "5000").env("HUBBUB_USER_BURST", "5000").start().await;
    for encoding in Encoding::ALL {
        let user = format!("anna-{}", encoding.name());
        let (mut anna, _) = Peer::hello(&hub, encoding, &user).await;
        let group = anna.group(&[]).await;
        for number in 0..1_010 {
            anna.say(json!({"type": "send", "group": group, "cid": format!("c{number}"), "text": "x"})).await;
        }
        let head = loop {
            let ack = anna.next("ack").await;
            if ack["cid"] == "c1009" {
                break ack["seq"].as_u64().unwrap();
            }
        };
        let (mut again, _) = Peer::resume(&hub, encoding, &user, json!({&group: 0})).await;
        let gap = again.next("gap").await;
        let expected = json!({"type": "gap", "group": group, "from": 1, "to": head - 1_000, "reason": "too_many"});
        assert_eq!(gap, expected);
        assert_eq!(again.texts(&group, 1_000).await.last().unwrap().0, head);

        let (mut ahead, _) = Peer::resume(&hub, encoding, &user, json!({&group: head + 7})).await;
        let gap = ahead.next("gap").await;
        assert_eq!((&gap["from"], &gap["to"], &gap["reason"]), (&json!(head + 1), &json!(head + 7), &json!("reset")));

        let elsewhere = "b".repeat(26);
        let (mut stranger, _) = Peer::resume(&hub, encoding, &user, json!({&elsewhere: 3})).await;
        assert_eq!(stranger.next("group").await, json!({"type": "group", "id": elsewhere, "gone": true}));
    }
}

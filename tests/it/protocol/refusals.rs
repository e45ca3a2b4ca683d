//! What is refused, with which code, and that nobody else is disturbed.

use hubbub::protocol::Encoding;
use serde_json::json;

use super::peer::Peer;
use crate::contract::stage::token;
use crate::support::Hub;

#[tokio::test]
async fn what_cannot_be_read_is_told_and_the_connection_goes_on() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let (mut anna, _) = Peer::hello(&hub, encoding, "anna").await;
        for (frame, code) in [
            (json!({"type": "dance"}), "unsupported"),
            (json!({"no": "type"}), "bad_frame"),
            (json!({"type": "send"}), "bad_frame"),
            (json!({"type": "send", "to": "anna", "cid": 5, "text": "x"}), "bad_frame"),
            (json!({"type": "send", "to": "bert", "cid": "c", "text": "x", "kind": "starred"}), "unsupported"),
            (json!({"type": "send", "to": "bert", "cid": "", "text": "x"}), "bad_frame"),
            (json!({"type": "send", "to": "bert", "cid": "c".repeat(65), "text": "x"}), "bad_frame"),
            (json!({"type": "send", "to": "anna", "cid": "c", "text": "x"}), "bad_frame"),
            (json!({"type": "read", "group": "not a group", "seq": 1}), "bad_frame"),
            (json!({"type": "history", "group": "a".repeat(26), "before": 1, "after": 1}), "bad_frame"),
            (json!({"type": "create", "name": "", "members": []}), "bad_frame"),
            (json!({"type": "create", "name": "x", "members": [], "access": "password"}), "bad_frame"),
        ] {
            assert_eq!(anna.refused(frame.clone()).await, code, "{frame}");
        }
        anna.say(json!({"type": "ping", "id": 9_007_199_254_740_992_u64})).await;
        let error = anna.next("error").await;
        assert_eq!((&error["code"], error.get("re")), (&json!("bad_frame"), None));
        anna.ask(json!({"type": "ping"}), "pong").await;
    }
}

#[tokio::test]
async fn a_device_whose_name_is_too_long_or_not_plain_is_not_let_in() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let hello = |device: &str| json!({"type": "hello", "id": 1, "token": token("anna"), "device": device});
        for device in ["", "a\nb", "\u{1b}[31m", &"ü".repeat(65)] {
            let mut anna = Peer::stranger(&hub, encoding).await;
            anna.say(hello(device)).await;
            let error = anna.next("error").await;
            assert_eq!((&error["code"], &error["re"]), (&json!("bad_frame"), &json!(1)), "{device:?}");
            assert_eq!(anna.over().await.0, Some(4001), "{device:?}");
        }
        let mut anna = Peer::stranger(&hub, encoding).await;
        anna.say(hello(&"ü".repeat(64))).await;
        anna.next("welcome").await;
    }
}

#[tokio::test]
async fn what_is_not_ones_own_stays_closed() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let [mut anna, mut bert] = Peer::people(&hub, encoding, ["anna", "bert"]).await;
        let group = anna.group(&[]).await;
        for frame in [
            json!({"type": "send", "group": group, "cid": "c", "text": "x"}),
            json!({"type": "history", "group": group}),
            json!({"type": "read", "group": group, "seq": 1}),
            json!({"type": "join", "group": group}),
            json!({"type": "add", "group": group, "users": ["bert"]}),
            json!({"type": "watch", "groups": [group]}),
        ] {
            assert_eq!(bert.refused(frame.clone()).await, "forbidden", "{frame}");
        }
        let nowhere = "a".repeat(26);
        assert_eq!(bert.refused(json!({"type": "join", "group": nowhere})).await, "not_found");
        assert_eq!(bert.refused(json!({"type": "send", "to": "nobody", "cid": "c", "text": "x"})).await, "not_found");
        let open = bert.group(&["anna"]).await;
        assert_eq!(anna.refused(json!({"type": "remove", "group": open, "users": ["bert"]})).await, "forbidden");
    }
}

#[tokio::test]
async fn limits_are_told_and_hold() {
    let hub = Hub::builder("a").env("HUBBUB_MAX_MEMBERS", "3").env("HUBBUB_MAX_TEXT", "10").start().await;
    for encoding in Encoding::ALL {
        let [mut anna, _bert, _carl, _dora] = Peer::people(&hub, encoding, ["anna", "bert", "carl", "dora"]).await;
        let group = anna.group(&[]).await;
        // Characters count, not bytes.
        anna.send(&group, "c1", &"ü".repeat(10)).await;
        let send =
            |text: String, data| json!({"type": "send", "group": group, "cid": "c2", "text": text, "data": data});
        assert_eq!(anna.refused(send("x".repeat(11), json!({}))).await, "too_large");
        assert_eq!(anna.refused(send("x".into(), json!({"x": "x".repeat(16_384)}))).await, "too_large");
        let create = json!({"type": "create", "name": "x", "members": ["bert", "carl", "dora"]});
        assert_eq!(anna.refused(create).await, "too_large");
        let add = json!({"type": "add", "group": group, "users": ["bert", "carl", "dora"]});
        assert_eq!(anna.refused(add).await, "too_large");
        let groups = vec![group.as_str(); 21];
        assert_eq!(anna.refused(json!({"type": "watch", "groups": groups})).await, "too_large");
    }
}

#[tokio::test]
async fn nobody_is_put_into_more_groups_than_allowed() {
    let hub = Hub::builder("a").env("HUBBUB_MAX_GROUPS", "2").start().await;
    for encoding in Encoding::ALL {
        let names = ["anna", "bert", "carl", "dora"].map(|name| format!("{name}-{}", encoding.name()));
        let [mut anna, mut bert, mut carl, mut dora] =
            Peer::people(&hub, encoding, [&names[0], &names[1], &names[2], &names[3]]).await;
        let full = &names[1];
        let first = anna.group(&[full]).await;
        anna.group(&[full]).await;
        let create = |members: &[&str]| json!({"type": "create", "name": "x", "members": members});
        assert_eq!(anna.refused(create(&[])).await, "too_large");
        assert_eq!(carl.refused(create(&[full])).await, "too_large");
        let open = json!({"type": "create", "name": "x", "members": [], "access": "open"});
        let open = carl.ask(open, "group").await["id"].clone();
        let join = json!({"type": "join", "group": open});
        assert_eq!(bert.refused(join.clone()).await, "too_large");
        assert_eq!(carl.refused(json!({"type": "add", "group": open, "users": [full]})).await, "too_large");
        assert_eq!(dora.refused(json!({"type": "send", "to": full, "cid": "c", "text": "x"})).await, "too_large");
        // Those who are in already may be named again, and whoever leaves has room.
        anna.ask(json!({"type": "add", "group": first, "users": [full]}), "ok").await;
        bert.ask(json!({"type": "leave", "group": first}), "ok").await;
        bert.ask(join, "ok").await;
    }
}

#[tokio::test]
async fn a_flood_is_slowed_down_and_others_are_not() {
    let hub = Hub::builder("a").env("HUBBUB_SESSION_BURST", "20").env("HUBBUB_SESSION_RATE", "1").start().await;
    for encoding in Encoding::ALL {
        let names = [format!("anna-{}", encoding.name()), format!("bert-{}", encoding.name())];
        let [mut anna, mut bert] = Peer::people(&hub, encoding, [&names[0], &names[1]]).await;
        for _ in 0..40 {
            anna.say(json!({"type": "ping"})).await;
        }
        let error = anna.next("error").await;
        assert_eq!(error["code"], "rate_limited");
        assert!(error["retry_after"].as_u64().unwrap() > 0);
        bert.ask(json!({"type": "ping"}), "pong").await;
    }
}

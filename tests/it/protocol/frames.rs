//! Each frame and its reply.

use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::contract::stage::token;
use crate::support::Hub;

/// The values of a field in a list of objects.
fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap()).collect()
}

#[tokio::test]
async fn hello_is_answered_with_all_that_a_client_needs() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let user = format!("anna-{}", encoding.name());
        let (mut anna, welcome) = Peer::hello(&hub, encoding, &user).await;
        assert_eq!((&welcome["user"], &welcome["node"]), (&json!(user), &json!("a")));
        assert_eq!((&welcome["heartbeat"], &welcome["limits"]["text"]), (&json!(5_000), &json!(4_000)));
        assert_eq!((&welcome["groups"], &welcome["more"]), (&json!([]), &json!(false)));
        // A later one with nothing but a token extends the session.
        anna.ask(json!({"type": "hello", "token": token(&user)}), "ok").await;
        assert_eq!(anna.refused(json!({"type": "hello", "token": token("somebody-else")})).await, "forbidden");
        assert_eq!(anna.refused(json!({"type": "hello", "token": token(&user), "cursors": {}})).await, "bad_frame");
        // Ids may be strings.
        anna.say(json!({"type": "ping", "id": "mine"})).await;
        assert_eq!(anna.next("pong").await["re"], "mine");
        anna.say(json!({"type": "ping"})).await;
        assert_eq!(anna.next("pong").await, json!({"type": "pong"}));
    }
}

#[tokio::test]
async fn a_send_is_acked_and_reaches_everybody() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let names = [format!("anna-{}", encoding.name()), format!("bert-{}", encoding.name())];
        let [mut anna, mut bert] = Peer::people(&hub, encoding, [&names[0], &names[1]]).await;
        let (mut phone, _) = Peer::hello(&hub, encoding, &names[0]).await;
        let group = anna.group(&[&names[1]]).await;
        let reference = format!("{group}:1");
        let data = json!({"z": 1, "a": [null, 2.5, "x"], "big": 9_007_199_254_740_991_u64});
        let send = json!({"type": "send", "group": group, "cid": "c1", "text": "grüß dich",
            "kind": "text", "ref": reference, "data": data});
        let ack = anna.ask(send.clone(), "ack").await;
        assert_eq!((&ack["group"], &ack["cid"]), (&json!(group), &json!("c1")));
        for peer in [&mut anna, &mut phone] {
            let own = peer.next_text().await;
            assert_eq!((&own["cid"], &own["seq"]), (&json!("c1"), &ack["seq"]));
        }
        let seen = bert.next_text().await;
        assert_eq!(seen.get("cid"), None);
        assert_eq!((&seen["text"], &seen["ref"], &seen["data"]), (&json!("grüß dich"), &json!(reference), &data));
        assert_eq!((&seen["from"], &seen["time"], &seen["n"]), (&json!(names[0]), &ack["time"], &json!(1)));
        // Repeated, whatever its text: the first one stands.
        let mut again = send;
        again["text"] = json!("other");
        assert_eq!(phone.ask(again, "ack").await["seq"], ack["seq"]);
        // A direct chat begins with the first word.
        let direct = anna.ask(json!({"type": "send", "to": names[1], "cid": "c2", "text": "psst"}), "ack").await;
        let back = bert.ask(json!({"type": "send", "to": names[0], "cid": "c3", "text": "yes?"}), "ack").await;
        assert_eq!(direct["group"], back["group"]);
        let shown = bert.next_group(direct["group"].as_str().unwrap()).await;
        assert_eq!((&shown["kind"], &shown["count"]), (&json!("direct"), &json!(2)));
    }
}

#[tokio::test]
async fn groups_are_made_joined_and_left() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let [mut anna, mut bert, mut carl] = Peer::people(&hub, encoding, ["anna", "bert", "carl"]).await;
        let create =
            json!({"type": "create", "name": "Lunch", "members": ["bert"], "access": "open", "cid": encoding.name()});
        let made = anna.ask(create.clone(), "group").await;
        let group = made["id"].as_str().unwrap().to_owned();
        assert_eq!((&made["name"], &made["access"], &made["count"]), (&json!("Lunch"), &json!("open"), &json!(2)));
        assert_eq!(each(&made["members"], "role"), ["admin", "member"]);
        assert_eq!(anna.ask(create, "group").await["id"], group.as_str(), "the same cid makes nothing new");
        let shown = bert.next_group(&group).await;
        assert_eq!((&shown["kind"], &shown["unread"]), (&json!("group"), &json!(0)));

        carl.ask(json!({"type": "join", "group": group}), "ok").await;
        assert_eq!(carl.next_group(&group).await["count"], 3);
        let joined = anna.next_about(&group, "joined", "carl").await;
        assert_eq!(joined["data"]["users"], json!(["carl"]));
        anna.ask(json!({"type": "remove", "group": group, "users": ["carl"]}), "ok").await;
        assert_eq!(carl.next_gone().await["id"], group.as_str());
        anna.ask(json!({"type": "add", "group": group, "users": ["carl"]}), "ok").await;
        carl.next_group(&group).await;
        carl.ask(json!({"type": "leave", "group": group}), "ok").await;
        assert_eq!(carl.next_gone().await["id"], group.as_str());
        assert_eq!(bert.next_about(&group, "left", "carl").await["data"]["users"], json!(["carl"]));
    }
}

#[tokio::test]
async fn history_and_lists_come_in_pages() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let user = format!("anna-{}", encoding.name());
        let (mut anna, _) = Peer::hello(&hub, encoding, &user).await;
        let groups = [anna.group(&[]).await, anna.group(&[]).await, anna.group(&[]).await];
        for number in 0..5 {
            anna.send(&groups[0], &format!("c{number}"), &number.to_string()).await;
        }
        let newest = anna.ask(json!({"type": "history", "group": groups[0], "limit": 2}), "history").await;
        let texts = |page: &Value| each(&page["messages"], "text").join(" ");
        assert_eq!((texts(&newest), &newest["more"]), ("3 4".into(), &json!(true)));
        let before = json!({"type": "history", "group": groups[0], "before": newest["messages"][0]["seq"], "limit": 3});
        let before = anna.ask(before, "history").await;
        assert_eq!((texts(&before), &before["more"]), ("0 1 2".into(), &json!(true)));
        let after = json!({"type": "history", "group": groups[0], "after": before["messages"][2]["seq"]});
        let after = anna.ask(after, "history").await;
        assert_eq!((texts(&after), &after["more"]), ("3 4".into(), &json!(false)));

        let first = anna.ask(json!({"type": "groups", "limit": 2}), "groups").await;
        assert_eq!((each(&first["groups"], "id")[0], &first["more"]), (groups[0].as_str(), &json!(true)));
        let last = each(&first["groups"], "id")[1].to_owned();
        let rest = anna.ask(json!({"type": "groups", "after": last}), "groups").await;
        assert_eq!((rest["groups"].as_array().unwrap().len(), &rest["more"]), (1, &json!(false)));
    }
}

#[tokio::test]
async fn reading_typing_and_presence_are_seen() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let names = [format!("anna-{}", encoding.name()), format!("bert-{}", encoding.name())];
        let [mut anna, mut bert] = Peer::people(&hub, encoding, [&names[0], &names[1]]).await;
        let group = anna.group(&[&names[1]]).await;
        bert.next_group(&group).await;
        let presence = anna.ask(json!({"type": "watch", "groups": [group]}), "presence").await;
        assert!(
            presence["users"]
                .as_array()
                .unwrap()
                .iter()
                .any(|user| user["id"] == names[1].as_str() && user["online"] == true)
        );
        bert.say(json!({"type": "typing", "group": group})).await;
        assert_eq!(anna.next("typing").await, json!({"type": "typing", "group": group, "user": names[1]}));

        let seq = anna.send(&group, "c", "read me").await;
        bert.texts(&group, 1).await;
        bert.ask(json!({"type": "ping", "cursors": {&group: seq}}), "pong").await;
        bert.ask(json!({"type": "read", "group": group, "seq": seq}), "ok").await;
        loop {
            let receipt = anna.next("receipt").await;
            assert_eq!((&receipt["group"], &receipt["user"]), (&json!(group), &json!(names[1])));
            if receipt["read"] == seq && receipt["delivered"] == seq {
                break;
            }
        }
        // The mark lasts, and never goes back.
        bert.ask(json!({"type": "read", "group": group, "seq": 1}), "ok").await;
        let (_, welcome) = Peer::hello(&hub, encoding, &names[1]).await;
        assert_eq!((&welcome["groups"][0]["read"], &welcome["groups"][0]["unread"]), (&json!(seq), &json!(0)));

        drop(bert);
        loop {
            let shown = anna.next("presence").await;
            if shown["users"][0]["id"] == names[1].as_str() && shown["users"][0]["online"] == false {
                break;
            }
        }
    }
}

impl Peer {
    /// The next event of kind `text`.
    async fn next_text(&mut self) -> Value {
        self.next_where(|frame| frame["type"] == "message" && frame["kind"] == "text").await
    }

    /// The next `group` about this one that is not its end.
    async fn next_group(&mut self, id: &str) -> Value {
        self.next_where(|frame| frame["type"] == "group" && frame["id"] == id && frame.get("gone").is_none()).await
    }

    async fn next_gone(&mut self) -> Value {
        self.next_where(|frame| frame["type"] == "group" && frame["gone"] == true).await
    }

    /// The next membership event of this kind that is about this user.
    async fn next_about(&mut self, group: &str, kind: &str, user: &str) -> Value {
        let users = json!([user]);
        self.next_where(|frame| frame["group"] == group && frame["kind"] == kind && frame["data"]["users"] == users)
            .await
    }
}

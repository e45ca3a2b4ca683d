//! What people see of each other.

use hubbub::protocol::Encoding;
use reqwest::Method;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::contract::stage::token;
use crate::support::{Hub, http};

async fn by_call(hub: &Hub, reader: &str, path: &str) -> (u16, Value) {
    let request = http::client().request(Method::GET, format!("{}{path}", hub.http_url())).bearer_auth(token(reader));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_profile_is_shown_and_who_is_online_to_those_who_share_a_group() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let names = ["anna", "bert", "cleo"].map(|name| format!("{name}-{}", encoding.name()));
        let [mut anna, mut bert, mut cleo] = Peer::people(&hub, encoding, [&names[0], &names[1], &names[2]]).await;
        anna.group(&[&names[1]]).await;
        anna.ask(
            json!({"type": "me", "about": "tea", "email": "a@b", "phone": "112", "status": {"emoji": "🫖"}}),
            "me",
        )
        .await;
        let frame = json!({"type": "user", "user": names[0]});
        let known =
            json!({"id": names[0], "username": names[0], "name": names[0], "about": "tea", "status": {"emoji": "🫖"}});
        let to_cleo = cleo.ask(frame.clone(), "user").await["user"].clone();
        assert_eq!(to_cleo, known);
        let to_bert = bert.ask(frame.clone(), "user").await["user"].clone();
        let mut expected = known;
        expected["online"] = json!(true);
        expected["last_seen"] = to_bert["last_seen"].clone();
        assert!(to_bert["last_seen"].is_u64() && to_bert == expected, "{to_bert}");
        let own = anna.ask(frame, "user").await["user"].clone();
        assert_eq!((&own["email"], &own["phone"], &own["online"]), (&json!("a@b"), &json!("112"), &json!(true)));
        for (reader, shown) in [(&names[1], &to_bert), (&names[2], &to_cleo), (&names[0], &own)] {
            let (status, mut user) = by_call(&hub, reader, &format!("/users/{}", names[0])).await;
            if shown["last_seen"].is_u64() {
                user["last_seen"] = shown["last_seen"].clone();
            }
            assert_eq!((status, &user), (200, shown));
        }
        assert_eq!(anna.refused(json!({"type": "user", "user": "nobody"})).await, "not_found");
        assert_eq!(by_call(&hub, &names[0], "/users/nobody").await.0, 404);
    }
}

#[tokio::test]
async fn nobody_sees_who_is_online_where_that_is_off() {
    let hub = Hub::builder("a").env("HUBBUB_PRESENCE", "off").start().await;
    let [mut anna, mut bert] = Peer::people(&hub, Encoding::Json, ["anna", "bert"]).await;
    anna.group(&["bert"]).await;
    let shown = bert.ask(json!({"type": "user", "user": "anna"}), "user").await["user"].clone();
    assert_eq!(shown, json!({"id": "anna", "username": "anna", "name": "anna"}));
}

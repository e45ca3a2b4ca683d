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

#[tokio::test]
async fn people_are_found_by_any_word_of_their_names_page_by_page() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let names = ["anna", "bert"].map(|name| format!("{name}-{}", encoding.name()));
        let [mut anna, mut bert] = Peer::people(&hub, encoding, [&names[0], &names[1]]).await;
        anna.group(&[&names[1]]).await;
        let unlike = format!("Zoë Müller {}", encoding.name());
        anna.ask(json!({"type": "me", "name": unlike}), "me").await;
        let query = format!("MUL {}", &encoding.name()[..3]);
        let found = bert.ask(json!({"type": "users", "query": query}), "users").await;
        assert_eq!((found["users"].as_array().unwrap().len(), found.get("next")), (1, None), "{found}");
        let one = &found["users"][0];
        assert_eq!((&one["id"], &one["name"], &one["online"]), (&json!(names[0]), &json!(unlike), &json!(true)));
        assert_eq!(bert.refused(json!({"type": "users", "query": "."})).await, "bad_frame");
        assert_eq!(bert.refused(json!({"type": "users", "query": "a", "cursor": "no place"})).await, "bad_frame");
    }
    for number in 0..25 {
        Peer::hello(&hub, Encoding::Json, &format!("crowd{number:02}")).await;
    }
    let (mut dora, _) = Peer::hello(&hub, Encoding::Json, "dora").await;
    let first = dora.ask(json!({"type": "users", "query": "crowd"}), "users").await;
    let rest = dora.ask(json!({"type": "users", "query": "crowd", "cursor": first["next"]}), "users").await;
    let ids = |page: &Value| {
        page["users"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all: Vec<_> = (0..25).map(|number| format!("crowd{number:02}")).collect();
    assert_eq!(([ids(&first), ids(&rest)].concat(), rest.get("next")), (all, None));
    // The same by calls: the next page is in a header.
    let (mut path, mut found) = ("/users?q=CROWD".to_owned(), Vec::new());
    loop {
        let request = http::client().get(format!("{}{path}", hub.http_url())).bearer_auth(token("dora"));
        let answer = request.send().await.unwrap();
        let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let page: Value = answer.json().await.unwrap();
        found.extend(ids(&json!({"users": page})));
        let Some(link) = link else { break };
        path = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).unwrap().to_owned();
    }
    assert_eq!(found.len(), 25);
    for wrong in
        ["/users", "/users?q=a&username=b", "/users?username=a&cursor=a.b", "/users?q=.", "/users?q=a&cursor=x"]
    {
        assert_eq!(by_call(&hub, "dora", wrong).await.0, 400, "{wrong}");
    }
}

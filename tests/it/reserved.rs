//! What is the hub's own (`hub.…`) comes in at no door: the doors are taken from the descriptions, so that a new
//! one is tried as well, or has to be told to be none.

use hubbub::protocol::Encoding;
use hubbub::transport::http::descriptions::ASYNCAPI;
use reqwest::Method;
use serde_json::{Value, json};

use crate::contract::stage::token;
use crate::http_api::caller::Caller;
use crate::protocol::peer::Peer;
use crate::support::Hub;

/// Ids that the hub gives: of what it does in a group, of itself, of its probes.
const OWN: [&str; 4] = ["hub.create", "hub.create.admin", "hub.system", "hub.probe"];
/// What people write freely, and what names groups: no user and no send.
const FREE: [&str; 25] = [
    "NewMessage.text",
    "NewMessage.kind",
    "NewMessage.ref",
    "NewOwnGroup.name",
    "NewOwnGroup.access",
    "CredentialsBody.password",
    "CredentialsBody.name",
    "NewGroup.name",
    "NewGroup.access",
    "ServiceMessage.group",
    "ServiceMessage.message",
    "ProfileUpdate.name",
    "GET /chat/{group}/message group",
    "GET /chat/{group}/pins group",
    "GET /chat/{group} group",
    "POST /chat/{group}/join group",
    "POST /chat/{group}/leave group",
    "PUT /chat/{group}/members/{user} group",
    "DELETE /chat/{group}/members/{user} group",
    "POST /chat/{group}/read group",
    "POST /chat/{group}/typing group",
    "POST /chat/{group}/message group",
    "GET /group/{id} id",
    "GET /message/{id} id",
    "GET /group/user/{up} up",
];

/// Each field of the clients' frames that holds a user's id or a cid, as a pointer into its example.
fn doors_of_frames() -> Vec<(Value, String)> {
    let document: Value = serde_json::from_str(ASYNCAPI).unwrap();
    let messages = document["components"]["messages"].as_object().unwrap();
    let is_own = |schema: &Value| {
        let name = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next());
        assert_ne!(name, Some("UserId"), "what clients name is a Person");
        matches!(name, Some("Person" | "Cid"))
    };
    let mut doors = Vec::new();
    for (_, message) in messages.iter().filter(|(key, _)| key.starts_with("client.")) {
        let example = &message["examples"][0]["payload"];
        for (field, schema) in message["payload"]["properties"].as_object().unwrap() {
            if is_own(schema) {
                doors.push((example.clone(), format!("/{field}")));
            } else if is_own(&schema["items"]) {
                doors.push((example.clone(), format!("/{field}/0")));
            }
        }
    }
    doors
}

/// The frame with this in the place of what it has there.
fn with(mut frame: Value, door: &str, own: &str) -> Value {
    let (field, at) = door[1..].split_once('/').map_or((&door[1..], false), |(field, _)| (field, true));
    frame[field] = if at { json!([own]) } else { json!(own) };
    if field == "to" {
        frame.as_object_mut().unwrap().remove("group");
    }
    frame
}

#[tokio::test]
async fn no_frame_brings_in_what_is_the_hubs_own() {
    let hub = Hub::embedded().await;
    let doors = doors_of_frames();
    let fields: Vec<&str> = doors.iter().map(|(_, door)| door.as_str()).collect();
    assert_eq!(fields, ["/to", "/cid", "/members/0", "/cid", "/users/0", "/users/0"], "the doors have changed");
    for encoding in Encoding::ALL {
        let (mut anna, _) = Peer::hello(&hub, encoding, "anna").await;
        for (frame, door) in &doors {
            for own in OWN {
                let frame = with(frame.clone(), door, own);
                let error = anna.ask(frame.clone(), "error").await;
                assert_eq!(error["code"], "bad_frame", "{frame}");
                assert!(error["message"].as_str().unwrap().contains("hub."), "{frame}: {error}");
            }
        }
    }
}

/// The fault itself: the creator's send with the cid of the founding was acked and stored nowhere.
#[tokio::test]
async fn a_send_is_never_acked_with_the_seq_of_what_the_hub_did() {
    let hub = Hub::embedded().await;
    for encoding in Encoding::ALL {
        let [mut anna, _bert] = Peer::people(&hub, encoding, ["anna", "bert"]).await;
        let group = anna.group(&["bert"]).await;
        for own in ["hub.create", "hub.create.admin", "hub.x"] {
            let send = json!({"type": "send", "group": group, "cid": own, "text": "x"});
            assert_eq!(anna.refused(send).await, "bad_frame", "{own}");
        }
        let seq = anna.send(&group, "c1", "x").await;
        let history = anna.ask(json!({"type": "history", "group": group}), "history").await;
        let last = history["messages"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["seq"], &last["text"], &last["cid"]), (&json!(seq), &json!("x"), &json!("c1")));
    }
}

/// A request whose field, path or header holds one of the hub's own.
struct Door {
    /// `<schema>.<field>`, or `<method> <path> <parameter>`.
    name: &'static str,
    operation: &'static str,
    path: &'static str,
    body: fn(&str) -> Value,
}

impl Door {
    fn method(&self) -> Method {
        match self.name.split_once(' ') {
            Some((method, _)) => method.parse().expect("a name begins with a method, or is a field's"),
            None => Method::POST,
        }
    }
}

const PUBLIC: [Door; 8] = [
    Door {
        name: "NewMessage.cid",
        operation: "/chat/{group}/message",
        path: "/chat/GROUP/message",
        body: |own| json!({"text": "x", "cid": own}),
    },
    Door {
        name: "POST /chat/{group}/message Idempotency-Key",
        operation: "/chat/{group}/message",
        path: "/chat/GROUP/message",
        body: |_| json!({"text": "x"}),
    },
    Door {
        name: "NewOwnGroup.members",
        operation: "/chat",
        path: "/chat",
        body: |own| json!({"name": "x", "members": ["anna", own]}),
    },
    Door {
        name: "NewOwnGroup.cid",
        operation: "/chat",
        path: "/chat",
        body: |own| json!({"name": "x", "members": [], "cid": own}),
    },
    Door {
        name: "POST /chat Idempotency-Key",
        operation: "/chat",
        path: "/chat",
        body: |_| json!({"name": "x", "members": []}),
    },
    Door {
        name: "PUT /chat/{group}/members/{user} user",
        operation: "/chat/{group}/members/{user}",
        path: "/chat/GROUP/members/OWN",
        body: |_| json!({}),
    },
    Door {
        name: "DELETE /chat/{group}/members/{user} user",
        operation: "/chat/{group}/members/{user}",
        path: "/chat/GROUP/members/OWN",
        body: |_| json!({}),
    },
    Door {
        name: "CredentialsBody.username",
        operation: "/auth/register",
        path: "/auth/register",
        body: |own| json!({"username": own, "password": "correct horse"}),
    },
];

const INTERNAL: [Door; 4] = [
    Door {
        name: "NewGroup.users",
        operation: "/group/",
        path: "/group/",
        body: |own| json!({"name": "x", "users": ["anna", own]}),
    },
    Door {
        name: "ServiceMessage.from",
        operation: "/message/",
        path: "/message/",
        body: |own| json!({"group": "GROUP", "from": own, "message": "x"}),
    },
    Door { name: "POST /user/{up} up", operation: "/user/{up}", path: "/user/OWN", body: |_| json!({}) },
    Door {
        name: "ProfileUpdate.username",
        operation: "/user/{up}",
        path: "/user/anna",
        body: |own| json!({"username": own}),
    },
];

/// Every text that requests of a listener hold, by the names of [`Door`].
fn texts_of(description: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            if let Some(name) = body.as_str().and_then(|name| name.rsplit('/').next()) {
                let properties = description["components"]["schemas"][name]["properties"].as_object().unwrap();
                let held = properties.iter().filter(|(_, schema)| holds_text(schema));
                texts.extend(held.map(|(field, _)| format!("{name}.{field}")));
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] != "query" && holds_text(&parameter["schema"]) {
                    texts.push(format!("{} {path} {}", method.to_uppercase(), parameter["name"].as_str().unwrap()));
                }
            }
        }
    }
    texts
}

fn holds_text(schema: &Value) -> bool {
    let types = schema["type"].to_string();
    types.contains("string") || types.contains("array") && schema["items"]["type"] == "string"
}

async fn is_closed(caller: &mut Caller, group: &str, doors: &[Door]) {
    for text in texts_of(caller.description()) {
        let known = FREE.contains(&text.as_str()) || doors.iter().any(|door| door.name == text);
        assert!(known, "is {text} a user's id or a cid? Then it is a door, and is tried here");
    }
    for door in doors {
        for own in OWN {
            let body = (door.body)(own).to_string().replace("GROUP", group);
            let path = door.path.replace("GROUP", group).replace("OWN", own);
            let key = [("Idempotency-Key", own)];
            let headers = if door.name.ends_with("Idempotency-Key") { &key[..] } else { &[] };
            let body = serde_json::from_str(&body).unwrap();
            let answer = caller.ask(door.method(), door.operation, &path, Some(body), headers).await;
            let problem = answer.expect(400);
            assert_eq!(problem["code"], "bad_frame", "{} {own}", door.name);
            assert!(problem["detail"].as_str().unwrap().contains("hub."), "{}: {problem}", door.name);
        }
    }
}

#[tokio::test]
async fn no_call_brings_in_what_is_the_hubs_own() {
    let hub = Hub::embedded().await;
    let (mut anna, _) = Peer::hello(&hub, Encoding::Json, "anna").await;
    let group = anna.group(&[]).await;
    let mut public = Caller::new(hub.http_url()).await;
    public.bearer(token("anna"));
    is_closed(&mut public, &group, &PUBLIC).await;
    let mut internal = Caller::new(hub.internal_url()).await;
    is_closed(&mut internal, &group, &INTERNAL).await;
    let history = anna.ask(json!({"type": "history", "group": group}), "history").await;
    assert!(history["messages"].as_array().unwrap().iter().all(|event| event["kind"] != "text"), "{history}");
}

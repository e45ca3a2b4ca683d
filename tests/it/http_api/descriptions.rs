//! The descriptions, held to the code and to what is kept in docs/.

use std::collections::BTreeSet;
use std::path::Path;

use hubbub::domain::Code;
use hubbub::protocol::{Encoding, Form, PUSHES, REQUESTS, decode};
use hubbub::transport::http::descriptions::{ASYNCAPI, Listener, openapi};
use serde_json::Value;

fn asyncapi() -> Value {
    serde_json::from_str(ASYNCAPI).unwrap()
}

/// The names of the described frames of one side.
fn described(side: &str) -> BTreeSet<String> {
    let document = asyncapi();
    let messages = document["components"]["messages"].as_object().unwrap();
    messages.keys().filter_map(|key| key.strip_prefix(side)).map(str::to_owned).collect()
}

fn names(forms: &[Form]) -> BTreeSet<String> {
    forms.iter().map(|form| form.name.to_owned()).collect()
}

#[test]
fn openapi_in_docs_is_that_of_the_code() {
    for (listener, file) in [(Listener::Public, "openapi.json"), (Listener::Internal, "openapi-internal.json")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
        let made = openapi(listener).to_pretty_json().unwrap() + "\n";
        if std::env::var_os("HUBBUB_WRITE_DOCS").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == made, "docs/{file} is not current: run this test with HUBBUB_WRITE_DOCS=1");
    }
}

#[test]
fn the_paths_are_those_of_the_protocol() {
    let operations = |listener| -> BTreeSet<String> {
        let document: Value = serde_json::from_str(&openapi(listener).to_json().unwrap()).unwrap();
        let paths = document["paths"].as_object().unwrap().clone();
        let each = |(path, methods): (String, Value)| {
            let methods: Vec<String> = methods.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
            methods.into_iter().map(move |method| format!("{method} {path}"))
        };
        paths.into_iter().flat_map(each).collect()
    };
    let expected = |list: &[&str]| list.iter().map(|operation| (*operation).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        operations(Listener::Public),
        expected(&[
            "GET /chat/location",
            "GET /chat/{group}/message",
            "GET /chat/{group}/pins",
            "GET /chat/{group}/message/{seq}/seen",
            "GET /chat/{group}/message/{seq}/reactions",
            "GET /chat/message",
            "GET /chat",
            "POST /chat",
            "GET /chat/{group}",
            "PATCH /chat/{group}",
            "PUT /chat/{group}/members/{user}/role",
            "POST /chat/{group}/invites",
            "GET /chat/{group}/invites",
            "DELETE /chat/{group}/invites/{invite}",
            "GET /invites/{invite}",
            "POST /invites/{invite}",
            "POST /chat/{group}/join",
            "POST /chat/{group}/leave",
            "PUT /chat/{group}/members/{user}",
            "DELETE /chat/{group}/members/{user}",
            "POST /chat/{group}/read",
            "POST /chat/{group}/typing",
            "POST /chat/{group}/message",
            "GET /users",
            "GET /users/{user}",
            "GET /me",
            "PATCH /me",
            "DELETE /me",
            "POST /me/password",
            "POST /me/sessions/end",
            "POST /auth/register",
            "POST /auth/login",
            "POST /auth/renew",
            "POST /auth/ticket",
            "GET /",
            "GET /hubbub.js",
            "GET /openapi.json",
            "GET /asyncapi.json",
        ])
    );
    assert_eq!(
        operations(Listener::Internal),
        expected(&[
            "GET /group/",
            "GET /group/{id}",
            "GET /group/messages",
            "GET /group/user/{up}",
            "POST /group/",
            "GET /message/",
            "GET /message/{id}",
            "POST /message/",
            "GET /user/",
            "GET /cluster",
            "GET /cluster/history",
            "GET /followers",
            "GET /",
            "POST /user/{up}",
            "GET /metrics",
            "GET /healthz",
            "GET /readyz",
            "GET /openapi.json",
        ])
    );
}

#[test]
fn client_frames_are_described_and_their_examples_are_understood() {
    let document = asyncapi();
    let mut understood = BTreeSet::new();
    for name in described("client.") {
        let message = &document["components"]["messages"][format!("client.{name}")];
        let mut schema = message["payload"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let example = &message["examples"][0]["payload"];
        assert!(validator.is_valid(example), "{name}: the example is not as described");
        let (id, frame) = decode(Encoding::Json, example.to_string().as_bytes()).unwrap();
        assert_eq!(decode(Encoding::MsgPack, &rmp_serde::to_vec(example).unwrap()).unwrap(), (id, frame.clone()));
        assert_eq!(frame.form().name, name);
        // Whatever is required is missed by the hub as well.
        for required in schema["required"].as_array().unwrap() {
            let mut incomplete = example.clone();
            incomplete.as_object_mut().unwrap().remove(required.as_str().unwrap());
            let refused = decode(Encoding::Json, incomplete.to_string().as_bytes()).unwrap_err();
            assert_eq!(refused.refusal.code, Code::BadFrame, "{name} without {required}");
        }
        understood.insert(name);
    }
    assert_eq!(understood, names(REQUESTS), "a frame is not described");
}

#[test]
fn server_frames_are_described() {
    assert_eq!(described("server."), names(PUSHES));
    let codes: Vec<_> = Code::ALL.iter().map(|code| Value::from(code.as_str())).collect();
    assert_eq!(asyncapi()["components"]["schemas"]["Code"]["enum"], Value::from(codes));
}

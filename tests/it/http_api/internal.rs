//! The internal API.

use serde_json::{Value, json};

use super::caller::Caller;
use crate::contract::stage::connected;
use crate::support::{Hub, http};

#[tokio::test]
async fn every_operation_is_served_and_answers_as_described() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.internal_url()).await;
    let new = json!({"name": "Ops", "users": ["anna", "bert"], "access": "open"});
    let key = [("Idempotency-Key", "k1")];
    let create = async |caller: &mut Caller| {
        caller.ask(reqwest::Method::POST, "/group/", "/group/", Some(new.clone()), &key).await.expect(201)
    };
    let group = create(&mut caller).await;
    assert_eq!(create(&mut caller).await["id"], group["id"], "made once");
    assert_eq!((&group["name"], &group["users"]), (&json!("Ops"), &json!(["anna", "bert"])));
    let id = group["id"].as_str().unwrap();
    assert_eq!(caller.get("/group/{id}", &format!("/group/{id}")).await.expect(200), group);
    let all = caller.get("/group/", "/group/?page=0&perPage=10").await.expect(200);
    assert_eq!(all, json!({"groups": [group], "more": false}));
    let hers = caller.get("/group/user/{up}", "/group/user/anna").await.expect(200);
    assert_eq!(hers["groups"][0]["id"], id);

    let mut bert = connected(&hub.address(), "bert").await;
    let send = json!({"group": id, "from": "anna", "message": "deployed"});
    let say = async |caller: &mut Caller| {
        caller.ask(reqwest::Method::POST, "/message/", "/message/", Some(send.clone()), &key).await.expect(201)
    };
    let stored = say(&mut caller).await;
    assert_eq!(say(&mut caller).await, stored, "sent once");
    let seen = loop {
        let event = bert.hear_a("message").await.unwrap();
        if event["kind"] == "text" {
            break event;
        }
    };
    assert_eq!((&seen["text"], &seen["from"], &seen["seq"]), (&json!("deployed"), &json!("anna"), &stored["seq"]));
    let path = format!("/message/{id}:{}", stored["seq"]);
    assert_eq!(caller.get("/message/{id}", &path).await.expect(200)["text"], "deployed");
    let page =
        caller.get("/group/messages", &format!("/group/messages?groupID={id}&page=0&perPage=1")).await.expect(200);
    assert_eq!((&page["messages"][0]["text"], &page["more"]), (&json!("deployed"), &json!(true)));
    let newest = caller.get("/message/", "/message/?page=0&perPage=2").await.expect(200);
    assert_eq!((&newest["messages"][1]["text"], &newest["more"]), (&json!("deployed"), &json!(true)));

    let profile = json!({"username": "Carl", "name": "Carl C.", "online": true});
    let carl = caller.post("/user/{up}", "/user/carl", profile).await.expect(200);
    assert_eq!((&carl["username"], &carl["online"]), (&json!("carl"), &json!(false)));
    let users = caller.get("/user/", "/user/").await.expect(200);
    let online =
        |id: &str| users["users"].as_array().unwrap().iter().find(|user| user["id"] == id).unwrap()["online"].clone();
    assert_eq!((online("bert"), online("anna")), (json!(true), json!(false)));

    let metrics = caller.get("/metrics", "/metrics").await.expect(200);
    assert!(metrics.as_str().unwrap().contains("hubbub_connections 1"));
    caller.get("/healthz", "/healthz").await.expect(200);
    caller.get("/readyz", "/readyz").await.expect(200);
    caller.get("/openapi.json", "/openapi.json").await.expect(200);
    let cluster = caller.get("/cluster", "/cluster").await.expect(200);
    assert_eq!((&cluster["nodes"][0]["node"], &cluster["not_ready"]), (&cluster["node"], &Value::Null));
    assert_eq!(cluster["partitions"].as_array().unwrap().len(), 16);
    let history = caller.get("/cluster/history", "/cluster/history").await.expect(200);
    assert_eq!(history["samples"][0]["nodes"][0]["node"], cluster["node"]);
    assert_eq!(caller.get("/followers", "/followers").await.expect(200), json!([]), "it runs none");
    caller.get("/", "/").await.expect(200);
    assert_eq!(caller.not_asked(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_is_told_as_a_problem() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.internal_url()).await;
    let nowhere = "a".repeat(26);
    for (operation, path) in [
        ("/group/{id}", format!("/group/{nowhere}")),
        ("/group/{id}", "/group/nonsense".into()),
        ("/group/messages", format!("/group/messages?groupID={nowhere}")),
        ("/group/user/{up}", "/group/user/nobody".into()),
        ("/message/{id}", format!("/message/{nowhere}:1")),
        ("/message/{id}", "/message/7".into()),
    ] {
        assert_eq!(caller.get(operation, &path).await.problem(404), "not_found", "{path}");
    }
    for (operation, path, body) in [
        ("/group/", "/group/", json!({"name": "x", "users": []})),
        ("/group/", "/group/", json!({"name": "x", "users": ["not an id"]})),
        ("/group/", "/group/", json!({"users": ["anna"]})),
        ("/message/", "/message/", json!({"group": nowhere, "message": "x"})),
        ("/user/{up}", "/user/not%20an%20id", json!({})),
    ] {
        assert_eq!(caller.post(operation, path, body.clone()).await.problem(400), "bad_frame", "{path} {body}");
    }
    let lost = json!({"group": nowhere, "from": "anna", "message": "x"});
    assert_eq!(caller.post("/message/", "/message/", lost).await.problem(404), "not_found");
}

#[tokio::test]
async fn the_operators_page_is_for_this_listener_and_runs_nothing_from_elsewhere() {
    let hub = Hub::builder("a")
        .internal_everywhere()
        .env("HUBBUB_SERVICE_TOKEN", "a service token of at least 32 bytes")
        .start()
        .await;
    let ask = async |url: String, host: Option<&str>| {
        let request = http::client().get(url);
        host.into_iter().fold(request, |request, host| request.header("host", host)).send().await.unwrap()
    };
    // A browser cannot show a token when it opens a page; the page holds nothing and asks for it.
    for path in ["/", "/operator/main.js", "/app/ui/base.css"] {
        let page = ask(format!("{}{path}", hub.internal_url()), None).await;
        assert_eq!(page.status(), 200, "{path}");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        let rebound = ask(format!("{}{path}", hub.internal_url()), Some("evil.example")).await;
        assert_eq!(rebound.status(), 403, "{path}");
    }
    for path in ["/cluster", "/cluster/history", "/followers"] {
        assert_eq!(ask(format!("{}{path}", hub.internal_url()), None).await.status(), 401, "{path}");
    }
    for path in ["/operator/index.html", "/operator/main.js", "/cluster"] {
        assert_eq!(ask(format!("{}{path}", hub.http_url()), None).await.status(), 404, "{path} is not public");
    }
}

#[tokio::test]
async fn an_operator_has_a_node_drained_and_no_page_of_elsewhere_does() {
    let mut hub = Hub::embedded().await;
    let order = |origin: Option<&'static str>| {
        let request =
            http::client().post(format!("{}/admin/orders", hub.internal_url())).json(&json!({"order": "drain"}));
        origin.into_iter().fold(request, |request, origin| request.header("origin", origin)).send()
    };
    assert_eq!(order(Some("https://evil.example")).await.unwrap().status(), 403);
    assert_eq!(order(Some("null")).await.unwrap().status(), 403);
    hub.internal("/readyz").await.expect("it goes on");
    assert_eq!(order(None).await.unwrap().status(), 200);
    let ended = hub.exited().await;
    assert!(ended.success(), "{ended}");
}

#[tokio::test]
async fn browsers_of_elsewhere_are_kept_out_but_monitoring_is_not() {
    let hub = Hub::embedded().await;
    let base = hub.internal_url();
    let ask = async |path: &str, header: (&str, &str)| {
        let answer = http::client().get(format!("{base}{path}")).header(header.0, header.1).send().await.unwrap();
        answer.status().as_u16()
    };
    for header in [("host", "evil.example"), ("origin", "https://evil.example"), ("origin", "null")] {
        assert_eq!(ask("/group/", header).await, 403, "{header:?}");
        for open in ["/metrics", "/healthz", "/readyz"] {
            assert_eq!(ask(open, header).await, 200, "{open} {header:?}");
        }
    }
    assert_eq!(ask("/group/", ("host", "localhost:8081")).await, 200);
    let public = http::client().get(format!("{}/group/", hub.http_url())).send().await.unwrap();
    assert_eq!(public.status(), 404, "services' paths are not public");
}

#[tokio::test]
async fn beyond_loopback_the_service_token_is_needed() {
    let hub = Hub::builder("a")
        .internal_everywhere()
        .env("HUBBUB_SERVICE_TOKEN", "a service token of at least 32 bytes")
        .start()
        .await;
    let ask = async |path: &str, token: Option<&str>| {
        let request = http::client().get(format!("{}{path}", hub.internal_url()));
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("/group/", None).await, 401);
    assert_eq!(ask("/group/", Some("another")).await, 401);
    assert_eq!(ask("/group/", Some("a service token of at least 32 bytes")).await, 200);
    assert_eq!(ask("/metrics", None).await, 200);
}

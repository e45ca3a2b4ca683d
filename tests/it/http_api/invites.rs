//! Invites: made by admins, and used by whoever has one.

use hubbub::protocol::Encoding;
use reqwest::Method;
use serde_json::{Value, json};

use super::caller::{Answer, Caller};
use crate::contract::stage::token;
use crate::protocol::peer::Peer;
use crate::support::Hub;

async fn made(caller: &mut Caller, group: &str, body: Value) -> Answer {
    caller.post("/chat/{group}/invites", &format!("/chat/{group}/invites"), body).await
}

async fn listed(caller: &mut Caller, group: &str) -> Answer {
    caller.get("/chat/{group}/invites", &format!("/chat/{group}/invites")).await
}

async fn ended(caller: &mut Caller, group: &str, id: &str) -> Answer {
    let path = format!("/chat/{group}/invites/{id}");
    caller.ask(Method::DELETE, "/chat/{group}/invites/{invite}", &path, None, &[]).await
}

async fn looked_at(caller: &mut Caller, invite: &str) -> Answer {
    caller.get("/invites/{invite}", &format!("/invites/{invite}")).await
}

async fn used(caller: &mut Caller, invite: &str) -> Answer {
    caller.ask(Method::POST, "/invites/{invite}", &format!("/invites/{invite}"), None, &[]).await
}

/// Each call once, as they are described.
pub async fn every_call(anna: &mut Caller) {
    let group = anna.post("/chat", "/chat", json!({"name": "calls", "members": []})).await.expect(201);
    let group = group["id"].as_str().unwrap();
    let invite = made(anna, group, json!({"expires": 4_000_000_000_000_u64, "uses": 9})).await.expect(201);
    let shown = json!({"group": {"id": group, "name": "calls", "count": 1}});
    let token = invite["invite"].as_str().unwrap();
    assert_eq!(looked_at(anna, token).await.expect(200), shown);
    assert_eq!(used(anna, token).await.expect(200), shown);
    let id = invite["id"].as_str().unwrap();
    assert_eq!(listed(anna, group).await.expect(200)["invites"][0]["id"], id);
    ended(anna, group, id).await.expect(204);
}

#[tokio::test]
async fn who_has_an_invite_joins_and_nobody_else() {
    let hub = Hub::embedded().await;
    let [mut anna, mut bert, _cleo] = Peer::people(&hub, Encoding::Json, ["anna", "bert", "cleo"]).await;
    let mut callers = Vec::new();
    for name in ["anna", "bert", "cleo"] {
        let mut caller = Caller::new(hub.http_url()).await;
        caller.bearer(token(name));
        callers.push(caller);
    }
    let [by_anna, by_bert, by_cleo] = &mut callers[..] else { panic!("three") };
    let group = anna.group(&[]).await;
    assert_eq!(made(by_bert, &group, json!({})).await.problem(403), "forbidden");
    assert_eq!(listed(by_bert, &group).await.problem(403), "forbidden");
    for wrong in [json!({"uses": 0}), json!({"uses": -1}), json!({"expires": 1}), json!({"expires": "soon"})] {
        assert_eq!(made(by_anna, &group, wrong.clone()).await.problem(400), "bad_frame", "{wrong}");
    }
    let invite = made(by_anna, &group, json!({"uses": 1})).await.expect(201);
    let (token, id) = (invite["invite"].as_str().unwrap(), invite["id"].as_str().unwrap());
    assert!(invite["url"].as_str().unwrap().ends_with(&format!("/#i/{token}")), "{invite}");
    assert_eq!((&invite["uses"], invite.get("expires")), (&json!(1), None));
    let list = listed(by_anna, &group).await.expect(200);
    assert_eq!((&list["invites"][0]["by"], &list["invites"][0]["used"]), (&json!("anna"), &json!(0)));
    assert!(!list.to_string().contains(token), "{list}");
    for guess in [id, "guess", &token[1..]] {
        assert_eq!(looked_at(by_cleo, guess).await.problem(404), "not_found");
        assert_eq!(used(by_cleo, guess).await.problem(404), "not_found");
    }
    assert_eq!(looked_at(by_bert, token).await.expect(200)["group"]["count"], 1);
    assert_eq!(used(by_bert, token).await.expect(200)["group"]["id"], group);
    assert_eq!(bert.next("group").await["id"], group);
    anna.next_where(|frame| frame["kind"] == "joined" && frame["data"]["users"] == json!(["bert"])).await;
    assert_eq!(used(by_cleo, token).await.problem(404), "not_found", "it was used");
    assert_eq!(listed(by_anna, &group).await.expect(200), json!({"invites": []}));

    let invite = made(by_anna, &group, json!({})).await.expect(201);
    let (token, id) = (invite["invite"].as_str().unwrap(), invite["id"].as_str().unwrap());
    assert_eq!(ended(by_cleo, &group, id).await.problem(403), "forbidden");
    ended(by_anna, &group, id).await.expect(204);
    assert_eq!(used(by_cleo, token).await.problem(404), "not_found");
}

#[tokio::test]
async fn fifty_are_open_and_who_guesses_is_slowed() {
    let hub = Hub::embedded().await;
    let [mut anna, _bert] = Peer::people(&hub, Encoding::Json, ["anna", "bert"]).await;
    let (mut by_anna, mut by_bert) = (Caller::new(hub.http_url()).await, Caller::new(hub.http_url()).await);
    by_anna.bearer(token("anna"));
    by_bert.bearer(token("bert"));
    let group = anna.group(&[]).await;
    for _ in 0..50 {
        made(&mut by_anna, &group, json!({})).await.expect(201);
    }
    assert_eq!(made(&mut by_anna, &group, json!({})).await.problem(413), "too_large");
    let mut codes = Vec::new();
    while codes.len() < 500 && codes.last().is_none_or(|code| code == "not_found") {
        let answer = looked_at(&mut by_bert, &format!("guess-{}", codes.len())).await;
        codes.push(answer.body["code"].as_str().unwrap().to_owned());
    }
    assert!(codes.len() > 20 && codes.last().is_some_and(|code| code == "rate_limited"), "{codes:?}");
}

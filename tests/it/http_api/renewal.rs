//! Tokens that are renewed, and those that are not.

use hubbub::domain::now_ms;
use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use super::caller::Caller;
use super::public::registered;
use crate::contract::client::Socket;
use crate::contract::stage::token;
use crate::support::{Hub, http};

const RENEW: &str = "/auth/renew";

/// Gives an order as `hubbub admin` does.
async fn order(hub: &Hub, order: &Value) {
    let url = format!("{}/admin/orders", hub.internal_url());
    let answer = http::client().post(url).json(order).send().await.unwrap();
    assert!(answer.status().is_success(), "{order}: {}", answer.text().await.unwrap());
}

#[tokio::test]
async fn a_renewed_token_goes_on_with_the_session() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    let first = registered(&mut caller, "anna").await;
    caller.bearer(first.as_str());
    let renewed = caller.post(RENEW, RENEW, json!({})).await.expect(200);
    let hours = (renewed["expires"].as_i64().unwrap() - now_ms()) / 3_600_000;
    assert!((11..=12).contains(&hours), "{renewed}");

    let mut socket = Socket::connect(&hub.address(), Encoding::Json).await.unwrap();
    socket.ask(&json!({"type": "hello", "id": 1, "token": first}), "welcome").await.unwrap();
    let again = json!({"type": "hello", "id": 2, "token": renewed["token"]});
    assert_eq!(socket.ask(&again, "ok").await.unwrap()["re"], 2);
    caller.bearer(renewed["token"].as_str().unwrap());
    caller.post(RENEW, RENEW, json!({})).await.expect(200);
}

#[tokio::test]
async fn what_is_not_renewed_says_why() {
    let hub = Hub::embedded().await;
    let mut caller = Caller::new(hub.http_url()).await;
    assert_eq!(caller.post(RENEW, RENEW, json!({})).await.problem(401), "unauthorized");
    let anna = registered(&mut caller, "anna").await;
    for (bearer, status, code) in [
        (expired("anna"), 401, "unauthorized"),
        ("forged".to_owned(), 401, "unauthorized"),
        (token("somebody-without-an-account"), 422, "unsupported"),
    ] {
        caller.bearer(bearer);
        assert_eq!(caller.post(RENEW, RENEW, json!({})).await.problem(status), code);
    }
    caller.bearer(anna);
    order(&hub, &json!({"order": "ban", "user": "anna"})).await;
    assert_eq!(caller.post(RENEW, RENEW, json!({})).await.problem(403), "forbidden");
    order(&hub, &json!({"order": "unban", "user": "anna"})).await;
    caller.post(RENEW, RENEW, json!({})).await.expect(200);
    order(&hub, &json!({"order": "set_password", "user": "anna", "hash": "a hash"})).await;
    assert_eq!(caller.post(RENEW, RENEW, json!({})).await.problem(401), "unauthorized");
}

#[tokio::test]
async fn a_hub_without_accounts_renews_nothing() {
    let hub = Hub::builder("a").env("HUBBUB_ACCOUNTS", "off").start().await;
    let mut caller = Caller::new(hub.http_url()).await;
    caller.bearer(token("anna"));
    assert_eq!(caller.post(RENEW, RENEW, json!({})).await.problem(404), "not_found");
}

#[tokio::test]
async fn renewing_counts_as_any_call_does() {
    let hub = Hub::builder("a").env("HUBBUB_USER_BURST", "3").env("HUBBUB_USER_RATE", "1").start().await;
    let mut caller = Caller::new(hub.http_url()).await;
    let anna = registered(&mut caller, "anna").await;
    caller.bearer(anna);
    let mut refused = None;
    for _ in 0..50 {
        let answer = caller.post(RENEW, RENEW, json!({})).await;
        if answer.status == 429 {
            refused = Some(answer.problem(429));
            break;
        }
    }
    assert_eq!(refused.as_deref(), Some("rate_limited"));
}

fn expired(user: &str) -> String {
    let claims = json!({"sub": user, "exp": now_ms() / 1_000 - 3_600});
    hubbub::identity::tokens::provide();
    let key = jsonwebtoken::EncodingKey::from_secret(crate::support::hub::JWT_SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("HS256 signs anything")
}

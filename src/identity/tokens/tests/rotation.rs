//! Published keys, against a real HTTP server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use parking_lot::Mutex;
use url::Url;

use super::*;
use crate::identity::tokens::{Jwks, JwksTimes};

/// An identity provider whose key set can be changed, broken and counted.
#[derive(Default)]
struct Provider {
    body: Mutex<String>,
    status: AtomicU16,
    asked: AtomicUsize,
}

impl Provider {
    async fn start(keys: Value) -> (Arc<Self>, Url) {
        let provider = Arc::new(Self { status: AtomicU16::new(200), ..Self::default() });
        provider.publish(keys);
        let app = Router::new().route("/keys", get(Self::answer)).with_state(provider.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        (provider, url)
    }

    async fn answer(State(provider): State<Arc<Self>>) -> (StatusCode, String) {
        provider.asked.fetch_add(1, Ordering::SeqCst);
        let status = StatusCode::from_u16(provider.status.load(Ordering::SeqCst)).unwrap();
        (status, provider.body.lock().clone())
    }

    fn publish(&self, keys: Value) {
        *self.body.lock() = json!({ "keys": keys }).to_string();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn rsa_jwk(public: &[u8], kid: &str) -> Value {
    let key = DecodingKey::from_rsa_pem(public).unwrap();
    let mut jwk = Jwk::from_decoding_key(&key, None).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).unwrap()
}

fn key_a() -> Value {
    rsa_jwk(key_file!("rsa-a.pub"), "a")
}

fn key_b() -> Value {
    rsa_jwk(key_file!("rsa-b.pub"), "b")
}

fn token_a(kid: Option<&str>) -> String {
    let key = EncodingKey::from_rsa_pem(key_file!("rsa-a")).unwrap();
    signed(Algorithm::RS256, kid, &key, &good_claims())
}

fn token_b(kid: Option<&str>) -> String {
    let key = EncodingKey::from_rsa_pem(key_file!("rsa-b")).unwrap();
    signed(Algorithm::RS256, kid, &key, &good_claims())
}

fn eager() -> JwksTimes {
    JwksTimes { min_interval: Duration::ZERO, ..JwksTimes::default() }
}

fn tokens(url: Url, times: JwksTimes) -> JwtTokens {
    let jwks = Jwks::new(url, times).unwrap();
    JwtTokens::new(vec![Issuer::new(None, KeySource::Published(jwks))])
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let (provider, url) = Provider::start(json!([key_a()])).await;
    let tokens = tokens(url, eager());
    assert!(verify(&tokens, &token_a(Some("a"))).await.is_ok());
    assert!(verify(&tokens, &token_a(Some("a"))).await.is_ok());
    assert_eq!(provider.asked(), 1, "a known key needs no second request");
    provider.publish(json!([key_b()]));
    assert!(verify(&tokens, &token_b(Some("b"))).await.is_ok());
    let withdrawn = verify(&tokens, &token_a(Some("a"))).await;
    assert!(matches!(withdrawn, Err(TokenError::Invalid(_))), "also when it was remembered as good");
}

#[tokio::test]
async fn unknown_keys_do_not_become_a_flood() {
    let (provider, url) = Provider::start(json!([key_a()])).await;
    let hour = JwksTimes { min_interval: HOUR, ..JwksTimes::default() };
    let tokens = tokens(url, hour);
    for n in 0..20 {
        let refused = verify(&tokens, &token_b(Some(&format!("made-up-{n}")))).await;
        assert!(matches!(refused, Err(TokenError::Invalid(_))));
    }
    assert_eq!(provider.asked(), 1);
}

#[tokio::test]
async fn one_request_serves_all_who_wait() {
    let (provider, url) = Provider::start(json!([key_a()])).await;
    let tokens = tokens(url, eager());
    let token = token_a(Some("a"));
    let results = futures::future::join_all((0..50).map(|_| verify(&tokens, &token))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(provider.asked(), 1);
}

#[tokio::test]
async fn the_old_set_serves_while_the_provider_is_away() {
    let (provider, url) = Provider::start(json!([key_a()])).await;
    let tokens = tokens(url, eager());
    assert!(verify(&tokens, &token_a(Some("a"))).await.is_ok());
    provider.status.store(503, Ordering::SeqCst);
    assert_eq!(verify(&tokens, &token_b(Some("b"))).await, Err(TokenError::Unavailable));
    assert!(verify(&tokens, &token_a(Some("a"))).await.is_ok());
    provider.status.store(200, Ordering::SeqCst);
    provider.publish(json!([key_a(), key_b()]));
    assert!(verify(&tokens, &token_b(Some("b"))).await.is_ok());
}

#[tokio::test]
async fn an_old_set_is_fetched_again_in_the_background() {
    let (provider, url) = Provider::start(json!([key_a(), key_b()])).await;
    let times = JwksTimes { max_age: Duration::ZERO, ..eager() };
    let tokens = tokens(url, times);
    assert!(verify(&tokens, &token_b(Some("b"))).await.is_ok());
    provider.publish(json!([key_a()]));
    let withdrawn = async {
        while verify(&tokens, &token_b(Some("b"))).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), withdrawn).await.expect("the withdrawn key goes");
}

#[tokio::test]
async fn without_keys_nobody_comes_in() {
    let (provider, url) = Provider::start(json!([])).await;
    let tokens = tokens(url, eager());
    let token = token_a(Some("a"));
    assert_eq!(verify(&tokens, &token).await, Err(TokenError::Unavailable));
    for body in ["not json", "{}", r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}"#] {
        *provider.body.lock() = body.to_owned();
        assert_eq!(verify(&tokens, &token).await, Err(TokenError::Unavailable), "{body}");
    }
    let padding = " ".repeat(300 * 1024);
    *provider.body.lock() = format!("{{\"keys\": [{}]}}{padding}", key_a());
    assert_eq!(verify(&tokens, &token).await, Err(TokenError::Unavailable), "too large");
    let nobody = "http://127.0.0.1:1/keys".parse().unwrap();
    assert_eq!(verify(&super::rotation::tokens(nobody, eager()), &token).await, Err(TokenError::Unavailable));
}

#[tokio::test]
async fn odd_keys_are_left_out_and_the_others_serve() {
    let short_ed = json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "e"});
    let for_encryption = json!({"kty": "RSA", "use": "enc", "n": key_b()["n"], "e": "AQAB", "kid": "b"});
    let odd = json!([{"kty": "AKP"}, 7, short_ed, for_encryption, key_a()]);
    let (_provider, url) = Provider::start(odd).await;
    let tokens = tokens(url, eager());
    assert!(verify(&tokens, &token_a(Some("a"))).await.is_ok());
    assert!(verify(&tokens, &token_a(None)).await.is_ok(), "a token that names no key");
    assert!(matches!(verify(&tokens, &token_b(Some("b"))).await, Err(TokenError::Invalid(_))));
}

#[tokio::test]
async fn a_published_key_is_no_shared_secret() {
    let (_provider, url) = Provider::start(json!([key_a()])).await;
    let tokens = tokens(url, eager());
    for secret in [key_file!("rsa-a.pub"), key_a()["n"].as_str().unwrap().as_bytes()] {
        let key = EncodingKey::from_secret(secret);
        let confused = signed(Algorithm::HS256, Some("a"), &key, &good_claims());
        assert!(matches!(verify(&tokens, &confused).await, Err(TokenError::Invalid(_))));
    }
}

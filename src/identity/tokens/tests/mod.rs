//! Tokens good and bad, and keys that change.

mod algorithms;
mod forged;
mod issuers;
mod rotation;

use std::time::Duration;

use serde_json::{Value, json};

use super::{Issuer, JwtTokens, KeySource, SigningKey, VerifyingKey};
use crate::domain::{Profile, now_ms};
use crate::ports::{Identity, TokenError, Tokens};

const SECRET: &[u8] = b"a secret of more than thirty-two bytes";
const HOUR: Duration = Duration::from_secs(3600);

macro_rules! key_file {
    ($name:literal) => {
        include_bytes!(concat!("../testdata/", $name, ".pem")).as_slice()
    };
}
use key_file;

/// Seconds from now, as claims count them.
fn seconds(from_now: i64) -> i64 {
    now_ms() / 1000 + from_now
}

/// An HS256 token with exactly these claims.
fn hs256(secret: &[u8], claims: &Value) -> String {
    signed(jsonwebtoken::Algorithm::HS256, None, &jsonwebtoken::EncodingKey::from_secret(secret), claims)
}

fn signed(
    algorithm: jsonwebtoken::Algorithm,
    kid: Option<&str>,
    key: &jsonwebtoken::EncodingKey,
    claims: &Value,
) -> String {
    super::provide();
    let mut header = jsonwebtoken::Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

fn good_claims() -> Value {
    json!({"sub": "anna", "exp": seconds(60)})
}

/// One issuer with a shared secret and no name.
fn shared() -> JwtTokens {
    let key = VerifyingKey::from_secret(SECRET).unwrap();
    JwtTokens::new(vec![Issuer::new(None, KeySource::from(&key))])
}

async fn verify(tokens: &JwtTokens, token: &str) -> Result<Identity, TokenError> {
    tokens.verify(token).await
}

fn anna() -> Profile {
    Profile { username: "anna".into(), name: "Anna".into() }
}

#[tokio::test]
async fn every_kind_of_key_makes_tokens_that_it_accepts() {
    for key in [
        SigningKey::from_secret(SECRET).unwrap(),
        SigningKey::from_pem(key_file!("rsa-a")).unwrap(),
        SigningKey::from_pem(key_file!("ec")).unwrap(),
        SigningKey::from_pem(key_file!("ed")).unwrap(),
    ] {
        let tokens = JwtTokens::new(vec![Issuer::new(None, KeySource::from(key.verifying()))]);
        let minted = key.mint("anna", &anna(), HOUR).unwrap();
        // Twice: the second answer may come from the cache.
        for _ in 0..2 {
            let identity = verify(&tokens, &minted.token).await.unwrap();
            assert_eq!(identity.user.as_str(), "anna");
            assert_eq!(identity.profile, anna());
            assert!(identity.expires >= minted.expires);
        }
    }
}

#[tokio::test]
async fn public_keys_check_what_private_ones_sign() {
    for (private, public) in [
        (key_file!("rsa-a"), key_file!("rsa-a.pub")),
        (key_file!("ec"), key_file!("ec.pub")),
        (key_file!("ed"), key_file!("ed.pub")),
    ] {
        let public = VerifyingKey::from_pem(public).unwrap();
        let tokens = JwtTokens::new(vec![Issuer::new(None, KeySource::from(&public))]);
        let minted = SigningKey::from_pem(private).unwrap().mint("anna", &anna(), HOUR).unwrap();
        assert!(verify(&tokens, &minted.token).await.is_ok());
    }
}

#[tokio::test]
async fn profiles_are_filled_from_what_there_is() {
    let tokens = shared();
    let full = json!({"sub": "u1", "exp": seconds(60), "name": " Anna B. ", "preferred_username": "AnnaB"});
    let profile = verify(&tokens, &hs256(SECRET, &full)).await.unwrap().profile;
    assert_eq!((profile.username.as_str(), profile.name.as_str()), ("annab", "Anna B."));
    let odd = json!({"sub": "u1", "exp": seconds(60), "name": 7, "preferred_username": "\u{0}"});
    let profile = verify(&tokens, &hs256(SECRET, &odd)).await.unwrap().profile;
    assert_eq!((profile.username.as_str(), profile.name.as_str()), ("u1", "u1"));
}

#[test]
fn keys_that_are_weak_or_of_another_kind_are_refused() {
    use super::KeyError;
    assert_eq!(VerifyingKey::from_secret(b"short").err(), Some(KeyError::ShortSecret(5)));
    assert_eq!(VerifyingKey::from_pem(key_file!("rsa-short.pub")).err(), Some(KeyError::ShortRsa));
    assert_eq!(VerifyingKey::from_pem(key_file!("p384.pub")).err(), Some(KeyError::NotAKey));
    assert_eq!(VerifyingKey::from_pem(b"no key at all").err(), Some(KeyError::NotAKey));
    assert_eq!(SigningKey::from_pem(key_file!("ed.pub")).err(), Some(KeyError::NotPrivate));
    assert_eq!(SigningKey::from_pem(b"no key at all").err(), Some(KeyError::NotAKey));
}

#[test]
fn a_minted_token_shows_in_no_log() {
    let minted = SigningKey::from_secret(SECRET).unwrap().mint("anna", &anna(), HOUR).unwrap();
    assert!(!format!("{minted:?}").contains(&minted.token));
}

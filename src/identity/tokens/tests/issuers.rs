//! Names, audiences, and several issuers beside each other.

use super::*;

const SECOND: &[u8] = b"the second issuer's own secret, also long";

fn two() -> JwtTokens {
    let main = VerifyingKey::from_secret(SECRET).unwrap();
    let second = VerifyingKey::from_secret(SECOND).unwrap();
    JwtTokens::new(vec![
        Issuer::new(Some("https://main"), KeySource::from(&main)),
        Issuer::new(Some("https://second"), KeySource::from(&second)).with_prefix("second"),
    ])
}

fn from(secret: &[u8], issuer: &str, sub: &str) -> String {
    hs256(secret, &json!({"sub": sub, "iss": issuer, "exp": seconds(60)}))
}

#[tokio::test]
async fn a_further_issuers_users_are_prefixed() {
    let tokens = two();
    let main = verify(&tokens, &from(SECRET, "https://main", "anna")).await.unwrap();
    assert_eq!(main.user.as_str(), "anna");
    let second = verify(&tokens, &from(SECOND, "https://second", "anna")).await.unwrap();
    assert_eq!(second.user.as_str(), "second|anna");
    let long = from(SECOND, "https://second", &"x".repeat(125));
    assert!(verify(&tokens, &long).await.is_err(), "the prefix counts in an id's length");
}

#[tokio::test]
async fn an_issuer_speaks_for_itself_alone() {
    let tokens = two();
    for token in [
        from(SECRET, "https://second", "anna"),
        from(SECOND, "https://main", "anna"),
        from(SECRET, "https://third", "anna"),
        from(SECRET, "https://main", "second|anna"),
        hs256(SECRET, &good_claims()),
    ] {
        assert!(matches!(verify(&tokens, &token).await, Err(TokenError::Invalid(_))));
    }
    let other_bar = from(SECRET, "https://main", "auth0|anna");
    assert_eq!(verify(&tokens, &other_bar).await.unwrap().user.as_str(), "auth0|anna");
}

#[tokio::test]
async fn audiences_must_match() {
    let key = VerifyingKey::from_secret(SECRET).unwrap();
    let audience = ["chat".to_owned(), "chat-test".to_owned()];
    let named = JwtTokens::new(vec![Issuer::new(None, KeySource::from(&key)).for_audience(&audience)]);
    let token = |aud: Value| hs256(SECRET, &json!({"sub": "anna", "aud": aud, "exp": seconds(60)}));
    assert!(verify(&named, &token(json!("chat"))).await.is_ok());
    assert!(verify(&named, &token(json!(["mail", "chat-test"]))).await.is_ok());
    let other = verify(&named, &token(json!("mail"))).await;
    assert_eq!(other, Err(TokenError::Invalid("it was made for another audience")));
    let none = verify(&named, &hs256(SECRET, &good_claims())).await;
    assert_eq!(none, Err(TokenError::Invalid("it names no audience (aud)")));
    // A hub without an audience of its own takes no token made for somebody else.
    let foreign = verify(&shared(), &token(json!("mail"))).await;
    assert_eq!(foreign, Err(TokenError::Invalid("it was made for another audience")));
}

#[tokio::test]
async fn the_hubs_own_tokens_name_issuer_and_audience() {
    let key = SigningKey::from_secret(SECRET).unwrap().named(Some("https://main"), Some("chat"));
    let issuer = Issuer::new(Some("https://main"), KeySource::from(key.verifying()));
    let tokens = JwtTokens::new(vec![issuer.for_audience(&["chat".to_owned()])]);
    let minted = key.mint("anna", &anna(), HOUR).unwrap();
    assert!(verify(&tokens, &minted.token).await.is_ok());
}

//! Tokens that must not open anything.

use data_encoding::BASE64URL_NOPAD;

use super::*;

fn invalid(result: Result<Identity, TokenError>) -> &'static str {
    match result {
        Err(TokenError::Invalid(reason)) => reason,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}.", part(header), part(claims))
}

#[tokio::test]
async fn times_are_checked_with_a_small_leeway() {
    let tokens = shared();
    let expiring = |exp| hs256(SECRET, &json!({"sub": "anna", "exp": exp}));
    assert_eq!(verify(&tokens, &expiring(seconds(-30))).await, Err(TokenError::Expired));
    let identity = verify(&tokens, &expiring(seconds(-3))).await.unwrap();
    assert!(identity.expires > now_ms(), "a session within the leeway lives until it is over");
    let no_expiry = hs256(SECRET, &json!({"sub": "anna"}));
    assert_eq!(invalid(verify(&tokens, &no_expiry).await), "it has no expiry (exp)");
    let future = hs256(SECRET, &json!({"sub": "anna", "exp": seconds(600), "nbf": seconds(300)}));
    assert_eq!(invalid(verify(&tokens, &future).await), "it is not valid yet");
    let far = hs256(SECRET, &json!({"sub": "anna", "exp": u64::MAX / 2}));
    assert!(verify(&tokens, &far).await.unwrap().expires > 0);
}

#[tokio::test]
async fn no_token_chooses_its_algorithm() {
    let tokens = shared();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let token = unsigned(&json!({"alg": alg, "typ": "JWT"}), &good_claims());
        assert_eq!(invalid(verify(&tokens, &token).await), "it is not a signed JWT");
    }
    let missing = unsigned(&json!({"alg": "HS256"}), &good_claims());
    assert_eq!(invalid(verify(&tokens, &missing).await), "its signature is wrong");
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET);
    let longer = signed(jsonwebtoken::Algorithm::HS512, None, &key, &good_claims());
    assert_eq!(invalid(verify(&tokens, &longer).await), "its algorithm is not that of the key");
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    for pem in [key_file!("rsa-a.pub"), key_file!("ec.pub"), key_file!("ed.pub")] {
        let key = VerifyingKey::from_pem(pem).unwrap();
        let tokens = JwtTokens::new(vec![Issuer::new(None, KeySource::from(&key))]);
        // The public key as everybody can read it, used as if it were a secret.
        let confused = hs256(pem, &good_claims());
        assert_eq!(invalid(verify(&tokens, &confused).await), "its algorithm is not that of the key");
    }
}

#[tokio::test]
async fn another_key_or_a_changed_claim_breaks_the_signature() {
    let tokens = shared();
    let stranger = hs256(b"another secret of more than thirty-two bytes", &good_claims());
    assert_eq!(invalid(verify(&tokens, &stranger).await), "its signature is wrong");
    let good = hs256(SECRET, &good_claims());
    let parts: Vec<&str> = good.split('.').collect();
    let claims = BASE64URL_NOPAD.encode(json!({"sub": "bert", "exp": seconds(60)}).to_string().as_bytes());
    let changed = format!("{}.{claims}.{}", parts[0], parts[2]);
    assert_eq!(invalid(verify(&tokens, &changed).await), "its signature is wrong");

    let private = jsonwebtoken::EncodingKey::from_rsa_pem(key_file!("rsa-b")).unwrap();
    let other_rsa = signed(jsonwebtoken::Algorithm::RS256, None, &private, &good_claims());
    let key = VerifyingKey::from_pem(key_file!("rsa-a.pub")).unwrap();
    let rsa = JwtTokens::new(vec![Issuer::new(None, KeySource::from(&key))]);
    assert_eq!(invalid(verify(&rsa, &other_rsa).await), "its signature is wrong");
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let tokens = shared();
    let long = format!("{}.{}.x", "a".repeat(5000), "b".repeat(5000));
    for text in ["", ".", "..", "...", "a.b.c", "a.b", "ü.ü.ü", long.as_str()] {
        invalid(verify(&tokens, text).await);
    }
    let critical = {
        let header = json!({"alg": "HS256", "crit": ["exp2"], "exp2": 1});
        unsigned(&header, &good_claims())
    };
    assert_eq!(invalid(verify(&tokens, &critical).await), "it demands extensions that are unknown here");
}

#[tokio::test]
async fn subjects_are_user_ids_and_never_the_hubs_own() {
    let tokens = shared();
    for sub in [json!("hub.system"), json!("hub."), json!(""), json!("a b"), json!("ä"), json!("x".repeat(129))] {
        let token = hs256(SECRET, &json!({"sub": sub, "exp": seconds(60)}));
        assert_eq!(invalid(verify(&tokens, &token).await), "its subject cannot be a user's id", "{sub}");
    }
    for claims in [json!({"exp": seconds(60)}), json!({"sub": 7, "exp": seconds(60)})] {
        invalid(verify(&tokens, &hs256(SECRET, &claims)).await);
    }
}

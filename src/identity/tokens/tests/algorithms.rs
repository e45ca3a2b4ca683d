//! Every algorithm: what OpenSSL signed is taken, what is signed here too, and nothing that was changed.

use std::collections::HashMap;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};

use super::{SECRET, key_file};
use crate::identity::tokens::crypto::provide;

const ALL: [&str; 11] =
    ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA"];

/// The keys of an algorithm: the private one, and the public one as PEM and as a key set would hold it.
fn keys(algorithm: Algorithm) -> (EncodingKey, Vec<DecodingKey>) {
    let (private, public) = match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
            return (EncodingKey::from_secret(SECRET), vec![DecodingKey::from_secret(SECRET)]);
        }
        Algorithm::ES256 => (EncodingKey::from_ec_pem(key_file!("ec")), DecodingKey::from_ec_pem(key_file!("ec.pub"))),
        Algorithm::EdDSA => (EncodingKey::from_ed_pem(key_file!("ed")), DecodingKey::from_ed_pem(key_file!("ed.pub"))),
        _ => (EncodingKey::from_rsa_pem(key_file!("rsa-a")), DecodingKey::from_rsa_pem(key_file!("rsa-a.pub"))),
    };
    let private = private.unwrap();
    let published = Jwk::from_encoding_key(&private, algorithm).unwrap();
    (private, vec![public.unwrap(), DecodingKey::from_jwk(&published).unwrap()])
}

fn holds(message: &str, signed: &str, key: &DecodingKey, algorithm: Algorithm) -> bool {
    crypto::verify(signed, message.as_bytes(), key, algorithm).unwrap_or(false)
}

#[test]
fn what_openssl_signed_is_taken_and_nothing_that_was_changed() {
    provide();
    let tokens: HashMap<String, String> = serde_json::from_str(include_str!("../testdata/openssl.json")).unwrap();
    assert_eq!(tokens.len(), ALL.len());
    for name in ALL {
        let algorithm: Algorithm = name.parse().unwrap();
        let (_, public) = keys(algorithm);
        let (message, signed) = tokens[name].rsplit_once('.').unwrap();
        for key in &public {
            assert!(holds(message, signed, key, algorithm), "{name}");
            assert!(!holds(&message[1..], signed, key, algorithm), "{name}");
            assert!(!holds(message, &signed[4..], key, algorithm), "{name}");
            assert!(!holds(message, "", key, algorithm), "{name}");
        }
        let other = tokens.iter().find(|(other, _)| *other != name).unwrap().1;
        let (_, others) = other.rsplit_once('.').unwrap();
        assert!(!holds(message, others, &public[0], algorithm), "{name}");
    }
}

#[test]
fn what_is_signed_here_is_taken_here_and_by_no_other_algorithm() {
    provide();
    for name in ALL {
        let algorithm: Algorithm = name.parse().unwrap();
        let (private, public) = keys(algorithm);
        let signed = crypto::sign(b"a message", &private, algorithm).unwrap();
        for key in &public {
            assert!(holds("a message", &signed, key, algorithm), "{name}");
            for other in ALL.into_iter().filter(|other| *other != name) {
                assert!(!holds("a message", &signed, key, other.parse().unwrap()), "{name} as {other}");
            }
        }
    }
}

#[test]
fn a_modulus_with_a_sign_byte_is_the_same_modulus() {
    provide();
    let (private, public) = keys(Algorithm::RS256);
    let jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, e } = public[1].kind() else { panic!("components") };
    let longer = DecodingKey::from_rsa_raw_components(&[&[0], n.as_slice()].concat(), e);
    let signed = crypto::sign(b"a message", &private, Algorithm::RS256).unwrap();
    assert!(holds("a message", &signed, &longer, Algorithm::RS256));
}

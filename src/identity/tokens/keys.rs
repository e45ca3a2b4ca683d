//! Keys, each with the one algorithm that it may be used with.

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};

use super::crypto::provide;

/// Shortest secret: HS256 asks for a key of at least its output's length (RFC 7518, 3.2).
pub const MIN_SECRET_BYTES: usize = 32;
/// RS256 asks for 2048 bits at least (RFC 7518, 3.3).
const MIN_RSA_BYTES: usize = 256;
/// An uncompressed point of P-256: 0x04, x, y.
const P256_POINT_BYTES: usize = 65;
const ED25519_BYTES: usize = 32;

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A shared secret that could be guessed.
    #[error("the secret must have at least {MIN_SECRET_BYTES} bytes, this one has {0}")]
    ShortSecret(usize),
    /// Not a PEM file with a key of a kind that is used here.
    #[error(
        "expected a PEM file with an RSA, P-256 or Ed25519 key (\"BEGIN PUBLIC KEY\" or \"BEGIN PRIVATE KEY\", PKCS#8)"
    )]
    NotAKey,
    /// An RSA key that is too short.
    #[error("an RSA key must have at least 2048 bits")]
    ShortRsa,
    /// A public key where a private one is needed.
    #[error("this is a public key; signing needs the private one")]
    NotPrivate,
    /// A key of a key set that is not for checking signatures, or of an unknown kind.
    #[error("a key that cannot check tokens")]
    Unusable,
}

/// A key that checks signatures of one algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
    pub(super) id: Option<String>,
}

/// Keys of an issuer at one time.
pub(super) struct KeySet {
    pub(super) keys: Arc<[VerifyingKey]>,
    /// Another one when they have changed.
    pub(super) generation: u64,
}

// === impl VerifyingKey ===

impl VerifyingKey {
    /// A shared secret, for HS256.
    pub fn from_secret(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError::ShortSecret(secret.len()));
        }
        provide();
        Ok(Self { algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret), id: None })
    }

    /// A public key in PEM: RSA for RS256, P-256 for ES256, Ed25519 for EdDSA.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        provide();
        let key = DecodingKey::from_ed_pem(pem)
            .or_else(|_| DecodingKey::from_ec_pem(pem))
            .or_else(|_| DecodingKey::from_rsa_pem(pem))
            .map_err(|_| KeyError::NotAKey)?;
        let algorithm = match key.family() {
            AlgorithmFamily::Ed => Algorithm::EdDSA,
            AlgorithmFamily::Ec => Algorithm::ES256,
            _ => Algorithm::RS256,
        };
        Self { algorithm, key, id: None }.checked()
    }

    /// A key of a published key set. Its algorithm is what the set says, else the usual one of its
    /// kind. Shared secrets do not belong into such a set and are refused.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        provide();
        if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
            return Err(KeyError::Unusable);
        }
        let usual = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => Algorithm::ES256,
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
            _ => return Err(KeyError::Unusable),
        };
        let algorithm = match jwk.common.key_algorithm {
            Some(named) => Algorithm::try_from(named).map_err(|_| KeyError::Unusable)?,
            None => usual,
        };
        let key = DecodingKey::from_jwk(jwk).map_err(|_| KeyError::Unusable)?;
        if algorithm.family() != key.family() || algorithm == Algorithm::ES384 {
            return Err(KeyError::Unusable);
        }
        Self { algorithm, key, id: jwk.common.key_id.clone() }.checked()
    }

    /// Refuses keys of a wrong length: they are weak, or would not be noticed before their use.
    fn checked(self) -> Result<Self, KeyError> {
        let length = |wanted: usize| match self.key.kind() {
            DecodingKeyKind::SecretOrDer(bytes) if bytes.len() == wanted => Ok(()),
            _ => Err(KeyError::NotAKey),
        };
        match self.key.family() {
            AlgorithmFamily::Ed => length(ED25519_BYTES)?,
            AlgorithmFamily::Ec => length(P256_POINT_BYTES)?,
            AlgorithmFamily::Rsa => {
                if rsa_modulus_bytes(&self.key)? < MIN_RSA_BYTES {
                    return Err(KeyError::ShortRsa);
                }
            }
            AlgorithmFamily::Hmac => {}
        }
        Ok(self)
    }
}

fn rsa_modulus_bytes(key: &DecodingKey) -> Result<usize, KeyError> {
    let jwk = Jwk::from_decoding_key(key, None).map_err(|_| KeyError::NotAKey)?;
    let AlgorithmParameters::RSA(rsa) = jwk.algorithm else {
        return Err(KeyError::NotAKey);
    };
    let modulus = data_encoding::BASE64URL_NOPAD.decode(rsa.n.as_bytes()).map_err(|_| KeyError::NotAKey)?;
    Ok(modulus.iter().skip_while(|byte| **byte == 0).count())
}

//! Making tokens with the hub's own key.

use std::fmt;
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

use super::claims::MintedClaims;
use super::crypto::provide;
use super::keys::{KeyError, VerifyingKey};
use crate::domain::{Millis, Profile, now_ms};

/// A key that makes tokens, with what they say about where they come from.
pub struct SigningKey {
    key: EncodingKey,
    verifying: VerifyingKey,
    issuer: Option<String>,
    audience: Option<String>,
}

/// A token as made.
#[derive(Clone, PartialEq, Eq)]
pub struct Minted {
    /// The token itself.
    pub token: String,
    /// When it runs out, in Unix milliseconds.
    pub expires: Millis,
}

// === impl SigningKey ===

impl SigningKey {
    /// A shared secret, for HS256.
    pub fn from_secret(secret: &[u8]) -> Result<Self, KeyError> {
        let verifying = VerifyingKey::from_secret(secret)?;
        Ok(Self { key: EncodingKey::from_secret(secret), verifying, issuer: None, audience: None })
    }

    /// A private key in PEM (PKCS#8; RSA also PKCS#1). Tried once, so that a key that cannot sign
    /// is found at start.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        if !String::from_utf8_lossy(pem).contains("PRIVATE KEY-----") {
            VerifyingKey::from_pem(pem)?;
            return Err(KeyError::NotPrivate);
        }
        let (algorithm, key) = EncodingKey::from_ed_pem(pem)
            .map(|key| (Algorithm::EdDSA, key))
            .or_else(|_| EncodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key)))
            .or_else(|_| EncodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS256, key)))
            .map_err(|_| KeyError::NotAKey)?;
        provide();
        encode(&Header::new(algorithm), &serde_json::json!({}), &key).map_err(|_| KeyError::NotAKey)?;
        let public = Jwk::from_encoding_key(&key, algorithm).map_err(|_| KeyError::NotAKey)?;
        let verifying = VerifyingKey::from_jwk(&public)?;
        Ok(Self { key, verifying, issuer: None, audience: None })
    }

    /// The same key, whose tokens name this issuer and audience.
    pub fn named(mut self, issuer: Option<&str>, audience: Option<&str>) -> Self {
        self.issuer = issuer.map(str::to_owned);
        self.audience = audience.map(str::to_owned);
        self
    }

    /// The key that checks what this one signs.
    pub fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// A token for `subject` that runs out after `ttl`.
    pub fn mint(&self, subject: &str, profile: &Profile, ttl: Duration) -> Result<Minted, KeyError> {
        self.mint_proven(subject, profile, ttl, now_ms() / 1000)
    }

    /// A token for a `subject` that proved who they are at `proven`, in Unix seconds.
    pub fn mint_proven(
        &self,
        subject: &str,
        profile: &Profile,
        ttl: Duration,
        proven: i64,
    ) -> Result<Minted, KeyError> {
        let issued = now_ms() / 1000;
        let lifetime = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX / 2000);
        let expires = issued.saturating_add(lifetime);
        let claims = MintedClaims {
            iss: self.issuer.as_deref(),
            aud: self.audience.as_deref(),
            sub: subject,
            name: Some(profile.name.as_str()).filter(|name| !name.is_empty()),
            preferred_username: Some(profile.username.as_str()).filter(|name| !name.is_empty()),
            iat: issued,
            auth_time: proven,
            exp: expires,
        };
        let header = Header::new(self.verifying.algorithm);
        let token = encode(&header, &claims, &self.key).map_err(|_| KeyError::NotAKey)?;
        Ok(Minted { token, expires: expires.saturating_mul(1000) })
    }
}

// A token opens its user's chats: it must not slip into a log with a `{:?}`.
impl fmt::Debug for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minted").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

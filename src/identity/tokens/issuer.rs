//! Whose tokens are accepted, and as whom.

use std::sync::Arc;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, decode};

use super::cache::VerifiedTokens;
use super::claims::Claims;
use super::jwks::Jwks;
use super::keys::{KeySet, VerifyingKey};
use crate::domain::{UserId, now_ms};
use crate::ports::{Identity, TokenError};

/// Clocks of servers that follow NTP differ by less; sessions end that much later than `exp`.
pub(super) const LEEWAY_SECONDS: u64 = 10;
/// Keys tried for a token that names none: a set's usual size, with room for a rotation.
const MAX_KEYS_TRIED: usize = 8;

/// Where an issuer's keys come from.
#[derive(Clone)]
pub enum KeySource {
    /// Configured.
    Fixed(Arc<[VerifyingKey]>),
    /// Published by the identity provider.
    Published(Arc<Jwks>),
}

/// Somebody whose tokens are accepted.
pub struct Issuer {
    pub(super) name: Option<String>,
    pub(super) prefix: Option<String>,
    audience: Vec<String>,
    keys: KeySource,
    verified: VerifiedTokens,
}

// === impl KeySource ===

impl From<&VerifyingKey> for KeySource {
    fn from(key: &VerifyingKey) -> Self {
        Self::Fixed(Arc::new([key.clone()]))
    }
}

// === impl Issuer ===

impl Issuer {
    /// An issuer by the name that its tokens carry as `iss`. Without a name, tokens are taken
    /// whatever their `iss`: the key alone says whose they are.
    pub fn new(name: Option<&str>, keys: KeySource) -> Self {
        Self {
            name: name.map(str::to_owned),
            prefix: None,
            audience: Vec::new(),
            keys,
            verified: VerifiedTokens::default(),
        }
    }

    /// One of these must be in `aud`. Without any, tokens made for a named audience are refused.
    pub fn for_audience(mut self, audience: &[String]) -> Self {
        self.audience = audience.to_vec();
        self
    }

    /// Its users' ids become `prefix|sub`, so that they are never taken for another issuer's.
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = Some(prefix.to_owned());
        self
    }

    /// Checks a token that names this issuer, and says who its bearer is.
    pub(super) async fn verify(&self, token: &str, header: &Header) -> Result<Identity, TokenError> {
        let set = match &self.keys {
            KeySource::Fixed(keys) => KeySet { keys: keys.clone(), generation: 0 },
            KeySource::Published(jwks) => jwks.keys_for(header.kid.as_deref()).await?,
        };
        let slow = set.keys.iter().any(|key| key.algorithm != jsonwebtoken::Algorithm::HS256);
        if slow && let Some(known) = self.verified.get(token, set.generation, now_ms()) {
            return Ok(known);
        }
        let claims = self.check(token, header, &set.keys)?;
        let identity = self.identity(&claims)?;
        if slow {
            self.verified.put(token, set.generation, &identity, now_ms());
        }
        Ok(identity)
    }

    /// Tries the keys that may have signed it. The algorithm is each key's own.
    fn check(&self, token: &str, header: &Header, keys: &[VerifyingKey]) -> Result<Claims, TokenError> {
        let named = |key: &&VerifyingKey| match (&header.kid, &key.id) {
            (Some(wanted), Some(id)) => wanted == id,
            _ => true,
        };
        let mut problem = TokenError::Invalid("no key of its issuer has signed it");
        for key in keys.iter().filter(named).take(MAX_KEYS_TRIED) {
            match decode::<Claims>(token, &key.key, &self.validation(key)) {
                Ok(data) => return Ok(data.claims),
                Err(error) => match explain(error.kind()) {
                    Problem::Key(reason) => problem = TokenError::Invalid(reason),
                    Problem::Token(error) => return Err(error),
                },
            }
        }
        Err(problem)
    }

    fn validation(&self, key: &VerifyingKey) -> Validation {
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        let mut required = vec!["exp", "sub"];
        if let Some(name) = &self.name {
            validation.set_issuer(&[name]);
            required.push("iss");
        }
        if !self.audience.is_empty() {
            validation.set_audience(&self.audience);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        validation
    }

    fn identity(&self, claims: &Claims) -> Result<Identity, TokenError> {
        let subject = claims.sub.as_deref().unwrap_or_default();
        let id = match &self.prefix {
            Some(prefix) => format!("{prefix}|{subject}"),
            None => subject.to_owned(),
        };
        let user = UserId::parse(&id).map_err(|_| TokenError::Invalid("its subject cannot be a user's id"))?;
        let expires = claims.expires().saturating_add(LEEWAY_SECONDS as i64 * 1000);
        Ok(Identity { profile: claims.profile(subject), user, expires, proven: claims.proven() })
    }
}

/// What was wrong: with the pairing of token and key (another key may fit), or with the token.
enum Problem {
    Key(&'static str),
    Token(TokenError),
}

fn explain(kind: &ErrorKind) -> Problem {
    let claim = |reason| Problem::Token(TokenError::Invalid(reason));
    match kind {
        ErrorKind::ExpiredSignature => Problem::Token(TokenError::Expired),
        ErrorKind::ImmatureSignature => claim("it is not valid yet"),
        ErrorKind::InvalidIssuer => claim("its issuer is not accepted here"),
        ErrorKind::InvalidAudience => claim("it was made for another audience"),
        ErrorKind::MissingRequiredClaim(name) => claim(match name.as_str() {
            "exp" => "it has no expiry (exp)",
            "iss" => "it names no issuer (iss)",
            "aud" => "it names no audience (aud)",
            _ => "it names no subject (sub)",
        }),
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => {
            Problem::Key("its algorithm is not that of the key")
        }
        ErrorKind::Json(_) | ErrorKind::Utf8(_) | ErrorKind::InvalidClaimFormat(_) => {
            claim("its claims cannot be read")
        }
        _ => Problem::Key("its signature is wrong"),
    }
}

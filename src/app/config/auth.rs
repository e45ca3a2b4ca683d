//! Settings that say whose tokens are accepted.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::codec::Codec;

/// The name under which the hub's own tokens go beside another issuer's.
pub const LOCAL_ISSUER: &str = "hubbub";
/// What the ids of built-in accounts begin with beside another issuer's users.
pub const LOCAL_PREFIX: &str = "local";

/// Whose tokens are accepted, and whether the hub has accounts of its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AuthConfig {
    /// A shared secret for HS256.
    pub jwt_secret: Option<Secret>,
    /// A PEM file: a public key, or a private one that also makes tokens.
    pub jwt_key_file: Option<PathBuf>,
    /// The main issuer's name, as in `iss`.
    pub jwt_issuer: Option<String>,
    /// What must be in `aud`.
    pub jwt_audience: Vec<String>,
    /// Where the main issuer publishes its keys.
    pub jwks_url: Option<Url>,
    /// Issuers beside the main one.
    pub issuers: Vec<FurtherIssuer>,
    /// Whether people can register here.
    pub accounts: AccountsMode,
}

/// A text that shows in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

/// Whether the hub has accounts of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountsMode {
    /// Yes, unless an identity provider is configured.
    #[default]
    Auto,
    /// Yes. Beside an identity provider, their users' ids are prefixed.
    On,
    /// No.
    Off,
}

/// An issuer beside the main one. One of the three kinds of keys is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherIssuer {
    /// Its name, as in `iss`.
    pub issuer: String,
    /// What its users' ids begin with, before a `|`.
    pub prefix: String,
    /// What must be in `aud`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    /// Where it publishes its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<Url>,
    /// A PEM file with its public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// A secret shared with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
}

/// How issuers are written.
pub(super) struct Issuers;

/// How secrets are written.
pub(super) struct SecretText(pub(super) &'static str, pub(super) usize);

// === impl AuthConfig ===

impl AuthConfig {
    /// Whether people can register here.
    pub fn accounts_enabled(&self) -> bool {
        match self.accounts {
            AccountsMode::On => true,
            AccountsMode::Off => false,
            AccountsMode::Auto => !self.has_identity_provider(),
        }
    }

    /// Whether somebody else says who people are.
    pub fn has_identity_provider(&self) -> bool {
        self.jwt_issuer.is_some() || self.jwks_url.is_some() || !self.issuers.is_empty()
    }
}

// === impl Secret ===

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl Codec<Secret> for SecretText {
    fn expected(&self) -> String {
        self.0.into()
    }

    fn parse(&self, text: &str) -> Option<Secret> {
        (text.len() >= self.1).then(|| Secret::new(text))
    }

    fn show(&self, value: &Secret) -> Option<toml::Value> {
        Some(toml::Value::String(value.0.clone()))
    }
}

impl Codec<Vec<FurtherIssuer>> for Issuers {
    fn expected(&self) -> String {
        "a list of tables such as [{ issuer = \"https://id.example.org\", prefix = \"ex\", jwks_url = \"https://…\" }], \
         each with one of jwks_url, key_file and secret, and audience where tokens have one"
            .into()
    }

    fn parse(&self, text: &str) -> Option<Vec<FurtherIssuer>> {
        #[derive(Deserialize)]
        struct Wrapped {
            issuers: Vec<FurtherIssuer>,
        }
        if text.trim().is_empty() {
            return Some(Vec::new());
        }
        let wrapped: Wrapped = toml::from_str(&format!("issuers = {text}")).ok()?;
        Some(wrapped.issuers)
    }

    fn show(&self, value: &Vec<FurtherIssuer>) -> Option<toml::Value> {
        let masked = value.iter().cloned().map(|mut issuer| {
            issuer.secret = issuer.secret.map(|_| Secret::new("****"));
            issuer
        });
        toml::Value::try_from(masked.collect::<Vec<_>>()).ok()
    }
}

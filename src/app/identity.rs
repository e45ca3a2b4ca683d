//! From settings to those whose tokens are accepted, and to the hub's own key.

mod error;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use error::IdentityError;

use super::config::{AccountsMode, AuthConfig, Config, FurtherIssuer, LOCAL_ISSUER, LOCAL_PREFIX};
use super::signing_key;
use crate::domain::Profile;
use crate::identity::tokens::{
    Issuer, Jwks, JwksTimes, JwtTokens, KeyError, KeySource, Minted, SigningKey, VerifyingKey,
};

/// Who is accepted, and how the hub makes tokens of its own.
pub struct Identities {
    /// Checks tokens.
    pub tokens: Arc<JwtTokens>,
    /// The hub's own key, when there is one.
    pub own: Option<OwnKey>,
    /// Key sets to fetch before the first client comes.
    pub key_sets: Vec<Arc<Jwks>>,
}

/// The hub's own key.
#[derive(Clone)]
pub struct OwnKey {
    /// Makes tokens.
    pub key: Arc<SigningKey>,
    /// What the ids of its users begin with, before a `|`.
    pub prefix: Option<&'static str>,
}

/// The keys that settings name, read.
struct Keys {
    own: Option<SigningKey>,
    public: Option<VerifyingKey>,
}

// === impl Identities ===

impl Identities {
    /// Reads the keys that the settings name. An embedded hub without any makes its own.
    pub fn open(config: &Config) -> Result<Self, IdentityError> {
        let auth = &config.auth;
        let keys = Keys::read(config)?;
        if auth.accounts == AccountsMode::On && keys.own.is_none() {
            return Err(IdentityError::NoKeyForAccounts);
        }
        let external = auth.jwks_url.is_some() || keys.public.is_some();
        let beside = external || auth.has_identity_provider() && auth.accounts_enabled();
        let mut key_sets = Vec::new();
        let mut issuers = Vec::new();

        let main_name = auth.jwt_issuer.as_deref();
        if let Some(source) = main_source(auth, &keys, &mut key_sets)? {
            issuers.push(Issuer::new(main_name, source).for_audience(&auth.jwt_audience));
        }
        if let Some(own) = keys.own.as_ref().filter(|_| beside) {
            let local = Issuer::new(Some(LOCAL_ISSUER), KeySource::from(own.verifying()));
            issuers.push(local.with_prefix(LOCAL_PREFIX));
        }
        for further in &auth.issuers {
            issuers.push(further_issuer(further, &mut key_sets)?);
        }
        let own = keys.own.map(|key| match beside {
            true => OwnKey { key: Arc::new(key.named(Some(LOCAL_ISSUER), None)), prefix: Some(LOCAL_PREFIX) },
            false => {
                let audience = auth.jwt_audience.first().map(String::as_str);
                OwnKey { key: Arc::new(key.named(main_name, audience)), prefix: None }
            }
        });
        Ok(Self { tokens: Arc::new(JwtTokens::new(issuers)), own, key_sets })
    }

    /// Whether the keys that the settings name can be read. Makes none.
    pub fn check(config: &Config) -> Result<(), IdentityError> {
        let auth = &config.auth;
        if auth.jwt_secret.is_some() || auth.jwt_key_file.is_some() {
            Keys::read(config)?;
        }
        for further in &auth.issuers {
            further_issuer(further, &mut Vec::new())?;
        }
        Ok(())
    }

    /// Fetches published keys, so that the first client need not wait for them. Those that cannot
    /// be had now are asked for again when a token needs them.
    pub async fn prefetch(&self) {
        futures::future::join_all(self.key_sets.iter().map(|keys| keys.prefetch())).await;
    }
}

/// Where the main issuer's keys are: published, in a file, or the hub's own.
fn main_source(
    auth: &AuthConfig,
    keys: &Keys,
    key_sets: &mut Vec<Arc<Jwks>>,
) -> Result<Option<KeySource>, IdentityError> {
    if let Some(url) = &auth.jwks_url {
        return Ok(Some(published(url.clone(), key_sets)?));
    }
    let fixed = keys.public.as_ref().or(keys.own.as_ref().map(SigningKey::verifying));
    Ok(fixed.map(KeySource::from))
}

fn published(url: url::Url, key_sets: &mut Vec<Arc<Jwks>>) -> Result<KeySource, IdentityError> {
    let keys = Jwks::new(url, JwksTimes::default())?;
    key_sets.push(keys.clone());
    Ok(KeySource::Published(keys))
}

fn further_issuer(further: &FurtherIssuer, key_sets: &mut Vec<Arc<Jwks>>) -> Result<Issuer, IdentityError> {
    let place = || format!("issuers: {}", further.issuer);
    let source = match (&further.jwks_url, &further.key_file, &further.secret) {
        (Some(url), _, _) => published(url.clone(), key_sets)?,
        (_, Some(path), _) => {
            let key = VerifyingKey::from_pem(&read(path)?);
            KeySource::from(&key.map_err(|error| IdentityError::Key { place: path.display().to_string(), error })?)
        }
        (_, _, secret) => {
            let secret = secret.as_ref().map(|secret| secret.reveal()).unwrap_or_default();
            let key = VerifyingKey::from_secret(secret.as_bytes());
            KeySource::from(&key.map_err(|error| IdentityError::Key { place: place(), error })?)
        }
    };
    let issuer = Issuer::new(Some(&further.issuer), source).for_audience(&further.audience);
    Ok(issuer.with_prefix(&further.prefix))
}

// === impl Keys ===

impl Keys {
    fn read(config: &Config) -> Result<Self, IdentityError> {
        let auth = &config.auth;
        if let Some(secret) = &auth.jwt_secret {
            let key = SigningKey::from_secret(secret.reveal().as_bytes());
            let own = key.map_err(|error| IdentityError::Key { place: "jwt_secret".into(), error })?;
            return Ok(Self { own: Some(own), public: None });
        }
        if let Some(path) = &auth.jwt_key_file {
            return Self::from_file(path);
        }
        let needed = auth.jwks_url.is_none() || auth.accounts_enabled();
        let own = match needed && config.storage.is_embedded() {
            true => Some(signing_key::load_or_make(&config.storage.data_dir)?),
            false => None,
        };
        Ok(Self { own, public: None })
    }

    fn from_file(path: &Path) -> Result<Self, IdentityError> {
        let pem = read(path)?;
        let unusable = |error| IdentityError::Key { place: path.display().to_string(), error };
        match SigningKey::from_pem(&pem) {
            Ok(own) => Ok(Self { own: Some(own), public: None }),
            Err(KeyError::NotPrivate) => {
                Ok(Self { own: None, public: Some(VerifyingKey::from_pem(&pem).map_err(unusable)?) })
            }
            Err(error) => Err(unusable(error)),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, IdentityError> {
    std::fs::read(path).map_err(|error| IdentityError::File { path: path.display().to_string(), error })
}

// === impl OwnKey ===

impl OwnKey {
    /// A token for somebody of the hub's own users, as their id is written.
    pub fn mint(&self, user: &str, profile: &Profile, ttl: Duration) -> Result<Minted, KeyError> {
        let prefix = self.prefix.map(|prefix| format!("{prefix}|")).unwrap_or_default();
        self.key.mint(user.strip_prefix(&prefix).unwrap_or(user), profile, ttl)
    }
}

#[cfg(test)]
mod tests;

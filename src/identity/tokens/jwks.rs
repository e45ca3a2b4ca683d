//! Keys that an identity provider publishes (RFC 7517), and their rotation.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use parking_lot::RwLock;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{debug, info, warn};
use url::Url;

use super::keys::{KeySet, VerifyingKey};
use crate::ports::TokenError;

/// A set has a few keys of at most a few KB each; what is larger is not a key set.
const MAX_BODY_BYTES: usize = 256 * 1024;
/// More keys than any provider publishes: bounds what a fetched set can cost.
const MAX_KEYS: usize = 64;

/// How often keys are fetched, and how long that may take.
#[derive(Debug, Clone, Copy)]
pub struct JwksTimes {
    /// A token with an unknown key has the set fetched again, but never sooner than this after the
    /// last attempt: forged tokens must not turn into a flood towards the provider.
    pub min_interval: Duration,
    /// A set older than this is fetched again in the background, so that removed keys go.
    pub max_age: Duration,
    /// Longest wait for an answer; those who connect wait for it.
    pub timeout: Duration,
}

/// Why a key set could not be had.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// The request failed.
    #[error("the key set cannot be fetched: {}", whole_story(.0))]
    Http(#[from] reqwest::Error),
    /// The answer is too long to be a key set.
    #[error("the key set is larger than {MAX_BODY_BYTES} bytes")]
    TooLarge,
    /// The answer is not a key set.
    #[error("the answer is not a key set: {0}")]
    NotAKeySet(#[from] serde_json::Error),
    /// A key set with nothing in it that checks tokens.
    #[error("the key set has no RSA, P-256 or Ed25519 key for signatures")]
    NoKeys,
}

/// A published key set, cached. Goes on with the last good set while the provider is away.
pub struct Jwks {
    url: Url,
    times: JwksTimes,
    client: reqwest::Client,
    current: RwLock<Snapshot>,
    attempt: Mutex<Option<Attempt>>,
}

#[derive(Clone)]
struct Snapshot {
    keys: Arc<[VerifyingKey]>,
    /// 0 until the first set has come; grows with each.
    generation: u64,
    fetched: Instant,
}

#[derive(Clone, Copy)]
struct Attempt {
    at: Instant,
    good: bool,
}

#[derive(Deserialize)]
struct Published {
    // One by one, so that a key of an unknown kind does not spoil the others.
    keys: Vec<serde_json::Value>,
}

impl Default for JwksTimes {
    fn default() -> Self {
        Self {
            min_interval: Duration::from_secs(10),
            max_age: Duration::from_secs(15 * 60),
            timeout: Duration::from_secs(5),
        }
    }
}

// === impl Jwks ===

impl Jwks {
    /// A key set at this URL. Nothing is fetched yet.
    pub fn new(url: Url, times: JwksTimes) -> Result<Arc<Self>, JwksError> {
        // Fails only when one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder();
        if url.scheme() == "http" {
            // Needs no certificates, which a bare container does not have.
            client = client.tls_certs_only(None);
        }
        let client = client
            .timeout(times.timeout)
            // A redirect could lead from https to http, or inside the own network.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("hubbub/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let none = Snapshot { keys: Arc::new([]), generation: 0, fetched: Instant::now() };
        Ok(Arc::new(Self { url, times, client, current: RwLock::new(none), attempt: Mutex::new(None) }))
    }

    /// Fetches the set now if there is none yet; whether there is one after that.
    pub async fn prefetch(&self) -> bool {
        let first = self.snapshot();
        if first.generation == 0 {
            self.refresh(first.generation).await;
        }
        self.snapshot().generation > 0
    }

    /// The keys that may have signed a token that names this key.
    pub(super) async fn keys_for(self: &Arc<Self>, kid: Option<&str>) -> Result<KeySet, TokenError> {
        let held = self.snapshot();
        if held.generation > 0 && held.has(kid) {
            self.refresh_when_old(&held);
            return Ok(held.into());
        }
        let good = self.refresh(held.generation).await;
        let held = self.snapshot();
        if held.generation > 0 && (good || held.has(kid)) { Ok(held.into()) } else { Err(TokenError::Unavailable) }
    }

    fn snapshot(&self) -> Snapshot {
        self.current.read().clone()
    }

    fn refresh_when_old(self: &Arc<Self>, held: &Snapshot) {
        if held.fetched.elapsed() < self.times.max_age {
            return;
        }
        // Somebody who fetches already holds the lock.
        if let Ok(attempt) = self.attempt.try_lock()
            && self.due(*attempt)
        {
            drop(attempt);
            let (this, seen) = (self.clone(), held.generation);
            tokio::spawn(async move { this.refresh(seen).await });
        }
    }

    fn due(&self, last: Option<Attempt>) -> bool {
        last.is_none_or(|last| last.at.elapsed() >= self.times.min_interval)
    }

    /// Fetches the set unless somebody did since `seen`, or the last attempt is too fresh. Whether
    /// the set is as new as it can be.
    async fn refresh(&self, seen: u64) -> bool {
        let mut attempt = self.attempt.lock().await;
        if self.snapshot().generation > seen {
            return true;
        }
        if let Some(last) = *attempt
            && !self.due(Some(last))
        {
            return last.good;
        }
        let fetched = self.fetch().await;
        *attempt = Some(Attempt { at: Instant::now(), good: fetched.is_ok() });
        match fetched {
            Ok(keys) => {
                let mut current = self.current.write();
                info!(url = %self.url, keys = keys.len(), "key set fetched");
                let generation = current.generation + 1;
                *current = Snapshot { keys: keys.into(), generation, fetched: Instant::now() };
                true
            }
            Err(error) => {
                warn!(url = %self.url, %error, "no new key set; going on with the last one");
                false
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<VerifyingKey>, JwksError> {
        let mut response = self.client.get(self.url.clone()).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(JwksError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        parse(&body)
    }
}

/// The error with its causes, which the outermost one leaves out.
fn whole_story(error: &reqwest::Error) -> String {
    let mut story = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        story.push_str(&format!(": {error}"));
        cause = error.source();
    }
    story
}

fn parse(body: &[u8]) -> Result<Vec<VerifyingKey>, JwksError> {
    let published: Published = serde_json::from_slice(body)?;
    let mut keys = Vec::new();
    for value in published.keys.into_iter().take(MAX_KEYS) {
        let jwk: Result<Jwk, _> = serde_json::from_value(value);
        match jwk
            .map_err(|error| error.to_string())
            .and_then(|jwk| VerifyingKey::from_jwk(&jwk).map_err(|error| error.to_string()))
        {
            Ok(key) => keys.push(key),
            Err(reason) => debug!(reason, "a published key is left out"),
        }
    }
    if keys.is_empty() { Err(JwksError::NoKeys) } else { Ok(keys) }
}

// === impl Snapshot ===

impl Snapshot {
    /// Whether a key with this id may be in the set: one that says so, or one that has no id.
    fn has(&self, kid: Option<&str>) -> bool {
        kid.is_none() || self.keys.iter().any(|key| key.id.is_none() || key.id.as_deref() == kid)
    }
}

impl From<Snapshot> for KeySet {
    fn from(snapshot: Snapshot) -> Self {
        Self { keys: snapshot.keys, generation: snapshot.generation }
    }
}

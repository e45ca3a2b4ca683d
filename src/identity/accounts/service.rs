//! Registering and logging in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tracing::{debug, error, warn};

use super::config::AccountsConfig;
use super::credentials::Credentials;
use super::hasher::Hasher;
use super::throttle::Throttle;
use crate::domain::{Code, Millis, Profile, Refusal, UserId, customer_of, now_ms, username_taken};
use crate::identity::tokens::SigningKey;
use crate::ports::{Account, Accounts, Identity, StoreError, UserStore};

/// Built-in accounts over the store, with tokens of the hub's own key.
pub struct BuiltInAccounts {
    store: Arc<dyn UserStore>,
    key: Arc<SigningKey>,
    prefix: Option<String>,
    token_ttl: Duration,
    hasher: Hasher,
    addresses: Throttle<IpAddr>,
    names: Throttle<String>,
}

// === impl BuiltInAccounts ===

impl BuiltInAccounts {
    /// Accounts in this store. With a prefix (when the hub itself is a further issuer beside
    /// another), users are `prefix|username`, as the token's check makes them.
    pub fn new(
        store: Arc<dyn UserStore>,
        key: Arc<SigningKey>,
        prefix: Option<&str>,
        config: &AccountsConfig,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            store,
            key,
            prefix: prefix.map(str::to_owned),
            token_ttl: config.token_ttl,
            hasher: Hasher::new(config)?,
            addresses: Throttle::new(config.per_address),
            names: Throttle::new(config.per_account),
        })
    }

    /// Gives an account another password. Tokens made before stay good until they run out, and no
    /// longer: they are not renewed.
    pub async fn set_password(&self, user: &UserId, password: &str) -> Result<(), Refusal> {
        Credentials::check_password(password)?;
        let hash = self.hasher.hash(password).await?;
        self.store.set_password(user, &hash, now_ms()).await.map_err(unanswered)
    }

    fn admit(&self, peer: IpAddr) -> Result<(), Refusal> {
        self.addresses.take(&customer_of(peer)).map_err(too_often)
    }

    fn user_id(&self, username: &str) -> Result<UserId, Refusal> {
        Ok(match &self.prefix {
            Some(prefix) => UserId::parse(&format!("{prefix}|{username}"))?,
            None => UserId::parse(username)?,
        })
    }

    /// Whether this is the id of somebody who could have an account here, and no other issuer's user.
    fn is_own(&self, user: &UserId) -> bool {
        match (&self.prefix, user.as_str().split_once('|')) {
            (Some(own), Some((prefix, _))) => own == prefix,
            (None, None) => true,
            _ => false,
        }
    }

    fn account(&self, user: UserId, profile: &Profile, proven: i64) -> Result<Account, Refusal> {
        let id = user.as_str();
        let subject = self.prefix.as_ref().map_or(id, |prefix| &id[prefix.len() + 1..]);
        let minted = self.key.mint_proven(subject, profile, self.token_ttl, proven);
        let minted = minted.map_err(|_| Refusal::new(Code::Internal, "no token can be made"))?;
        Ok(Account { token: minted.token, expires: minted.expires, user })
    }
}

#[async_trait]
impl Accounts for BuiltInAccounts {
    async fn register(
        &self,
        peer: IpAddr,
        username: &str,
        password: &str,
        name: Option<&str>,
    ) -> Result<Account, Refusal> {
        let who = Credentials::parse(username, password)?;
        let profile = Profile { name: who.display_name(name)?, username: who.username.clone() };
        self.admit(peer)?;
        let proven = now_ms() / 1000;
        let user = self.user_id(&who.username)?;
        if self.store.user(&user).await.map_err(unanswered)?.is_some() {
            return Err(username_taken());
        }
        let hash = self.hasher.hash(who.password).await?;
        if !self.store.create_account(&user, &profile, &hash).await.map_err(unanswered)? {
            return Err(username_taken());
        }
        debug!("account made");
        self.account(user, &profile, proven)
    }

    async fn login(&self, peer: IpAddr, username: &str, password: &str) -> Result<Account, Refusal> {
        let wrong = || Refusal::new(Code::Unauthorized, "wrong username or password");
        self.admit(peer)?;
        let Ok(who) = Credentials::parse(username, password) else { return Err(wrong()) };
        self.names.take(&who.username).map_err(too_often)?;
        let user = self.user_id(&who.username)?;
        // Looked at before the store is: a password changed meanwhile is one changed since.
        let started = now_ms() / 1000;
        let stored = self.store.user(&user).await.map_err(unanswered)?;
        let hash = stored.as_ref().and_then(|user| user.password.as_deref());
        let good = self.hasher.verify(who.password, hash).await.inspect_err(|refusal| {
            if refusal.code == Code::Internal {
                error!(%user, "a stored password hash cannot be read; `hubbub admin set-password` makes a new one");
            }
        })?;
        let Some(stored) = stored.filter(|_| good) else {
            warn!(%peer, "login failed");
            return Err(wrong());
        };
        self.names.forgive(&who.username);
        if stored.banned {
            return Err(Refusal::forbidden("this account is banned"));
        }
        // This password is the one set then, also where it was set in this very second or by a faster clock.
        let proven = started.max(seconds_up(stored.not_before));
        self.account(user, &stored.profile, proven)
    }

    async fn renew(&self, identity: &Identity) -> Result<Account, Refusal> {
        let stored = self.store.user(&identity.user).await.map_err(unanswered)?;
        if stored.as_ref().is_some_and(|user| user.banned) {
            return Err(Refusal::forbidden("this account is banned"));
        }
        let account = stored.filter(|user| user.password.is_some() && self.is_own(&identity.user));
        let Some(account) = account else { return Err(not_ours()) };
        if identity.proven < account.not_before {
            let why = "the password was changed after this login; log in with the new one";
            return Err(Refusal::new(Code::Unauthorized, why));
        }
        self.account(account.id, &account.profile, identity.proven / 1000)
    }
}

/// Seconds that are not before this moment.
fn seconds_up(time: Millis) -> i64 {
    time.saturating_add(999).div_euclid(1000)
}

fn not_ours() -> Refusal {
    let why = "only tokens of accounts of this hub are renewed here; get a new one where this one came from";
    Refusal::new(Code::Unsupported, why)
}

fn too_often(wait: Duration) -> Refusal {
    let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    Refusal::new(Code::RateLimited, "too many attempts; wait a little").retry_after(ms)
}

fn unanswered(error: StoreError) -> Refusal {
    warn!(%error, "accounts: the store did not answer");
    match error {
        StoreError::Unreachable(_) => {
            Refusal::new(Code::Unavailable, "no answer in time; try again").retry_after(1_000)
        }
        StoreError::Refused(_) => Refusal::new(Code::Internal, "the account cannot be stored"),
    }
}

//! Registering and logging in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tracing::{debug, error, warn};

use super::config::AccountsConfig;
use super::credentials::Credentials;
use super::hasher::Hasher;
use super::throttle::{Throttle, too_often};
use crate::domain::{Code, Millis, Profile, Refusal, User, UserId, customer_of, now_ms, username_taken};
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

    /// Gives an account another password. Tokens made before are good no more.
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

    /// A user's id as tokens of this hub's own name it: the username with which the account was made.
    fn subject<'a>(&self, user: &'a UserId) -> &'a str {
        let id = user.as_str();
        self.prefix.as_ref().map_or(id, |prefix| &id[prefix.len() + 1..])
    }

    /// The account that somebody means who logs in: the one that was made with the username, else the one that has it now.
    async fn meant(&self, username: &str) -> Result<Option<User>, Refusal> {
        let by_id = self.store.user(&self.user_id(username)?).await.map_err(unanswered)?;
        if by_id.is_some() {
            return Ok(by_id);
        }
        let by_name = self.store.user_by_username(username).await.map_err(unanswered)?;
        Ok(by_name.filter(|user| user.password.is_some() && self.is_own(&user.id)))
    }

    /// Whether a password is the one hashed.
    async fn verify(&self, user: &UserId, password: &str, hash: Option<&str>) -> Result<bool, Refusal> {
        self.hasher.verify(password, hash).await.inspect_err(|refusal| {
            if refusal.code == Code::Internal {
                error!(%user, "a stored password hash cannot be read; `hubbub admin set-password` makes a new one");
            }
        })
    }

    fn account(&self, user: UserId, profile: &Profile, proven: i64) -> Result<Account, Refusal> {
        let minted = self.key.mint_proven(self.subject(&user), profile, self.token_ttl, proven);
        let minted = minted.map_err(|_| Refusal::new(Code::Internal, "no token can be made"))?;
        Ok(Account { token: minted.token, expires: minted.expires, user })
    }

    /// The account of a bearer.
    ///
    /// # Errors
    /// `unsupported` for who has none here, `forbidden` for the banned.
    async fn account_of(&self, bearer: &Identity) -> Result<User, Refusal> {
        let stored = self.store.user(&bearer.user).await.map_err(unanswered)?;
        if stored.as_ref().is_some_and(|user| user.banned) {
            return Err(Refusal::forbidden("this account is banned"));
        }
        let account = stored.filter(|user| user.password.is_some() && self.is_own(&bearer.user));
        account.ok_or_else(not_ours)
    }

    /// The account of a bearer who knows its password. Guesses count as failed logins do.
    async fn proven(&self, peer: IpAddr, bearer: &Identity, password: &str) -> Result<User, Refusal> {
        self.admit(peer)?;
        let account = self.account_of(bearer).await?;
        let name = self.subject(&account.id).to_lowercase();
        self.names.take(&name).map_err(too_often)?;
        // What can be no password is none, and costs nothing to look at.
        let may_be = Credentials::check_password(password).is_ok();
        if !may_be || !self.verify(&account.id, password, account.password.as_deref()).await? {
            warn!(%peer, "a password was wrong");
            return Err(wrong("wrong password"));
        }
        self.names.forgive(&name);
        Ok(account)
    }

    /// From when on logins count that are to be the only ones: later than all tokens of before say, the bearer's too.
    fn cut(account: &User, bearer: &Identity) -> Millis {
        now_ms().max(account.not_before).max(bearer.proven.saturating_add(1))
    }

    /// A login of an account whose other logins have ended.
    fn login_after(&self, account: &User, not_before: Millis) -> Result<Account, Refusal> {
        self.account(account.id.clone(), &account.profile, seconds_up(not_before))
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
        let wrong = || wrong("wrong username or password");
        self.admit(peer)?;
        let Ok(who) = Credentials::parse(username, password) else { return Err(wrong()) };
        self.names.take(&who.username).map_err(too_often)?;
        // Looked at before the store is: a password changed meanwhile is one changed since.
        let started = now_ms() / 1000;
        let stored = self.meant(&who.username).await?;
        let hash = stored.as_ref().and_then(|user| user.password.as_deref());
        let user = stored.as_ref().map_or_else(|| self.user_id(&who.username), |user| Ok(user.id.clone()))?;
        let good = self.verify(&user, who.password, hash).await?;
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
        let account = self.account_of(identity).await?;
        if identity.proven < account.not_before {
            return Err(wrong("the password was changed after this login; log in with the new one"));
        }
        self.account(account.id, &account.profile, identity.proven / 1000)
    }

    async fn change_password(&self, peer: IpAddr, bearer: &Identity, old: &str, new: &str) -> Result<Account, Refusal> {
        Credentials::check_password(new)?;
        let account = self.proven(peer, bearer, old).await?;
        let hash = self.hasher.hash(new).await?;
        let not_before = Self::cut(&account, bearer);
        self.store.set_password(&account.id, &hash, not_before).await.map_err(unanswered)?;
        self.login_after(&account, not_before)
    }

    async fn end_logins(&self, bearer: &Identity) -> Result<Account, Refusal> {
        let account = self.account_of(bearer).await?;
        let not_before = Self::cut(&account, bearer);
        self.store.end_logins(&account.id, not_before).await.map_err(unanswered)?;
        self.login_after(&account, not_before)
    }

    async fn confirm(&self, peer: IpAddr, bearer: &Identity, password: &str) -> Result<(), Refusal> {
        self.proven(peer, bearer, password).await.map(drop)
    }
}

/// Seconds that are not before this moment.
fn seconds_up(time: Millis) -> i64 {
    time.saturating_add(999).div_euclid(1000)
}

fn not_ours() -> Refusal {
    let why = "this is for accounts of this hub alone; go to where your token came from";
    Refusal::new(Code::Unsupported, why)
}

/// Who is asking did not prove to be who they say.
fn wrong(why: &'static str) -> Refusal {
    Refusal::new(Code::Unauthorized, why)
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

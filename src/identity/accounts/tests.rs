//! Registering and logging in, over a store in memory.

mod own;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::*;
use crate::domain::{Code, Millis, Profile, Refusal, User, UserId, WordPlace, now_ms};
use crate::identity::tokens::{Issuer, JwtTokens, KeySource, SigningKey};
use crate::ports::{Account, Accounts, Identity, StoreError, Tokens, UserStore};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const PASSWORD: &str = "correct horse";
const WRONG: &str = "battery staple";

#[derive(Default)]
struct Users(Mutex<HashMap<UserId, User>>);

fn user(id: &UserId, profile: &Profile, password: Option<&str>) -> User {
    User {
        id: id.clone(),
        profile: profile.clone(),
        banned: false,
        password: password.map(str::to_owned),
        not_before: 0,
        groups: Default::default(),
        created: 1,
        last_seen: 0,
    }
}

#[async_trait]
impl UserStore for Users {
    async fn ensure_user(&self, id: &UserId, profile: &Profile) -> Result<User, StoreError> {
        Ok(self.0.lock().entry(id.clone()).or_insert_with(|| user(id, profile, None)).clone())
    }
    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        Ok(self.0.lock().get(id).cloned())
    }
    async fn users(&self, _: &[UserId]) -> Result<Vec<User>, StoreError> {
        unreachable!("accounts ask for one user at a time")
    }
    async fn create_account(&self, id: &UserId, profile: &Profile, password: &str) -> Result<bool, StoreError> {
        let mut users = self.0.lock();
        let free = !users.contains_key(id);
        users.entry(id.clone()).or_insert_with(|| user(id, profile, Some(password)));
        Ok(free)
    }
    async fn user_by_username(&self, username: &str) -> Result<Option<User>, StoreError> {
        Ok(self.0.lock().values().find(|user| user.profile.username == username).cloned())
    }
    async fn find_users(&self, _: &str, _: usize) -> Result<Vec<User>, StoreError> {
        unreachable!("accounts search nobody")
    }
    async fn find_words(&self, _: &str, _: Option<&WordPlace>, _: usize) -> Result<Vec<WordPlace>, StoreError> {
        unreachable!("accounts search nobody")
    }
    async fn all_users(&self, _: usize, _: usize) -> Result<Vec<User>, StoreError> {
        unreachable!("accounts list nobody")
    }
    async fn set_profile(&self, id: &UserId, username: Option<&str>, _: Option<&str>) -> Result<bool, StoreError> {
        let mut users = self.0.lock();
        let user = users.get_mut(id).ok_or_else(|| StoreError::Refused("no such user".into()))?;
        user.profile.username = username.unwrap_or_default().to_owned();
        Ok(true)
    }
    async fn set_password(&self, id: &UserId, password: &str, not_before: Millis) -> Result<(), StoreError> {
        let mut users = self.0.lock();
        let user = users.get_mut(id).ok_or_else(|| StoreError::Refused("no such user".into()))?;
        user.password = Some(password.to_owned());
        user.not_before = not_before;
        Ok(())
    }
    async fn end_logins(&self, id: &UserId, not_before: Millis) -> Result<(), StoreError> {
        let mut users = self.0.lock();
        let user = users.get_mut(id).ok_or_else(|| StoreError::Refused("no such user".into()))?;
        user.not_before = user.not_before.max(not_before);
        Ok(())
    }
    async fn set_banned(&self, id: &UserId, banned: bool) -> Result<(), StoreError> {
        if let Some(user) = self.0.lock().get_mut(id) {
            user.banned = banned;
        }
        Ok(())
    }
    async fn seen(&self, _: &[(UserId, Millis)]) -> Result<(), StoreError> {
        unreachable!("accounts see nobody online")
    }
    async fn delete_user(&self, _: &UserId) -> Result<(), StoreError> {
        unreachable!("accounts delete nobody")
    }
}

/// Hashes that cost next to nothing; everything else as by default.
fn cheap() -> AccountsConfig {
    AccountsConfig { cost: HashCost { memory_kib: 8, passes: 1 }, ..AccountsConfig::default() }
}

fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::from_secret(b"a secret of more than thirty-two bytes").unwrap())
}

fn accounts(store: &Arc<Users>, config: &AccountsConfig) -> BuiltInAccounts {
    BuiltInAccounts::new(store.clone(), key(), None, config).unwrap()
}

fn code<T>(result: Result<T, Refusal>) -> Code {
    result.err().expect("a refusal").code
}

#[tokio::test]
async fn who_registers_can_log_in_with_any_case_and_is_who_the_token_says() {
    let accounts = accounts(&Arc::default(), &cheap());
    let made = accounts.register(PEER, "Anna", PASSWORD, Some("Anna B.")).await.unwrap();
    let back = accounts.login(PEER, "ANNA", PASSWORD).await.unwrap();
    assert_eq!((made.user.as_str(), back.user.as_str()), ("anna", "anna"));
    let tokens = JwtTokens::new(vec![Issuer::new(None, KeySource::from(key().verifying()))]);
    for account in [made, back] {
        let identity = tokens.verify(&account.token).await.unwrap();
        assert_eq!(identity.user, account.user);
        assert_eq!(identity.profile, Profile { username: "anna".into(), name: "Anna B.".into() });
        let ttl = account.expires - now_ms();
        assert!((ttl - 12 * 3_600_000).abs() < 60_000);
        assert!(!format!("{account:?}").contains(&account.token));
    }
}

#[tokio::test]
async fn a_name_is_given_once() {
    let store = Arc::new(Users::default());
    let accounts = accounts(&store, &cheap());
    accounts.register(PEER, "anna", PASSWORD, None).await.unwrap();
    assert_eq!(code(accounts.register(PEER, "ANNA", WRONG, None).await), Code::Conflict);
    // Somebody whom a token brought has no password, and nobody can take that id over.
    let bert = UserId::parse("bert").unwrap();
    store.ensure_user(&bert, &Profile::default()).await.unwrap();
    assert_eq!(code(accounts.register(PEER, "bert", PASSWORD, None).await), Code::Conflict);
    assert_eq!(code(accounts.login(PEER, "bert", PASSWORD).await), Code::Unauthorized);
}

#[tokio::test]
async fn wrong_passwords_and_unknown_users_look_the_same() {
    let accounts = accounts(&Arc::default(), &cheap());
    accounts.register(PEER, "anna", PASSWORD, None).await.unwrap();
    let wrong = accounts.login(PEER, "anna", WRONG).await.unwrap_err();
    assert_eq!(wrong.code, Code::Unauthorized);
    for (name, password) in [("nobody", PASSWORD), ("a b", PASSWORD), ("anna", "short")] {
        assert_eq!(accounts.login(PEER, name, password).await.unwrap_err(), wrong);
    }
    // The password of the hash that stands in for missing ones opens nothing.
    assert_eq!(accounts.login(PEER, "nobody", "nobody's password").await.unwrap_err(), wrong);
}

#[tokio::test]
async fn rules_are_told_when_registering() {
    let accounts = accounts(&Arc::default(), &cheap());
    for (name, password) in [("a b", PASSWORD), ("hub.x", PASSWORD), ("x|y", PASSWORD), ("anna", "short")] {
        assert_eq!(code(accounts.register(PEER, name, password, None).await), Code::BadFrame);
    }
}

#[tokio::test]
async fn the_banned_stay_out_and_a_new_password_replaces_the_old() {
    let store = Arc::new(Users::default());
    let accounts = accounts(&store, &cheap());
    let anna = accounts.register(PEER, "anna", PASSWORD, None).await.unwrap().user;
    accounts.set_password(&anna, "another password").await.unwrap();
    assert_eq!(code(accounts.login(PEER, "anna", PASSWORD).await), Code::Unauthorized);
    assert!(accounts.login(PEER, "anna", "another password").await.is_ok());
    store.set_banned(&anna, true).await.unwrap();
    assert_eq!(code(accounts.login(PEER, "anna", "another password").await), Code::Forbidden);
    assert_eq!(code(accounts.set_password(&anna, "short").await), Code::BadFrame);
}

#[tokio::test(start_paused = true)]
async fn guessing_one_account_is_slowed_from_wherever_it_comes() {
    let few = Allowance { burst: 3, every: Duration::from_secs(30) };
    let config = AccountsConfig { per_account: few, ..cheap() };
    let accounts = accounts(&Arc::default(), &config);
    accounts.register(PEER, "anna", PASSWORD, None).await.unwrap();
    let from = |n: u8| IpAddr::from([198, 51, 100, n]);
    for n in 0..3 {
        assert_eq!(code(accounts.login(from(n), "anna", WRONG).await), Code::Unauthorized);
    }
    let refused = accounts.login(from(3), "anna", PASSWORD).await.unwrap_err();
    assert_eq!(refused.code, Code::RateLimited);
    assert!(refused.retry_after.is_some_and(|ms| ms > 0 && ms <= 30_000));
    for n in 0..3 {
        assert_eq!(code(accounts.login(from(n), "nobody", WRONG).await), Code::Unauthorized);
    }
    assert_eq!(code(accounts.login(from(3), "nobody", WRONG).await), Code::RateLimited, "unknown ones alike");
    tokio::time::advance(Duration::from_secs(31)).await;
    assert!(accounts.login(from(3), "anna", PASSWORD).await.is_ok());
    // Success fills the bucket again.
    for _ in 0..3 {
        assert_eq!(code(accounts.login(from(4), "anna", WRONG).await), Code::Unauthorized);
    }
}

#[tokio::test(start_paused = true)]
async fn one_address_cannot_try_everybody() {
    let few = Allowance { burst: 2, every: Duration::from_secs(1) };
    let accounts = accounts(&Arc::default(), &AccountsConfig { per_address: few, ..cheap() });
    accounts.register(PEER, "anna", PASSWORD, None).await.unwrap();
    assert_eq!(code(accounts.login(PEER, "bert", WRONG).await), Code::Unauthorized);
    assert_eq!(code(accounts.login(PEER, "carl", WRONG).await), Code::RateLimited);
    assert_eq!(code(accounts.register(PEER, "dora", PASSWORD, None).await), Code::RateLimited);
    let elsewhere = IpAddr::from([198, 51, 100, 7]);
    assert!(accounts.login(elsewhere, "anna", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn beside_another_issuer_users_are_prefixed() {
    let store = Arc::new(Users::default());
    let key = Arc::new(
        SigningKey::from_secret(b"a secret of more than thirty-two bytes").unwrap().named(Some("hubbub"), None),
    );
    let accounts = BuiltInAccounts::new(store, key.clone(), Some("local"), &cheap()).unwrap();
    let made = accounts.register(PEER, "anna", PASSWORD, None).await.unwrap();
    assert_eq!(made.user.as_str(), "local|anna");
    let main = Issuer::new(Some("https://main"), KeySource::from(key.verifying()));
    let own = Issuer::new(Some("hubbub"), KeySource::from(key.verifying())).with_prefix("local");
    let identity = JwtTokens::new(vec![main, own]).verify(&made.token).await.unwrap();
    assert_eq!(identity.user, made.user);
    assert_eq!(accounts.login(PEER, "anna", PASSWORD).await.unwrap().user, made.user);
}

/// Who the hub's own tokens say they are for.
async fn bearer(account: &Account) -> Identity {
    let tokens = JwtTokens::new(vec![Issuer::new(None, KeySource::from(key().verifying()))]);
    tokens.verify(&account.token).await.unwrap()
}

#[tokio::test]
async fn a_renewed_token_is_that_of_the_same_login() {
    let store = Arc::new(Users::default());
    let accounts = accounts(&store, &cheap());
    let first = bearer(&accounts.register(PEER, "anna", PASSWORD, Some("Anna B.")).await.unwrap()).await;
    assert!((now_ms() - 60_000..=now_ms()).contains(&first.proven));
    let earlier = Identity { proven: first.proven - 3_600_000, ..first.clone() };
    let second = bearer(&accounts.renew(&earlier).await.unwrap()).await;
    assert!(second.expires >= first.expires, "its life begins anew");
    assert_eq!(second, Identity { expires: second.expires, ..earlier.clone() });
    store.set_banned(&first.user, true).await.unwrap();
    assert_eq!(code(accounts.renew(&earlier).await), Code::Forbidden);
}

#[tokio::test]
async fn a_login_from_before_a_change_of_password_renews_nothing() {
    let store = Arc::new(Users::default());
    let accounts = accounts(&store, &cheap());
    let anna = bearer(&accounts.register(PEER, "anna", PASSWORD, None).await.unwrap()).await;
    // Tokens know seconds: whoever may have logged in before is taken to have.
    for (proven, not_before, good) in [
        (5_000, 5_000, true),
        (5_000, 5_001, false),
        (5_000, 5_999, false),
        (6_000, 5_999, true),
        (0, 0, true),
        (0, 1, false),
    ] {
        store.set_password(&anna.user, "hash", not_before).await.unwrap();
        let renewed = accounts.renew(&Identity { proven, ..anna.clone() }).await;
        assert_eq!(renewed.is_ok(), good, "a login at {proven}, a change at {not_before}");
        assert!(good || code(renewed) == Code::Unauthorized);
    }
}

#[tokio::test]
async fn the_new_password_renews_from_its_first_moment_on() {
    let store = Arc::new(Users::default());
    let accounts = accounts(&store, &cheap());
    let old = bearer(&accounts.register(PEER, "anna", PASSWORD, None).await.unwrap()).await;
    accounts.set_password(&old.user, "another password").await.unwrap();
    // As set by a machine whose clock is ahead.
    let hash = store.user(&old.user).await.unwrap().unwrap().password.unwrap();
    store.set_password(&old.user, &hash, now_ms() + 30_500).await.unwrap();
    let new = bearer(&accounts.login(PEER, "anna", "another password").await.unwrap()).await;
    assert!(accounts.renew(&new).await.is_ok());
    assert_eq!(code(accounts.renew(&old).await), Code::Unauthorized);
}

#[tokio::test]
async fn tokens_of_other_issuers_are_not_renewed() {
    let store = Arc::new(Users::default());
    let identity = |user: &str| Identity {
        user: UserId::parse(user).unwrap(),
        profile: Profile::default(),
        expires: now_ms() + 60_000,
        proven: now_ms(),
    };
    // Somebody whom a token brought, with and without a password that an operator gave them.
    for id in ["anna", "elsewhere|anna", "local|anna"] {
        store.ensure_user(&identity(id).user, &Profile::default()).await.unwrap();
    }
    let (alone, beside) =
        (accounts(&store, &cheap()), BuiltInAccounts::new(store.clone(), key(), Some("local"), &cheap()).unwrap());
    for id in ["anna", "elsewhere|anna", "local|anna", "nobody"] {
        assert_eq!(code(alone.renew(&identity(id)).await), Code::Unsupported, "{id}");
        assert_eq!(code(beside.renew(&identity(id)).await), Code::Unsupported, "{id}");
    }
    for id in ["anna", "elsewhere|anna", "local|anna"] {
        store.set_password(&identity(id).user, "hash", 0).await.unwrap();
        assert_eq!(alone.renew(&identity(id)).await.is_ok(), id == "anna", "{id}");
        assert_eq!(beside.renew(&identity(id)).await.is_ok(), id == "local|anna", "{id}");
    }
}

#[test]
fn operators_hash_passwords_of_the_same_kind() {
    let hash = hash_password(PASSWORD).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(hash_password("short").is_err());
}

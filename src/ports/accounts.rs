//! How somebody becomes one whom the hub knows, where it has accounts of its own.

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;

use super::Identity;
use crate::domain::{Millis, Refusal, UserId};

/// Somebody who has proven who they are, with a token to show from now on.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Who.
    pub user: UserId,
    /// The token, which [`Tokens`](super::Tokens) accepts.
    pub token: String,
    /// When it runs out, in Unix milliseconds.
    pub expires: Millis,
}

/// Accounts that the hub has itself. `peer` is the address that asks: guessing is slowed by it, and by account.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Makes an account. `conflict` when the username is taken; `rate_limited` and `overloaded` as in
    /// [`Accounts::login`].
    async fn register(
        &self,
        peer: IpAddr,
        username: &str,
        password: &str,
        name: Option<&str>,
    ) -> Result<Account, Refusal>;

    /// Proves who somebody is by username and password. Wrong ones and unknown users get the same `unauthorized` after
    /// the same work; `forbidden` who is banned; `rate_limited` who tries too often from one address or for one account;
    /// `overloaded` when too many come at once.
    async fn login(&self, peer: IpAddr, username: &str, password: &str) -> Result<Account, Refusal>;

    /// Makes another token for the bearer of a good one, who stays who logged in then. `unsupported` for who has no
    /// account here, `forbidden` for the banned, `unauthorized` when the password was changed after that login.
    async fn renew(&self, bearer: &Identity) -> Result<Account, Refusal>;

    /// Gives the bearer's account another password: no login from before counts any more, but for the one that this
    /// answers with. `unsupported`, `unauthorized`, `rate_limited` and `overloaded` as in [`Accounts::confirm`].
    async fn change_password(&self, peer: IpAddr, bearer: &Identity, old: &str, new: &str) -> Result<Account, Refusal>;

    /// Ends all logins of the bearer's account, but for the one that this answers with. `unsupported` for who has no
    /// account here.
    async fn end_logins(&self, bearer: &Identity) -> Result<Account, Refusal>;

    /// Makes sure that the bearer knows the password of their account. `unsupported` for who has no account here;
    /// `unauthorized` for a wrong one, as at a login: a token alone does not prove its bearer here. Throttled together
    /// with logins.
    async fn confirm(&self, peer: IpAddr, bearer: &Identity, password: &str) -> Result<(), Refusal>;
}

// A token opens its user's chats: it must not slip into a log with a `{:?}`.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("user", &self.user).finish_non_exhaustive()
    }
}

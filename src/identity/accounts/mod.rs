//! Built-in accounts, for those who have no identity provider: usernames and passwords in the
//! hub's own store, answered with tokens of the hub's own key.
//!
//! - [`BuiltInAccounts`] registers, logs in, renews tokens, and changes passwords.
//! - [`GroupPasswords`] hashes and compares the passwords of groups in the same way.
//! - [`AccountsConfig`] says how much of that at once.
//! - [`hash_password`] and [`Credentials`] serve operators' commands.

mod argon;
mod config;
mod credentials;
mod groups;
mod hasher;
mod service;
mod throttle;

pub use config::{AccountsConfig, HashCost};
pub use credentials::Credentials;
pub use groups::GroupPasswords;
pub use hasher::hash_password;
pub use service::BuiltInAccounts;
pub use throttle::Allowance;

#[cfg(test)]
mod tests;

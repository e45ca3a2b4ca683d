//! Settings of the built-in accounts, each with the reason for its default.

use std::time::Duration;

use super::throttle::Allowance;

/// How built-in accounts behave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AccountsConfig {
    /// How long a token from a login is good.
    pub token_ttl: Duration,
    /// Passwords hashed at the same time.
    pub hashes_at_once: usize,
    /// Requests that may wait for a hash; beyond, the answer is `overloaded`.
    pub hash_queue: usize,
    /// Registrations and logins from one client address.
    pub per_address: Allowance,
    /// Failed logins to one account, wherever they come from.
    pub per_account: Allowance,
    /// What a hash costs.
    pub cost: HashCost,
}

/// What computing one argon2id hash costs (one lane).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
}

/// A working day: a page left alone is logged out by the next one, and one in use renews its token.
pub const DEFAULT_TOKEN_TTL: Duration = Duration::from_secs(12 * 3600);
/// Each takes a core for 20 ms or so; messages must go on meanwhile.
pub const DEFAULT_HASHES_AT_ONCE: usize = 2;
/// Less than a second of waiting at two a time.
pub const DEFAULT_HASH_QUEUE: usize = 64;

impl Default for AccountsConfig {
    fn default() -> Self {
        Self {
            token_ttl: DEFAULT_TOKEN_TTL,
            hashes_at_once: DEFAULT_HASHES_AT_ONCE,
            hash_queue: DEFAULT_HASH_QUEUE,
            // A classroom behind one address may register together.
            per_address: Allowance { burst: 30, every: Duration::from_secs(1) },
            // Ten typing errors are human; after that a guess each half minute leads nowhere.
            per_account: Allowance { burst: 10, every: Duration::from_secs(30) },
            cost: HashCost::default(),
        }
    }
}

impl Default for HashCost {
    fn default() -> Self {
        // What OWASP's password storage guide asks for at least with argon2id.
        Self { memory_kib: 19 * 1024, passes: 2 }
    }
}

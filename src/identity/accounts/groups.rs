//! Passwords of groups.

use async_trait::async_trait;

use super::config::AccountsConfig;
use super::credentials::Credentials;
use super::hasher::Hasher;
use super::throttle::{Throttle, too_often};
use crate::domain::{GroupId, PasswordHash, Refusal, UserId};
use crate::ports::Passwords;

/// Hashes and compares the passwords of groups; who guesses is slowed by who they are, and by group.
pub struct GroupPasswords {
    hasher: Hasher,
    users: Throttle<UserId>,
    groups: Throttle<GroupId>,
}

// === impl GroupPasswords ===

impl GroupPasswords {
    /// As much at once, and as often, as logins.
    pub fn new(config: &AccountsConfig) -> Result<Self, Refusal> {
        Ok(Self {
            hasher: Hasher::new(config)?,
            users: Throttle::new(config.per_account),
            // A classroom may join together.
            groups: Throttle::new(config.per_address),
        })
    }
}

#[async_trait]
impl Passwords for GroupPasswords {
    async fn hash(&self, password: &str) -> Result<PasswordHash, Refusal> {
        Credentials::check_password(password)?;
        Ok(PasswordHash::stored(self.hasher.hash(password).await?))
    }

    async fn verify(
        &self,
        user: &UserId,
        group: &GroupId,
        password: &str,
        hash: &PasswordHash,
    ) -> Result<bool, Refusal> {
        self.users.take(user).map_err(too_often)?;
        self.groups.take(group).map_err(too_often)?;
        if Credentials::check_password(password).is_err() {
            return Ok(false);
        }
        let good = self.hasher.verify(password, Some(hash.as_str())).await?;
        if good {
            self.users.forgive(user);
            self.groups.forgive(group);
        }
        Ok(good)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::Code;
    use crate::identity::accounts::{Allowance, HashCost};

    #[tokio::test]
    async fn who_guesses_is_slowed_and_who_knows_is_not() {
        let every = Duration::from_secs(3600);
        let config = AccountsConfig {
            per_account: Allowance { burst: 2, every },
            per_address: Allowance { burst: 3, every },
            cost: HashCost { memory_kib: 8, passes: 1 },
            ..AccountsConfig::default()
        };
        let passwords = GroupPasswords::new(&config).unwrap();
        let group = GroupId::random();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert_eq!(passwords.hash("short").await.unwrap_err().code, Code::BadFrame);
        let tries = async |user: &str, password: &str| {
            let user = UserId::parse(user).unwrap();
            passwords.verify(&user, &group, password, &hash).await.map_err(|refusal| refusal.code)
        };
        for _ in 0..4 {
            assert_eq!(tries("anna", "correct horse").await, Ok(true));
        }
        assert_eq!((tries("bob", "wrong horse").await, tries("bob", "").await), (Ok(false), Ok(false)));
        assert_eq!(tries("bob", "correct horse").await, Err(Code::RateLimited));
        assert_eq!(tries("cleo", "wrong horse").await, Ok(false));
        assert_eq!(tries("dora", "correct horse").await, Err(Code::RateLimited), "the group is guessed at");
    }
}

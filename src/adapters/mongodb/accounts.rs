//! Usernames of accounts: a document by username says whose it is, so that none is given twice.
//!
//! Its `_id` is the form by which usernames are equal. An older hubbub took the username in lower case, which for few is
//! another: such a document stands as well.

use mongodb::bson::doc;

use super::MongoStore;
use super::documents::{AccountDocument, UserDocument, VERSION, read};
use crate::domain::{UserId, name_key, now_ms};
use crate::ports::StoreError;

/// How long a registration may take between claiming the username and making the user. An older
/// claim without its user was left behind by a node that died between the two.
const CLAIM_STANDS: i64 = 60_000;

// === impl MongoStore ===

impl MongoStore {
    /// Who claims this username.
    pub(super) async fn account(&self, username: &str) -> Result<Option<AccountDocument>, StoreError> {
        for key in keys_of(username) {
            if let Some(claim) = self.claim_of(&key).await? {
                return Ok(Some(claim));
            }
        }
        Ok(None)
    }

    /// Takes a username for a user; false when another account has it.
    pub(super) async fn claim(&self, username: &str, user: &UserId) -> Result<bool, StoreError> {
        let keys = keys_of(username);
        for older in &keys[1..] {
            if let Some(standing) = self.claim_of(older).await?
                && standing.user != *user
                && !self.is_abandoned(&standing).await?
            {
                return Ok(false);
            }
        }
        let claim = AccountDocument { username: keys[0].clone(), user: user.clone(), time: now_ms(), v: VERSION };
        if self.insert_new(&self.accounts, &claim).await? {
            return Ok(true);
        }
        match self.claim_of(&claim.username).await? {
            Some(standing) if standing.user == *user => Ok(true),
            Some(standing) if self.is_abandoned(&standing).await? => self.take_over(&standing, &claim).await,
            _ => Ok(false),
        }
    }

    /// Gives a username back, if it is this user's. What the user's username of now needs stays.
    pub(super) async fn release(&self, username: &str, user: &UserId, now: &str) -> Result<(), StoreError> {
        let needed = keys_of(now);
        for key in keys_of(username).iter().filter(|key| !needed.contains(key)) {
            let claim = doc! { "_id": key, "user": user.as_str() };
            self.within(self.accounts.delete_one(claim)).await?;
        }
        Ok(())
    }

    /// Claims the form by which usernames are equal for an account that has claimed its username in lower case alone. Where
    /// another account has that form by now, both keep what they have.
    pub(super) async fn claim_by_key(&self, username: &str, user: &str) -> Result<(), StoreError> {
        let keys = keys_of(username);
        for older in &keys[1..] {
            if let Some(claim) = self.claim_of(older).await?
                && claim.user.as_str() == user
            {
                let claim = AccountDocument { username: keys[0].clone(), ..claim };
                self.insert_new(&self.accounts, &claim).await?;
            }
        }
        Ok(())
    }

    async fn claim_of(&self, key: &str) -> Result<Option<AccountDocument>, StoreError> {
        let found = self.find_one(&self.accounts, doc! { "_id": key }).await?;
        found.map(|document| read(&document)).transpose()
    }

    async fn is_abandoned(&self, claim: &AccountDocument) -> Result<bool, StoreError> {
        if now_ms() - claim.time < CLAIM_STANDS {
            return Ok(false);
        }
        let user = self.find_one(&self.users, doc! { "_id": claim.user.as_str() }).await?;
        let user = user.map(|document| read::<UserDocument>(&document)).transpose()?;
        Ok(user.is_none_or(|user| !keys_of(&user.username).contains(&claim.username)))
    }

    async fn take_over(&self, old: &AccountDocument, new: &AccountDocument) -> Result<bool, StoreError> {
        let filter = doc! { "_id": &old.username, "user": old.user.as_str(), "time": old.time };
        let update = doc! { "$set": { "user": new.user.as_str(), "time": new.time } };
        Ok(self.within(self.accounts.update_one(filter, update)).await?.matched_count > 0)
    }
}

/// By what a username is claimed: the form by which usernames are equal, and the older one where it is another.
fn keys_of(username: &str) -> Vec<String> {
    let mut keys = vec![name_key(username), username.to_lowercase()];
    keys.dedup();
    keys
}

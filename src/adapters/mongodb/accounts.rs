//! Usernames of accounts: a document by username says whose it is, so that none is given twice.

use mongodb::bson::doc;

use super::MongoStore;
use super::documents::{AccountDocument, UserDocument, VERSION, read};
use crate::domain::{UserId, now_ms};
use crate::ports::StoreError;

/// How long a registration may take between claiming the username and making the user. An older
/// claim without its user was left behind by a node that died between the two.
const CLAIM_STANDS: i64 = 60_000;

// === impl MongoStore ===

impl MongoStore {
    /// Who claims this username.
    pub(super) async fn account(&self, username: &str) -> Result<Option<AccountDocument>, StoreError> {
        let found = self.find_one(&self.accounts, doc! { "_id": username }).await?;
        found.map(|document| read(&document)).transpose()
    }

    /// Takes a username for a user; false when another account has it.
    pub(super) async fn claim(&self, username: &str, user: &UserId) -> Result<bool, StoreError> {
        let claim = AccountDocument { username: username.to_owned(), user: user.clone(), time: now_ms(), v: VERSION };
        if self.insert_new(&self.accounts, &claim).await? {
            return Ok(true);
        }
        match self.account(username).await? {
            Some(standing) if standing.user == *user => Ok(true),
            Some(standing) if self.is_abandoned(&standing).await? => self.take_over(&standing, &claim).await,
            _ => Ok(false),
        }
    }

    /// Gives a username back, if it is this user's.
    pub(super) async fn release(&self, username: &str, user: &UserId) -> Result<(), StoreError> {
        let claim = doc! { "_id": username, "user": user.as_str() };
        self.within(self.accounts.delete_one(claim)).await?;
        Ok(())
    }

    async fn is_abandoned(&self, claim: &AccountDocument) -> Result<bool, StoreError> {
        if now_ms() - claim.time < CLAIM_STANDS {
            return Ok(false);
        }
        let user = self.find_one(&self.users, doc! { "_id": claim.user.as_str() }).await?;
        let user = user.map(|document| read::<UserDocument>(&document)).transpose()?;
        Ok(user.is_none_or(|user| user.username != claim.username))
    }

    async fn take_over(&self, old: &AccountDocument, new: &AccountDocument) -> Result<bool, StoreError> {
        let filter = doc! { "_id": &old.username, "user": old.user.as_str(), "time": old.time };
        let update = doc! { "$set": { "user": new.user.as_str(), "time": new.time } };
        Ok(self.within(self.accounts.update_one(filter, update)).await?.matched_count > 0)
    }
}

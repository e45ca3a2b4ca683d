//! Users in MongoDB.

use std::collections::{BTreeSet, HashSet};

use async_trait::async_trait;
use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, doc};

use super::MongoStore;
use super::commands::encode;
use super::documents::{UserDocument, VERSION, int, user};
use super::words::WORDS;
use crate::domain::{
    GroupId, MembershipChange, Millis, Profile, Seq, User, UserId, WordPlace, name_key, now_ms, search_form,
};
use crate::ports::{StoreError, UserStore};

pub(super) const NO_SUCH_USER: &str = "there is no such user";

/// Tries to raise the lists of users while others make or delete some of them.
const TRIES: usize = 4;

#[async_trait]
impl UserStore for MongoStore {
    async fn ensure_user(&self, id: &UserId, profile: &Profile) -> Result<User, StoreError> {
        if let Some(user) = self.user(id).await? {
            return self.fill(user, profile).await;
        }
        self.add_user(id, profile, None).await?;
        let made = self.user(id).await?;
        made.ok_or_else(|| StoreError::Unreachable("the user was deleted meanwhile".into()))
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let found = self.find_one(&self.users, doc! { "_id": id.as_str() }).await?;
        found.map(|document| user(&document)).transpose()
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let found = self.find_by_ids(&self.users, ids.iter().map(UserId::as_str)).await?;
        found.iter().map(|document| user(document)).collect()
    }

    async fn create_account(&self, id: &UserId, profile: &Profile, password: &str) -> Result<bool, StoreError> {
        let username = profile.username.to_lowercase();
        if self.user(id).await?.is_some() || !self.claim(&username, id).await? {
            return Ok(false);
        }
        let made = self.add_user(id, profile, Some(password)).await?;
        if !made {
            self.release(&username, id, "").await?;
        }
        Ok(made)
    }

    async fn user_by_username(&self, username: &str) -> Result<Option<User>, StoreError> {
        if username.is_empty() {
            return Ok(None);
        }
        if let Some(account) = self.account(username).await?
            && let Some(user) = self.user(&account.user).await?
            && name_key(&user.profile.username) == name_key(username)
        {
            return Ok(Some(user));
        }
        self.first_named(username).await
    }

    async fn find_users(&self, prefix: &str, limit: usize) -> Result<Vec<User>, StoreError> {
        self.find_by_form(prefix, limit).await
    }

    async fn find_words(
        &self,
        beginning: &str,
        after: Option<&WordPlace>,
        limit: usize,
    ) -> Result<Vec<WordPlace>, StoreError> {
        self.places_from(beginning, after, limit).await
    }

    async fn all_users(&self, page: usize, per_page: usize) -> Result<Vec<User>, StoreError> {
        let skip = (page as u64).saturating_mul(per_page as u64);
        let sort = doc! { "_id": 1 };
        let found = self.find(&self.users, Document::new(), sort, skip, per_page).await?;
        found.iter().map(|document| user(document)).collect()
    }

    async fn set_profile(&self, id: &UserId, username: Option<&str>, name: Option<&str>) -> Result<bool, StoreError> {
        let username = username.map(str::to_lowercase);
        let user = self.user(id).await?;
        let user = user.ok_or_else(|| StoreError::Refused(NO_SUCH_USER.into()))?;
        let before = user.profile;
        let old = before.username.clone();
        let renamed = username.as_deref().filter(|new| *new != old);
        let account = match renamed {
            Some(_) => self.account(&old).await?.is_some_and(|account| account.user == *id),
            None => false,
        };
        if let Some(new) = renamed
            && account
            && !self.claim(new, id).await?
        {
            return Ok(false);
        }
        let now = Profile {
            username: username.clone().unwrap_or_else(|| before.username.clone()),
            name: name.map_or_else(|| before.name.clone(), str::to_owned),
        };
        self.add_words(id, &now).await?;
        let mut fields = doc! { "words": WORDS };
        if let Some(username) = &username {
            fields.insert("username", username);
            fields.insert("search", search_form(username));
        }
        if let Some(name) = name {
            fields.insert("name", name);
        }
        self.set(id, fields).await?;
        if let Some(new) = renamed
            && account
        {
            self.release(&old, id, new).await?;
        }
        self.remove_words(id, &before, &now).await?;
        Ok(true)
    }

    async fn set_password(&self, id: &UserId, password: &str, not_before: Millis) -> Result<(), StoreError> {
        let update = doc! { "$set": { "password": password }, "$max": { "not_before": not_before } };
        self.change(id, update).await
    }

    async fn end_logins(&self, id: &UserId, not_before: Millis) -> Result<(), StoreError> {
        self.change(id, doc! { "$max": { "not_before": not_before } }).await
    }

    async fn set_banned(&self, id: &UserId, banned: bool) -> Result<(), StoreError> {
        self.set(id, doc! { "banned": banned }).await
    }

    async fn seen(&self, users: &[(UserId, Millis)]) -> Result<(), StoreError> {
        let statements = users
            .iter()
            .map(|(id, time)| encode(&doc! { "q": { "_id": id.as_str() }, "u": { "$max": { "seen": *time } } }));
        self.update_all(cstr!("users"), statements.collect::<Result<_, _>>()?).await
    }

    async fn delete_user(&self, id: &UserId) -> Result<(), StoreError> {
        let key = doc! { "_id": id.as_str() };
        self.within(self.cursors.delete_one(key.clone())).await?;
        let before = self.user(id).await?.map(|user| user.profile).unwrap_or_default();
        self.release(&before.username, id, "").await?;
        // Last, so that a repetition finds what is left to do.
        let nothing = doc! { "username": "", "name": "", "banned": true, "groups": {} };
        let update = doc! { "$set": nothing, "$unset": { "password": "", "search": "" } };
        self.within(self.users.update_one(key, update)).await?;
        self.remove_words(id, &before, &Profile::default()).await?;
        // Only now does nobody make a device or details of theirs any more.
        self.within(self.profiles.delete_one(doc! { "_id": id.as_str() })).await?;
        self.within(self.devices.delete_many(doc! { "user": id.as_str() })).await?;
        self.within(self.mentions.delete_many(doc! { "user": id.as_str() })).await.map(drop)
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Raises the users' lists of groups to the membership event `seq`. Those who join are made
    /// when there is no such user yet; a role changes nobody's list.
    pub(super) async fn raise_memberships(
        &self,
        group: &GroupId,
        seq: Seq,
        change: &MembershipChange,
    ) -> Result<(), StoreError> {
        let joined = match change {
            MembershipChange::Joined(..) => true,
            MembershipChange::Left(_) => false,
            MembershipChange::Role(..) => return Ok(()),
        };
        let mark = int(seq).saturating_mul(2).saturating_add(joined.into());
        let ids: BTreeSet<&str> = change.users().iter().map(UserId::as_str).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let raise = doc! { "$max": { format!("groups.{group}"): mark } };
        let own = doc! { group.as_str(): mark };
        for _ in 0..TRIES {
            let raised = self.update_each(&ids, &raise).await;
            if !joined || matches!(raised, Err(StoreError::Unreachable(_))) {
                return raised.map(drop);
            }
            if let Ok(raised) = raised
                && raised == ids.len() as u64
            {
                return Ok(());
            }
            self.add_absent(&ids, &own).await?;
            // Where one was refused, all others have what they should.
            raised?;
        }
        Err(StoreError::Unreachable("users come and go too fast".into()))
    }

    /// Updates these users; answers how many there are. One whose document is full keeps nobody else waiting.
    async fn update_each(&self, ids: &[&str], update: &Document) -> Result<u64, StoreError> {
        let updated = self.update_by_ids(&self.users, ids, update).await;
        if ids.len() == 1 || !matches!(updated, Err(StoreError::Refused(_))) {
            return updated;
        }
        // An update of many ends at the first that is refused.
        let (mut matched, mut refused) = (0, None);
        for id in ids.chunks(1) {
            match self.update_by_ids(&self.users, id, update).await {
                Ok(one) => matched += one,
                Err(error @ StoreError::Refused(_)) => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        refused.map_or(Ok(matched), Err)
    }

    /// Makes those among the users who do not exist, with a list of groups: somebody may be added to
    /// a group before they were ever here.
    async fn add_absent(&self, ids: &[&str], groups: &Document) -> Result<(), StoreError> {
        let present = self.find_by_ids(&self.users, ids.iter().copied()).await?;
        let present: HashSet<&str> = present.iter().filter_map(|user| user.get_str("_id").ok()).collect();
        let absent = ids.iter().filter(|id| !present.contains(*id));
        let documents = absent.map(|id| encode(&absent_user(id, groups))).collect::<Result<Vec<_>, _>>()?;
        // Whether each was made is seen by the update that follows.
        self.insert_all(cstr!("users"), &documents).await.map(drop)
    }

    /// Adds a user; false when the id is taken.
    async fn add_user(&self, id: &UserId, profile: &Profile, password: Option<&str>) -> Result<bool, StoreError> {
        let username = profile.username.to_lowercase();
        self.add_words(id, profile).await?;
        let document = UserDocument {
            words: Some(WORDS),
            id: id.clone(),
            search: (!username.is_empty()).then(|| search_form(&username)),
            username,
            name: profile.name.clone(),
            banned: false,
            password: password.map(str::to_owned),
            not_before: 0,
            groups: Default::default(),
            created: now_ms(),
            seen: 0,
            v: VERSION,
        };
        self.insert_new(&self.users, &document).await
    }

    /// Fills the empty fields of a stored profile.
    async fn fill(&self, mut user: User, profile: &Profile) -> Result<User, StoreError> {
        if user.banned || !user.profile.lacks(profile) {
            return Ok(user);
        }
        let mut fields = doc! { "words": WORDS };
        if user.profile.username.is_empty() {
            user.profile.username = profile.username.to_lowercase();
            fields.insert("username", &user.profile.username);
            fields.insert("search", search_form(&user.profile.username));
        }
        if user.profile.name.is_empty() {
            user.profile.name = profile.name.clone();
            fields.insert("name", &user.profile.name);
        }
        self.add_words(&user.id, &user.profile).await?;
        self.set(&user.id, fields).await?;
        Ok(user)
    }

    /// Sets fields of a user that exists.
    async fn set(&self, id: &UserId, fields: Document) -> Result<(), StoreError> {
        if fields.is_empty() {
            return Ok(());
        }
        self.change(id, doc! { "$set": fields }).await
    }

    /// Updates a user that exists.
    async fn change(&self, id: &UserId, update: Document) -> Result<(), StoreError> {
        let update = self.users.update_one(doc! { "_id": id.as_str() }, update);
        match self.within(update).await?.matched_count {
            0 => Err(StoreError::Refused(NO_SUCH_USER.into())),
            _ => Ok(()),
        }
    }
}

/// Somebody of whom nothing is known yet.
fn absent_user(id: &str, groups: &Document) -> Document {
    doc! {
        "_id": id, "username": "", "name": "", "words": WORDS, "banned": false, "groups": groups, "created": now_ms(), "seen": 0_i64,
        "v": VERSION,
    }
}

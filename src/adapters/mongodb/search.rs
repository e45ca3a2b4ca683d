//! Usernames in the form for searches: by it users are found, and who has a username is looked for among them.
//!
//! Users that an older hubbub stored are without it, and their words are without places. They are found as they were by that
//! one, until a node has filled both in: in the background, one node at a time. A user whom an older node renames beside
//! newer ones is found by the old username, and by no word of the new name, until they are renamed again.

use std::collections::HashSet;
use std::time::Duration;

use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, RawDocumentBuf, doc};

use super::MongoStore;
use super::commands::encode;
use super::documents::user;
use super::words::WORDS;
use crate::domain::{Profile, User, UserId, name_key, random_token, search_form};
use crate::ports::StoreError;

/// The document in `meta` that whoever fills the forms in holds.
const LEASE: &str = "search";
/// Longer than a batch takes.
const LEASE_MS: u64 = 20_000;
/// Users filled in with one look.
const BATCH: usize = 500;
/// The pause before another look where somebody else fills them in, or the server did not answer.
const AGAIN: Duration = Duration::from_secs(20);
/// Users of one form read at a time, while one of them is looked for.
const PAGE: usize = 100;

/// How far the filling has come.
enum Filling {
    Done,
    GoesOn,
    Elsewhere,
}

// === impl MongoStore ===

impl MongoStore {
    /// Users whose username begins so, in the order of its form.
    pub(super) async fn find_by_form(&self, prefix: &str, limit: usize) -> Result<Vec<User>, StoreError> {
        let (form, before) = (search_form(prefix), prefix.to_lowercase());
        let sort = || doc! { "search": 1, "username": 1, "_id": 1 };
        let filled = doc! { "search": beginning(&form) };
        let unfilled = doc! { "search": null, "username": beginning(&before) };
        let (filled, unfilled) = futures::try_join!(
            self.find(&self.users, filled, sort(), 0, limit),
            self.find(&self.users, unfilled, sort(), 0, limit),
        )?;
        let (filled, unfilled) = (users_of(&filled)?, users_of(&unfilled)?);
        // An older node may have renamed or deleted somebody, and left the form as it was.
        let filled = filled.into_iter().filter(|user| search_form(&user.profile.username).starts_with(&form));
        let filled = filled.filter(|user| !user.profile.username.is_empty());
        let mut seen = HashSet::new();
        let mut found: Vec<User> = filled.chain(unfilled).filter(|user| seen.insert(user.id.clone())).collect();
        found.sort_by_cached_key(|user| {
            let username = &user.profile.username;
            (search_form(username), username.clone(), user.id.clone())
        });
        found.truncate(limit);
        Ok(found)
    }

    /// The user seen first among those with this username.
    pub(super) async fn first_named(&self, username: &str) -> Result<Option<User>, StoreError> {
        let filled = doc! { "search": search_form(username) };
        let unfilled = doc! { "search": null, "username": username.to_lowercase() };
        let key = name_key(username);
        let found = futures::try_join!(self.first_equal(filled, &key), self.first_equal(unfilled, &key))?;
        let found = [found.0, found.1].into_iter().flatten();
        Ok(found.min_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id))))
    }

    async fn first_equal(&self, filter: Document, key: &str) -> Result<Option<User>, StoreError> {
        let mut skip = 0;
        loop {
            let sort = doc! { "created": 1, "_id": 1 };
            let page = users_of(&self.find(&self.users, filter.clone(), sort, skip, PAGE).await?)?;
            let last = page.len() < PAGE;
            let equal = page.into_iter().find(|user| name_key(&user.profile.username) == key);
            if equal.is_some() || last {
                return Ok(equal);
            }
            skip += PAGE as u64;
        }
    }

    /// Begins to fill the forms in, where some are missing.
    pub(super) async fn begin_filling(&self) -> Result<(), StoreError> {
        if self.unfilled(1).await?.is_empty() {
            return Ok(());
        }
        tracing::info!(
            "users are given their forms for searches in the background, and are found as before until then"
        );
        let store = self.clone();
        tokio::spawn(async move { store.fill_all(&random_token()).await });
        Ok(())
    }

    async fn fill_all(&self, holder: &str) {
        loop {
            match self.fill_some(holder).await {
                Ok(Filling::Done) => break,
                Ok(Filling::GoesOn) => {}
                Ok(Filling::Elsewhere) => tokio::time::sleep(AGAIN).await,
                Err(error) => {
                    tracing::warn!(%error, "users could not be given their form for searches; it is tried again");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        // What is not given back ends by itself.
        if let Err(error) = self.within(self.meta.delete_one(doc! { "_id": LEASE, "node": holder })).await {
            tracing::debug!(%error, "the lease of whoever fills in forms for searches was not given back");
        }
    }

    async fn fill_some(&self, holder: &str) -> Result<Filling, StoreError> {
        let unfilled = self.unfilled(BATCH).await?;
        if unfilled.is_empty() {
            return Ok(Filling::Done);
        }
        if !self.hold_lease(LEASE, holder, LEASE_MS).await? {
            return Ok(Filling::Elsewhere);
        }
        let mut statements = Vec::with_capacity(unfilled.len());
        for document in &unfilled {
            let (Ok(id), Ok(username)) = (document.get_str("_id"), document.get_str("username")) else { continue };
            let Ok(whose) = UserId::stored(id) else { continue };
            let name = document.get_str("name").unwrap_or_default();
            let mut fields = doc! { "words": WORDS };
            if !username.is_empty() {
                self.claim_by_key(username, id).await?;
                fields.insert("search", search_form(username));
            }
            let profile = Profile { username: username.to_owned(), name: name.to_owned() };
            self.add_words(&whose, &profile).await?;
            // Not for whoever has been renamed meanwhile.
            let filter = doc! { "_id": id, "username": username, "name": name };
            statements.push(encode(&doc! { "q": filter, "u": { "$set": fields } })?);
        }
        self.update_all(cstr!("users"), statements).await?;
        Ok(Filling::GoesOn)
    }

    async fn unfilled(&self, limit: usize) -> Result<Vec<RawDocumentBuf>, StoreError> {
        self.find(&self.users, doc! { "words": null }, doc! { "words": 1, "_id": 1 }, 0, limit).await
    }
}

/// What holds for a text that begins so, and is not empty: it lies between the beginning and the same with the greatest
/// character behind.
fn beginning(text: &str) -> Document {
    let lower = if text.is_empty() { "$gt" } else { "$gte" };
    doc! { lower: text, "$lt": format!("{text}{}", char::MAX) }
}

fn users_of(documents: &[RawDocumentBuf]) -> Result<Vec<User>, StoreError> {
    documents.iter().map(|document| user(document)).collect()
}

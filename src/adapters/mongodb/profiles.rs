//! What users say of themselves in MongoDB: one document each, beside the user's own, which every `hello` reads.

use async_trait::async_trait;
use mongodb::bson::raw::cstr;
use mongodb::bson::{Bson, Document, doc};
use serde::Deserialize;

use super::MongoStore;
use super::commands::encode;
use super::documents::{VERSION, read};
use super::users::NO_SUCH_USER;
use crate::domain::{Details, DetailsPatch, Patch, Status, UserId};
use crate::ports::{ProfileStore, StoreError, UserStore};

/// The details of one user; its `_id` is the user's.
#[derive(Deserialize)]
struct ProfileDocument {
    email: Option<String>,
    phone: Option<String>,
    about: Option<String>,
    time_zone: Option<String>,
    status: Option<Status>,
    /// As JSON text, as the clients sent it.
    settings: Option<String>,
}

/// Fields that are set, and those that are taken away.
#[derive(Default)]
struct Changes {
    set: Document,
    unset: Document,
}

#[async_trait]
impl ProfileStore for MongoStore {
    async fn details(&self, user: &UserId) -> Result<Details, StoreError> {
        match self.find_one(&self.profiles, doc! { "_id": user.as_str() }).await? {
            Some(document) => read::<ProfileDocument>(&document)?.details(),
            None => Ok(Details::default()),
        }
    }

    async fn edit_details(&self, user: &UserId, edit: &DetailsPatch) -> Result<(), StoreError> {
        let update = Changes::of(edit)?.update();
        let statement = encode(&doc! { "q": { "_id": user.as_str() }, "u": update, "upsert": true })?;
        self.upsert_all(cstr!("profiles"), vec![statement]).await?;
        // Asked after it was written, as a deletion removes this after the user: one of the two sees what the other did.
        if self.user(user).await?.is_some_and(|user| !user.is_deleted()) {
            return Ok(());
        }
        self.within(self.profiles.delete_one(doc! { "_id": user.as_str() })).await?;
        Err(StoreError::Refused(NO_SUCH_USER.into()))
    }
}

// === impl ProfileDocument ===

impl ProfileDocument {
    fn details(self) -> Result<Details, StoreError> {
        let settings = self.settings.map(|settings| serde_json::from_str(&settings)).transpose();
        Ok(Details {
            email: self.email,
            phone: self.phone,
            about: self.about,
            time_zone: self.time_zone,
            status: self.status,
            settings: settings.map_err(unreadable)?,
        })
    }
}

// === impl Changes ===

impl Changes {
    fn of(edit: &DetailsPatch) -> Result<Self, StoreError> {
        let DetailsPatch { email, phone, about, time_zone, status, settings } = edit.clone();
        let mut changes = Self::default();
        for (field, edit) in [("email", email), ("phone", phone), ("about", about), ("time_zone", time_zone)] {
            changes.put(field, edit);
        }
        changes.put("status", status.checked(|status| Ok::<_, StoreError>(written(status)))?);
        changes.put("settings", settings.checked(|settings| serde_json::to_string(&settings).map_err(unreadable))?);
        Ok(changes)
    }

    fn put(&mut self, field: &str, edit: Patch<impl Into<Bson>>) {
        match edit {
            Patch::Keep => {}
            Patch::Clear => drop(self.unset.insert(field, "")),
            Patch::Set(value) => drop(self.set.insert(field, value)),
        }
    }

    /// The update that makes the changes. No server takes an operator without a field.
    fn update(self) -> Document {
        let mut update = doc! { "$setOnInsert": { "v": VERSION } };
        for (operator, fields) in [("$set", self.set), ("$unset", self.unset)] {
            if !fields.is_empty() {
                update.insert(operator, fields);
            }
        }
        update
    }
}

fn written(status: Status) -> Document {
    let mut document = Document::new();
    let Status { emoji, text, until } = status;
    for (field, value) in
        [("emoji", emoji.map(Bson::from)), ("text", text.map(Bson::from)), ("until", until.map(Bson::from))]
    {
        if let Some(value) = value {
            document.insert(field, value);
        }
    }
    document
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Refused(error.to_string())
}

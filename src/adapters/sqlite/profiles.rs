//! What users say of themselves in SQLite: a row each.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::SqliteStore;
use super::columns::unreadable;
use super::users::NO_SUCH_USER;
use crate::domain::{Details, DetailsPatch, UserId};
use crate::ports::{ProfileStore, StoreError};

#[async_trait]
impl ProfileStore for SqliteStore {
    async fn details(&self, user: &UserId) -> Result<Details, StoreError> {
        let user = user.clone();
        self.read(move |db| details_of(db, &user)).await
    }

    async fn edit_details(&self, user: &UserId, edit: &DetailsPatch) -> Result<(), StoreError> {
        let (user, edit) = (user.clone(), edit.clone());
        match self.write(move |db| change(db, &user, edit)).await? {
            true => Ok(()),
            false => Err(StoreError::Refused(NO_SUCH_USER.into())),
        }
    }
}

/// Edits the row; false when there is no such user.
fn change(db: &Connection, user: &UserId, edit: DetailsPatch) -> rusqlite::Result<bool> {
    let known = "SELECT 1 FROM users WHERE id = ?1 AND NOT (banned AND username = '')";
    if !db.prepare_cached(known)?.exists([user.as_str()])? {
        return Ok(false);
    }
    let mut details = details_of(db, user)?;
    details.apply(edit);
    let (status, settings) = (json(details.status.as_ref())?, json(details.settings.as_ref())?);
    let sql = "INSERT OR REPLACE INTO profiles (user, email, phone, about, time_zone, status, settings)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Details { email, phone, about, time_zone, .. } = details;
    db.prepare_cached(sql)?.execute(params![user.as_str(), email, phone, about, time_zone, status, settings])?;
    Ok(true)
}

fn details_of(db: &Connection, user: &UserId) -> rusqlite::Result<Details> {
    let sql = "SELECT email, phone, about, time_zone, status, settings FROM profiles WHERE user = ?1";
    let found = db.prepare_cached(sql)?.query_row([user.as_str()], |row| {
        Ok(Details {
            email: row.get(0)?,
            phone: row.get(1)?,
            about: row.get(2)?,
            time_zone: row.get(3)?,
            status: parsed(row, 4)?,
            settings: parsed(row, 5)?,
        })
    });
    Ok(found.optional()?.unwrap_or_default())
}

fn json<T: Serialize>(value: Option<&T>) -> rusqlite::Result<Option<String>> {
    let text = value.map(serde_json::to_string).transpose();
    text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn parsed<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text = row.get::<_, Option<String>>(column)?;
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| unreadable(column, error))
}

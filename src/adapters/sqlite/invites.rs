//! Invites in SQLite. Its clock is the machine's: one process alone uses a database.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::id;
use super::{SqliteStore, from_sql, to_sql};
use crate::domain::{GroupId, Invite, InviteId, UserId, now_ms};
use crate::ports::{InviteStore, StoreError};

const COLUMNS: &str = "id, grp, life, maker, created, expires, uses, used";
/// What is open at the time `?1`.
const OPEN: &str = "(expires IS NULL OR expires > ?1) AND (uses IS NULL OR used < uses)";

#[async_trait]
impl InviteStore for SqliteStore {
    async fn add_invite(&self, invite: &Invite, most: usize) -> Result<bool, StoreError> {
        let invite = invite.clone();
        self.write(move |db| add(db, &invite, most)).await
    }

    async fn invites(&self, group: &GroupId) -> Result<Vec<Invite>, StoreError> {
        let group = group.clone();
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM invites WHERE grp = ?2 AND {OPEN} ORDER BY created, id");
            db.prepare_cached(&sql)?.query_map(params![now_ms(), group.as_str()], invite_of)?.collect()
        })
        .await
    }

    async fn invite(&self, id: &InviteId) -> Result<Option<Invite>, StoreError> {
        let id = id.clone();
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM invites WHERE id = ?2 AND {OPEN}");
            db.prepare_cached(&sql)?.query_row(params![now_ms(), id.as_str()], invite_of).optional()
        })
        .await
    }

    async fn use_invite(&self, id: &InviteId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |db| {
            let sql = format!("UPDATE invites SET used = used + 1 WHERE id = ?2 AND {OPEN}");
            Ok(db.prepare_cached(&sql)?.execute(params![now_ms(), id.as_str()])? > 0)
        })
        .await
    }

    async fn return_use(&self, id: &InviteId) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |db| {
            let sql = "UPDATE invites SET used = used - 1 WHERE id = ?1 AND used > 0";
            db.prepare_cached(sql)?.execute([id.as_str()]).map(drop)
        })
        .await
    }

    async fn remove_invite(&self, group: &GroupId, id: &InviteId) -> Result<(), StoreError> {
        let (group, id) = (group.clone(), id.clone());
        self.write(move |db| {
            let sql = "DELETE FROM invites WHERE grp = ?1 AND id = ?2";
            db.prepare_cached(sql)?.execute([group.as_str(), id.as_str()]).map(drop)
        })
        .await
    }
}

fn add(db: &Connection, invite: &Invite, most: usize) -> rusqlite::Result<bool> {
    let ended = format!("DELETE FROM invites WHERE grp = ?2 AND NOT ({OPEN})");
    db.prepare_cached(&ended)?.execute(params![now_ms(), invite.group.as_str()])?;
    let count = "SELECT count(*) FROM invites WHERE grp = ?1";
    let open: i64 = db.prepare_cached(count)?.query_row([invite.group.as_str()], |row| row.get(0))?;
    if from_sql(open) >= most as u64 {
        return Ok(false);
    }
    let sql = format!("INSERT INTO invites ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    db.prepare_cached(&sql)?.execute(params![
        invite.id.as_str(),
        invite.group.as_str(),
        to_sql(invite.life),
        invite.by.as_str(),
        invite.created,
        invite.expires,
        invite.uses,
        invite.used,
    ])?;
    Ok(true)
}

fn invite_of(row: &Row<'_>) -> rusqlite::Result<Invite> {
    Ok(Invite {
        id: id(row, 0, InviteId::parse)?,
        group: id(row, 1, GroupId::parse)?,
        life: from_sql(row.get(2)?),
        by: id(row, 3, UserId::stored)?,
        created: row.get(4)?,
        expires: row.get(5)?,
        uses: row.get(6)?,
        used: row.get(7)?,
    })
}

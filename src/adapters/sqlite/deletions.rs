//! How groups are deleted in SQLite. What is left of one is a row that says where its sequence ended.
//!
//! Its `gone` is 1 once the group is marked as deleted, 2 once `base` is where a life to come begins, 3 once all else
//! is removed.

use rusqlite::{Connection, OptionalExtension, params};

use super::{SqliteStore, from_sql, messages, to_sql};
use crate::domain::{Base, GroupId, Seq};
use crate::ports::{Deletion, StoreError};

// === impl SqliteStore ===

impl SqliteStore {
    /// Removes events of a group's earlier lives, in slices, so that inserts never wait long. Answers where the
    /// present one begins.
    pub(super) async fn sweep(&self, id: &GroupId) -> Result<Seq, StoreError> {
        let key = id.clone();
        let base = self.read(move |db| base_of(db, &key)).await?;
        loop {
            let key = id.clone();
            if !self.write(move |db| messages::remove_some(db, &key, base)).await? {
                self.remove_rows(id, to_sql(base.saturating_add(1))).await?;
                return Ok(base);
            }
        }
    }
}

/// Marks a group; answers how far its deletion has come, when anything is left to be done of it.
pub(super) fn begin(db: &Connection, id: &GroupId) -> rusqlite::Result<Option<Deletion>> {
    db.prepare_cached("UPDATE groups SET gone = 1 WHERE id = ?1 AND gone = 0")?.execute([id.as_str()])?;
    select(db, id, "gone IN (1, 2)")
}

/// How far the deletion of a group has come.
pub(super) fn find(db: &Connection, id: &GroupId) -> rusqlite::Result<Option<Deletion>> {
    select(db, id, "gone > 0")
}

fn select(db: &Connection, id: &GroupId, which: &str) -> rusqlite::Result<Option<Deletion>> {
    let sql = format!("SELECT gone, base, base_n FROM groups WHERE id = ?1 AND {which}");
    let found = db.prepare_cached(&sql)?.query_row([id.as_str()], |row| {
        let (gone, base) = (row.get::<_, i64>(0)?, Base { seq: from_sql(row.get(1)?), n: from_sql(row.get(2)?) });
        Ok(Deletion { life: base.seq, base: (gone > 1).then_some(base) })
    });
    found.optional()
}

/// Removes what users have of a life that ends and what is due of it, and writes where the next one begins. Nothing where that was done.
pub(super) fn forget(db: &Connection, id: &GroupId, life: Seq, base: Base) -> rusqlite::Result<()> {
    let ended = "UPDATE groups SET base = ?3, base_n = ?4, gone = 2 WHERE id = ?1 AND gone = 1 AND base = ?2";
    let values = params![id.as_str(), to_sql(life), to_sql(base.seq), to_sql(base.n)];
    if db.prepare_cached(ended)?.execute(values)? == 0 {
        return Ok(());
    }
    let left = "UPDATE memberships SET mark = max(mark, 2 * ?2) WHERE grp = ?1";
    db.prepare_cached(left)?.execute(params![id.as_str(), to_sql(base.seq)])?;
    for table in ["marks", "device_marks", "due", "invites"] {
        db.prepare_cached(&format!("DELETE FROM {table} WHERE grp = ?1"))?.execute([id.as_str()])?;
    }
    Ok(())
}

/// Everything is removed: the row keeps nothing else.
pub(super) fn end(db: &Connection, id: &GroupId, base: Seq) -> rusqlite::Result<()> {
    let sql = "UPDATE groups SET name = '', members = '[]', settings = '{}', password = NULL, gone = 3 WHERE id = ?1 AND gone = 2 AND base = ?2";
    db.prepare_cached(sql)?.execute(params![id.as_str(), to_sql(base)])?;
    Ok(())
}

fn base_of(db: &Connection, id: &GroupId) -> rusqlite::Result<Seq> {
    let found = db.prepare_cached("SELECT base FROM groups WHERE id = ?1")?.query_row([id.as_str()], |row| row.get(0));
    Ok(found.optional()?.map_or(0, from_sql))
}

//! Rows beside messages are removed with them.

use rusqlite::{Connection, params};

use super::{SqliteStore, to_sql};
use crate::domain::{GroupId, Seq};
use crate::ports::StoreError;

/// Rows removed in one change at most, so that inserts never wait long behind it.
const SLICE: usize = 1000;

// === impl SqliteStore ===

impl SqliteStore {
    /// Removes the rows about a group's events below a seq.
    pub(super) async fn remove_rows(&self, group: &GroupId, kept: i64) -> Result<(), StoreError> {
        loop {
            let key = group.clone();
            if self.write(move |db| remove_some(db, &key, kept)).await? < SLICE {
                return Ok(());
            }
        }
    }
}

fn remove_some(db: &Connection, group: &GroupId, kept: i64) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM reactions WHERE (grp, target, emoji, user) IN
        (SELECT grp, target, emoji, user FROM reactions WHERE grp = ?1 AND target < ?2 LIMIT ?3)";
    let reactions = db.prepare_cached(sql)?.execute(params![group.as_str(), kept, to_sql(SLICE as u64)])?;
    let sql = "DELETE FROM replies WHERE (grp, target, reply) IN
        (SELECT grp, target, reply FROM replies WHERE grp = ?1 AND target < ?2 LIMIT ?3)";
    let replies = db.prepare_cached(sql)?.execute(params![group.as_str(), kept, to_sql(SLICE as u64)])?;
    let sql = "DELETE FROM mentions WHERE (grp, user, seq) IN
        (SELECT grp, user, seq FROM mentions WHERE grp = ?1 AND seq < ?2 LIMIT ?3)";
    let mentions = db.prepare_cached(sql)?.execute(params![group.as_str(), kept, to_sql(SLICE as u64)])?;
    Ok(reactions.max(replies).max(mentions))
}

/// Removes the rows about an event that is deleted.
pub(super) fn clear(db: &Connection, group: &GroupId, target: Seq) -> rusqlite::Result<()> {
    for table in ["reactions", "replies"] {
        let sql = format!("DELETE FROM {table} WHERE grp = ?1 AND target = ?2");
        db.prepare_cached(&sql)?.execute(params![group.as_str(), to_sql(target)])?;
    }
    Ok(())
}

//! What is due later, in SQLite. Its clock is the machine's: one process alone uses a database.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::columns::id;
use super::{SqliteStore, from_sql, to_sql};
use crate::domain::{GroupId, Millis, now_ms, random_token};
use crate::ports::{Claimed, Due, DueStore, StoreError};

#[async_trait]
impl DueStore for SqliteStore {
    async fn plan(&self, entries: &[Due]) -> Result<(), StoreError> {
        let entries = entries.to_vec();
        self.write(move |db| {
            let sql = "INSERT OR IGNORE INTO due (follower, grp, span, at, seq) VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut plan = db.prepare_cached(sql)?;
            for due in &entries {
                plan.execute(params![due.follower, due.group.as_str(), span(due), due.at, to_sql(due.seq)])?;
            }
            Ok(())
        })
        .await
    }

    async fn claim(&self, follower: &str, limit: usize, length: Duration) -> Result<Vec<Claimed>, StoreError> {
        let follower = follower.to_owned();
        self.write(move |db| claim_some(db, &follower, limit, length)).await
    }

    async fn settle(&self, claims: &[Claimed]) -> Result<(), StoreError> {
        let claims = claims.to_vec();
        self.write(move |db| {
            let sql = "DELETE FROM due WHERE follower = ?1 AND grp = ?2 AND span = ?3 AND claim = ?4";
            let mut settle = db.prepare_cached(sql)?;
            for Claimed { due, claim } in &claims {
                settle.execute(params![due.follower, due.group.as_str(), span(due), claim])?;
            }
            Ok(())
        })
        .await
    }

    async fn overdue(&self, follower: &str) -> Result<(u64, Duration), StoreError> {
        let follower = follower.to_owned();
        self.read(move |db| {
            let now = now_ms();
            let sql = "SELECT count(*), min(at) FROM due WHERE follower = ?1 AND at <= ?2 AND until <= ?2";
            db.prepare_cached(sql)?.query_row(params![follower, now], |row| {
                let earliest: Option<Millis> = row.get(1)?;
                let waited = now.saturating_sub(earliest.unwrap_or(now));
                Ok((from_sql(row.get(0)?), Duration::from_millis(from_sql(waited))))
            })
        })
        .await
    }
}

fn claim_some(db: &Connection, follower: &str, limit: usize, length: Duration) -> rusqlite::Result<Vec<Claimed>> {
    let (now, claim) = (now_ms(), random_token());
    let sql = "SELECT follower, grp, span, at, seq FROM due WHERE follower = ?1 AND at <= ?2 AND until <= ?2
        ORDER BY at LIMIT ?3";
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map(params![follower, now, to_sql(limit as u64)], due)?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let until = now.saturating_add(to_sql(length.as_millis() as u64));
    let sql = "UPDATE due SET until = ?4, claim = ?5 WHERE follower = ?1 AND grp = ?2 AND span = ?3";
    let mut hold = db.prepare_cached(sql)?;
    for due in &found {
        hold.execute(params![due.follower, due.group.as_str(), span(due), until, claim])?;
    }
    Ok(found.into_iter().map(|due| Claimed { due, claim: claim.clone() }).collect())
}

/// All 64 bits of the window.
fn span(due: &Due) -> i64 {
    due.window.cast_signed()
}

fn due(row: &Row<'_>) -> rusqlite::Result<Due> {
    Ok(Due {
        follower: row.get(0)?,
        group: id(row, 1, GroupId::parse)?,
        window: row.get::<_, i64>(2)?.cast_unsigned(),
        at: row.get(3)?,
        seq: from_sql(row.get(4)?),
    })
}

//! How far followers have come, in SQLite.

use std::collections::HashMap;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::id;
use super::{SqliteStore, from_sql, to_sql};
use crate::domain::{GroupId, Head};
use crate::ports::{Done, Extent, FollowerStore, Partition, StoreError};

/// Of a deleted group, `first` is where a life to come begins.
const EXTENT: &str = "id, iif(gone = 0, first, base + 1), head, head_n, head_shown, head_time";

/// Groups that are there, and those whose deletion is finished.
const SETTLED: &str = "gone IN (0, 3)";

#[async_trait]
impl FollowerStore for SqliteStore {
    async fn raise_heads(&self, heads: &[(GroupId, Head)]) -> Result<(), StoreError> {
        let heads = heads.to_vec();
        self.write(move |db| {
            let sql = "UPDATE groups SET head = ?2, head_n = ?3, head_shown = ?4, head_time = ?5
                WHERE id = ?1 AND head < ?2 AND gone = 0";
            let mut raise = db.prepare_cached(sql)?;
            for (group, head) in &heads {
                let [seq, n, shown] = [head.seq, head.n, head.shown].map(to_sql);
                raise.execute(params![group.as_str(), seq, n, shown, head.time])?;
            }
            Ok(())
        })
        .await
    }

    async fn extents(&self, groups: &[GroupId]) -> Result<Vec<Extent>, StoreError> {
        let groups = groups.to_vec();
        self.read(move |db| {
            let sql = format!("SELECT {EXTENT} FROM groups WHERE id = ?1 AND {SETTLED}");
            let mut statement = db.prepare_cached(&sql)?;
            let found = groups.iter().map(|group| statement.query_row([group.as_str()], extent).optional());
            found.filter_map(Result::transpose).collect()
        })
        .await
    }

    async fn extents_after(&self, after: Option<&GroupId>, limit: usize) -> Result<Vec<Extent>, StoreError> {
        // Every id is greater than none.
        let after = after.map_or_else(String::new, ToString::to_string);
        self.read(move |db| {
            let sql = format!("SELECT {EXTENT} FROM groups WHERE id > ?1 AND {SETTLED} ORDER BY id LIMIT ?2");
            let mut statement = db.prepare_cached(&sql)?;
            statement.query_map(params![after, to_sql(limit as u64)], extent)?.collect()
        })
        .await
    }

    async fn done(&self, follower: &str, groups: &[GroupId]) -> Result<HashMap<GroupId, Done>, StoreError> {
        let (follower, groups) = (follower.to_owned(), groups.to_vec());
        self.read(move |db| {
            let mut all = HashMap::new();
            for group in groups {
                if let Some(done) = done_in(db, &follower, &group)? {
                    all.insert(group, done);
                }
            }
            Ok(all)
        })
        .await
    }

    async fn raise_done(&self, follower: &str, done: &[(GroupId, Done)]) -> Result<(), StoreError> {
        let (follower, done) = (follower.to_owned(), done.to_vec());
        self.write(move |db| {
            let sql = "INSERT INTO followers (follower, grp, seq, first) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq), first = max(first, excluded.first)";
            let mut raise = db.prepare_cached(sql)?;
            for (group, Done { seq, first }) in &done {
                raise.execute(params![follower, group.as_str(), to_sql(*seq), to_sql(*first)])?;
            }
            Ok(())
        })
        .await
    }

    async fn covered(&self, follower: &str) -> Result<HashMap<Partition, u64>, StoreError> {
        let follower = follower.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached("SELECT part, number FROM covered WHERE follower = ?1")?;
            statement.query_map([follower], |row| Ok((row.get(0)?, from_sql(row.get(1)?))))?.collect()
        })
        .await
    }

    async fn set_covered(&self, follower: &str, covered: &[(Partition, u64)]) -> Result<(), StoreError> {
        let (follower, covered) = (follower.to_owned(), covered.to_vec());
        self.write(move |db| {
            let sql = "INSERT OR REPLACE INTO covered (follower, part, number) VALUES (?1, ?2, ?3)";
            let mut set = db.prepare_cached(sql)?;
            for (partition, number) in &covered {
                set.execute(params![follower, partition, to_sql(*number)])?;
            }
            Ok(())
        })
        .await
    }
}

fn extent(row: &Row<'_>) -> rusqlite::Result<Extent> {
    let [first, seq, n, shown] = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?].map(from_sql);
    let head = Head { seq, n, shown, time: row.get(5)? };
    Ok(Extent { group: id(row, 0, GroupId::parse)?, first, head })
}

fn done_in(db: &Connection, follower: &str, group: &GroupId) -> rusqlite::Result<Option<Done>> {
    let sql = "SELECT seq, first FROM followers WHERE follower = ?1 AND grp = ?2";
    let done = db.prepare_cached(sql)?.query_row([follower, group.as_str()], |row| {
        Ok(Done { seq: from_sql(row.get(0)?), first: from_sql(row.get(1)?) })
    });
    done.optional()
}

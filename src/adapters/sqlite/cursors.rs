//! Read marks in SQLite.

use std::collections::HashMap;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::id;
use super::{SqliteStore, from_sql, to_sql};
use crate::domain::{GroupId, Mark, UserId};
use crate::ports::{CursorStore, StoreError};

#[async_trait]
impl CursorStore for SqliteStore {
    async fn marks(&self, users: &[UserId]) -> Result<HashMap<UserId, HashMap<GroupId, Mark>>, StoreError> {
        let users = users.to_vec();
        self.read(move |db| {
            let mut all = HashMap::new();
            for user in users {
                let marks = marks_of(db, &user)?;
                if !marks.is_empty() {
                    all.insert(user, marks);
                }
            }
            Ok(all)
        })
        .await
    }

    async fn marks_in(&self, group: &GroupId, users: &[UserId]) -> Result<HashMap<UserId, Mark>, StoreError> {
        let (group, users) = (group.clone(), users.to_vec());
        self.read(move |db| {
            let mut statement =
                db.prepare_cached("SELECT read, n, delivered FROM marks WHERE user = ?1 AND grp = ?2")?;
            let mark = |user: UserId| {
                let found = statement.query_row([user.as_str(), group.as_str()], |row| mark(row, 0)).optional();
                found.map(|mark| Some((user, mark?))).transpose()
            };
            users.into_iter().filter_map(mark).collect()
        })
        .await
    }

    async fn raise_marks(&self, marks: &[(UserId, GroupId, Mark)]) -> Result<(), StoreError> {
        let marks = marks.to_vec();
        self.write(move |db| {
            let sql = "INSERT INTO marks (user, grp, read, n, delivered) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT DO UPDATE SET read = max(read, excluded.read), n = max(n, excluded.n),
                delivered = max(delivered, excluded.delivered)";
            let mut raise = db.prepare_cached(sql)?;
            for (user, group, mark) in &marks {
                let (read, n, delivered) = (to_sql(mark.read), to_sql(mark.n), to_sql(mark.delivered));
                raise.execute(params![user.as_str(), group.as_str(), read, n, delivered])?;
            }
            Ok(())
        })
        .await
    }
}

fn marks_of(db: &Connection, user: &UserId) -> rusqlite::Result<HashMap<GroupId, Mark>> {
    let sql = "SELECT grp, read, n, delivered FROM marks WHERE user = ?1";
    let mut statement = db.prepare_cached(sql)?;
    let marks = statement.query_map([user.as_str()], |row| Ok((id(row, 0, GroupId::parse)?, mark(row, 1)?)))?;
    marks.collect()
}

/// Reads a mark from three columns.
fn mark(row: &Row<'_>, from: usize) -> rusqlite::Result<Mark> {
    let [read, n, delivered] = [row.get(from)?, row.get(from + 1)?, row.get(from + 2)?].map(from_sql);
    Ok(Mark { read, n, delivered })
}

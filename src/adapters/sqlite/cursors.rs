//! Read marks in SQLite.

use std::collections::HashMap;

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::messages::id;
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
    let marks = statement.query_map([user.as_str()], |row| {
        let (read, n, delivered) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let mark = Mark { read: from_sql(read), n: from_sql(n), delivered: from_sql(delivered) };
        Ok((id(row, 0, GroupId::parse)?, mark))
    })?;
    marks.collect()
}

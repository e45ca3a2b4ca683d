//! Mentions in SQLite: a row for each user whom a text mentions, and one of nobody where it mentions all.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::{SqliteStore, from_sql, to_sql};
use crate::domain::{GroupId, Mentions, Seq, UserId};
use crate::ports::{MentionStore, ReadUpTo, StoreError};

/// Who stands for all members: nobody's id.
const ALL: &str = "";

#[async_trait]
impl MentionStore for SqliteStore {
    async fn mentions(&self, user: &UserId, of: &[ReadUpTo]) -> Result<Vec<u64>, StoreError> {
        let (user, of) = (user.clone(), of.to_vec());
        self.read(move |db| {
            // A text that mentions all and somebody as well is one.
            let sql = "SELECT count(DISTINCT seq) FROM mentions WHERE grp = ?1 AND user IN (?2, '') AND seq > ?3";
            let mut statement = db.prepare_cached(sql)?;
            let count = |ReadUpTo { group, read }: &ReadUpTo| {
                let values = params![group.as_str(), user.as_str(), to_sql(*read)];
                statement.query_row(values, |row| Ok(from_sql(row.get(0)?)))
            };
            of.iter().map(count).collect()
        })
        .await
    }
}

pub(super) fn mention(db: &Connection, group: &GroupId, seq: Seq, mentions: &Mentions) -> rusqlite::Result<()> {
    let users: Vec<&str> = match mentions {
        Mentions::All => vec![ALL],
        Mentions::Users(users) => users.iter().map(UserId::as_str).collect(),
    };
    let sql = "INSERT INTO mentions (grp, user, seq) SELECT ?1, ?2, ?3 FROM messages
        WHERE grp = ?1 AND seq = ?3 AND erased_seq IS NULL ON CONFLICT DO NOTHING";
    let mut statement = db.prepare_cached(sql)?;
    for user in users {
        statement.execute(params![group.as_str(), user, to_sql(seq)])?;
    }
    Ok(())
}

/// A text was deleted: it mentions nobody any more.
pub(super) fn forget(db: &Connection, group: &GroupId, seq: Seq) -> rusqlite::Result<()> {
    let sql = "DELETE FROM mentions WHERE grp = ?1 AND seq = ?2";
    db.prepare_cached(sql)?.execute(params![group.as_str(), to_sql(seq)])?;
    Ok(())
}

//! Reactions in SQLite: a row for each event, emoji and user, and beside each event how many there are.

use std::collections::HashSet;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{id, unreadable};
use super::{SqliteStore, from_sql, to_sql};
use crate::domain::{Emoji, GroupId, Reaction, ReactionKey, Seq, Switch, Tallies, Tally, UserId};
use crate::ports::{ReactionPage, ReactionStore, Reactor, StoreError};

/// A tally as a message keeps it, in a list: emoji, count, `at`, `first`.
type StoredTally = (String, u64, Seq, Seq);

#[async_trait]
impl ReactionStore for SqliteStore {
    async fn reacted(&self, keys: &[ReactionKey]) -> Result<HashSet<ReactionKey>, StoreError> {
        let keys = keys.to_vec();
        self.read(move |db| {
            let sql = "SELECT 1 FROM reactions
                WHERE grp = ?1 AND target = ?2 AND emoji = ?3 AND user = ?4 AND mark & 1";
            let mut statement = db.prepare_cached(sql)?;
            let mut standing = HashSet::new();
            for key in keys {
                let values = params![key.group.as_str(), to_sql(key.target), key.emoji.as_str(), key.user.as_str()];
                if statement.exists(values)? {
                    standing.insert(key);
                }
            }
            Ok(standing)
        })
        .await
    }

    async fn reaction_counts(&self, of: &[(GroupId, Seq, Emoji)]) -> Result<Vec<u64>, StoreError> {
        let of = of.to_vec();
        self.read(move |db| {
            let sql = "SELECT count(*) FROM reactions WHERE grp = ?1 AND target = ?2 AND emoji = ?3 AND mark & 1";
            let mut statement = db.prepare_cached(sql)?;
            let counts = of.iter().map(|(group, target, emoji)| {
                let values = params![group.as_str(), to_sql(*target), emoji.as_str()];
                statement.query_row(values, |row| Ok(from_sql(row.get(0)?)))
            });
            counts.collect()
        })
        .await
    }

    async fn reactors(&self, page: &ReactionPage) -> Result<Vec<Reactor>, StoreError> {
        let page = page.clone();
        self.read(move |db| {
            let after = page.after.as_ref().map(|(emoji, user)| (emoji.as_str(), user.as_str()));
            // Behind this user among those with the emoji; or behind this emoji and user.
            let (behind, (emoji, user)) = match &page.emoji {
                Some(emoji) => ("emoji = ?3 AND user > ?4", (emoji.as_str(), after.map_or("", |(_, user)| user))),
                None => ("(emoji, user) > (?3, ?4)", after.unwrap_or_default()),
            };
            let sql = format!(
                "SELECT emoji, user, mark FROM reactions WHERE grp = ?1 AND target = ?2 AND {behind} AND mark & 1
                ORDER BY emoji, user LIMIT ?5"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let limit = to_sql(page.limit as u64);
            let values = params![page.group.as_str(), to_sql(page.target), emoji, user, limit];
            let reactors = statement.query_map(values, |row| {
                let seq = Switch::from_bits(from_sql(row.get(2)?)).seq();
                Ok(Reactor { emoji: id(row, 0, Emoji::parse)?, user: id(row, 1, UserId::stored)?, seq })
            })?;
            reactors.collect()
        })
        .await
    }
}

/// Writes a reaction to an event, where that is there and not deleted.
pub(super) fn react(db: &Connection, group: &GroupId, target: Seq, reaction: &Reaction) -> rusqlite::Result<()> {
    let sql = "SELECT reactions FROM messages WHERE grp = ?1 AND seq = ?2 AND erased_seq IS NULL";
    let key = params![group.as_str(), to_sql(target)];
    let stored = db.prepare_cached(sql)?.query_row(key, |row| tallies(row, 0)).optional()?;
    let Some(mut tallies) = stored else { return Ok(()) };
    tallies.raise(Tally::of(reaction));
    let sql = "UPDATE messages SET reactions = ?3 WHERE grp = ?1 AND seq = ?2";
    db.prepare_cached(sql)?.execute(params![group.as_str(), to_sql(target), written(&tallies)?])?;
    let sql = "INSERT INTO reactions (grp, target, emoji, user, mark) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT DO UPDATE SET mark = max(mark, excluded.mark)";
    let (emoji, user, mark) = (reaction.emoji.as_str(), reaction.user.as_str(), to_sql(reaction.switch.bits()));
    db.prepare_cached(sql)?.execute(params![group.as_str(), to_sql(target), emoji, user, mark])?;
    Ok(())
}

/// Reads a message's tallies.
pub(super) fn tallies(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Tallies> {
    let Some(stored) = row.get_ref(column)?.as_str_or_null().map_err(|error| unreadable(column, error))? else {
        return Ok(Tallies::default());
    };
    let stored: Vec<StoredTally> = serde_json::from_str(stored).map_err(|error| unreadable(column, error))?;
    let tally = |(emoji, count, at, first): StoredTally| {
        let emoji = Emoji::parse(&emoji).map_err(|error| unreadable(column, error))?;
        Ok(Tally { emoji, count, at, first, mine: false })
    };
    stored.into_iter().map(tally).collect()
}

fn written(tallies: &Tallies) -> rusqlite::Result<String> {
    let all: Vec<_> =
        tallies.all().iter().map(|tally| (tally.emoji.as_str(), tally.count, tally.at, tally.first)).collect();
    serde_json::to_string(&all).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

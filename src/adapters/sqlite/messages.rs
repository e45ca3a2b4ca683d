//! Messages in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{id, unreadable};
use super::errors::is_refusal;
use super::{SqliteStore, effects, from_sql, reactions, replies, rows, to_sql};
use crate::domain::{
    Cid, Edit, Effect, Erasure, Event, EventState, GroupId, Head, Kind, Millis, Seq, Switch, Traits, UserId,
};
use crate::ports::{Inserted, MessageStore, Page, StoreError};

/// Events removed in one change at most, so that inserts never wait long behind retention.
const EXPIRE_SLICE: u64 = 1000;

const COLUMNS: &str = "grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, pin,
    edit_seq, edit_time, edit_text, erased_seq, erased_time, erased_by, reactions, replies, mentions";

#[async_trait]
impl MessageStore for SqliteStore {
    async fn insert(&self, events: &[Event]) -> Result<Vec<Inserted>, StoreError> {
        let events = events.to_vec();
        self.write(move |db| events.iter().map(|event| insert_one(db, event)).collect()).await
    }

    async fn event(&self, group: &GroupId, seq: Seq) -> Result<Option<Event>, StoreError> {
        let group = group.clone();
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM messages WHERE grp = ?1 AND seq = ?2");
            db.prepare_cached(&sql)?.query_row(params![group.as_str(), to_sql(seq)], event).optional()
        })
        .await
    }

    async fn event_by_cid(&self, group: &GroupId, from: &UserId, cid: &Cid) -> Result<Option<Event>, StoreError> {
        let key = [group.as_str(), from.as_str(), cid.as_str()].map(str::to_owned);
        self.read(move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM messages WHERE grp = ?1 AND sender = ?2 AND cid = ?3
                AND seq > coalesce((SELECT base FROM groups WHERE id = ?1), 0)"
            );
            db.prepare_cached(&sql)?.query_row(key, event).optional()
        })
        .await
    }

    async fn events(&self, ids: &[(GroupId, Seq)]) -> Result<Vec<Event>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM messages WHERE grp = ?1 AND seq = ?2");
            let mut statement = db.prepare_cached(&sql)?;
            let found = ids
                .iter()
                .map(|(group, seq)| statement.query_row(params![group.as_str(), to_sql(*seq)], event).optional());
            found.filter_map(Result::transpose).collect()
        })
        .await
    }

    async fn page(&self, group: &GroupId, page: Page) -> Result<Vec<Event>, StoreError> {
        let group = group.clone();
        self.read(move |db| read_page(db, &group, page)).await
    }

    async fn apply_effects(&self, effects: &[Effect]) -> Result<(), StoreError> {
        let (effects, erases) = (effects.to_vec(), effects::erases(effects));
        let apply = move |db: &Connection| effects.iter().try_for_each(|effect| effects::apply(db, effect));
        if erases { self.erase(apply).await } else { self.write(apply).await }
    }

    async fn clear_rows(&self, deleted: &[(GroupId, Seq)]) -> Result<(), StoreError> {
        let deleted = deleted.to_vec();
        self.write(move |db| deleted.iter().try_for_each(|(group, seq)| rows::clear(db, group, *seq))).await
    }

    async fn pins(&self, group: &GroupId, limit: usize) -> Result<Vec<Event>, StoreError> {
        let group = group.clone();
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM messages WHERE grp = ?1 AND pin & 1 ORDER BY seq DESC LIMIT ?2");
            let mut statement = db.prepare_cached(&sql)?;
            statement.query_map(params![group.as_str(), to_sql(limit as u64)], event)?.collect()
        })
        .await
    }

    async fn replies(&self, group: &GroupId, target: Seq, page: Page) -> Result<Vec<Event>, StoreError> {
        let group = group.clone();
        self.read(move |db| {
            let mut seqs = replies::page(db, &group, target, page)?;
            seqs.sort_unstable();
            let sql = format!("SELECT {COLUMNS} FROM messages WHERE grp = ?1 AND seq = ?2");
            let mut statement = db.prepare_cached(&sql)?;
            let found = seqs.iter().map(|seq| statement.query_row(params![group.as_str(), seq], event).optional());
            found.filter_map(Result::transpose).collect()
        })
        .await
    }

    async fn head(&self, group: &GroupId) -> Result<Head, StoreError> {
        let group = group.clone();
        self.read(move |db| {
            let sql = "SELECT seq, n, shown, time FROM messages WHERE grp = ?1 ORDER BY seq DESC LIMIT 1";
            let head = db.prepare_cached(sql)?.query_row([group.as_str()], |row| {
                let [seq, n, shown] = [row.get(0)?, row.get(1)?, row.get(2)?].map(from_sql);
                Ok(Head { seq, n, shown, time: row.get(3)? })
            });
            Ok(head.optional()?.unwrap_or_default())
        })
        .await
    }

    async fn all_messages(&self, page: usize, per_page: usize) -> Result<Vec<Event>, StoreError> {
        self.read(move |db| {
            let sql =
                format!("SELECT {COLUMNS} FROM messages WHERE sender <> ?3 ORDER BY place DESC LIMIT ?1 OFFSET ?2");
            let skip = to_sql((page as u64).saturating_mul(per_page as u64));
            let mut statement = db.prepare_cached(&sql)?;
            let probe = UserId::probe();
            statement.query_map(params![to_sql(per_page as u64), skip, probe.as_str()], event)?.collect()
        })
        .await
    }

    async fn expire(&self, group: &GroupId, before: Millis) -> Result<u64, StoreError> {
        let key = group.clone();
        let kept = self.write(move |db| raise_first(db, &key, before)).await?;
        let mut removed = 0;
        loop {
            let key = group.clone();
            let slice = self.write(move |db| remove_below(db, &key, kept)).await?;
            removed += slice;
            if slice < EXPIRE_SLICE {
                self.remove_rows(group, kept).await?;
                return Ok(removed);
            }
        }
    }
}

/// Inserts one event. Failures that would stop the whole batch are errors.
fn insert_one(db: &Connection, event: &Event) -> rusqlite::Result<Inserted> {
    let sql = "INSERT INTO messages (grp, seq, n, sender, time, kind, text, ref, data, cid, shown, traits, mentions)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING";
    let data = event.data.as_ref().map(serde_json::to_string).transpose();
    let mentions = event.mentions.as_ref().map(serde_json::to_string).transpose();
    let (data, mentions) = match data.and_then(|data| Ok((data, mentions?))) {
        Ok(written) => written,
        Err(error) => return Ok(Inserted::Refused(error.to_string())),
    };
    let inserted = db.prepare_cached(sql)?.execute(params![
        event.group.as_str(),
        to_sql(event.seq),
        to_sql(event.n),
        event.from.as_str(),
        event.time,
        event.kind.as_str(),
        event.text,
        event.reference,
        data,
        event.cid.as_str(),
        to_sql(event.shown),
        event.traits.bits(),
        mentions,
    ]);
    match inserted {
        Ok(0) => Ok(Inserted::Duplicate),
        Ok(_) => Ok(Inserted::Stored),
        Err(error) if is_refusal(&error) => Ok(Inserted::Refused(error.to_string())),
        Err(error) => Err(error),
    }
}

fn read_page(db: &Connection, group: &GroupId, page: Page) -> rusqlite::Result<Vec<Event>> {
    let (condition, order, seq, limit) = match page {
        Page::Before(seq, limit) => ("seq < ?2", "seq DESC", seq, limit),
        Page::After(seq, limit) => ("seq > ?2", "seq ASC", seq, limit),
        Page::Shown(number, limit) => ("shown < ?2 AND traits & 2", "shown DESC", number, limit),
    };
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE grp = ?1 AND {condition} ORDER BY {order} LIMIT ?3");
    let mut statement = db.prepare_cached(&sql)?;
    let values = params![group.as_str(), to_sql(seq), to_sql(limit as u64)];
    let mut events = statement.query_map(values, event)?.collect::<rusqlite::Result<Vec<_>>>()?;
    if order.ends_with("DESC") {
        events.reverse();
    }
    Ok(events)
}

/// Finds the oldest event to keep and records it in the group before anything is removed, so that
/// a reader of the group never looks for an event that retention took.
fn raise_first(db: &Connection, group: &GroupId, before: Millis) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(
        (SELECT seq FROM messages WHERE grp = ?1 AND time >= ?2 ORDER BY seq LIMIT 1),
        (SELECT max(seq) FROM messages WHERE grp = ?1),
        1)";
    let kept: i64 = db.prepare_cached(sql)?.query_row(params![group.as_str(), before], |row| row.get(0))?;
    db.prepare_cached("UPDATE groups SET first = max(first, ?2) WHERE id = ?1")?
        .execute(params![group.as_str(), kept])?;
    Ok(kept)
}

fn remove_below(db: &Connection, group: &GroupId, kept: i64) -> rusqlite::Result<u64> {
    let sql = "DELETE FROM messages WHERE place IN
        (SELECT place FROM messages WHERE grp = ?1 AND seq < ?2 ORDER BY seq LIMIT ?3)";
    let values = params![group.as_str(), kept, to_sql(EXPIRE_SLICE)];
    Ok(db.prepare_cached(sql)?.execute(values)? as u64)
}

/// Removes up to a slice of a group's events up to a seq; answers whether there may be more.
pub(super) fn remove_some(db: &Connection, group: &GroupId, last: Seq) -> rusqlite::Result<bool> {
    Ok(remove_below(db, group, to_sql(last.saturating_add(1)))? == EXPIRE_SLICE)
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let kind: String = row.get(5)?;
    let data: Option<String> = row.get(8)?;
    let mentions: Option<String> = row.get(21)?;
    Ok(Event {
        group: id(row, 0, GroupId::parse)?,
        seq: from_sql(row.get(1)?),
        n: from_sql(row.get(2)?),
        from: id(row, 3, UserId::stored)?,
        time: row.get(4)?,
        kind: Kind::parse(&kind).map_err(|error| unreadable(5, error))?,
        text: row.get(6)?,
        reference: row.get(7)?,
        data: data.map(|data| serde_json::from_str(&data)).transpose().map_err(|e| unreadable(8, e))?,
        mentions: mentions.map(|whom| serde_json::from_str(&whom)).transpose().map_err(|e| unreadable(21, e))?,
        cid: id(row, 9, Cid::stored)?,
        shown: from_sql(row.get(10)?),
        traits: Traits::from_bits(row.get(11)?),
        state: state(row)?,
    })
}

fn state(row: &Row<'_>) -> rusqlite::Result<EventState> {
    let pin = row.get::<_, Option<i64>>(12)?.map_or(0, from_sql);
    let edit = match row.get::<_, Option<i64>>(13)? {
        Some(seq) => Some(Edit { seq: from_sql(seq), time: row.get(14)?, text: row.get(15)? }),
        None => None,
    };
    let erasure = match row.get::<_, Option<i64>>(16)? {
        Some(seq) => Some(Erasure { seq: from_sql(seq), time: row.get(17)?, by: id(row, 18, UserId::stored)? }),
        None => None,
    };
    let replies = row.get::<_, Option<i64>>(20)?.map_or(0, from_sql);
    Ok(EventState { pin: Switch::from_bits(pin), edit, erasure, reactions: reactions::tallies(row, 19)?, replies })
}

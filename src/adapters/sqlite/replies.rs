//! Replies in SQLite: a row for each, and beside each event how many it has.

use rusqlite::{Connection, OptionalExtension, params};

use super::to_sql;
use crate::domain::{GroupId, Seq, Switch, parse_event_id};
use crate::ports::Page;

/// Writes that an event replies to another one, or no more.
pub(super) fn reply(db: &Connection, group: &GroupId, target: Seq, switch: Switch) -> rusqlite::Result<()> {
    set(db, group, target, switch.seq(), switch)
}

/// An event was deleted: where it was a reply, it is none any more.
pub(super) fn withdraw(db: &Connection, group: &GroupId, reply: Seq, by: Seq) -> rusqlite::Result<()> {
    let sql = "SELECT ref FROM messages WHERE grp = ?1 AND seq = ?2 AND kind = 'text' AND traits >= 4";
    let reference = db.prepare_cached(sql)?.query_row(params![group.as_str(), to_sql(reply)], |row| row.get(0));
    let reference: Option<String> = reference.optional()?.flatten();
    match reference.and_then(|reference| parse_event_id(&reference).ok()) {
        Some((_, target)) => set(db, group, target, reply, Switch::set(by, false)),
        None => Ok(()),
    }
}

fn set(db: &Connection, group: &GroupId, target: Seq, reply: Seq, switch: Switch) -> rusqlite::Result<()> {
    let (group, target) = (group.as_str(), to_sql(target));
    let sql = "INSERT INTO replies (grp, target, reply, mark) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET mark = max(mark, excluded.mark)";
    db.prepare_cached(sql)?.execute(params![group, target, to_sql(reply), to_sql(switch.bits())])?;
    let sql = "UPDATE messages SET replies = (SELECT sum(mark & 1) FROM replies WHERE grp = ?1 AND target = ?2)
        WHERE grp = ?1 AND seq = ?2 AND erased_seq IS NULL";
    db.prepare_cached(sql)?.execute(params![group, target])?;
    Ok(())
}

/// The seqs of a page of the replies to an event, in the order of the page.
pub(super) fn page(db: &Connection, group: &GroupId, target: Seq, page: Page) -> rusqlite::Result<Vec<i64>> {
    let (condition, seq, limit) = match page {
        Page::After(seq, limit) => ("reply > ?3 ORDER BY reply ASC", seq, limit),
        Page::Before(seq, limit) => ("reply < ?3 ORDER BY reply DESC", seq, limit),
        // Replies have no numbers of their own.
        Page::Shown(_, limit) => ("reply < ?3 ORDER BY reply DESC", Seq::MAX, limit),
    };
    let sql = format!("SELECT reply FROM replies WHERE grp = ?1 AND target = ?2 AND mark & 1 AND {condition} LIMIT ?4");
    let mut statement = db.prepare_cached(&sql)?;
    let values = params![group.as_str(), to_sql(target), to_sql(seq), to_sql(limit as u64)];
    statement.query_map(values, |row| row.get(0))?.collect()
}

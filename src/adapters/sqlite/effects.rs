//! What events do to others, in their rows: a statement or two for each change. All may be repeated, in any order and
//! late.

use rusqlite::{Connection, params};

use super::{mentions, reactions, replies, to_sql};
use crate::domain::{Change, Edit, Effect, Erasure, GroupId, Seq, Switch};

/// Whether something is to leave nothing in the files.
pub(super) fn erases(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect.change, Change::Erase(_)))
}

pub(super) fn apply(db: &Connection, effect: &Effect) -> rusqlite::Result<()> {
    let (group, target) = (&effect.group, effect.target);
    match &effect.change {
        Change::Pin(pin) => set_pin(db, group, target, *pin),
        Change::Edit(edit) => set_text(db, group, target, edit),
        Change::Erase(erasure) => erase(db, group, target, erasure),
        Change::React(reaction) => reactions::react(db, group, target, reaction),
        Change::Mention(whom) => mentions::mention(db, group, target, whom),
        Change::Reply(switch) => replies::reply(db, group, target, *switch),
    }
}

fn set_pin(db: &Connection, group: &GroupId, target: Seq, pin: Switch) -> rusqlite::Result<()> {
    let sql = "UPDATE messages SET pin = ?3
        WHERE grp = ?1 AND seq = ?2 AND coalesce(pin, 0) < ?3 AND erased_seq IS NULL";
    db.prepare_cached(sql)?.execute(params![group.as_str(), to_sql(target), to_sql(pin.bits())])?;
    Ok(())
}

fn set_text(db: &Connection, group: &GroupId, target: Seq, edit: &Edit) -> rusqlite::Result<()> {
    let sql = "UPDATE messages SET edit_seq = ?3, edit_time = ?4, edit_text = ?5
        WHERE grp = ?1 AND seq = ?2 AND coalesce(edit_seq, 0) < ?3 AND erased_seq IS NULL";
    let values = params![group.as_str(), to_sql(target), to_sql(edit.seq), edit.time, edit.text];
    db.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn erase(db: &Connection, group: &GroupId, target: Seq, erasure: &Erasure) -> rusqlite::Result<()> {
    let sql = "UPDATE messages SET erased_seq = ?3, erased_time = ?4, erased_by = ?5,
        text = NULL, data = NULL, pin = NULL, edit_seq = NULL, edit_time = NULL, edit_text = NULL,
        mentions = NULL, reactions = NULL, replies = NULL
        WHERE grp = ?1 AND seq = ?2 AND (erased_seq IS NULL OR erased_seq > ?3)";
    let by = erasure.by.as_str();
    let values = params![group.as_str(), to_sql(target), to_sql(erasure.seq), erasure.time, by];
    db.prepare_cached(sql)?.execute(values)?;
    let sql = "UPDATE messages SET text = NULL WHERE grp = ?1 AND ref = ?2 AND kind = 'edited' AND text IS NOT NULL";
    db.prepare_cached(sql)?.execute([group.as_str(), &group.event_id(target)])?;
    mentions::forget(db, group, target)?;
    replies::withdraw(db, group, target, erasure.seq)
}

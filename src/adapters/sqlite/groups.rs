//! Groups in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::columns::{id, unreadable};
use super::deletions;
use super::{SqliteStore, from_sql, to_sql, users};
use crate::adapters::records::Records;
use crate::domain::{
    Access, Base, Group, GroupId, GroupKind, GroupSettings, GroupUpdate, Member, MembershipChange, PasswordHash, Seq,
};
use crate::ports::{Deletion, GroupStore, StoreError};

const COLUMNS: &str = "id, kind, name, access, members, version, created, first, base, base_n, settings, password";

#[async_trait]
impl GroupStore for SqliteStore {
    async fn create_group(&self, group: &Group) -> Result<bool, StoreError> {
        let group = group.clone();
        self.write(move |db| create(db, &group)).await
    }

    async fn group(&self, id: &GroupId) -> Result<Option<Group>, StoreError> {
        let id = id.clone();
        self.read(move |db| find(db, &id)).await
    }

    async fn groups(&self, ids: &[GroupId]) -> Result<Vec<Group>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |db| ids.iter().filter_map(|id| find(db, id).transpose()).collect()).await
    }

    async fn apply_membership(&self, group: &GroupId, seq: Seq, change: &MembershipChange) -> Result<(), StoreError> {
        let (group, change) = (group.clone(), change.clone());
        self.write(move |db| apply(db, &group, seq, &change)).await
    }

    async fn apply_update(&self, group: &GroupId, seq: Seq, update: &GroupUpdate) -> Result<(), StoreError> {
        let (group, update) = (group.clone(), update.clone());
        self.write(move |db| apply_update(db, &group, seq, &update)).await
    }

    async fn set_group_password(&self, group: &GroupId, life: Seq, password: &PasswordHash) -> Result<(), StoreError> {
        let (group, password) = (group.clone(), password.clone());
        self.write(move |db| {
            let sql = "UPDATE groups SET password = ?3 WHERE id = ?1 AND gone = 0 AND base = ?2";
            let values = params![group.as_str(), to_sql(life), password.as_str()];
            db.prepare_cached(sql)?.execute(values).map(drop)
        })
        .await
    }

    async fn all_groups(&self, page: usize, per_page: usize) -> Result<Vec<Group>, StoreError> {
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM groups WHERE gone = 0 ORDER BY id LIMIT ?1 OFFSET ?2");
            let skip = to_sql((page as u64).saturating_mul(per_page as u64));
            let mut statement = db.prepare_cached(&sql)?;
            statement.query_map(params![to_sql(per_page as u64), skip], group_of)?.collect()
        })
        .await
    }

    async fn begin_deletion(&self, id: &GroupId) -> Result<Option<Deletion>, StoreError> {
        let id = id.clone();
        self.write(move |db| deletions::begin(db, &id)).await
    }

    async fn deletion(&self, id: &GroupId) -> Result<Option<Deletion>, StoreError> {
        let id = id.clone();
        self.read(move |db| deletions::find(db, &id)).await
    }

    async fn finish_deletion(&self, id: &GroupId, deletion: &Deletion, base: Base) -> Result<(), StoreError> {
        let (key, life) = (id.clone(), deletion.life);
        self.write(move |db| deletions::forget(db, &key, life, base)).await?;
        // Another may have finished it, and with another base: what is stored stands.
        let base = self.sweep(id).await?;
        let key = id.clone();
        self.write(move |db| deletions::end(db, &key, base)).await
    }

    async fn sweep_group(&self, id: &GroupId) -> Result<(), StoreError> {
        self.sweep(id).await.map(drop)
    }
}

fn create(db: &Connection, group: &Group) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO groups (id, kind, name, access, members, version, created, first, settings, password)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT DO UPDATE SET kind = excluded.kind, name = excluded.name, access = excluded.access,
        members = excluded.members, version = base, created = excluded.created, first = base + 1, gone = 0,
        settings = excluded.settings, password = excluded.password
        WHERE gone >= 2";
    let made = db.prepare_cached(sql)?.execute(params![
        group.id.as_str(),
        group.kind.as_str(),
        group.name,
        group.access.as_str(),
        members_text(group)?,
        to_sql(group.version),
        group.created,
        to_sql(group.first),
        serde_json::to_string(&group.settings).map_err(unwritable)?,
        group.settings.password.as_ref().map(PasswordHash::as_str),
    ])?;
    Ok(made > 0)
}

fn find(db: &Connection, id: &GroupId) -> rusqlite::Result<Option<Group>> {
    let sql = format!("SELECT {COLUMNS} FROM groups WHERE id = ?1 AND gone = 0");
    db.prepare_cached(&sql)?.query_row([id.as_str()], group_of).optional()
}

fn apply(db: &Connection, id: &GroupId, seq: Seq, change: &MembershipChange) -> rusqlite::Result<()> {
    let Some(mut group) = find(db, id)?.filter(|group| seq > group.base.seq) else { return Ok(()) };
    if group.apply(seq, change) {
        let members = raised_members(db, &group)?;
        let sql = "UPDATE groups SET members = ?2, version = ?3 WHERE id = ?1";
        db.prepare_cached(sql)?.execute(params![id.as_str(), members, to_sql(group.version)])?;
    }
    users::raise_memberships(db, id, seq, change)
}

/// Brings a group up to what an event sets.
fn apply_update(db: &Connection, id: &GroupId, seq: Seq, update: &GroupUpdate) -> rusqlite::Result<()> {
    let Some(mut group) = find(db, id)?.filter(|group| seq > group.base.seq) else { return Ok(()) };
    group.update(seq, update);
    let settings = raised_settings(db, &group)?;
    let sql = "UPDATE groups SET name = ?2, access = ?3, settings = ?4 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![id.as_str(), group.name, group.access.as_str(), settings])?;
    Ok(())
}

fn group_of(row: &Row<'_>) -> rusqlite::Result<Group> {
    let (kind, access, members): (String, String, String) = (row.get(1)?, row.get(3)?, row.get(4)?);
    Ok(Group {
        id: id(row, 0, GroupId::parse)?,
        kind: GroupKind::parse(&kind).map_err(|error| unreadable(1, error))?,
        name: row.get(2)?,
        access: Access::parse(&access).map_err(|error| unreadable(3, error))?,
        members: serde_json::from_str(&members).map_err(|error| unreadable(4, error))?,
        version: from_sql(row.get(5)?),
        created: row.get(6)?,
        first: from_sql(row.get(7)?),
        base: Base { seq: from_sql(row.get(8)?), n: from_sql(row.get(9)?) },
        settings: settings_of(row)?,
    })
}

fn settings_of(row: &Row<'_>) -> rusqlite::Result<GroupSettings> {
    let (settings, password): (String, Option<String>) = (row.get(10)?, row.get(11)?);
    let settings: GroupSettings = serde_json::from_str(&settings).map_err(|error| unreadable(10, error))?;
    Ok(GroupSettings { password: password.map(PasswordHash::stored), ..settings })
}

fn members_text(group: &Group) -> rusqlite::Result<String> {
    serde_json::to_string(&group.members).map_err(unwritable)
}

/// The members of a group that was changed, over the records that stand in its row.
fn raised_members(db: &Connection, group: &Group) -> rusqlite::Result<String> {
    let sql = "SELECT members FROM groups WHERE id = ?1";
    let stored: String = db.prepare_cached(sql)?.query_row([group.id.as_str()], |row| row.get(0))?;
    let stored: Vec<Map<String, Value>> = serde_json::from_str(&stored).map_err(|error| unreadable(0, error))?;
    let member = |record: Map<String, Value>| Some((Member::deserialize(&record).ok()?, record));
    let mut records = Records::of(stored.into_iter().filter_map(member));
    let now = |member: &Member| match serde_json::to_value(member)? {
        Value::Object(now) => Ok(records.with(member, now)),
        _ => Ok(Map::new()),
    };
    let members = group.members.iter().map(now).collect::<Result<Vec<_>, _>>();
    members.and_then(|members| serde_json::to_string(&members)).map_err(unwritable)
}

/// The settings of a group that was changed, over those that stand in its row: of what later versions put there
/// nothing is lost.
fn raised_settings(db: &Connection, group: &Group) -> rusqlite::Result<String> {
    let sql = "SELECT settings FROM groups WHERE id = ?1";
    let stored: String = db.prepare_cached(sql)?.query_row([group.id.as_str()], |row| row.get(0))?;
    let mut settings: Map<String, Value> = serde_json::from_str(&stored).map_err(|error| unreadable(0, error))?;
    // An empty one is left out when it is written.
    settings.remove("about");
    if let Value::Object(now) = serde_json::to_value(&group.settings).map_err(unwritable)? {
        settings.extend(now);
    }
    serde_json::to_string(&settings).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

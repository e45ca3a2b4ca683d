//! Groups in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::messages::{id, remove_some, unreadable};
use super::{SqliteStore, from_sql, to_sql, users};
use crate::domain::{Access, Group, GroupId, GroupKind, MembershipChange, Seq};
use crate::ports::{GroupStore, StoreError};

const COLUMNS: &str = "id, kind, name, access, members, version, created, first";

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

    async fn all_groups(&self, page: usize, per_page: usize) -> Result<Vec<Group>, StoreError> {
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM groups ORDER BY id LIMIT ?1 OFFSET ?2");
            let skip = to_sql((page as u64).saturating_mul(per_page as u64));
            let mut statement = db.prepare_cached(&sql)?;
            statement.query_map(params![to_sql(per_page as u64), skip], group_of)?.collect()
        })
        .await
    }

    async fn delete_group(&self, id: &GroupId) -> Result<(), StoreError> {
        let key = id.clone();
        self.write(move |db| forget(db, &key)).await?;
        loop {
            let key = id.clone();
            if !self.write(move |db| remove_some(db, &key)).await? {
                return Ok(());
            }
        }
    }
}

fn create(db: &Connection, group: &Group) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO groups (id, kind, name, access, members, version, created, first)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    let made = db.prepare_cached(sql)?.execute(params![
        group.id.as_str(),
        kind_name(group.kind),
        group.name,
        access_name(group.access),
        members_text(group)?,
        to_sql(group.version),
        group.created,
        to_sql(group.first),
    ])?;
    Ok(made > 0)
}

fn find(db: &Connection, id: &GroupId) -> rusqlite::Result<Option<Group>> {
    let sql = format!("SELECT {COLUMNS} FROM groups WHERE id = ?1");
    db.prepare_cached(&sql)?.query_row([id.as_str()], group_of).optional()
}

fn apply(db: &Connection, id: &GroupId, seq: Seq, change: &MembershipChange) -> rusqlite::Result<()> {
    let Some(mut group) = find(db, id)? else { return Ok(()) };
    if group.apply(seq, change) {
        db.prepare_cached("UPDATE groups SET members = ?2, version = ?3 WHERE id = ?1")?.execute(params![
            id.as_str(),
            members_text(&group)?,
            to_sql(group.version)
        ])?;
    }
    users::raise_memberships(db, id, seq, change)
}

/// Removes a group and what users have of it; its messages follow in slices.
fn forget(db: &Connection, id: &GroupId) -> rusqlite::Result<()> {
    for table in ["memberships WHERE grp", "marks WHERE grp", "groups WHERE id"] {
        db.execute(&format!("DELETE FROM {table} = ?1"), [id.as_str()])?;
    }
    Ok(())
}

fn group_of(row: &Row<'_>) -> rusqlite::Result<Group> {
    let (kind, access, members): (String, String, String) = (row.get(1)?, row.get(3)?, row.get(4)?);
    let unknown = |column, what: &str| unreadable(column, format!("unknown {what}"));
    Ok(Group {
        id: id(row, 0, GroupId::parse)?,
        kind: kind_of(&kind).ok_or_else(|| unknown(1, &kind))?,
        name: row.get(2)?,
        access: access_of(&access).ok_or_else(|| unknown(3, &access))?,
        members: serde_json::from_str(&members).map_err(|error| unreadable(4, error))?,
        version: from_sql(row.get(5)?),
        created: row.get(6)?,
        first: from_sql(row.get(7)?),
    })
}

fn members_text(group: &Group) -> rusqlite::Result<String> {
    serde_json::to_string(&group.members).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn kind_name(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Group => "group",
        GroupKind::Direct => "direct",
    }
}

fn kind_of(name: &str) -> Option<GroupKind> {
    [GroupKind::Group, GroupKind::Direct].into_iter().find(|kind| kind_name(*kind) == name)
}

fn access_name(access: Access) -> &'static str {
    match access {
        Access::Members => "members",
        Access::Open => "open",
    }
}

fn access_of(name: &str) -> Option<Access> {
    [Access::Members, Access::Open].into_iter().find(|access| access_name(*access) == name)
}

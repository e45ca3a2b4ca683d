//! Users in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::columns::id;
use super::{SqliteStore, from_sql, to_sql};
use crate::domain::{
    GroupId, MembershipChange, Millis, Profile, Seq, User, UserId, WordPlace, name_key, now_ms, search_form,
};
use crate::ports::{StoreError, UserStore};

pub(super) const NO_SUCH_USER: &str = "there is no such user";

const COLUMNS: &str = "id, username, name, banned, password, created, last_seen, not_before";

#[async_trait]
impl UserStore for SqliteStore {
    async fn ensure_user(&self, id: &UserId, profile: &Profile) -> Result<User, StoreError> {
        if let Some(user) = self.user(id).await?
            && !user.profile.lacks(profile)
        {
            return Ok(user);
        }
        let (id, profile) = (id.clone(), profile.clone());
        self.write(move |db| ensure(db, &id, &profile)).await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let id = id.clone();
        self.read(move |db| find(db, &id)).await
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |db| ids.iter().filter_map(|id| find(db, id).transpose()).collect()).await
    }

    async fn create_account(&self, id: &UserId, profile: &Profile, password: &str) -> Result<bool, StoreError> {
        let (id, profile, password) = (id.clone(), profile.clone(), password.to_owned());
        self.write(move |db| create_account(db, &id, &profile, &password)).await
    }

    async fn user_by_username(&self, username: &str) -> Result<Option<User>, StoreError> {
        let username = username.to_owned();
        self.read(move |db| by_username(db, &username)).await
    }

    async fn find_users(&self, prefix: &str, limit: usize) -> Result<Vec<User>, StoreError> {
        let prefix = search_form(prefix);
        self.read(move |db| {
            // Every text that begins with the prefix lies between it and it with the greatest
            // character behind.
            let sql = "WHERE search >= ?1 AND search < ?1 || char(1114111)
                AND search <> '' ORDER BY search, username, id LIMIT ?2";
            select(db, sql, params![prefix, to_sql(limit as u64)])
        })
        .await
    }

    async fn find_words(
        &self,
        beginning: &str,
        after: Option<&WordPlace>,
        limit: usize,
    ) -> Result<Vec<WordPlace>, StoreError> {
        let beginning = beginning.to_owned();
        let after = after.map(|place| (place.word.clone(), place.user.to_string())).unwrap_or_default();
        self.read(move |db| {
            let sql = "SELECT word, user FROM words WHERE word >= ?1 AND word < ?1 || char(1114111)
                AND (word, user) > (?2, ?3) ORDER BY word, user LIMIT ?4";
            let mut statement = db.prepare_cached(sql)?;
            let found = statement.query_map(params![beginning, after.0, after.1, to_sql(limit as u64)], |row| {
                Ok(WordPlace { word: row.get(0)?, user: id(row, 1, UserId::stored)? })
            })?;
            found.collect()
        })
        .await
    }

    async fn all_users(&self, page: usize, per_page: usize) -> Result<Vec<User>, StoreError> {
        let skip = to_sql((page as u64).saturating_mul(per_page as u64));
        let limit = to_sql(per_page as u64);
        self.read(move |db| select(db, "ORDER BY id LIMIT ?1 OFFSET ?2", params![limit, skip])).await
    }

    async fn set_profile(&self, id: &UserId, username: Option<&str>, name: Option<&str>) -> Result<bool, StoreError> {
        let (key, name) = (id.clone(), name.map(str::to_owned));
        let username = username.map(str::to_lowercase);
        self.write(move |db| set_profile(db, &key, username.as_deref(), name.as_deref()))
            .await?
            .map_err(|why| StoreError::Refused(why.into()))
    }

    async fn set_password(&self, id: &UserId, password: &str, not_before: Millis) -> Result<(), StoreError> {
        let (id, password) = (id.clone(), password.to_owned());
        let sql = "UPDATE users SET password = ?2, not_before = max(not_before, ?3) WHERE id = ?1";
        changed(self.write(move |db| db.execute(sql, params![id.as_str(), password, not_before])).await?)
    }

    async fn end_logins(&self, id: &UserId, not_before: Millis) -> Result<(), StoreError> {
        let id = id.clone();
        let sql = "UPDATE users SET not_before = max(not_before, ?2) WHERE id = ?1";
        changed(self.write(move |db| db.execute(sql, params![id.as_str(), not_before])).await?)
    }

    async fn set_banned(&self, id: &UserId, banned: bool) -> Result<(), StoreError> {
        let id = id.clone();
        let sql = "UPDATE users SET banned = ?2 WHERE id = ?1";
        changed(self.write(move |db| db.execute(sql, params![id.as_str(), banned])).await?)
    }

    async fn seen(&self, users: &[(UserId, Millis)]) -> Result<(), StoreError> {
        let users = users.to_vec();
        self.write(move |db| {
            let sql = "UPDATE users SET last_seen = max(last_seen, ?2) WHERE id = ?1";
            let mut statement = db.prepare_cached(sql)?;
            for (id, time) in &users {
                statement.execute(params![id.as_str(), time])?;
            }
            Ok(())
        })
        .await
    }

    async fn delete_user(&self, id: &UserId) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(move |db| {
            for place in
                ["accounts", "words", "profiles", "memberships", "marks", "devices", "device_marks", "mentions"]
            {
                db.execute(&format!("DELETE FROM {place} WHERE user = ?1"), [id.as_str()])?;
            }
            let sql =
                "UPDATE users SET username = '', search = '', name = '', password = NULL, banned = 1 WHERE id = ?1";
            db.execute(sql, [id.as_str()]).map(drop)
        })
        .await
    }
}

/// Raises the users' lists of groups to the membership event `seq`. Those who join are made when
/// there is no such user yet; a role changes nobody's list.
pub(super) fn raise_memberships(
    db: &Connection,
    group: &GroupId,
    seq: Seq,
    change: &MembershipChange,
) -> rusqlite::Result<()> {
    let joined = match change {
        MembershipChange::Joined(..) => 1,
        MembershipChange::Left(_) => 0,
        MembershipChange::Role(..) => return Ok(()),
    };
    let mark = to_sql(seq).saturating_mul(2).saturating_add(joined);
    let sql = "INSERT INTO memberships (user, grp, mark) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET mark = max(mark, excluded.mark)";
    let mut raise = db.prepare_cached(sql)?;
    for user in change.users() {
        if joined == 1 {
            add(db, user, &Profile::default())?;
        }
        raise.execute(params![user.as_str(), group.as_str(), mark])?;
    }
    Ok(())
}

fn add(db: &Connection, id: &UserId, profile: &Profile) -> rusqlite::Result<bool> {
    let sql = "INSERT INTO users (id, username, search, name, created) VALUES (?1, ?2, search_form(?2), ?3, ?4)
        ON CONFLICT DO NOTHING";
    let username = profile.username.to_lowercase();
    let values = params![id.as_str(), username, profile.name, now_ms()];
    let added = db.prepare_cached(sql)?.execute(values)? > 0;
    if added && *profile != Profile::default() {
        keep_words(db, id)?;
    }
    Ok(added)
}

/// Has a user be found by the words of the names of now.
fn keep_words(db: &Connection, id: &UserId) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM words WHERE user = ?1")?.execute([id.as_str()])?;
    let sql = "INSERT OR IGNORE INTO words
        SELECT own.value, users.id FROM users, json_each(words_of(users.username, users.name)) AS own WHERE users.id = ?1";
    db.prepare_cached(sql)?.execute([id.as_str()]).map(drop)
}

fn ensure(db: &Connection, id: &UserId, profile: &Profile) -> rusqlite::Result<User> {
    if !add(db, id, profile)? {
        let sql = "UPDATE users SET username = iif(username = '', ?2, username),
            search = iif(username = '', search_form(?2), search),
            name = iif(name = '', ?3, name) WHERE id = ?1 AND NOT banned";
        let username = profile.username.to_lowercase();
        db.prepare_cached(sql)?.execute(params![id.as_str(), username, profile.name])?;
        keep_words(db, id)?;
    }
    find(db, id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn create_account(db: &Connection, id: &UserId, profile: &Profile, password: &str) -> rusqlite::Result<bool> {
    let claim = "INSERT INTO accounts (username, user) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let username = name_key(&profile.username);
    let known = db.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?.exists([id.as_str()])?;
    if known || db.prepare_cached(claim)?.execute(params![username, id.as_str()])? == 0 {
        return Ok(false);
    }
    add(db, id, profile)?;
    db.prepare_cached("UPDATE users SET password = ?2 WHERE id = ?1")?.execute(params![id.as_str(), password])?;
    Ok(true)
}

/// Sets what is given; false when another account has the username of an account.
fn set_profile(
    db: &Connection,
    id: &UserId,
    username: Option<&str>,
    name: Option<&str>,
) -> rusqlite::Result<Result<bool, &'static str>> {
    if let Some(username) = username {
        let others = "SELECT 1 FROM accounts WHERE username = ?2 AND user <> ?1
            AND EXISTS (SELECT 1 FROM accounts WHERE user = ?1)";
        let key = name_key(username);
        if db.prepare_cached(others)?.exists([id.as_str(), &key])? {
            return Ok(Ok(false));
        }
        let rename = "UPDATE accounts SET username = ?2 WHERE user = ?1";
        db.prepare_cached(rename)?.execute([id.as_str(), &key])?;
    }
    let sql = "UPDATE users SET username = coalesce(?2, username), search = coalesce(search_form(?2), search),
        name = coalesce(?3, name) WHERE id = ?1";
    match db.prepare_cached(sql)?.execute(params![id.as_str(), username, name])? {
        0 => Ok(Err(NO_SUCH_USER)),
        _ => keep_words(db, id).map(|()| Ok(true)),
    }
}

fn changed(rows: usize) -> Result<(), StoreError> {
    match rows {
        0 => Err(StoreError::Refused(NO_SUCH_USER.into())),
        _ => Ok(()),
    }
}

fn find(db: &Connection, id: &UserId) -> rusqlite::Result<Option<User>> {
    Ok(select(db, "WHERE id = ?1", [id.as_str()])?.pop())
}

/// Of several users with one username the account comes first, then the one seen first.
fn by_username(db: &Connection, username: &str) -> rusqlite::Result<Option<User>> {
    // Those that are equal are among those that are found.
    let sql = "WHERE search = ?1 AND name_key(username) = ?2 AND username <> '' ORDER BY
        (SELECT count(*) FROM accounts WHERE user = id) DESC, created, id LIMIT 1";
    Ok(select(db, sql, [search_form(username), name_key(username)])?.pop())
}

/// The users that a clause selects, each with their groups.
fn select(db: &Connection, clause: &str, values: impl rusqlite::Params) -> rusqlite::Result<Vec<User>> {
    let sql = format!("SELECT {COLUMNS} FROM users {clause}");
    let mut statement = db.prepare_cached(&sql)?;
    let mut users = statement.query_map(values, user)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let sql = "SELECT grp, mark FROM memberships WHERE user = ?1 AND mark % 2 = 1";
    let mut groups = db.prepare_cached(sql)?;
    for user in &mut users {
        let of_user = groups.query_map([user.id.as_str()], |row| {
            Ok((id(row, 0, GroupId::parse)?, from_sql(row.get::<_, i64>(1)? / 2)))
        })?;
        user.groups = of_user.collect::<rusqlite::Result<_>>()?;
    }
    Ok(users)
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: id(row, 0, UserId::stored)?,
        profile: Profile { username: row.get(1)?, name: row.get(2)? },
        banned: row.get(3)?,
        password: row.get(4)?,
        groups: Default::default(),
        created: row.get(5)?,
        last_seen: row.get(6)?,
        not_before: row.get(7)?,
    })
}

//! The suite over SQLite, and what only SQLite can show.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use hubbub::adapters::sqlite::SqliteStore;
use hubbub::domain::{Change, Effect, Erasure, Event, GroupId, Head, Kind};
use hubbub::ports::{FollowerStore, GroupStore, Inserted, MessageStore, Page, Store, UserStore};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::sample::{group, profile, seqs, text, user};
use super::{Fixture, PARTITIONS, store_suite};
use crate::support::{eventually, scratch};

struct Sqlite {
    directory: tempfile::TempDir,
    store: Option<Arc<dyn Store>>,
}

impl Fixture for Sqlite {
    async fn new() -> Self {
        let mut fixture = Self { directory: scratch::directory("sqlite"), store: None };
        fixture.reopen().await;
        fixture.store().prepare(PARTITIONS).await.unwrap();
        fixture
    }

    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().unwrap()
    }

    async fn reopen(&mut self) {
        self.store = None;
        let path = self.directory.path().join("hubbub.db");
        self.store = Some(Arc::new(SqliteStore::open(path).unwrap()));
    }

    async fn write_as_a_later_version(&self, group: &GroupId, fields: &[(&str, &str)], members: Value) {
        let db = self.database();
        let write = |column: &str, value: &str| {
            // What the table has not yet, a later version has added.
            let _there = db.execute(&format!("ALTER TABLE groups ADD COLUMN {column} TEXT"), []);
            let sql = format!("UPDATE groups SET {column} = ?2 WHERE id = ?1");
            assert_eq!(db.execute(&sql, [group.as_str(), value]).unwrap(), 1);
        };
        fields.iter().for_each(|(column, value)| write(column, value));
        write("members", &members.to_string());
    }

    async fn written(&self, group: &GroupId, field: &str) -> Value {
        let sql = format!("SELECT {field} FROM groups WHERE id = ?1");
        let text: String = self.database().query_row(&sql, [group.as_str()], |row| row.get(0)).unwrap();
        if field == "members" { serde_json::from_str(&text).unwrap() } else { text.into() }
    }
}

impl Sqlite {
    /// The database past the store.
    fn database(&self) -> rusqlite::Connection {
        let db = rusqlite::Connection::open(self.directory.path().join("hubbub.db")).unwrap();
        db.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
        db
    }
}

store_suite!(Sqlite);

/// The files of a directory in which something stands.
fn files_that_hold(directory: &Path, said: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let bytes = std::fs::read(entry.path()).unwrap();
        if bytes.windows(said.len()).any(|part| part == said.as_bytes()) {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

#[tokio::test]
async fn of_what_is_deleted_nothing_stays_in_the_files() {
    let fixture = Sqlite::new().await;
    let (store, group, secret) = (fixture.store(), GroupId::random(), "a-secret-that-nobody-else-has");
    let mut events: Vec<Event> = (1..=50).map(|seq| text(&group, seq)).collect();
    // One that fits its page, and one that takes several.
    events[10].text = Some(secret.to_owned());
    events[20].text = Some(secret.repeat(1_000));
    events[20].data = Some([("key".to_owned(), secret.into())].into_iter().collect());
    store.insert(&events).await.unwrap();
    let edit = |seq: u64, by: u64| Event {
        kind: Kind::Edited,
        traits: Kind::Edited.traits(),
        reference: Some(group.event_id(seq)),
        text: Some(secret.repeat(by as usize)),
        ..text(&group, by)
    };
    let edits = [edit(11, 51), edit(21, 52), edit(21, 53)];
    store.insert(&edits).await.unwrap();
    let effects: Vec<Effect> = edits.iter().filter_map(Effect::of).collect();
    store.apply_effects(&effects).await.unwrap();
    assert!(!files_that_hold(fixture.directory.path(), secret).is_empty());
    let erase = |target: u64, seq: u64| {
        let change = Change::Erase(Erasure { seq, time: 1, by: user("anna") });
        Effect { group: group.clone(), target, change }
    };
    store.apply_effects(&[erase(11, 54), erase(21, 55)]).await.unwrap();
    eventually("the log is emptied while the store is open", async || {
        let held = files_that_hold(fixture.directory.path(), secret);
        if held.is_empty() { Ok(()) } else { Err(format!("{held:?}")) }
    })
    .await;
    drop(store);
    let Sqlite { directory, store } = fixture;
    drop(store);
    assert_eq!(files_that_hold(directory.path(), secret), [""; 0]);
}

#[tokio::test]
async fn a_second_process_is_kept_out() {
    let directory = scratch::directory("sqlite");
    let path = directory.path().join("hubbub.db");
    let first = SqliteStore::open(&path).unwrap();
    let error = SqliteStore::open(&path).err().unwrap().to_string();
    assert!(error.contains("another hubbub uses"), "{error}");
    drop(first);
    SqliteStore::open(&path).unwrap();
}

#[tokio::test]
async fn what_cannot_be_opened_is_said() {
    let directory = scratch::directory("sqlite");
    let error = SqliteStore::open(directory.path().join("absent/hubbub.db")).err().unwrap().to_string();
    assert!(error.contains("absent"), "{error}");
    let path = directory.path().join("text.db");
    std::fs::write(&path, "this is no database, whatever its name says").unwrap();
    let error = SqliteStore::open(&path).err().unwrap().to_string();
    assert!(error.contains("text.db"), "{error}");
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let directory = scratch::directory("sqlite");
    let path = directory.path().join("hubbub.db");
    drop(SqliteStore::open(&path).unwrap());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let error = SqliteStore::open(&path).err().unwrap().to_string();
    assert!(error.contains("version 99") && error.contains("newer hubbub"), "{error}");
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    let directory = scratch::directory("sqlite");
    let path = directory.path().join("hubbub.db");
    let made = group(&["anna"]);
    let store = SqliteStore::open(&path).unwrap();
    store.ensure_user(&user("anna"), &profile("anna", "Anna")).await.unwrap();
    assert!(store.create_group(&made).await.unwrap());
    let void = Event::void(made.id.clone(), Head { seq: 3, n: 2, shown: 2, time: 9 });
    let (kind, traits) = (Kind::Joined, Kind::Joined.traits());
    let joined = Event { kind, traits, n: 2, shown: 3, ..text(&made.id, 4) };
    let said = [text(&made.id, 1), text(&made.id, 2), void, joined, text(&GroupId::random(), 1)];
    store.insert(&said).await.unwrap();
    drop(store);
    let db = rusqlite::Connection::open(&path).unwrap();
    for index in ["messages_by_shown", "messages_by_pin", "messages_by_edit", "users_by_search"] {
        db.execute(&format!("DROP INDEX {index}"), []).unwrap();
    }
    let added = [
        "devices",
        "device_marks",
        "followers",
        "covered",
        "due",
        "profiles",
        "words",
        "reactions",
        "replies",
        "mentions",
        "invites",
    ];
    for table in added {
        db.execute(&format!("DROP TABLE {table}"), []).unwrap();
    }
    let added = [
        ("users", "not_before"),
        ("users", "search"),
        ("groups", "base"),
        ("groups", "base_n"),
        ("groups", "gone"),
        ("groups", "head"),
        ("groups", "head_n"),
        ("groups", "head_shown"),
        ("groups", "head_time"),
        ("groups", "settings"),
        ("groups", "password"),
        ("messages", "shown"),
        ("messages", "traits"),
        ("messages", "pin"),
        ("messages", "edit_seq"),
        ("messages", "edit_time"),
        ("messages", "edit_text"),
        ("messages", "erased_seq"),
        ("messages", "erased_time"),
        ("messages", "erased_by"),
        ("messages", "reactions"),
        ("messages", "replies"),
        ("messages", "mentions"),
    ];
    for (table, column) in added {
        db.execute(&format!("ALTER TABLE {table} DROP COLUMN {column}"), []).unwrap();
    }
    db.pragma_update(None, "user_version", 1).unwrap();
    drop(db);
    for not_before in [0, 70] {
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(store.group(&made.id).await.unwrap().as_ref(), Some(&made));
        let anna = store.user(&user("anna")).await.unwrap().unwrap();
        assert_eq!((anna.profile, anna.not_before), (profile("anna", "Anna"), not_before));
        store.set_password(&user("anna"), "hash", 70).await.unwrap();
        assert_eq!(store.page(&made.id, Page::After(0, 10)).await.unwrap(), said[..4]);
        let extents = store.extents(std::slice::from_ref(&made.id)).await.unwrap();
        assert_eq!((extents[0].first, extents[0].head), (1, Head::default()));
    }
}

#[tokio::test]
async fn usernames_of_before_are_given_their_forms() {
    let directory = scratch::directory("sqlite");
    let path = directory.path().join("hubbub.db");
    let store = SqliteStore::open(&path).unwrap();
    for (id, username) in [("u1", "straße"), ("u2", "anna"), ("u3", "strasse-")] {
        assert!(store.create_account(&user(id), &profile(username, "N"), "hash").await.unwrap());
    }
    drop(store);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP INDEX messages_by_edit;
        ALTER TABLE messages DROP COLUMN edit_seq;
        ALTER TABLE messages DROP COLUMN edit_time;
        ALTER TABLE messages DROP COLUMN edit_text;
        ALTER TABLE messages DROP COLUMN erased_seq;
        ALTER TABLE messages DROP COLUMN erased_time;
        ALTER TABLE messages DROP COLUMN erased_by;
        ALTER TABLE messages DROP COLUMN reactions;
        ALTER TABLE messages DROP COLUMN replies;
        ALTER TABLE messages DROP COLUMN mentions;
        DROP TABLE reactions;
        DROP TABLE replies;
        DROP TABLE mentions;
        DROP TABLE invites;
        ALTER TABLE groups DROP COLUMN settings;
        ALTER TABLE groups DROP COLUMN password;
        DROP INDEX users_by_search;
        ALTER TABLE users DROP COLUMN search;
        DROP TABLE profiles;
        DROP TABLE words;
        CREATE INDEX users_by_username ON users (username);
        UPDATE accounts SET username = (SELECT username FROM users WHERE id = user);
        UPDATE accounts SET username = 'strasse' WHERE user = 'u3';
        UPDATE users SET username = 'strasse' WHERE id = 'u3';
        PRAGMA user_version = 5;",
    )
    .unwrap();
    drop(db);
    let store = SqliteStore::open(&path).unwrap();
    let found = store.find_users("STRASSE", 9).await.unwrap();
    assert_eq!(found.iter().map(|user| user.profile.username.as_str()).collect::<Vec<_>>(), ["strasse", "straße"]);
    assert_eq!(store.user_by_username("Anna").await.unwrap().unwrap().id, user("u2"));
    assert_eq!(store.find_words("ann", None, 9).await.unwrap()[0].user, user("u2"));
    assert!(!store.create_account(&user("u4"), &profile("STRASSE", "N"), "hash").await.unwrap());
    // The other of the two keeps the name that it had.
    assert!(store.set_profile(&user("u1"), Some("gasse"), None).await.unwrap());
    assert!(!store.create_account(&user("u5"), &profile("Gasse", "N"), "hash").await.unwrap());
}

/// Set in a child process: the database to write to until somebody kills it.
const CHILD: &str = "HUBBUB_TEST_WRITE_TO";

#[tokio::test]
async fn what_was_acked_survives_a_kill() {
    if let Some(path) = std::env::var_os(CHILD) {
        return write_for_ever(Path::new(&path)).await;
    }
    let directory = scratch::directory("sqlite");
    let path = directory.path().join("hubbub.db");
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store_suite::sqlite::what_was_acked_survives_a_kill", "--nocapture"])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acked = 0;
    while acked < 200 {
        let line = lines.next_line().await.unwrap().expect("the child writes until it is killed");
        acked = line.strip_prefix("acked ").map_or(acked, |seq| seq.parse().unwrap());
    }
    child.start_kill().unwrap();
    while let Some(line) = lines.next_line().await.unwrap() {
        acked = line.strip_prefix("acked ").and_then(|seq| seq.parse().ok()).unwrap_or(acked);
    }
    child.wait().await.unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let group = GroupId::parse(GROUP).unwrap();
    let events = store.page(&group, Page::After(0, usize::MAX)).await.unwrap();
    assert!(events.len() as u64 >= acked, "{acked} were acked, {} are there", events.len());
    assert!(seqs(&events).into_iter().eq(1..=events.len() as u64));
}

const GROUP: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

async fn write_for_ever(path: &Path) {
    let (store, group) = (SqliteStore::open(path).unwrap(), GroupId::parse(GROUP).unwrap());
    for seq in 1.. {
        assert_eq!(store.insert(&[text(&group, seq)]).await.unwrap(), [Inserted::Stored]);
        println!("acked {seq}");
    }
}

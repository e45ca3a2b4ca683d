//! What is stored against what was followed. It knows both from outside: the store by its documents or rows, the journals
//! by their lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::{Document, doc};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::support::mongo;
use crate::support::wait::poll;

/// Only a hang takes longer: after a loss all groups are compared, and a newcomer waits until what dead nodes held is free.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(180);
/// The hub's messages to itself are in no group that anybody could follow.
const OWN_SENDERS: [&str; 2] = ["hub.probe", "hub.probe.passing"];
/// So many events that are lacking are told.
const TOLD: usize = 20;

/// An event, as a line of a journal names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub group: String,
    pub seq: i64,
    pub kind: String,
    pub from: String,
    pub time: i64,
}

/// Where events are stored.
#[derive(Debug, Clone)]
pub enum Stored {
    /// In a database of a MongoDB.
    Mongo { url: String, database: String },
    /// In a file of SQLite.
    Sqlite(PathBuf),
}

/// The journals of all lives of all nodes: a folder for each node.
#[derive(Debug)]
pub struct Journals {
    directory: PathBuf,
    /// How far each file is read: up to the end of a line.
    read: HashMap<PathBuf, u64>,
    /// How often each event stands there.
    lines: BTreeMap<Named, usize>,
}

/// What a comparison came to.
#[derive(Debug, Default)]
pub struct Compared {
    /// Events that are stored.
    pub stored: usize,
    /// Lines of the journals.
    pub lines: usize,
    /// What is stored and was not followed, and what was followed and is not stored.
    pub differences: Vec<String>,
}

// === impl Stored ===

impl Stored {
    /// All that is stored of groups that are there, but for what retention takes.
    pub async fn events(&self) -> Result<BTreeSet<Named>, String> {
        match self {
            Stored::Mongo { url, database } => {
                in_mongodb(url, database).await.map_err(|error| format!("MongoDB: {error}"))
            }
            Stored::Sqlite(path) => in_sqlite(path).map_err(|error| format!("SQLite: {error}")),
        }
    }
}

async fn in_mongodb(url: &str, database: &str) -> Result<BTreeSet<Named>, mongodb::error::Error> {
    let database = mongo::client(url).await.database(database);
    let (groups, messages) = (database.collection::<Document>("groups"), database.collection::<Document>("messages"));
    let mut groups = groups.find(doc! {}).await?;
    let mut firsts = HashMap::new();
    while let Some(group) = groups.try_next().await? {
        // A group that is being deleted, or was, has no events.
        let first = if whole(&group, "gone") == 0 { whole(&group, "first") } else { i64::MAX };
        firsts.insert(string(&group, "_id"), first);
    }
    let mut messages = messages.find(doc! {}).await?;
    let mut events = BTreeSet::new();
    while let Some(message) = messages.try_next().await? {
        let (group, kind, from) = (string(&message, "group"), string(&message, "kind"), string(&message, "from"));
        let event = Named { group, seq: whole(&message, "seq"), kind, from, time: whole(&message, "time") };
        if counts(&event, &firsts) {
            events.insert(event);
        }
    }
    Ok(events)
}

fn in_sqlite(path: &Path) -> Result<BTreeSet<Named>, rusqlite::Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // One view of both tables.
    connection.execute_batch("BEGIN")?;
    let mut firsts = HashMap::new();
    let mut groups = connection.prepare("SELECT id, first, gone FROM groups")?;
    let mut rows = groups.query([])?;
    while let Some(row) = rows.next()? {
        let (id, first, gone): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        firsts.insert(id, if gone == 0 { first } else { i64::MAX });
    }
    let mut events = BTreeSet::new();
    let mut messages = connection.prepare("SELECT grp, seq, kind, sender, time FROM messages")?;
    let mut rows = messages.query([])?;
    while let Some(row) = rows.next()? {
        let (group, seq, kind, from, time) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        let event = Named { group, seq, kind, from, time };
        if counts(&event, &firsts) {
            events.insert(event);
        }
    }
    Ok(events)
}

/// Whether somebody has to follow the event.
fn counts(event: &Named, firsts: &HashMap<String, i64>) -> bool {
    let first = firsts.get(&event.group).copied().unwrap_or(0);
    event.seq >= first && !OWN_SENDERS.contains(&event.from.as_str())
}

fn string(document: &Document, field: &str) -> String {
    document.get_str(field).unwrap_or_default().to_owned()
}

fn whole(document: &Document, field: &str) -> i64 {
    let number = document.get_i64(field).or_else(|_| document.get_i32(field).map(i64::from));
    number.unwrap_or_default()
}

// === impl Journals ===

impl Journals {
    pub fn of(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), read: HashMap::new(), lines: BTreeMap::new() }
    }

    /// The setting of a node that writes its journal here.
    pub fn folder(&self, node: &str) -> String {
        self.directory.join(node).to_string_lossy().into_owned()
    }

    /// Waits until all that is stored is followed, where nothing more is said. Where the store was thrown back, what was
    /// followed may not be stored any more.
    pub async fn follow(&mut self, stored: &Stored, thrown_back: bool) -> Compared {
        let agreed = poll(FOLLOWED_WITHIN, async || {
            let events = stored.events().await?;
            self.refresh();
            let lacking = self.lacking(&events).len();
            if lacking == 0 { Ok(events) } else { Err(format!("{lacking} events are not followed")) }
        })
        .await;
        let events = match agreed {
            Ok(events) => events,
            Err(last) => match stored.events().await {
                Ok(events) => events,
                Err(why) => return Compared { differences: vec![last, why], ..Compared::default() },
            },
        };
        let mut compared = self.compare(&events);
        if !thrown_back {
            let strangers = self.strangers(&events);
            let told = strangers.iter().take(TOLD).map(|event| format!("followed and not stored: {event:?}"));
            compared.differences.extend(told);
        }
        compared
    }

    /// Compares what is followed by now with these events.
    pub fn compare(&mut self, events: &BTreeSet<Named>) -> Compared {
        self.refresh();
        let lacking = self.lacking(events);
        let told = lacking.iter().take(TOLD).map(|event| format!("stored and not followed: {event:?}"));
        let mut differences: Vec<_> = told.collect();
        if lacking.len() > TOLD {
            differences.push(format!("stored and not followed: {} more", lacking.len() - TOLD));
        }
        Compared { stored: events.len(), lines: self.lines.values().sum(), differences }
    }

    /// What was followed in these groups and is not stored there.
    pub fn strangers(&self, events: &BTreeSet<Named>) -> Vec<&Named> {
        let firsts: BTreeMap<&str, i64> = events.iter().rev().map(|event| (event.group.as_str(), event.seq)).collect();
        let stands = |event: &&Named| firsts.get(event.group.as_str()).is_some_and(|first| event.seq >= *first);
        self.lines.keys().filter(stands).filter(|event| !events.contains(*event)).collect()
    }

    fn lacking<'a>(&self, events: &'a BTreeSet<Named>) -> Vec<&'a Named> {
        events.iter().filter(|event| !self.lines.contains_key(*event)).collect()
    }

    /// Reads what was written since.
    pub fn refresh(&mut self) {
        let within = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let files: Vec<_> = within(&self.directory).flat_map(|folder| within(&folder)).collect();
        for file in files {
            self.read_on(file);
        }
    }

    fn read_on(&mut self, path: PathBuf) {
        let at = self.read.entry(path.clone()).or_default();
        let mut text = Vec::new();
        let mut file = fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let read = file.seek(SeekFrom::Start(*at)).and_then(|_| file.read_to_end(&mut text));
        read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // A line that is cut short may yet be written on, or stays so where its process was killed.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        *at += whole as u64;
        for line in String::from_utf8_lossy(&text[..whole]).lines() {
            let line: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {line}: {error}", path.display()));
            assert!(line.get("text").is_none(), "what is said is nobody's business: {line}");
            if let Some(event) = named(&line) {
                *self.lines.entry(event).or_default() += 1;
            }
        }
    }
}

/// The event of a line; other lines tell what was removed.
fn named(line: &Value) -> Option<Named> {
    let string = |field: &str| Some(line[field].as_str()?.to_owned());
    let (group, kind, from) = (string("group")?, string("kind")?, string("from")?);
    Some(Named { group, seq: line["seq"].as_i64()?, kind, from, time: line["time"].as_i64()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(group: &str, seq: i64) -> Named {
        Named { group: group.into(), seq, kind: "text".into(), from: "anna".into(), time: 1_000 + seq }
    }

    fn line(event: &Named) -> String {
        let Named { group, seq, kind, from, time } = event;
        format!("{}\n", serde_json::json!({"group": group, "seq": seq, "kind": kind, "from": from, "time": time}))
    }

    /// Journals of two nodes, over three lives, with these lines in turn.
    fn written(events: &[Named]) -> (tempfile::TempDir, Journals) {
        let directory = tempfile::tempdir().unwrap();
        for life in ["a/1", "a/2", "b/1"] {
            fs::create_dir_all(directory.path().join(life).parent().unwrap()).unwrap();
        }
        let mut texts = [String::new(), String::new(), String::new()];
        events.iter().zip((0..3).cycle()).for_each(|(event, life): (_, usize)| texts[life] += &line(event));
        for (life, text) in ["a/1", "a/2", "b/1"].into_iter().zip(texts) {
            fs::write(directory.path().join(life), text).unwrap();
        }
        let journals = Journals::of(directory.path());
        (directory, journals)
    }

    fn some() -> BTreeSet<Named> {
        let groups = ["one", "two", "three"];
        groups.into_iter().flat_map(|group| (1..=7).map(move |seq| event(group, seq))).collect()
    }

    #[test]
    fn each_missing_line_is_found() {
        let events = some();
        let all: Vec<_> = events.iter().cloned().collect();
        assert_eq!(written(&all).1.compare(&events).differences, Vec::<String>::new());
        for missing in 0..all.len() {
            let mut planted = all.clone();
            let lacks = planted.remove(missing);
            let found = written(&planted).1.compare(&events).differences;
            assert_eq!(found, [format!("stored and not followed: {lacks:?}")]);
        }
    }

    #[test]
    fn another_event_under_the_same_seq_is_none() {
        let events = some();
        let mut all: Vec<_> = events.iter().cloned().collect();
        all[4].kind = "void".into();
        let (_directory, mut journals) = written(&all);
        assert_eq!(journals.compare(&events).differences.len(), 1);
        assert_eq!(journals.strangers(&events), [&all[4]]);
    }

    #[test]
    fn a_line_cut_short_counts_once_it_is_whole() {
        let (directory, mut journals) = written(&[]);
        let (file, events) = (directory.path().join("a/1"), BTreeSet::from([event("one", 1)]));
        let whole = line(&event("one", 1));
        fs::write(&file, &whole[..9]).unwrap();
        assert_eq!(journals.compare(&events).differences.len(), 1);
        fs::write(&file, &whole).unwrap();
        let Compared { stored, lines, differences } = journals.compare(&events);
        assert_eq!((stored, lines, differences.len()), (1, 1, 0));
    }

    #[test]
    fn what_was_removed_and_the_hubs_own_need_no_follower() {
        let firsts = HashMap::from([("one".to_owned(), 3), ("gone".to_owned(), i64::MAX)]);
        let probe = Named { from: "hub.probe".into(), ..event("own", 1) };
        let events = [event("one", 2), event("one", 3), event("gone", 9), probe, event("unknown", 1)];
        let counted: Vec<_> = events.iter().filter(|event| counts(event, &firsts)).collect();
        assert_eq!(counted, [&events[1], &events[4]], "an event without a group's document is nobody's excuse");
    }
}

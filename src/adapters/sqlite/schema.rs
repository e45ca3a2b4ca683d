//! How connections are set up, and tables brought up to their version.

use std::path::Path;
use std::time::Duration;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::tables::{DEVICES, FOLLOWERS, INVITES, PEOPLE, REACTIONS, STEPS, TABLES, VERSION};
use crate::domain::{Profile, name_key, search_form, words_of};
use crate::ports::StartError;

/// How long a connection waits for a lock that an outside tool (a backup) holds.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements that a connection keeps prepared: more than there are.
const STATEMENTS: usize = 64;

/// Opens the writing connection: in the write-ahead log, synced at each commit.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    // After a burst the log file shrinks back to this many bytes.
    db.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    // What is removed is overwritten: of what was deleted nothing stays in the file.
    db.pragma_update(None, "secure_delete", true)?;
    add_functions(&db)?;
    Ok(db)
}

/// Opens a connection that only reads.
pub(super) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    add_functions(&db)?;
    Ok(db)
}

/// Lets statements ask for the forms of names. No table, index or trigger does, so that other tools read the database.
fn add_functions(db: &Connection) -> rusqlite::Result<()> {
    let forms: [(&str, fn(&str) -> String); 2] = [("search_form", search_form), ("name_key", name_key)];
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, form) in forms {
        db.create_scalar_function(name, 1, flags, move |call| {
            Ok(call.get::<Option<String>>(0)?.map(|text| form(&text)))
        })?;
    }
    db.create_scalar_function("words_of", 2, flags, |call| {
        let words = words_of(&Profile { username: call.get(0)?, name: call.get(1)? });
        serde_json::to_string(&words).map_err(|error| rusqlite::Error::UserFunctionError(error.into()))
    })
}

/// Makes the tables in a new database, and brings older ones up to this version.
pub(super) fn migrate(db: &mut Connection) -> Result<(), StartError> {
    let failed = |what: &str, error: rusqlite::Error| StartError::Never(format!("{what}: {error}"));
    let version = user_version(db).map_err(|error| failed("cannot read its version", error))?;
    match version {
        0 => alter(db, &[&[TABLES, DEVICES, FOLLOWERS, PEOPLE, REACTIONS, INVITES]])
            .map_err(|error| failed("cannot make the tables", error)),
        VERSION => Ok(()),
        older if (1..VERSION).contains(&older) => {
            let steps = &STEPS[usize::try_from(older - 1).unwrap_or(0)..];
            alter(db, steps)
                .map_err(|error| failed(&format!("cannot bring the tables up to version {VERSION}"), error))?;
            tracing::warn!(
                from = older,
                to = VERSION,
                "the tables were brought up to this version: an older hubbub does not open them any more, and going back \
                 to one takes a copy of the data directory from before, without what was said since"
            );
            Ok(())
        }
        newer => Err(StartError::Never(format!(
            "the database has version {newer}, this hubbub knows versions up to {VERSION}: \
             use the newer hubbub that wrote it"
        ))),
    }
}

fn user_version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn alter(db: &mut Connection, steps: &[&[&str]]) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    for step in steps.concat() {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Records the number of partitions the first time; answers the recorded one.
pub(super) fn record_partitions(db: &Connection, partitions: u16) -> rusqlite::Result<u16> {
    db.execute("INSERT OR IGNORE INTO meta VALUES ('partitions', ?1)", params![partitions])?;
    let recorded: Option<u16> =
        db.query_row("SELECT value FROM meta WHERE key = 'partitions'", [], |row| row.get(0)).optional()?;
    Ok(recorded.unwrap_or(partitions))
}

/// Changes a row, so that storing is known to work.
pub(super) fn touch(db: &Connection) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta VALUES ('ping', 1) ON CONFLICT DO UPDATE SET value = value + 1";
    db.prepare_cached(sql)?.execute([])?;
    Ok(())
}

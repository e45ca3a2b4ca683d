//! The store of the one binary: a SQLite database in the data directory.
//!
//! - [`writer`]: one thread commits everything that is queued in one transaction, so a lone write
//!   never waits for company and many share one sync.
//! - [`readers`]: a few read-only connections on blocking threads.
//! - `tables`: as they are, and by version; [`schema`]: settings of a connection, and migrations; `columns`: what columns hold.
//! - `messages`, `groups`, `users`, `profiles`, `cursors`, `devices`, `reactions`, `replies`, `mentions`, `followers`, `due`: the statements behind each
//!   part of the port.
//! - `effects`: what events do to others; `rows`: what stands of it beside messages goes with them.

mod columns;
mod cursors;
mod deletions;
mod devices;
mod due;
mod effects;
mod errors;
mod followers;
mod groups;
mod invites;
mod mentions;
mod messages;
mod profiles;
mod reactions;
mod readers;
mod replies;
mod rows;
mod schema;
mod tables;
mod users;
mod writer;

use std::fs::{File, TryLockError};
use std::path::Path;

use async_trait::async_trait;
use rusqlite::Connection;

use crate::ports::{StartError, Store, StoreError, StoreHealth};
use readers::Readers;
use writer::Writer;

/// Read connections, and so queries that run at once: SQLite reads are short and CPU-bound.
const READERS: usize = 4;

/// A store in one file, for one process. Made to be shared behind an `Arc`.
pub struct SqliteStore {
    // In this order: the writer ends before the lock is given back.
    writer: Writer,
    readers: Readers,
    _lock: File,
}

// === impl SqliteStore ===

impl SqliteStore {
    /// Opens the database at `path` or makes it, brings its tables up to this version, and locks
    /// it against other processes (`<path>.lock`).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StartError> {
        let path = path.as_ref();
        let shown = path.display();
        let lock = lock(path)?;
        let failed = |error: rusqlite::Error| StartError::Never(format!("cannot open the database {shown}: {error}"));
        let mut main = schema::connect(path).map_err(failed)?;
        schema::migrate(&mut main).map_err(|error| error.map(|why| format!("{shown}: {why}")))?;
        let readers =
            (0..READERS).map(|_| schema::connect_reader(path)).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let writer = Writer::start(main).map_err(|error| StartError::Never(format!("{shown}: {error}")))?;
        Ok(Self { writer, readers: Readers::new(readers), _lock: lock })
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.run(query).await
    }

    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(change).await
    }

    /// The same, for what is to leave nothing in the files.
    async fn erase<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.erase(change).await
    }
}

#[async_trait]
impl StoreHealth for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.write(schema::touch).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn prepare(&self, partitions: u16) -> Result<(), StartError> {
        let recorded = self.write(move |db| schema::record_partitions(db, partitions)).await?;
        if recorded == partitions {
            return Ok(());
        }
        Err(StartError::Never(format!(
            "this data directory was made with {recorded} partitions, the configuration says \
             {partitions}: set it to {recorded}, the number is fixed once there are messages"
        )))
    }

    /// Always true: the file lock keeps other processes out.
    async fn hold_single_node_lease(&self, _node: &str, _lease_ms: u64) -> Result<bool, StoreError> {
        Ok(true)
    }
}

/// Takes the lock beside the database. It ends with the process, however that ends.
fn lock(path: &Path) -> Result<File, StartError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = Path::new(&name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(name)
        .map_err(|error| StartError::Never(format!("cannot make the lock file {}: {error}", name.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::Never(format!(
            "another hubbub uses {}: stop it, or give this one a data directory of its own",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(StartError::Never(format!("cannot lock {}: {error}", name.display()))),
    }
}

/// A count or seq as SQLite keeps it. What is beyond 63 bits stands for "the greatest there is".
fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count or seq as it was kept; never negative in the database.
fn from_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

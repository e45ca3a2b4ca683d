//! The writing thread: everything that is queued goes into one transaction and shares one sync.
//!
//! While one transaction is being synced the next batch gathers, so batches grow with load and a
//! lone write is committed at once. An answer is given only after the commit. (The same idea as the kernel's batcher, but
//! for a thread that blocks, and with a queue that has those who ask wait where it is full.)

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::errors::store_error;
use super::schema::BUSY_TIMEOUT;
use crate::ports::StoreError;

/// Changes that wait for the writer before those who ask must wait themselves.
const QUEUE: usize = 4096;

/// How long the log is waited for until nobody reads from it: reads are short.
const TRUNCATE_WITHIN: Duration = Duration::from_millis(250);

/// Changes in one transaction at most, so that the first of them is not kept waiting for long.
const BATCH: usize = 1024;

/// The handle of the writing thread. Dropped, it lets the thread finish what is queued.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Change>>>,
    thread: Option<JoinHandle<()>>,
}

/// A change that waits to be committed, and who asked for it.
trait Change: Send {
    /// Makes the change in the open transaction.
    fn make(&mut self, db: &Connection) -> rusqlite::Result<()>;
    /// Whether it is to leave nothing in the files of what was there.
    fn erases(&self) -> bool;
    /// Answers, now that it is known whether the change is on disk.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A change that answers with a `T`.
struct Asked<T, F> {
    work: Option<F>,
    outcome: Option<T>,
    erases: bool,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

// === impl Writer ===

impl Writer {
    /// Starts the thread on the writing connection.
    pub(super) fn start(db: Connection) -> io::Result<Self> {
        let (queue, changes) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new().name("sqlite-writer".into()).spawn(move || {
            write_all(&db, changes);
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Makes a change and waits until it is on disk. A change fails alone, unless SQLite gives up
    /// the whole transaction.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(work, false).await
    }

    /// The same; then the log is emptied, so that nothing stays in the files of what was there before.
    pub(super) async fn erase<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(work, true).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        erases: bool,
    ) -> Result<T, StoreError> {
        let gone = || StoreError::Unreachable("the database's writer has ended".into());
        let (reply, answer) = oneshot::channel();
        let change = Box::new(Asked { work: Some(work), outcome: None, erases, reply });
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(change).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It catches panics of changes and has nothing else to report.
            let _ = thread.join();
        }
    }
}

fn write_all(db: &Connection, mut changes: mpsc::Receiver<Box<dyn Change>>) {
    let mut truncates = false;
    while let Some(first) = changes.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match changes.try_recv() {
                Ok(change) => batch.push(change),
                Err(_) => break,
            }
        }
        truncates |= batch.iter().any(|change| change.erases());
        commit(db, batch);
        truncates = truncates && !truncate(db);
    }
    // Connections that only read leave the log behind.
    truncate(db);
}

/// Empties the log into the database; false while somebody reads from it, which is tried again behind the next change.
fn truncate(db: &Connection) -> bool {
    let checkpoint = || db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    let is_busy = db.busy_timeout(TRUNCATE_WITHIN).and_then(|()| checkpoint());
    let done = is_busy.and_then(|is_busy| db.busy_timeout(BUSY_TIMEOUT).map(|()| !is_busy));
    done.unwrap_or_else(|error| {
        tracing::warn!(%error, "the database's log was not emptied");
        false
    })
}

/// Commits a batch in one transaction and answers everybody.
fn commit(db: &Connection, batch: Vec<Box<dyn Change>>) {
    let mut made = Vec::with_capacity(batch.len());
    let ended = match db.execute_batch("BEGIN IMMEDIATE") {
        Ok(()) => make_all(db, batch, &mut made),
        Err(error) => {
            made = batch;
            Err(store_error(error))
        }
    };
    if ended.is_err() && !db.is_autocommit() {
        // What failed may be the disk; SQLite then rolls back by itself at the next statement.
        let _ = db.execute_batch("ROLLBACK");
    }
    for change in made {
        change.answer(ended.clone());
    }
}

/// Makes each change in a savepoint of its own. Those that fail by themselves are answered at
/// once, the others are put into `made`; an error is one of the whole transaction.
fn make_all(db: &Connection, batch: Vec<Box<dyn Change>>, made: &mut Vec<Box<dyn Change>>) -> Result<(), StoreError> {
    let mut batch = batch.into_iter();
    while let Some(mut change) = batch.next() {
        let outcome = make_one(db, change.as_mut());
        let alive = !db.is_autocommit();
        match outcome {
            Ok(()) => made.push(change),
            Err(error) if alive => change.answer(Err(store_error(error))),
            Err(error) => {
                made.push(change);
                made.extend(batch);
                return Err(store_error(error));
            }
        }
    }
    db.execute_batch("COMMIT").map_err(store_error)
}

fn make_one(db: &Connection, change: &mut dyn Change) -> rusqlite::Result<()> {
    db.prepare_cached("SAVEPOINT change")?.execute([])?;
    let made = catch_unwind(AssertUnwindSafe(|| change.make(db))).unwrap_or(Err(rusqlite::Error::UnwindingPanic));
    if made.is_err() && !db.is_autocommit() {
        db.prepare_cached("ROLLBACK TO change")?.execute([])?;
    }
    if !db.is_autocommit() {
        db.prepare_cached("RELEASE change")?.execute([])?;
    }
    made
}

// === impl Asked ===

impl<T, F> Change for Asked<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn make(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if let Some(work) = self.work.take() {
            self.outcome = Some(work(db)?);
        }
        Ok(())
    }

    fn erases(&self) -> bool {
        self.erases
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let never_made = || StoreError::Unreachable("the change was not made".into());
        let Self { outcome, reply, .. } = *self;
        let answer = committed.and_then(|()| outcome.ok_or_else(never_made));
        // Whoever asked may have stopped waiting; the change stands all the same.
        let _ = reply.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;

    /// A writer on a database of `pages` pages at most: SQLite reports a full disk beyond.
    fn writer(path: &std::path::Path, pages: u32) -> Writer {
        let db = super::super::schema::connect(path).unwrap();
        db.execute_batch("CREATE TABLE t (x)").unwrap();
        db.execute_batch(&format!("PRAGMA max_page_count = {pages}")).unwrap();
        Writer::start(db).unwrap()
    }

    fn put(db: &Connection, value: &str) -> rusqlite::Result<()> {
        db.execute("INSERT INTO t VALUES (?1)", [value]).map(drop)
    }

    async fn rows(writer: &Writer) -> i64 {
        writer.run(|db| db.query_row("SELECT count(*) FROM t", [], |row| row.get(0))).await.unwrap()
    }

    #[tokio::test]
    async fn a_change_that_fails_takes_no_other_along() {
        let directory = tempfile::tempdir().unwrap();
        let writer = writer(&directory.path().join("db"), 1000);
        let answers = join_all((0..50).map(|number| {
            writer.run(move |db| {
                put(db, "one")?;
                match number % 5 {
                    1 => put(db, "two").and(Err(rusqlite::Error::InvalidQuery)),
                    2 => panic!("a fault in a change"),
                    3 => db.execute("INSERT INTO absent VALUES (1)", []).map(drop),
                    _ => Ok(()),
                }
            })
        }))
        .await;
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!(answer.is_ok(), matches!(number % 5, 0 | 4), "{number}: {answer:?}");
        }
        assert_eq!(rows(&writer).await, 20);
    }

    #[tokio::test]
    async fn a_full_disk_stores_nothing_and_heals() {
        let directory = tempfile::tempdir().unwrap();
        let writer = writer(&directory.path().join("db"), 10);
        let big = "x".repeat(100_000);
        let (first, second) = (big.clone(), big.clone());
        let full = writer.run(move |db| put(db, &first)).await;
        assert!(matches!(&full, Err(StoreError::Unreachable(why)) if why.contains("disk is full")));
        assert_eq!(rows(&writer).await, 0);
        writer.run(|db| put(db, "small")).await.unwrap();
        writer.run(|db| db.execute_batch("PRAGMA max_page_count = 1000")).await.unwrap();
        writer.run(move |db| put(db, &second)).await.unwrap();
        assert_eq!(rows(&writer).await, 2);
    }

    #[tokio::test]
    async fn what_is_queued_is_finished_before_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("db");
        let writer = writer(&path, 1000);
        let asked: Vec<_> = (0..100).map(|_| Box::pin(writer.run(|db| put(db, "one")))).collect();
        for mut change in asked {
            // Once polled it is queued; then whoever asked goes away.
            let _ = futures::poll!(&mut change);
        }
        drop(writer);
        let db = Connection::open(path).unwrap();
        let count: i64 = db.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 100);
    }
}

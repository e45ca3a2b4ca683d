//! A journal in a directory: a file for each life of the process.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::domain::now_ms;
use crate::ports::{Journal, JournalError};

/// So many bytes wait at most.
const WAITING: usize = 16 << 20;
/// Names that are tried for a new file.
const TRIES: u32 = 100;

/// A journal in a directory.
#[derive(Debug)]
pub struct FileJournal {
    directory: PathBuf,
    /// Begins the names of its files.
    node: String,
    waiting: Mutex<Vec<u8>>,
    /// The file that is written to; a new one is made after an error.
    file: Arc<Mutex<Option<File>>>,
    /// One sync at a time.
    turn: tokio::sync::Mutex<()>,
}

// === impl FileJournal ===

impl FileJournal {
    /// Opens a file of its own in the directory, which is made where it is missing.
    ///
    /// # Errors
    /// Nothing can be written there.
    pub fn open(directory: &Path, node: &str) -> std::io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let file = new_file(directory, node)?;
        Ok(Self {
            directory: directory.to_owned(),
            node: node.to_owned(),
            waiting: Mutex::default(),
            file: Arc::new(Mutex::new(Some(file))),
            turn: tokio::sync::Mutex::default(),
        })
    }
}

/// A file that was not there before.
fn new_file(directory: &Path, node: &str) -> std::io::Result<File> {
    let begun = now_ms();
    for number in 0..TRIES {
        let path = directory.join(format!("{node}-{begun}-{number}.jsonl"));
        match File::create_new(&path) {
            // The name is to outlive a power cut, too.
            Ok(file) => return File::open(directory).and_then(|directory| directory.sync_all()).map(|()| file),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn write(kept: &mut Option<File>, directory: &Path, node: &str, lines: &[u8]) -> std::io::Result<()> {
    let mut file = match kept.take() {
        Some(file) => file,
        None => new_file(directory, node)?,
    };
    // Where this fails, nobody knows what the file holds: it is not written to any more.
    file.write_all(lines)?;
    file.sync_data()?;
    *kept = Some(file);
    Ok(())
}

#[async_trait]
impl Journal for FileJournal {
    fn append(&self, lines: &str) -> Result<(), JournalError> {
        let mut waiting = self.waiting.lock();
        if waiting.len() + lines.len() > WAITING {
            return Err(JournalError("too much waits to be written".into()));
        }
        waiting.extend_from_slice(lines.as_bytes());
        Ok(())
    }

    async fn sync(&self) -> Result<(), JournalError> {
        let _turn = self.turn.lock().await;
        let lines = self.waiting.lock().clone();
        if lines.is_empty() {
            return Ok(());
        }
        let (file, directory, node, count) =
            (self.file.clone(), self.directory.clone(), self.node.clone(), lines.len());
        let written = tokio::task::spawn_blocking(move || write(&mut file.lock(), &directory, &node, &lines)).await;
        match written {
            Ok(Ok(())) => {
                self.waiting.lock().drain(..count);
                Ok(())
            }
            Ok(Err(error)) => Err(JournalError(error.to_string())),
            Err(error) => Err(JournalError(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(directory: &Path) -> Vec<String> {
        let mut paths: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }

    #[tokio::test]
    async fn lines_are_there_after_a_sync_and_each_life_has_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let one = FileJournal::open(&path, "a").unwrap();
        one.append("1\n2\n").unwrap();
        one.sync().await.unwrap();
        one.append("3\n").unwrap();
        one.sync().await.unwrap();
        let other = FileJournal::open(&path, "a").unwrap();
        other.append("4\n").unwrap();
        other.sync().await.unwrap();
        assert_eq!(files(&path), ["1\n2\n3\n", "4\n"]);
    }

    #[tokio::test]
    async fn after_an_error_the_lines_go_into_another_file() {
        let dir = tempfile::tempdir().unwrap();
        let journal = FileJournal::open(dir.path(), "a").unwrap();
        // A file that cannot be written to.
        *journal.file.lock() = Some(File::open("/dev/null").unwrap());
        journal.append("1\n").unwrap();
        assert!(journal.sync().await.is_err());
        journal.append("2\n").unwrap();
        journal.sync().await.unwrap();
        assert_eq!(files(dir.path()).concat(), "1\n2\n");
        assert!(journal.append(&"x".repeat(WAITING + 1)).is_err());
    }
}

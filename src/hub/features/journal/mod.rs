//! What was said is written down, without its text: an audit trail for operators.

use std::fmt::Write;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use crate::domain::{Event, GroupId, Millis, Seq};
use crate::hub::followers::{Begins, Failure, Follower};
use crate::ports::Journal;

/// Its name.
pub(crate) const JOURNAL: &str = "journal";

/// The follower that writes a line for each event.
pub(crate) struct JournalKeeper {
    journal: Arc<dyn Journal>,
}

/// A line for an event.
#[derive(Serialize)]
struct Line<'a> {
    group: &'a str,
    seq: Seq,
    kind: &'a str,
    from: &'a str,
    time: Millis,
}

/// A line for what was removed.
#[derive(Serialize)]
struct ExpiredLine<'a> {
    group: &'a str,
    /// What lies below is not stored any more.
    first: Seq,
}

// === impl JournalKeeper ===

impl JournalKeeper {
    pub(crate) fn new(journal: Arc<dyn Journal>) -> Self {
        Self { journal }
    }

    fn write(&self, lines: &str) -> Result<(), Failure> {
        self.journal.append(lines).map_err(|error| Failure::Other(error.to_string()))
    }
}

#[async_trait]
impl Follower for JournalKeeper {
    fn name(&self) -> &'static str {
        JOURNAL
    }

    fn begins(&self) -> Begins {
        Begins::Everything
    }

    async fn events(&self, group: &GroupId, events: &[Event]) -> Result<(), Failure> {
        let mut lines = String::new();
        for event in events {
            let Event { seq, kind, from, time, .. } = event;
            let line = Line { group: group.as_str(), seq: *seq, kind: kind.as_str(), from: from.as_str(), time: *time };
            add(&mut lines, &line)?;
        }
        self.write(&lines)
    }

    async fn expired(&self, group: &GroupId, first: Seq) -> Result<(), Failure> {
        let mut line = String::new();
        add(&mut line, &ExpiredLine { group: group.as_str(), first })?;
        self.write(&line)
    }

    async fn flush(&self) -> Result<(), Failure> {
        self.journal.sync().await.map_err(|error| Failure::Other(error.to_string()))
    }
}

fn add(lines: &mut String, line: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(line).map_err(|error| Failure::Other(error.to_string()))?;
    writeln!(lines, "{json}").map_err(|error| Failure::Other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::hub::testing::{joined, text};
    use crate::ports::JournalError;

    #[derive(Default)]
    struct Paper(Mutex<String>);

    #[async_trait]
    impl Journal for Paper {
        fn append(&self, lines: &str) -> Result<(), JournalError> {
            self.0.lock().push_str(lines);
            Ok(())
        }

        async fn sync(&self) -> Result<(), JournalError> {
            Err(JournalError("full".into()))
        }
    }

    #[tokio::test]
    async fn each_event_is_a_line_without_its_text() {
        let (paper, group) = (Arc::<Paper>::default(), GroupId::random());
        let keeper = JournalKeeper::new(paper.clone());
        keeper.events(&group, &[joined(&group, 1, "anna"), text(&group, 2, "anna")]).await.unwrap();
        keeper.expired(&group, 2).await.unwrap();
        let id = group.as_str();
        let lines = [
            format!(r#"{{"group":"{id}","seq":1,"kind":"joined","from":"hub.system","time":1}}"#),
            format!(r#"{{"group":"{id}","seq":2,"kind":"text","from":"anna","time":2}}"#),
            format!(r#"{{"group":"{id}","first":2}}"#),
        ];
        assert_eq!(paper.0.lock().lines().collect::<Vec<_>>(), lines);
        assert!(keeper.flush().await.is_err(), "what is not durable is not done");
    }
}

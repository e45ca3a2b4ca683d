//! A follower that records what it is given.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use parking_lot::Mutex;

use super::super::{Begins, Failure, Follower};
use crate::domain::{Event, GroupId, Seq};
use crate::ports::{Due, Extent};

pub(super) struct Recorder {
    name: &'static str,
    begins: Begins,
    pub(super) edition: &'static str,
    pub(super) seen: Mutex<HashMap<GroupId, Vec<Seq>>>,
    pub(super) expired: Mutex<Vec<(GroupId, Seq)>>,
    pub(super) begun: Mutex<Vec<GroupId>>,
    pub(super) done: Mutex<Vec<Due>>,
    /// Groups that it cannot work on.
    pub(super) unable: Mutex<HashSet<GroupId>>,
    /// Groups at which it panics.
    pub(super) panics: Mutex<HashSet<GroupId>>,
    /// Whether it cannot keep what it has done.
    pub(super) full: Mutex<bool>,
}

// === impl Recorder ===

impl Recorder {
    pub(super) fn new(name: &'static str, begins: Begins) -> Self {
        Self {
            name,
            begins,
            edition: "",
            seen: Mutex::default(),
            expired: Mutex::default(),
            begun: Mutex::default(),
            done: Mutex::default(),
            unable: Mutex::default(),
            panics: Mutex::default(),
            full: Mutex::default(),
        }
    }

    pub(super) fn seen(&self, group: &GroupId) -> Vec<Seq> {
        self.seen.lock().get(group).cloned().unwrap_or_default()
    }
}

#[async_trait]
impl Follower for Recorder {
    fn name(&self) -> &'static str {
        self.name
    }

    fn edition(&self) -> String {
        self.edition.to_owned()
    }

    fn begins(&self) -> Begins {
        self.begins
    }

    async fn begun(&self, extents: &[Extent]) -> Result<(), Failure> {
        self.begun.lock().extend(extents.iter().map(|extent| extent.group.clone()));
        Ok(())
    }

    async fn events(&self, group: &GroupId, events: &[Event]) -> Result<(), Failure> {
        assert!(!self.panics.lock().contains(group), "planned");
        if self.unable.lock().contains(group) {
            return Err(Failure::Other("unable".into()));
        }
        self.seen.lock().entry(group.clone()).or_default().extend(events.iter().map(|event| event.seq));
        Ok(())
    }

    async fn expired(&self, group: &GroupId, first: Seq) -> Result<(), Failure> {
        self.expired.lock().push((group.clone(), first));
        Ok(())
    }

    async fn flush(&self) -> Result<(), Failure> {
        if *self.full.lock() { Err(Failure::Other("full".into())) } else { Ok(()) }
    }

    fn has_due(&self) -> bool {
        true
    }

    async fn due(&self, due: &Due) -> Result<(), Failure> {
        if self.unable.lock().contains(&due.group) {
            return Err(Failure::Other("unable".into()));
        }
        self.done.lock().push(due.clone());
        Ok(())
    }
}

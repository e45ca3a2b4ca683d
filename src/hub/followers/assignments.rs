//! What this node works on for its followers.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::assignment::Assignment;
use crate::ports::Partition;

/// A follower's name, and a partition.
pub(super) type Place = (&'static str, Partition);

/// What this node works on.
#[derive(Default)]
pub(super) struct Assignments {
    places: Mutex<BTreeMap<Place, Arc<Assignment>>>,
}

// === impl Assignments ===

impl Assignments {
    pub(super) fn put(&self, assignment: Arc<Assignment>) {
        self.places.lock().insert(place(&assignment), assignment);
    }

    /// It is given up; another of the same place stays.
    pub(super) fn remove(&self, assignment: &Arc<Assignment>) {
        let mut places = self.places.lock();
        if places.get(&place(assignment)).is_some_and(|held| Arc::ptr_eq(held, assignment)) {
            places.remove(&place(assignment));
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<Assignment>> {
        self.places.lock().values().cloned().collect()
    }

    pub(super) fn by_partition(&self) -> BTreeMap<Partition, Vec<Arc<Assignment>>> {
        let mut partitions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for assignment in self.all() {
            partitions.entry(assignment.partition).or_default().push(assignment);
        }
        partitions
    }
}

fn place(assignment: &Assignment) -> Place {
    (assignment.follower.name(), assignment.partition)
}

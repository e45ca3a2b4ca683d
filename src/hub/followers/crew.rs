//! Workers are set to work, and end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::assignment::Assignment;
use super::assignments::Assignments;
use super::follower::Follower;
use super::worker::Worker;
use crate::hub::tasks::Tasks;
use crate::ports::Partition;

/// A worker that is told to end has so long for it; what it has not stored by then is done once more.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

/// Sets workers to work.
pub(super) struct Crew {
    assignments: Arc<Assignments>,
    worker: Arc<Worker>,
    tasks: Tasks,
}

/// A worker in a partition.
pub(super) struct Hired {
    assignment: Arc<Assignment>,
    assignments: Arc<Assignments>,
    ended: oneshot::Receiver<()>,
}

// === impl Crew ===

impl Crew {
    pub(super) fn new(assignments: Arc<Assignments>, worker: Worker, tasks: Tasks) -> Self {
        Self { assignments, worker: Arc::new(worker), tasks }
    }

    /// Has a follower worked for in a partition.
    pub(super) fn hire(&self, follower: Arc<dyn Follower>, partition: Partition) -> Hired {
        let assignment = Assignment::new(follower, partition);
        let (end, ended) = oneshot::channel::<()>();
        let (worker, assigned) = (self.worker.clone(), assignment.clone());
        self.tasks.spawn(async move {
            worker.run(assigned).await;
            drop(end);
        });
        self.assignments.put(assignment.clone());
        Hired { assignment, assignments: self.assignments.clone(), ended }
    }
}

// === impl Hired ===

impl Hired {
    /// Ends the work.
    pub(super) async fn dismiss(self) {
        self.assignments.remove(&self.assignment);
        self.assignment.end();
        // It ends by itself if this takes too long.
        let _ = tokio::time::timeout(ENDS_WITHIN, self.ended).await;
    }
}

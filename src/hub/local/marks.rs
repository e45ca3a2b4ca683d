//! Read marks that wait to be stored together.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::domain::{GroupId, Mark, UserId};
use crate::kernel::Delayed;

/// Marks that are raised on this node and wait: by user, since the store keeps them so.
#[derive(Default)]
pub(crate) struct WaitingMarks {
    waiting: Mutex<Delayed<UserId, HashMap<GroupId, Mark>>>,
}

// === impl WaitingMarks ===

impl WaitingMarks {
    /// Keeps a mark for so long, together with others of its user.
    pub(crate) fn raise(&self, user: &UserId, group: &GroupId, mark: Mark, after: Duration) {
        let mut waiting = self.waiting.lock();
        let entry = waiting.entry(user, after).entry(group.clone()).or_default();
        *entry = entry.max(mark);
    }

    /// The user has left: what is known here, another node may be asked for next.
    pub(crate) fn hasten(&self, user: &UserId) {
        self.waiting.lock().hasten(user);
    }

    /// The mark as far as this node knows it: what is stored, and what waits to be.
    pub(crate) fn latest(&self, user: &UserId, group: &GroupId, stored: &HashMap<GroupId, Mark>) -> Mark {
        self.latest_in(user, group, stored.get(group).copied().unwrap_or_default())
    }

    /// The same of one mark.
    pub(crate) fn latest_in(&self, user: &UserId, group: &GroupId, stored: Mark) -> Mark {
        let waiting = self.waiting.lock();
        let waiting = waiting.get(user).and_then(|marks| marks.get(group)).copied().unwrap_or_default();
        stored.max(waiting)
    }

    /// Takes the marks of so many users at most that are due at a moment.
    pub(crate) fn take_due(&self, due: Instant, users: usize) -> Vec<(UserId, GroupId, Mark)> {
        let taken = self.waiting.lock().take_due(due, users);
        let of_user = |(user, marks): (UserId, HashMap<GroupId, Mark>)| {
            marks.into_iter().map(move |(group, mark)| (user.clone(), group, mark))
        };
        taken.into_iter().flat_map(of_user).collect()
    }
}

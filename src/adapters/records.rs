//! Members' records in the documents of groups: what a later version put there stays where members change.

use std::collections::HashMap;

use crate::domain::{Member, Seq, UserId};

/// The records that stood in a document, by member and by the seq with which they joined: whoever comes back begins
/// with nothing of what was said of them before.
pub(crate) struct Records<R>(HashMap<(UserId, Seq), R>);

// === impl Records ===

impl<R, V> Records<R>
where
    R: IntoIterator<Item = (String, V)> + Extend<(String, V)>,
{
    pub(crate) fn of(stored: impl IntoIterator<Item = (Member, R)>) -> Self {
        Self(stored.into_iter().map(|(member, record)| ((member.id, member.since), record)).collect())
    }

    /// The record of a member as it is to be written: what is known of them now over what stood there.
    pub(crate) fn with(&mut self, member: &Member, now: R) -> R {
        match self.0.remove(&(member.id.clone(), member.since)) {
            Some(mut record) => {
                record.extend(now);
                record
            }
            None => now,
        }
    }
}

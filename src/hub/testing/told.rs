//! Upcalls, noted.

use parking_lot::Mutex;

use crate::hub::upcalls::{Upcall, Upcalls};

/// Notes what goes up.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<Vec<String>>);

// === impl Told ===

impl Told {
    /// What went up since this was asked last.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl Upcalls for Told {
    fn tell(&self, upcall: Upcall<'_>) {
        let told = match upcall {
            Upcall::Peer(event) => format!("peer {event:?}"),
            Upcall::Stored { events, .. } => format!("stored {:?}", events.iter().map(|e| e.seq).collect::<Vec<_>>()),
            Upcall::Acked(event) => format!("acked {}", event.seq),
            Upcall::GroupGone(_) => "group gone".into(),
            Upcall::Newcomer { user, after, .. } => format!("newcomer {user} after {after}"),
            Upcall::MembersChanged { change, .. } => format!("members changed: {change:?}"),
            Upcall::Partners { partners, .. } => format!("partners {partners:?}"),
            Upcall::Came { session, .. } => format!("came {}", session.user),
            Upcall::Went { user, .. } => format!("went {user}"),
            Upcall::SessionEnded(session) => format!("session of {} ended", session.user),
            Upcall::NodeGone(users) => format!("node gone with {users:?}"),
        };
        self.0.lock().push(told);
    }
}

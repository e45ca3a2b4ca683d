//! A newer device takes over, where a user has one at a time.

use std::sync::Arc;

use crate::domain::{Ending, SessionId, UserId};
use crate::hub::codec::PeerEvent;
use crate::hub::config::Devices;
use crate::hub::local::{LocalUsers, SessionHandle};
use crate::hub::node::NodeState;
use crate::hub::pipeline::peers::Peers;
use crate::hub::tasks::Tasks;
use crate::ports::{PresenceChange, SessionRecord};

/// Ends what a newer device takes over.
pub(crate) struct Takeover {
    devices: Devices,
    node: Arc<NodeState>,
    users: Arc<LocalUsers>,
    peers: Arc<Peers>,
    tasks: Tasks,
}

// === impl Takeover ===

impl Takeover {
    pub(crate) fn new(
        devices: Devices,
        node: Arc<NodeState>,
        users: Arc<LocalUsers>,
        peers: Arc<Peers>,
        tasks: Tasks,
    ) -> Self {
        Self { devices, node, users, peers, tasks }
    }

    /// A session was registered beside others of its user. Sessions of one named device stay: they are its windows.
    pub(crate) fn came(&self, session: &SessionHandle, change: &PresenceChange) {
        if self.devices == Devices::Many {
            return;
        }
        let me = self.node.name();
        for other in change.others.iter().filter(|other| is_another(session, other)) {
            let (user, older) = (session.user.clone(), other.session.clone());
            if other.node == me {
                self.end(&user, &older);
                continue;
            }
            let (peers, node) = (self.peers.clone(), other.node.clone());
            self.tasks.spawn(async move {
                if peers.tell_node(&node, PeerEvent::TakenOver { user, session: older }).await.is_err() {
                    tracing::debug!(%node, "an older device was not told that it ends");
                }
            });
        }
    }

    /// Ends a session of this node.
    pub(crate) fn end(&self, user: &UserId, session: &SessionId) {
        let older = self.users.sessions(user).into_iter().filter(|here| here.id == *session);
        older.for_each(|older| older.close(Ending::TakenOver));
    }
}

/// Whether a session is of another device than the one that came.
fn is_another(came: &SessionHandle, other: &SessionRecord) -> bool {
    other.session != came.id && (came.device.is_none() || other.device != came.device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore, device_session, open_session, until};

    fn takeover(bed: &Bed, devices: Devices) -> Takeover {
        bed.node.begin_life(record("a.1").node);
        Takeover::new(devices, bed.node.clone(), bed.users.clone(), bed.peers.clone(), bed.tasks.clone())
    }

    fn on(node: &str, session: &SessionHandle) -> SessionRecord {
        SessionRecord { session: session.id.clone(), node: record(node).node, device: session.device.clone() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_device_takes_over_here_and_elsewhere_and_its_own_windows_stay() {
        let bed = Bed::new(MemoryStore::default());
        let [window, phone, newest] =
            ["laptop", "phone", "laptop"].map(|name| device_session(&bed.users, "anna", name));
        let (unnamed, heard) = open_session(&bed.users, "anna");
        let elsewhere = SessionRecord { session: SessionId::random(), ..on("b.1", &unnamed) };
        let others = vec![on("a.1", &window.0), on("a.1", &phone.0), on("a.1", &unnamed), elsewhere.clone()];
        let change = PresenceChange { others, ..PresenceChange::default() };
        takeover(&bed, Devices::Many).came(&newest.0, &change);
        assert_eq!((phone.1.ending(), bed.inboxes.take().len()), (None, 0), "all stay where many may");
        takeover(&bed, Devices::One).came(&newest.0, &change);
        let endings = [&window.1, &phone.1, &heard, &newest.1].map(|ear| ear.ending());
        assert_eq!(endings, [None, Some(Ending::TakenOver), Some(Ending::TakenOver), None]);
        let mut told = Vec::new();
        until(|| {
            told.extend(bed.inboxes.take());
            !told.is_empty()
        })
        .await;
        let [PeerEvent::TakenOver { session, .. }] = &told[0].1[..] else { panic!("{told:?}") };
        assert_eq!((told[0].0.as_str(), session), ("b.1", &elsewhere.session));
    }
}

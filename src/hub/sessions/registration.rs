//! Sessions are registered under their users, and removed.

use std::sync::Arc;

use futures::StreamExt;

use crate::domain::{NodeName, Refusal, SessionId, UserId};
use crate::hub::local::{LocalUsers, SessionHandle};
use crate::hub::node::NodeState;
use crate::hub::tasks::RETRY;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::ports::{Registry, SessionRecord};

/// Sessions registered again at the same time after a loss.
const AT_ONCE: usize = 64;

/// Registers sessions of this node.
pub(crate) struct Registration {
    registry: Arc<dyn Registry>,
    node: Arc<NodeState>,
    users: Arc<LocalUsers>,
    upcalls: Arc<dyn Upcalls>,
}

// === impl Registration ===

impl Registration {
    pub(crate) fn new(
        registry: Arc<dyn Registry>,
        node: Arc<NodeState>,
        users: Arc<LocalUsers>,
        upcalls: Arc<dyn Upcalls>,
    ) -> Self {
        Self { registry, node, users, upcalls }
    }

    pub(crate) async fn register(&self, handle: &Arc<SessionHandle>) -> Result<(), Refusal> {
        let record = record_of(handle, self.node.name());
        let change = self.registry.register(&handle.user, &record).await?;
        self.upcalls.tell(Upcall::Came { session: handle, change: &change });
        Ok(())
    }

    /// Tries until it is done or this life of the node is over (it is reaped then).
    pub(crate) async fn unregister(&self, user: UserId, session: SessionId) {
        let name = self.node.name();
        let record = SessionRecord { session, node: name.clone(), device: None };
        let mut retry = RETRY;
        while self.node.name() == name {
            match self.registry.unregister(&user, &record).await {
                Ok(change) => return self.upcalls.tell(Upcall::Went { user: &user, change: &change }),
                Err(error) => {
                    tracing::debug!(%error, "a session is still to be unregistered");
                    retry.pause().await;
                }
            }
        }
    }

    /// Registers all sessions again: the node's life is a new one.
    pub(crate) async fn register_all(&self) {
        let name = self.node.name();
        let register = |session| self.register_again(session, name.clone());
        futures::stream::iter(self.users.all()).for_each_concurrent(AT_ONCE, register).await;
    }

    async fn register_again(&self, session: Arc<SessionHandle>, name: NodeName) {
        let record = record_of(&session, name.clone());
        let mut retry = RETRY;
        while self.node.name() == name && !session.is_over() {
            match self.registry.register(&session.user, &record).await {
                Ok(change) => {
                    self.upcalls.tell(Upcall::Came { session: &session, change: &change });
                    break;
                }
                Err(_) => retry.pause().await,
            }
        }
        if session.is_over() {
            // It may have ended, and been removed, while it stood in line to be registered: those who go do not
            // wait for those who come.
            self.unregister(session.user.clone(), session.id.clone()).await;
        }
    }
}

fn record_of(session: &SessionHandle, node: NodeName) -> SessionRecord {
    SessionRecord { session: session.id.clone(), node, device: session.device.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{MemoryRegistry, Told, node, open_session};

    #[tokio::test]
    async fn sessions_come_and_go_and_are_registered_again_in_a_new_life() {
        let (registry, node, told) = (Arc::<MemoryRegistry>::default(), node(), Arc::<Told>::default());
        let users = Arc::<LocalUsers>::default();
        let registration = Registration::new(registry.clone(), node.clone(), users.clone(), told.clone());
        let (anna, _ear) = open_session(&users, "anna");
        registration.register(&anna).await.unwrap();
        node.begin_life(record("a.2").node);
        registration.register_all().await;
        let nodes: Vec<_> = registry.sessions.lock()[&anna.user].iter().map(|one| one.node.to_string()).collect();
        assert_eq!(nodes.last().unwrap(), "a.2");
        registration.unregister(anna.user.clone(), anna.id.clone()).await;
        assert_eq!(told.take(), ["came anna", "came anna", "went anna"]);
    }
}

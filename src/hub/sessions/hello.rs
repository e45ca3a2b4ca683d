//! A session begins: registered first, memberships read then, `welcome`, replay; and ends.

use std::collections::HashMap;
use std::sync::Arc;

use super::admission::{Refused, check_standing};
use super::arrivals::{Arrivals, Arrived};
use super::metrics::SessionMetrics;
use super::registration::Registration;
use super::welcome::Welcome;
use crate::domain::{DeviceName, Ending, GroupId, Refusal, Seq};
use crate::hub::groups::{Attacher, Comparisons, Joiner};
use crate::hub::local::{LocalUsers, SessionHandle};
use crate::hub::node::NodeState;
use crate::hub::tasks::Tasks;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::ports::{Identity, Outbound};
use crate::protocol::Encoding;

/// Sessions of this node, from `hello` to their end.
pub(crate) struct Sessions {
    opening: Opening,
    registration: Arc<Registration>,
    users: Arc<LocalUsers>,
    node: Arc<NodeState>,
    upcalls: Arc<dyn Upcalls>,
    metrics: SessionMetrics,
    tasks: Tasks,
}

/// The steps from `hello` to the live stream.
pub(crate) struct Opening {
    registration: Arc<Registration>,
    arrivals: Arc<Arrivals>,
    joiner: Arc<Joiner>,
    attacher: Arc<Attacher>,
    comparisons: Arc<Comparisons>,
    welcome: Welcome,
}

// === impl Sessions ===

impl Sessions {
    pub(crate) fn new(
        opening: Opening,
        registration: Arc<Registration>,
        users: Arc<LocalUsers>,
        node: Arc<NodeState>,
        upcalls: Arc<dyn Upcalls>,
        metrics: SessionMetrics,
        tasks: Tasks,
    ) -> Self {
        Self { opening, registration, users, node, upcalls, metrics, tasks }
    }

    /// Begins the session of somebody who proved who they are.
    pub(crate) async fn begin(
        &self,
        identity: &Identity,
        outbound: Arc<dyn Outbound>,
        encoding: Encoding,
        device: Option<DeviceName>,
        cursors: HashMap<GroupId, Seq>,
    ) -> Result<Arc<SessionHandle>, Refused> {
        if self.node.is_draining() {
            let refusal = Refusal::overloaded("this node is shutting down; connect to another one");
            return Err((refusal, Ending::restarting()));
        }
        let handle = Arc::new(SessionHandle::new(identity.user.clone(), encoding, outbound).on(device));
        handle.prove(identity.proven);
        // Known here before memberships are read, so that no `joined` can slip between.
        let users = self.users.add(&handle);
        self.metrics.users_online.set(users as i64);
        self.metrics.sessions.inc();
        match self.opening.welcome(&handle, identity, cursors).await {
            Ok(()) => Ok(handle),
            Err(refused) => {
                self.end(&handle);
                Err(refused)
            }
        }
    }

    /// A session is over: nobody here knows it any more, and soon nobody elsewhere.
    pub(crate) fn end(&self, handle: &Arc<SessionHandle>) {
        handle.end();
        let users = self.users.remove(handle);
        self.metrics.users_online.set(users as i64);
        self.metrics.sessions.dec();
        self.upcalls.tell(Upcall::SessionEnded(handle));
        self.opening.joiner.detach(handle);
        let registration = self.registration.clone();
        let (user, session) = (handle.user.clone(), handle.id.clone());
        self.tasks.spawn(async move { registration.unregister(user, session).await });
    }
}

// === impl Opening ===

impl Opening {
    pub(crate) fn new(
        registration: Arc<Registration>,
        arrivals: Arc<Arrivals>,
        joiner: Arc<Joiner>,
        attacher: Arc<Attacher>,
        comparisons: Arc<Comparisons>,
        welcome: Welcome,
    ) -> Self {
        Self { registration, arrivals, joiner, attacher, comparisons, welcome }
    }

    async fn welcome(
        &self,
        handle: &Arc<SessionHandle>,
        identity: &Identity,
        cursors: HashMap<GroupId, Seq>,
    ) -> Result<(), Refused> {
        let later = |refusal| (refusal, Ending::Unavailable);
        let comparisons = self.comparisons.comparisons_begun();
        self.registration.register(handle).await.map_err(later)?;
        let Arrived { user, marks } = self.arrivals.arrive(identity).await.map_err(later)?;
        check_standing(identity, &user)?;
        let ids: Vec<GroupId> = user.groups.keys().cloned().collect();
        let groups = self.joiner.pin_groups(&ids).await.map_err(later)?;
        match self.welcome.show_all(handle, groups.clone(), &cursors, &marks).await {
            Ok(resumed) => {
                let (resumed, rest): (Vec<_>, Vec<_>) =
                    groups.into_iter().partition(|group| resumed.contains(&group.id));
                self.joiner.unpin(&rest);
                self.attacher.replay(handle.clone(), resumed, cursors);
                if self.comparisons.comparisons_begun() != comparisons {
                    self.comparisons.look_again(handle.user.clone());
                }
                Ok(())
            }
            Err(refusal) => {
                self.joiner.unpin(&groups);
                Err(later(refusal))
            }
        }
    }
}

#[cfg(test)]
mod tests;

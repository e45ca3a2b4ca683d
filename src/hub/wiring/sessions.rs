//! Sessions, put together.

use std::sync::Arc;

use super::groups::Groups;
use super::parts::Parts;
use crate::hub::sessions::{Admission, Arrivals, Opening, Registration, Sessions, Welcome, WelcomeConfig};

pub(crate) struct SessionParts {
    pub(crate) admission: Arc<Admission>,
    pub(crate) arrivals: Arc<Arrivals>,
    pub(crate) registration: Arc<Registration>,
    pub(crate) sessions: Arc<Sessions>,
}

// === impl SessionParts ===

impl SessionParts {
    pub(crate) fn new(parts: &Parts, groups: &Groups) -> Self {
        let config = &parts.config;
        let admission = Admission::new(parts.tokens.clone(), config.user_rate, config.hello_rate);
        let arrivals = Arc::new(Arrivals::new(parts.people.clone(), parts.marks.clone(), parts.tasks.clone()));
        let registration = Arc::new(Registration::new(
            parts.registry.clone(),
            parts.node.clone(),
            parts.users.clone(),
            parts.upcalls.clone(),
        ));
        let opening = Opening::new(
            registration.clone(),
            arrivals.clone(),
            groups.joiner.clone(),
            groups.attacher.clone(),
            groups.comparisons.clone(),
            welcome(parts, groups),
        );
        let sessions = Sessions::new(
            opening,
            registration.clone(),
            parts.users.clone(),
            parts.node.clone(),
            parts.upcalls.clone(),
            parts.metrics.sessions.clone(),
            parts.tasks.clone(),
        );
        Self { admission: Arc::new(admission), arrivals, registration, sessions: Arc::new(sessions) }
    }
}

fn welcome(parts: &Parts, groups: &Groups) -> Welcome {
    let config = WelcomeConfig { heartbeat: parts.config.heartbeat, limits: parts.config.limits() };
    let (listing, attacher) = (groups.listing.clone(), groups.attacher.clone());
    Welcome::new(listing, attacher, parts.node.clone(), parts.upcalls.clone(), config)
}

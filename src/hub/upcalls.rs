//! What goes up: components tell it to one dispatcher, and call nobody above them.

use std::sync::Arc;

use super::codec::PeerEvent;
use super::local::{LocalGroup, SessionHandle};
use crate::domain::{Event, GroupId, MembershipChange, Seq, UserId};
use crate::ports::PresenceChange;

/// Something that concerns components above the one that tells it.
pub(crate) enum Upcall<'a> {
    /// A node tells this one something.
    Peer(PeerEvent),
    /// Events of a group, ascending, were stored by this node itself.
    Stored { group: &'a GroupId, events: Vec<Arc<Event>> },
    /// A send from here is stored as this event.
    Acked(&'a Event),
    /// What this node holds of a group is of a life that is over.
    GroupGone(&'a Arc<LocalGroup>),
    /// Somebody with sessions here is in a group since a seq, which may not be on this node.
    Newcomer { group: GroupId, user: UserId, after: Seq },
    /// A membership change was given out to the group's sessions here.
    MembersChanged { group: &'a GroupId, change: &'a MembershipChange },
    /// A session is shown direct chats with these partners.
    Partners { session: &'a Arc<SessionHandle>, partners: Vec<UserId> },
    /// A session was registered.
    Came { session: &'a Arc<SessionHandle>, change: &'a PresenceChange },
    /// A session of a user was removed.
    Went { user: &'a UserId, change: &'a PresenceChange },
    /// A session is over.
    SessionEnded(&'a Arc<SessionHandle>),
    /// These users were online through a node that is dead.
    NodeGone(Vec<UserId>),
}

/// Takes what goes up. Never waits: what needs waiting becomes a task of its own.
pub(crate) trait Upcalls: Send + Sync + 'static {
    /// Sees to something that concerns those above.
    fn tell(&self, upcall: Upcall<'_>);
}

//! The use cases: what the hub does, over the ports.
//!
//! The rooms, from the lowest up; nobody calls up:
//!
//! - `config`, `limits`, `metrics`, `counted`, `codec`, `tasks`: what all of them use; `upcalls`: what goes up is told.
//! - `node`: which life of the node this is, who else lives, and what all of them know.
//! - `local`: what this node holds: sessions, users, groups, and marks that wait.
//! - `pipeline`: a message's way through, from a send to the nodes with members.
//! - `groups`: groups on this node: what is stored reaches the sockets, in order and without a hole.
//! - `sessions`: sessions begin and end.
//! - `cluster`: the node among the others.
//! - `followers`: what follows stored events beside delivery.
//! - `features`: what people, services and operators do, a folder each.
//! - `observe`: the node and the cluster as operators want to see them.
//! - `front`: one connection's requests, each given to the feature that it is of.
//! - `above`: whom upcalls concern; `wiring`: the node is put together.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
// A room's map names its private files too: it is read by those who work in it.
#![allow(rustdoc::private_intra_doc_links)]

// The room's own name and those of the rooms that it may import from: paths read alike in all rooms.
extern crate self as hub;
use hubbub_domain as domain;
use hubbub_kernel as kernel;
use hubbub_ports as ports;
use hubbub_protocol as protocol;

mod above;
mod cluster;
mod codec;
pub mod config;
mod counted;
mod features;
mod followers;
mod front;
#[doc(hidden)]
pub mod fuzzing;
mod groups;
mod limits;
mod local;
mod metrics;
mod node;
mod observe;
mod pipeline;
mod sessions;
mod tasks;
#[cfg(test)]
mod testing;
mod upcalls;
mod wiring;

use std::collections::HashSet;
use std::sync::{Arc, OnceLock, Weak};

pub use config::{HubConfig, ProbeConfig, Rate};
pub use features::accounts::{Location, Ticket};
pub use features::history::{BundleQuery, HistoryBundle, HistoryPage, HistoryQuery};
pub use features::lists::{AskedGroup, ListedFrom, OwnGroup, ShownGroup};
pub use features::{invites::AskedInvite, invites::MadeInvite, people::FoundUser, seen::SeenPage};
pub use features::{reactions::ReactedUser, reactions::ReactionsPage};
pub use followers::FollowerPlace;
pub use front::{Calls, ConnectionInfo, Flow, Session};
pub use observe::{HISTORY_EVERY, NotReady, Overview, PartitionState};
pub use pipeline::publish::Stored;
pub use wiring::{Metrics, Optional};
pub use {limits::TokenBucket, metrics::LATENCY_EDGES, metrics::Stage};

use crate::domain::{Access, Cid, DeviceName, Event, Group, GroupId, Millis, Refusal, Seq, User, UserId, now_ms};
use crate::ports::{Backplane, Identity, NodeRecord, Outbound, StartError, Store, Tokens};
use crate::protocol::{Encoding, SendFrame};
use above::Above;
use upcalls::{Upcall, Upcalls};
use wiring::{Parts, Rooms};

/// A node of the hub: the door to everything that its connections and calls ask.
pub struct Hub {
    rooms: Rooms,
}

/// The one who takes what goes up, once the node is put together. It does not keep alive whom it tells: they hold it.
#[derive(Default)]
struct Dispatcher {
    above: OnceLock<Weak<Above>>,
}

// === impl Dispatcher ===

impl Upcalls for Dispatcher {
    fn tell(&self, upcall: Upcall<'_>) {
        // Nobody is told any more once the node is gone.
        if let Some(above) = self.above.get().and_then(Weak::upgrade) {
            above.take(upcall);
        }
    }
}

// === impl Hub ===

impl Hub {
    /// Puts a node together. Nothing runs before [`Hub::start`].
    pub fn new(
        config: HubConfig,
        store: Arc<dyn Store>,
        backplane: Arc<dyn Backplane>,
        tokens: Arc<dyn Tokens>,
        metrics: Metrics,
        optional: Optional,
    ) -> Arc<Self> {
        metrics.sessions.max_sessions.set(config.capacity() as i64);
        let dispatcher = Arc::<Dispatcher>::default();
        let rooms = Rooms::new(Parts::new(config, store, backplane, tokens, metrics, dispatcher.clone(), optional));
        dispatcher.above.get_or_init(|| Arc::downgrade(&rooms.above));
        Arc::new(Self { rooms })
    }

    /// Whether the live nodes can do without the roles that this one does not have. To be asked before
    /// [`Hub::start`]; a node that lives already goes on in any case.
    pub async fn check_roles(&self) -> Result<(), StartError> {
        self.rooms.cluster.life.check_roles(now_ms()).await
    }

    /// Registers the node and starts its tasks. The store is prepared, and the backplane was checked. After an error it
    /// may be tried again.
    pub async fn start(&self) -> Result<(), StartError> {
        Ok(self.rooms.start().await?)
    }

    /// Hands everything over and ends, in named phases, within the drain deadline.
    pub async fn drain(&self) {
        self.rooms.drain().await;
    }

    /// Resolves when an operator has ordered this node to end, here or through another node.
    pub async fn drain_ordered(&self) {
        self.rooms.cluster.orders.ordered().await;
    }

    /// Has a node of the cluster end in good order: this one, or another by a peer message. `not_found` when
    /// none of this name lives; `unavailable` when it cannot be told.
    pub async fn order_drain(&self, node: &str) -> Result<(), Refusal> {
        self.rooms.cluster.orders.order(node).await
    }

    /// The configuration that the hub runs with.
    pub fn config(&self) -> &HubConfig {
        &self.rooms.parts.config
    }

    /// Whether this node may take traffic; otherwise why not.
    pub async fn ready(&self) -> Result<(), NotReady> {
        self.rooms.readiness.ready().await
    }

    /// The cluster now. Answers in any case, within seconds.
    pub async fn overview(&self) -> Overview {
        self.rooms.observer.overview().await
    }

    /// The nodes over the last quarter of an hour, every [`HISTORY_EVERY`], the oldest first.
    pub fn recent_nodes(&self) -> Vec<(Millis, Vec<NodeRecord>)> {
        self.rooms.observer.recent_nodes()
    }

    /// Who works for which follower in which partition, as nodes told with their last beats.
    pub fn followers(&self) -> Vec<FollowerPlace> {
        let node = &self.rooms.parts.node;
        followers::places(&node.view().nodes, node.partitions())
    }

    /// Takes a connection in. Nothing is registered before its `hello`.
    pub fn connect(&self, outbound: Arc<dyn Outbound>, encoding: Encoding, info: ConnectionInfo) -> Session {
        Session::new(self.rooms.front.clone(), outbound, encoding, info)
    }

    /// Who the bearer of a token is; banned users are refused.
    pub async fn authenticate(&self, token: &str) -> Result<Identity, Refusal> {
        self.rooms.sessions.admission.authenticate(token).await
    }

    /// Counts a call of a user against their rate, which their sessions share.
    ///
    /// # Errors
    /// `rate_limited`, with the time after which there is room again.
    pub fn count_call(&self, user: &UserId) -> Result<(), Refusal> {
        self.rooms.sessions.admission.count_call(user)
    }

    /// Makes a one-time ticket for somebody who proved who they are.
    pub async fn issue_ticket(&self, identity: &Identity) -> Result<Ticket, Refusal> {
        self.rooms.features.tickets.issue(identity).await
    }

    /// Takes a ticket: it is worth something once.
    pub async fn redeem_ticket(&self, ticket: &str) -> Result<Identity, Refusal> {
        self.rooms.features.tickets.redeem(ticket).await
    }

    /// Public URLs of the live nodes.
    pub fn public_urls(&self) -> Vec<String> {
        self.rooms.features.placement.public_urls()
    }

    /// The live nodes, as of the last beat.
    pub fn nodes(&self) -> Vec<NodeRecord> {
        self.rooms.features.placement.nodes()
    }

    /// The best node for a user: where most room is left.
    pub async fn location(&self, _user: &UserId) -> Result<Location, Refusal> {
        Ok(self.rooms.features.placement.location())
    }

    /// Sends as a user and waits for the ack.
    pub async fn send(&self, user: &UserId, send: SendFrame) -> Result<Stored, Refusal> {
        self.rooms.features.sending.send(user, send).await
    }

    /// Sends in a user's name, for a service: the user need not be a member.
    pub async fn send_as_service(&self, from: &UserId, send: SendFrame) -> Result<Stored, Refusal> {
        self.rooms.features.sending.send_as_service(from, send).await
    }

    /// What callers ask about their groups, as sessions do by frames.
    pub fn calls(&self) -> Calls<'_> {
        Calls::new(&self.rooms.front.dispatch)
    }

    /// A page of a group's history, for a member.
    pub async fn history(&self, user: &UserId, group: &GroupId, query: HistoryQuery) -> Result<HistoryPage, Refusal> {
        self.rooms.features.history.history(user, group, query).await
    }

    /// The same page of each of a user's groups, as many as go into one answer.
    pub async fn histories(&self, user: &UserId, query: BundleQuery) -> Result<HistoryBundle, Refusal> {
        self.rooms.features.history.histories(user, query).await
    }

    /// A page of a group's history, for a service.
    pub async fn group_history(&self, group: &Group, query: HistoryQuery) -> Result<HistoryPage, Refusal> {
        self.rooms.features.history.group_history(group, query).await
    }

    /// A page of all messages, newest first, with whether there are more; shorter where groups were deleted.
    pub async fn all_messages(&self, page: usize, per_page: usize) -> Result<(Vec<Event>, bool), Refusal> {
        self.rooms.features.history.all_messages(page, per_page).await
    }

    /// One message.
    pub async fn message(&self, group: &GroupId, seq: Seq) -> Result<Event, Refusal> {
        self.rooms.features.history.message(group, seq).await
    }

    /// What is pinned in a group of a user, newest first.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that the user is not in.
    pub async fn pins(&self, user: &UserId, group: &GroupId) -> Result<HistoryPage, Refusal> {
        self.rooms.features.pins.pins(user, group).await
    }

    /// A page of all groups, with whether there are more.
    pub async fn all_groups(&self, page: usize, per_page: usize) -> Result<(Vec<Group>, bool), Refusal> {
        self.rooms.features.lists.all_groups(page, per_page).await
    }

    /// A group by its id.
    pub async fn group(&self, id: &GroupId) -> Result<Group, Refusal> {
        self.rooms.features.lists.group(id).await
    }

    /// The groups of a user, named by id or username.
    pub async fn groups_of(&self, user: &str) -> Result<Vec<Group>, Refusal> {
        self.rooms.features.lists.groups_of(user).await
    }

    /// Makes a group for users, the first its admin; unknown users are created. Services make it once with a cid.
    pub async fn create_group_for(
        &self,
        name: &str,
        users: &[UserId],
        access: Access,
        cid: Option<Cid>,
    ) -> Result<Group, Refusal> {
        self.rooms.features.people.create_group_for(name, users, access, cid).await
    }

    /// Deletes a group with everything in it. Repeat it when it fails half-way.
    pub async fn delete_group(&self, id: &GroupId) -> Result<(), Refusal> {
        self.rooms.features.deletion.delete_group(id).await
    }

    /// Removes people, as the operator.
    pub async fn expel(&self, group: &GroupId, users: Vec<UserId>) -> Result<(), Refusal> {
        self.rooms.features.membership.expel(group, users).await
    }

    /// Makes members admins, as the operator.
    pub async fn make_admin(&self, group: &GroupId, user: &UserId) -> Result<(), Refusal> {
        self.rooms.features.membership.make_admin(group, user).await
    }

    /// Closes a user's sessions on all nodes; a ban lasts until it is lifted.
    pub async fn ban(&self, user: &UserId, banned: bool) -> Result<(), Refusal> {
        self.rooms.features.moderation.ban(user, banned).await
    }

    /// Closes a user's sessions on all nodes.
    pub async fn kick(&self, user: &UserId, banned: bool) -> Result<(), Refusal> {
        self.rooms.features.moderation.kick(user, banned).await
    }

    /// Makes sure that somebody who proved who they are is known.
    pub async fn ensure_known(&self, identity: &Identity) -> Result<(), Refusal> {
        self.rooms.features.people.ensure_known(identity).await
    }

    /// Users whose username begins so.
    pub async fn find_users(&self, prefix: &str, limit: usize) -> Result<Vec<FoundUser>, Refusal> {
        self.rooms.features.people.find_users(prefix, limit).await
    }

    /// A page of all users, with whether there are more.
    pub async fn all_users(&self, page: usize, per_page: usize) -> Result<(Vec<FoundUser>, bool), Refusal> {
        self.rooms.features.people.all_users(page, per_page).await
    }

    /// The users, each with whether they are online.
    pub async fn with_presence(&self, users: Vec<User>) -> Result<Vec<FoundUser>, Refusal> {
        self.rooms.features.people.with_presence(users).await
    }

    /// The devices of a user that are connected, on whichever node.
    pub async fn connected_devices(&self, user: &UserId) -> Result<HashSet<DeviceName>, Refusal> {
        Ok(self.rooms.features.presence.devices_of(user).await?)
    }

    /// Sets a user's profile; creates the user when unknown.
    pub async fn put_user(
        &self,
        id: &UserId,
        username: Option<&str>,
        name: Option<&str>,
    ) -> Result<FoundUser, Refusal> {
        self.rooms.features.people.put_user(id, username, name).await
    }
}

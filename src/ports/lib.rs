//! What the hub needs from outside, each need a small trait with its guarantees.
//!
//! - [`Store`]: users, groups, messages and read marks; what is in it is the truth.
//! - [`Backplane`]: what nodes share while they live: sequences ([`Sequencer`]), the partition logs ([`Log`]), states of
//!   groups ([`GroupStates`]), inboxes ([`Inboxes`]), sessions and routes ([`Registry`]), leases ([`Cluster`]) and
//!   tickets ([`Tickets`]). All of it may be lost and is rebuilt.
//! - [`ReactionStore`]: who reacts to what. [`MentionStore`]: whom texts mention.
//! - [`FollowerStore`], [`DueStore`]: how far followers have come, and what is due later; [`InviteStore`]: invites into groups.
//! - [`Journal`]: lines that are kept.
//! - [`Tokens`]: who somebody is; [`Accounts`]: how they become it, where the hub has accounts of its own;
//!   [`Passwords`]: by which people join groups.
//! - [`Outbound`]: the way to one connection.
//! - [`StartError`]: what keeps a node from starting.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
// A room's map names its private files too: it is read by those who work in it.
#![allow(rustdoc::private_intra_doc_links)]

// The room's own name and those of the rooms that it may import from: paths read alike in all rooms.
extern crate self as ports;
use hubbub_domain as domain;

mod accounts;
mod backplane;
mod followers;
mod invites;
mod journal;
mod mentions;
mod outbound;
mod passwords;
mod profiles;
mod reactions;
mod start;
mod store;
mod store_error;
mod tokens;

pub use accounts::{Account, Accounts};
pub use backplane::{
    Append, Appended, Backplane, BackplaneError, Beat, ChangeOutcome, ChangeRequest, Cluster, Commit, CommitError,
    Committed, EntryId, FollowerLeases, FollowerVitals, GroupCommit, GroupSnapshot, GroupStates, InboxEntry,
    InboxPosition, InboxRead, Inboxes, Joined, Knows, LeaseToken, Log, LogEntry, LogRead, LogStats, NodeRecord,
    NodeRole, NodeRoles, NodeVitals, Partition, Permission, PresenceChange, Registry, Reseq, Sequencer, SessionRecord,
    Standing, Tickets, UpdateRequest, UserPresence,
};
pub use followers::{Claimed, Done, Due, DueStore, Extent, FollowerStore};
pub use invites::InviteStore;
pub use journal::{Journal, JournalError};
pub use mentions::{MentionStore, ReadUpTo};
pub use outbound::{Offered, Outbound};
pub use passwords::Passwords;
pub use profiles::ProfileStore;
pub use reactions::{ReactionPage, ReactionStore, Reactor};
pub use start::StartError;
pub use store::{
    CursorStore, Deletion, DeviceStore, GroupStore, Inserted, MessageStore, Page, Store, StoreHealth, UserStore,
};
pub use store_error::StoreError;
pub use tokens::{Identity, TokenError, Tokens};

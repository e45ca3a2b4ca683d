//! What chat is: ids, events, groups, users, refusals with stable codes, and endings of sessions. No I/O.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What cannot fail says why in an `expect`; tests fail by unwrapping.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]
// A room's map names its private files too: it is read by those who work in it.
#![allow(rustdoc::private_intra_doc_links)]

// The room's own name and those of the rooms that it may import from: paths read alike in all rooms.
extern crate self as domain;

mod access;
mod address;
mod details;
mod device;

mod effect;
mod emoji;
mod ending;
mod event;
mod group;
mod ids;
mod invite;
mod kind;
mod kinds;
mod membership;
mod mentions;
mod name;
mod open;
mod patch;
mod place;
mod progress;
mod reaction;
mod refusal;
mod requested;
mod settings;
mod state;
mod string_id;
mod switch;
mod token;
mod traits;
mod updates;
mod user;
mod words;

pub use access::{Access, requested_access};
pub use address::customer_of;
pub use details::{Details, DetailsPatch, ProfilePatch, Status, requested_settings, requested_status};
pub use device::{Device, MAX_DEVICES};

pub use effect::{Effect, reaction_of};
pub use emoji::Emoji;
pub use ending::{ComeBack, Ending};
pub use event::{Data, Event};
pub use group::{Group, GroupKind};
pub use ids::{Cid, DeviceName, GroupId, NodeName, SessionId, UserId, parse_event_id, stored};
pub use invite::{Invite, InviteId};
pub use kind::{Kind, KindName};
pub use kinds::{About, Author, Does, KINDS, KindRow, Part, Unread};
pub use membership::{Member, MembershipChange, Role, requested_role};
pub use mentions::Mentions;
pub use name::{InvalidName, Name, name_key, search_form, username_taken};
pub use open::LaterName;
pub use patch::Patch;
pub use place::Place;
pub use progress::{Base, Head, Mark};
pub use reaction::{Reaction, ReactionKey, Tallies, Tally};
pub use refusal::{Code, Refusal};
pub use requested::{
    PAGE_MAX, SAFE_INTEGER_MAX, requested_cursors, requested_data, requested_seq, requested_seq_if_any, requested_size,
    requested_users,
};
pub use settings::{GroupSettings, GroupUpdate, PasswordHash, Pinning, RulesChange, asked_about, requested_pinning};
pub use state::{Change, Edit, Erasure, EventState};
pub use string_id::InvalidId;
pub use switch::Switch;
pub use token::{random_password, random_token};
pub use traits::Traits;
pub use user::{Profile, User, asked_username, is_reserved_username};
pub use words::{WordPlace, words, words_of};

/// Place of an event in its group's sequence: 1, 2, 3 … without holes. 0 means "before the first".
pub type Seq = u64;

/// Unix time in milliseconds.
pub type Millis = i64;

/// The present moment by this machine's clock, in Unix milliseconds.
///
/// What is stored takes its time from the backplane; this one serves token checks and reports.
pub fn now_ms() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| d.as_millis() as Millis)
}

//! What people, services and operators do: a folder each.
//!
//! - `answered`: frames of sessions, each with the feature that answers it; `paging`: pages of lists, with whether there are
//!   more.

pub(crate) mod accounts;
pub(crate) mod answered;
pub(crate) mod deletion;
pub(crate) mod erasure;
pub(crate) mod history;
pub(crate) mod invites;
pub(crate) mod journal;
pub(crate) mod lists;
pub(crate) mod membership;
pub(crate) mod moderation;
pub(crate) mod paging;
pub(crate) mod people;
pub(crate) mod pins;
pub(crate) mod presence;
pub(crate) mod profile;
pub(crate) mod reactions;
pub(crate) mod receipts;
pub(crate) mod seen;
pub(crate) mod sending;
pub(crate) mod settings;
pub(crate) mod typing;

//! Groups are made, and people join and leave them: each change an event in the sequence.
//!
//! - `changes`: a change is appended and waited for; `roll`: who may join, and who joins and leaves; `creation`: groups
//!   are made; `passwords`: by which people join; `frames`: what sessions ask of it.

mod changes;
mod creation;
mod frames;
mod passwords;
mod roll;

pub(crate) use changes::{ADMINS_ONLY, Changes};
pub(crate) use creation::{Creation, NewGroup};
pub(crate) use passwords::GroupPasswords;
pub(crate) use roll::Membership;

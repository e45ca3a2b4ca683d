//! Frames that the hub sends: a file a family, with their forms and descriptions.
//!
//! `pushes!` below lists them.

mod answers;
mod event;
mod group;
mod members;
mod pages;
mod people;
mod profile;
mod reactions;
mod session;

use serde::Serialize;

use super::RequestId;
use super::form::{Described, Form};
use crate::domain::{GroupId, Refusal};

pub use answers::{Ack, Done, Pong, Refused};
pub use event::{Deleted, WireEvent};
pub use group::{Glimpse, Group, GroupView, Others};
pub use members::{MemberList, MemberView};
pub use pages::{Gap, GapReason, Groups, History, Pins, Seen};
pub use people::{Presence, PresenceView, Receipt, Typing};
pub use profile::{Me, MeView, ProfileView, User, Users};
pub use reactions::{ReactionList, ReactionView, Reactions, ReactorView};
pub use session::{Bye, Features, Limits, Welcome};

/// Lists the frames: the one place where a new one is made known. A variant's name in lower case is its `type`.
macro_rules! pushes {
    ($($(#[doc = $about:literal])+ $variant:ident($push:ident),)+) => {
        /// A frame from the hub to a client.
        #[derive(Debug, Serialize)]
        #[serde(tag = "type", rename_all = "lowercase")]
        // It lives for as long as its encoding takes.
        #[allow(clippy::large_enum_variant)]
        pub enum ServerFrame<'a> {
            $($(#[doc = $about])+ $variant($push<'a>),)+
        }

        /// The forms of all frames that the hub sends.
        pub const PUSHES: &[Form] = &[$(<$push<'static> as Described>::FORM),+];

        #[cfg(test)]
        const VARIANTS: &[&str] = &[$(stringify!($variant)),+];
    };
}

pushes! {
    /// The answer to the first `hello`.
    Welcome(Welcome),
    /// An event of a group.
    Message(WireEvent),
    /// A send is stored.
    Ack(Ack),
    /// The features are others than those told before.
    Features(Features),
    /// A request was not carried out.
    Error(Refused),
    /// How far somebody has come in a group.
    Receipt(Receipt),
    /// Somebody types.
    Typing(Typing),
    /// Who is online.
    Presence(Presence),
    /// The user's own profile.
    Me(Me),
    /// Somebody's profile.
    User(User),
    /// A page of users who were found.
    Users(Users),
    /// A group that the client did not know, or that changed.
    Group(Group),
    /// A page of the user's groups.
    Groups(Groups),
    /// A page of a group's history.
    History(History),
    /// What is pinned in a group.
    Pins(Pins),
    /// Who has seen an event.
    Seen(Seen),
    /// Who reacts to an event.
    Reactions(Reactions),
    /// Seqs that will not be replayed here.
    Gap(Gap),
    /// Done.
    Ok(Done),
    /// The answer to a `ping`.
    Pong(Pong),
    /// The hub is about to close this connection.
    Bye(Bye),
}

// === impl ServerFrame ===

impl<'a> ServerFrame<'a> {
    /// The frame that tells a refusal.
    pub fn refusal(re: Option<&'a RequestId>, refusal: &'a Refusal) -> Self {
        ServerFrame::Error(Refused {
            re,
            code: refusal.code.as_str(),
            message: &refusal.message,
            retry_after: refusal.retry_after,
        })
    }

    /// The frame that tells of a group.
    pub fn group(re: Option<&'a RequestId>, group: &'a GroupView<'a>) -> Self {
        ServerFrame::Group(Group::of(re, group))
    }

    /// The frame that shows an open group to who is not in it.
    pub fn glimpse(re: Option<&'a RequestId>, group: &'a Glimpse) -> Self {
        ServerFrame::Group(Group::glimpse(re, group))
    }

    /// The frame that tells that the user is no longer in a group.
    pub fn gone(re: Option<&'a RequestId>, id: &'a GroupId) -> Self {
        ServerFrame::Group(Group::gone(re, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_by_the_name_of_its_form() {
        let names: Vec<_> = PUSHES.iter().map(|form| form.name).collect();
        assert_eq!(names, VARIANTS.iter().map(|variant| variant.to_lowercase()).collect::<Vec<_>>());
    }
}

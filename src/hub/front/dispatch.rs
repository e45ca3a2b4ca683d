//! The features that sessions and calls ask.

use std::sync::Arc;

use crate::hub::features::accounts::{Logins, UserDeletion};
use crate::hub::features::history::History;
use crate::hub::features::invites::Invites;
use crate::hub::features::lists::{GroupLists, GroupLook, NewGroups};
use crate::hub::features::membership::Membership;
use crate::hub::features::people::{Look, Search};
use crate::hub::features::pins::Pins;
use crate::hub::features::presence::Watching;
use crate::hub::features::profile::Profiles;
use crate::hub::features::reactions::Reactions;
use crate::hub::features::receipts::Receipts;
use crate::hub::features::seen::Seen;
use crate::hub::features::sending::Sending;
use crate::hub::features::settings::Settings;
use crate::hub::features::typing::Typing;

/// The features that sessions and calls ask. Each that answers frames is found by its type: which frames it answers stands in its own folder
/// (`Answered`).
pub(crate) struct Dispatch {
    pub(crate) sending: Arc<Sending>,
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) typing: Arc<Typing>,
    pub(crate) history: Arc<History>,
    pub(crate) pins: Arc<Pins>,
    pub(crate) reactions: Arc<Reactions>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) lists: Arc<GroupLists>,
    pub(crate) group_look: Arc<GroupLook>,
    pub(crate) new_groups: Arc<NewGroups>,
    pub(crate) membership: Arc<Membership>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) watching: Arc<Watching>,
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) look: Arc<Look>,
    pub(crate) search: Arc<Search>,
    pub(crate) logins: Arc<Logins>,
    pub(crate) user_deletion: Arc<UserDeletion>,
    pub(crate) invites: Arc<Invites>,
}

// === impl Dispatch ===

macro_rules! found_by_type {
    ($($field:ident: $feature:ty),+ $(,)?) => {
        $(
            impl AsRef<$feature> for Dispatch {
                fn as_ref(&self) -> &$feature {
                    &self.$field
                }
            }
        )+
    };
}

found_by_type! {
    sending: Sending,
    receipts: Receipts,
    typing: Typing,
    history: History,
    pins: Pins,
    reactions: Reactions,
    seen: Seen,
    lists: GroupLists,
    group_look: GroupLook,
    new_groups: NewGroups,
    membership: Membership,
    settings: Settings,
    watching: Watching,
    profiles: Profiles,
    look: Look,
    search: Search,
}

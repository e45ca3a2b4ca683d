//! The front over fakes.

use std::sync::Arc;
use std::time::Duration;

use super::dispatch::Dispatch;
use super::session::Front;
use crate::hub::config::{Rate, Reach};
use crate::hub::features::accounts::{Logins, UserDeletion};
use crate::hub::features::history::History;
use crate::hub::features::invites::Invites;
use crate::hub::features::moderation::Moderation;
use crate::hub::features::people::{Look, Search};
use crate::hub::features::pins::Pins;
use crate::hub::features::presence::{Watchers, Watching};
use crate::hub::features::profile::Profiles;
use crate::hub::features::reactions::Reactions;
use crate::hub::features::receipts::{DeviceMarks, Receipts, ReceiptsConfig};
use crate::hub::features::seen::Seen;
use crate::hub::features::sending::{EffectDoor, SendLimits, Sending};
use crate::hub::features::typing::Typing;
use crate::hub::testing::{Bed, MemoryTokens, metrics};

/// The features that a node of fakes has.
pub(super) fn dispatch(bed: &Bed) -> Dispatch {
    let (store, groups, peers) = (&bed.store, &bed.groups, &bed.peers);
    let door = EffectDoor::new(bed.node.clone(), groups.clone(), store.clone(), store.clone());
    let limits = SendLimits { text: 100, data: 1_000 };
    let every = Duration::from_secs(15);
    let watching = Watching::new(bed.presence(), Arc::<Watchers>::default(), bed.documents.clone(), groups.clone());
    let (users, tasks) = (&bed.users, &bed.tasks);
    let moderation = Arc::new(Moderation::new(store.clone(), peers.clone(), users.clone()));
    let profiles = Profiles::new(store.clone(), store.clone(), peers.clone(), users.clone(), tasks.clone());
    let look = Look::new(store.clone(), store.clone(), store.clone(), bed.presence(), Reach::default());
    let look = Arc::new(look);
    Dispatch {
        sending: Arc::new(Sending::new(bed.publisher(), bed.creation(), door, limits)),
        receipts: Arc::new(Receipts::new(
            store.clone(),
            store.clone(),
            Arc::default(),
            Arc::new(DeviceMarks::new(store.clone(), every)),
            groups.clone(),
            peers.clone(),
            ReceiptsConfig { marks_every: every, reach: Reach::default() },
        )),
        typing: Arc::new(Typing::new(peers.clone(), groups.clone(), Reach::default())),
        history: Arc::new(History::new(
            store.clone(),
            store.clone(),
            store.clone(),
            groups.clone(),
            bed.heads(),
            bed.own_reactions(),
        )),
        pins: Arc::new(Pins::new(store.clone(), store.clone(), bed.heads(), bed.own_reactions())),
        reactions: Arc::new(Reactions::new(store.clone(), store.clone(), store.clone())),
        seen: Arc::new(Seen::new(store.clone(), store.clone(), store.clone(), Arc::default())),
        lists: bed.lists(),
        group_look: bed.look(),
        new_groups: bed.new_groups(),
        membership: bed.membership(),
        settings: bed.settings(),
        watching: Arc::new(watching),
        profiles: Arc::new(profiles),
        search: Arc::new(Search::new(store.clone(), look.clone())),
        look,
        logins: Arc::new(Logins::new(store.clone(), peers.clone(), users.clone(), tasks.clone())),
        user_deletion: Arc::new(UserDeletion::new(store.clone(), store.clone(), bed.membership(), moderation)),
        invites: Arc::new(Invites::new(store.clone(), store.clone(), bed.membership())),
    }
}

/// What sessions of such a node work with, each with this rate, as the hellos of a user have.
pub(super) fn front(bed: &Bed, tokens: &Arc<MemoryTokens>, rate: Rate) -> Arc<Front> {
    let (dispatch, admission) = (dispatch(bed), bed.admission(tokens, rate));
    Arc::new(Front { dispatch, admission, sessions: bed.sessions(&bed.comparisons()), metrics: metrics().common, rate })
}

//! Bans and kicks, on all nodes.

use std::sync::Arc;

use crate::domain::{Ending, Refusal, UserId};
use crate::hub::codec::PeerEvent;
use crate::hub::local::LocalUsers;
use crate::hub::pipeline::peers::Peers;
use crate::ports::UserStore;

/// Sends people away.
pub(crate) struct Moderation {
    people: Arc<dyn UserStore>,
    peers: Arc<Peers>,
    users: Arc<LocalUsers>,
}

// === impl Moderation ===

impl Moderation {
    pub(crate) fn new(people: Arc<dyn UserStore>, peers: Arc<Peers>, users: Arc<LocalUsers>) -> Self {
        Self { people, peers, users }
    }

    /// Closes a user's sessions on all nodes; a ban lasts until it is lifted.
    pub(crate) async fn ban(&self, user: &UserId, banned: bool) -> Result<(), Refusal> {
        self.people.set_banned(user, banned).await?;
        if banned { self.kick(user, true).await } else { Ok(()) }
    }

    /// Closes a user's sessions on all nodes.
    pub(crate) async fn kick(&self, user: &UserId, banned: bool) -> Result<(), Refusal> {
        self.peers.tell_all_nodes(vec![PeerEvent::Evict { user: user.clone(), banned }]).await
    }

    /// Closes a user's sessions on this node.
    pub(crate) fn evict(&self, user: &UserId, banned: bool) {
        let ending = if banned { Ending::Banned } else { Ending::Kicked };
        self.users.sessions(user).iter().for_each(|session| session.close(ending.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GroupId;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore, open_session, user};

    #[tokio::test]
    async fn a_ban_is_stored_and_all_nodes_send_the_user_away() {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna"], []));
        bed.node.saw(vec![record("a.1"), record("b.1")], 1);
        let moderation = Moderation::new(bed.store.clone(), bed.peers.clone(), bed.users.clone());
        moderation.ban(&user("anna"), true).await.unwrap();
        assert!(bed.store.user(&user("anna")).await.unwrap().unwrap().banned);
        assert_eq!(bed.inboxes.take().len(), 2);
        let (_anna, ear) = open_session(&bed.users, "anna");
        moderation.evict(&user("anna"), true);
        assert_eq!(ear.ending(), Some(Ending::Banned));
    }
}

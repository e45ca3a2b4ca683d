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

    #[tokio::test]
    async fn nobody_is_sent_away_by_what_is_not_stored_nor_by_what_is_lifted() {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna"], []));
        bed.node.saw(vec![record("a.1")], 1);
        let moderation = Moderation::new(bed.store.clone(), bed.peers.clone(), bed.users.clone());
        bed.store.be_silent(true);
        assert!(moderation.ban(&user("anna"), true).await.is_err());
        bed.store.be_silent(false);
        moderation.ban(&user("anna"), false).await.unwrap();
        assert!(bed.inboxes.take().is_empty());
        bed.inboxes.be_silent(true);
        assert!(moderation.ban(&user("anna"), true).await.is_err(), "to be repeated: sessions may be left");
    }

    #[tokio::test]
    async fn a_kick_ends_what_is_open_and_bans_nobody() {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna"], []));
        bed.node.saw(vec![record("a.1")], 1);
        let moderation = Moderation::new(bed.store.clone(), bed.peers.clone(), bed.users.clone());
        let [one, other, bob] = ["anna", "anna", "bob"].map(|name| open_session(&bed.users, name));
        moderation.kick(&user("anna"), false).await.unwrap();
        let told = bed.inboxes.take();
        let [PeerEvent::Evict { user, banned }] = &told[0].1[..] else { panic!("{told:?}") };
        moderation.evict(user, *banned);
        assert_eq!(
            [one.1.ending(), other.1.ending(), bob.1.ending()],
            [Some(Ending::Kicked), Some(Ending::Kicked), None]
        );
        assert!(!bed.store.user(user).await.unwrap().unwrap().banned);
    }
}

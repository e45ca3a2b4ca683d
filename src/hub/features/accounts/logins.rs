//! Logins that count no more: sessions by their tokens end, on all nodes.

use std::sync::Arc;

use crate::domain::{Ending, Millis, Refusal, SessionId, UserId};
use crate::hub::codec::{PeerEvent, UserNews};
use crate::hub::local::LocalUsers;
use crate::hub::pipeline::peers::Peers;
use crate::hub::tasks::{RETRY, Tasks};
use crate::ports::UserStore;

/// Ends sessions of older logins.
pub(crate) struct Logins {
    people: Arc<dyn UserStore>,
    peers: Arc<Peers>,
    users: Arc<LocalUsers>,
    tasks: Tasks,
}

// === impl Logins ===

impl Logins {
    pub(crate) fn new(people: Arc<dyn UserStore>, peers: Arc<Peers>, users: Arc<LocalUsers>, tasks: Tasks) -> Self {
        Self { people, peers, users, tasks }
    }

    /// Ends a user's sessions of logins from before the stored `not_before`, on all nodes, but for one that is kept. New ones
    /// are refused by then: who says hello is looked up after they can be found here.
    pub(crate) async fn end_older(&self, user: &UserId, kept: Option<SessionId>) -> Result<(), Refusal> {
        let Some(stored) = self.people.user(user).await? else { return Ok(()) };
        let news = UserNews::LoginsEnded { before: stored.not_before, kept };
        let told = vec![PeerEvent::OfUser { user: user.clone(), news }];
        if self.peers.tell_all_nodes(told.clone()).await.is_ok() {
            return Ok(());
        }
        // Whoever asked cannot ask again: their password, or their token, is another by now.
        let (peers, user) = (self.peers.clone(), user.clone());
        self.tasks.spawn(async move {
            let mut retry = RETRY;
            while peers.tell_all_nodes(told.clone()).await.is_err() {
                tracing::debug!(%user, "nodes are still to be told that logins count no more");
                retry.pause().await;
            }
        });
        Ok(())
    }

    /// Ends the user's sessions on this node that are of logins from before a time.
    pub(crate) fn end(&self, user: &UserId, before: Millis, kept: Option<&SessionId>) {
        let older = self.users.sessions(user).into_iter().filter(|session| session.proven() < before);
        older.filter(|session| Some(&session.id) != kept).for_each(|session| session.close(Ending::TokenExpired));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GroupId;
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore, open_session, until, user};

    fn logins(bed: &Bed) -> Logins {
        bed.node.saw(vec![record("a.1"), record("b.1")], 1);
        Logins::new(bed.store.clone(), bed.peers.clone(), bed.users.clone(), bed.tasks.clone())
    }

    #[tokio::test]
    async fn sessions_of_older_logins_end_but_for_the_one_that_is_kept() {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna"], []));
        let logins = logins(&bed);
        let [older, kept, newer, bobs] = ["anna", "anna", "anna", "bob"].map(|name| open_session(&bed.users, name));
        newer.0.prove(70);
        bed.store.end_logins(&user("anna"), 70).await.unwrap();
        logins.end_older(&user("anna"), Some(kept.0.id.clone())).await.unwrap();
        let told = bed.inboxes.take();
        let [PeerEvent::OfUser { user, news: UserNews::LoginsEnded { before, kept: id } }] = &told[1].1[..] else {
            panic!("{told:?}")
        };
        logins.end(user, *before, id.as_ref());
        let endings = [&older, &kept, &newer, &bobs].map(|(_, ear)| ear.ending());
        assert_eq!(endings, [Some(Ending::TokenExpired), None, None, None]);
    }

    #[tokio::test(start_paused = true)]
    async fn nodes_are_told_in_the_end() {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna"], []));
        let logins = logins(&bed);
        bed.inboxes.be_silent(true);
        logins.end_older(&user("anna"), None).await.unwrap();
        bed.inboxes.be_silent(false);
        let mut told = 0;
        until(|| {
            told += bed.inboxes.take().len();
            told == 2
        })
        .await;
        bed.store.be_silent(true);
        assert!(logins.end_older(&user("anna"), None).await.is_err());
    }
}

//! Somebody types.

use std::sync::Arc;

use crate::domain::{GroupId, Refusal, UserId};
use crate::hub::codec::PeerEvent;
use crate::hub::config::Reach;
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::local::{LocalGroups, SessionHandle, tell_each};
use crate::hub::pipeline::peers::Peers;
use crate::protocol::{ServerFrame, pushes, requests};

/// Tells and shows that somebody types.
pub(crate) struct Typing {
    peers: Arc<Peers>,
    groups: Arc<LocalGroups>,
    reach: Reach,
}

// === impl Typing ===

impl Typing {
    pub(crate) fn new(peers: Arc<Peers>, groups: Arc<LocalGroups>, reach: Reach) -> Self {
        Self { peers, groups, reach }
    }

    /// A session's user types.
    pub(crate) async fn typing(&self, session: &SessionHandle, group: &GroupId) -> Result<(), Refusal> {
        if !session.is_in(group) {
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        let here = self.groups.get(group);
        let members =
            here.and_then(|group| group.state.lock().document.as_ref().map(|document| document.members.len()));
        self.tell(&session.user, group, members.unwrap_or_default()).await;
        Ok(())
    }

    /// Tells the nodes with members of a group of so many that one of them types; nobody, where nothing is said any more.
    pub(crate) async fn tell(&self, user: &UserId, group: &GroupId, members: usize) {
        let archived = self.groups.get(group).is_some_and(|group| group.state.lock().is_archived());
        if archived || !self.reach.reaches(members) {
            return;
        }
        self.peers.tell_group(group, PeerEvent::Typing { group: group.clone(), user: user.clone() }).await;
    }

    /// Shows it to those sessions here that watch the group.
    pub(crate) fn show(&self, id: &GroupId, user: &UserId) {
        let Some(group) = self.groups.get(id) else { return };
        let sessions = group.state.lock().sessions.clone();
        let shown = sessions.iter().filter(|session| is_shown(session, id, user));
        tell_each(shown, &ServerFrame::Typing(pushes::Typing { group: id, user }));
    }
}

impl Answered for requests::Typing {
    type By = Typing;

    async fn answer(self, typing: &Typing, asker: Asker<'_>) -> Result<(), Refusal> {
        typing.typing(asker.session, &self.group).await
    }
}

/// Whether a session is shown that this user types.
fn is_shown(session: &SessionHandle, id: &GroupId, user: &UserId) -> bool {
    session.user != *user && session.watch.lock().groups.contains(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{Bed, MemoryStore, group, local, open_session, user};

    #[tokio::test]
    async fn those_who_watch_see_who_types_and_share_the_bytes() {
        let (id, bed) = (GroupId::random(), Bed::new(MemoryStore::default()));
        let here = local(&bed.groups, group(&id, &["anna"]), 1);
        let [anna, bob, cleo, dora] = ["anna", "bob", "cleo", "dora"].map(|name| {
            let (session, ear) = open_session(&bed.users, name);
            if name != "dora" {
                session.watch.lock().groups.push(id.clone());
            }
            here.state.lock().sessions.push(session.clone());
            (session, ear)
        });
        let typing = Typing::new(bed.peers.clone(), bed.groups.clone(), Reach::Everywhere);
        typing.show(&id, &user("anna"));
        let shown = [&bob, &cleo].map(|(_, ear)| ear.take()[0].as_ptr());
        assert_eq!(shown[0], shown[1]);
        assert!(anna.1.take().is_empty() && dora.1.take().is_empty());
        assert!(typing.typing(&anna.0, &id).await.is_err(), "no member");
    }

    #[tokio::test]
    async fn nobody_is_told_in_groups_above_the_size_that_is_set() {
        let (id, bed) = (GroupId::random(), Bed::new(MemoryStore::default()));
        let [small, large] =
            [Reach::UpTo(2), Reach::Nowhere].map(|reach| Typing::new(bed.peers.clone(), bed.groups.clone(), reach));
        let told = || bed.told.take().len();
        small.tell(&user("anna"), &id, 2).await;
        assert_eq!(told(), 1);
        small.tell(&user("anna"), &id, 3).await;
        large.tell(&user("anna"), &id, 2).await;
        assert_eq!(told(), 0);
    }
}

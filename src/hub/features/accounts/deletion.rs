//! Users are deleted: nothing that they still hold brings them back, and what they said stays.

use std::sync::Arc;

use crate::domain::{GroupId, GroupKind, Refusal, UserId};
use crate::hub::features::membership::Membership;
use crate::hub::features::moderation::Moderation;
use crate::ports::{GroupStore, UserStore};

/// Deletes users.
pub(crate) struct UserDeletion {
    people: Arc<dyn UserStore>,
    documents: Arc<dyn GroupStore>,
    membership: Arc<Membership>,
    moderation: Arc<Moderation>,
}

// === impl UserDeletion ===

impl UserDeletion {
    pub(crate) fn new(
        people: Arc<dyn UserStore>,
        documents: Arc<dyn GroupStore>,
        membership: Arc<Membership>,
        moderation: Arc<Moderation>,
    ) -> Self {
        Self { people, documents, membership, moderation }
    }

    /// Deletes a user. Shuts them out first, so that nothing that they still hold (a connection, a token) brings them back,
    /// and takes them out of all groups, so that the members that remain see it happen. Repeat it when it fails half-way.
    pub(crate) async fn delete(&self, id: &UserId) -> Result<(), Refusal> {
        let user = self.people.user(id).await?;
        let user = user.ok_or_else(|| Refusal::not_found(format!("there is no user {id}")))?;
        self.moderation.ban(id, true).await?;
        let groups: Vec<GroupId> = user.groups.into_keys().collect();
        for group in self.documents.groups(&groups).await? {
            if group.kind == GroupKind::Group {
                self.membership.expel(&group.id, vec![id.clone()]).await?;
            }
        }
        Ok(self.people.delete_user(id).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;
    use crate::domain::{Code, Group};
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore, group, user};

    fn deletion(bed: &Bed) -> UserDeletion {
        bed.node.saw(vec![record("a.1")], 1);
        bed.log.stores_changes.store(true, Relaxed);
        let moderation = Moderation::new(bed.store.clone(), bed.peers.clone(), bed.users.clone());
        UserDeletion::new(bed.store.clone(), bed.store.clone(), bed.membership(), Arc::new(moderation))
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_deleted_is_shut_out_first_and_leaves_their_groups_but_no_direct_chat() {
        let (tea, direct) = (GroupId::random(), GroupId::random());
        let bed = Bed::new(MemoryStore::of(&tea, &["anna", "bob"], []));
        bed.store.put_group(Group { kind: GroupKind::Direct, ..group(&direct, &["anna", "bob"]) });
        bed.store.put_user("anna", &direct);
        let deletion = deletion(&bed);
        deletion.delete(&user("anna")).await.unwrap();
        let changes: Vec<_> =
            bed.log.changes.lock().iter().map(|change| (change.group.clone(), change.users.clone())).collect();
        assert_eq!(changes, [(tea, vec![user("anna")])]);
        assert!(bed.store.user(&user("anna")).await.unwrap().is_none());
        assert_eq!(bed.inboxes.take().len(), 1, "their sessions end");
        assert_eq!(deletion.delete(&user("nobody")).await.unwrap_err().code, Code::NotFound);
    }

    #[tokio::test]
    async fn nobody_is_deleted_whose_sessions_may_go_on() {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna"], []));
        let deletion = deletion(&bed);
        bed.inboxes.be_silent(true);
        assert_eq!(deletion.delete(&user("anna")).await.unwrap_err().code, Code::Unavailable);
        assert!(bed.store.user(&user("anna")).await.unwrap().unwrap().banned);
    }
}

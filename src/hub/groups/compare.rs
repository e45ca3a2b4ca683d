//! Peer messages may have been lost: positions and memberships are compared with what is stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use parking_lot::Mutex;

use super::attach::Attacher;
use super::join::Joiner;
use crate::domain::UserId;
use crate::hub::local::{LocalGroup, LocalGroups, LocalUsers};
use crate::hub::tasks::RETRY;
use crate::hub::tasks::Tasks;
use crate::ports::{StoreError, UserStore};

/// Users compared at the same time.
const AT_ONCE: usize = 64;
/// Heads asked for in one call.
const HEADS_AT_ONCE: usize = 500;

/// Compares, all of the node at once where that is asked for.
pub(crate) struct Comparisons {
    joiner: Arc<Joiner>,
    attacher: Arc<Attacher>,
    people: Arc<dyn UserStore>,
    groups: Arc<LocalGroups>,
    users: Arc<LocalUsers>,
    tasks: Tasks,
    /// How often a comparison was asked for since the one under way began; 0 when none is.
    asked: Mutex<u64>,
    /// How many comparisons of memberships have begun.
    memberships: AtomicU64,
}

// === impl Comparisons ===

impl Comparisons {
    pub(crate) fn new(
        joiner: Arc<Joiner>,
        attacher: Arc<Attacher>,
        people: Arc<dyn UserStore>,
        groups: Arc<LocalGroups>,
        users: Arc<LocalUsers>,
        tasks: Tasks,
    ) -> Self {
        let (asked, memberships) = (Mutex::default(), AtomicU64::default());
        Self { joiner, attacher, people, groups, users, tasks, asked, memberships }
    }

    /// How many comparisons of memberships have begun: another number later means that one has since.
    pub(crate) fn comparisons_begun(&self) -> u64 {
        self.memberships.load(Ordering::SeqCst)
    }

    /// Adds the routes of groups again and compares their positions with what is stored.
    pub(crate) async fn rejoin(&self, groups: Vec<Arc<LocalGroup>>) {
        let mut retry = RETRY;
        for chunk in groups.chunks(HEADS_AT_ONCE) {
            while let Err(refusal) = self.joiner.join_routes(chunk).await {
                tracing::debug!(%refusal, "routes are still to be added again");
                retry.pause().await;
            }
        }
    }

    /// Peer messages may have been lost: looks at all groups of the node. Asked for again meanwhile, it
    /// is done once more after.
    pub(crate) fn compare_all(self: &Arc<Self>) {
        {
            let mut asked = self.asked.lock();
            *asked += 1;
            if *asked > 1 {
                return;
            }
        }
        let this = self.clone();
        self.tasks.spawn(async move {
            loop {
                let serving = *this.asked.lock();
                this.rejoin(this.groups.all()).await;
                this.check_all_memberships().await;
                let mut asked = this.asked.lock();
                if *asked == serving {
                    *asked = 0;
                    return;
                }
            }
        });
    }

    async fn check_all_memberships(&self) {
        self.memberships.fetch_add(1, Ordering::SeqCst);
        let mut users: Vec<_> = self.users.all().into_iter().map(|session| session.user.clone()).collect();
        users.sort_unstable();
        users.dedup();
        futures::stream::iter(users)
            .for_each_concurrent(AT_ONCE, |user| async move { self.check_memberships_of(&user).await })
            .await;
    }

    /// Tries until the store answers.
    pub(crate) async fn check_memberships_of(&self, user: &UserId) {
        while self.check_memberships(user).await.is_err() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Brings to a session those of the user's groups that it lacks: after a loss of peer messages.
    async fn check_memberships(&self, user: &UserId) -> Result<(), StoreError> {
        let Some(stored) = self.people.user(user).await? else { return Ok(()) };
        for (group, version) in stored.groups {
            // One that is not open yet reads its memberships itself.
            if self.users.sessions(user).iter().any(|session| session.is_open() && !session.is_in(&group)) {
                self.attacher.adopt(group, user.clone(), version.saturating_sub(1));
            }
        }
        Ok(())
    }

    /// The same in a task of its own: memberships were compared while the user's session was not open yet, and passed it
    /// over.
    pub(crate) fn look_again(self: &Arc<Self>, user: UserId) {
        let this = self.clone();
        self.tasks.spawn(async move { this.check_memberships_of(&user).await });
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::GroupId;
    use crate::hub::testing::{Bed, MemoryStore, head, open_session, until};

    #[tokio::test(start_paused = true)]
    async fn a_group_that_a_session_lacks_is_found_in_its_users_memberships() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], []));
        bed.registry.heads.lock().insert(id.clone(), head(0));
        let (anna, _ear) = open_session(&bed.users, "anna");
        let comparisons = bed.comparisons();
        bed.store.be_silent(true);
        comparisons.compare_all();
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        bed.store.be_silent(false);
        until(|| anna.is_in(&id)).await;
        assert_eq!(comparisons.comparisons_begun(), 1);
    }
}

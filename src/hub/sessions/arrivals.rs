//! Who says hello at the same time is looked up together: a storm of reconnects costs the store a few
//! calls, not a few a client, and a lone hello never waits for company.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};

use crate::domain::{GroupId, Mark, Profile, Refusal, User, UserId};
use crate::hub::tasks::Tasks;
use crate::kernel::{Asked, Batcher};
use crate::ports::{CursorStore, Identity, StoreError, UserStore};

/// Looked up with one call at most: so many documents come back quickly.
const BATCH_MAX: usize = 256;
/// Users made, or given what their profile lacks, at the same time.
const MADE_AT_ONCE: usize = 16;

/// What the store knows of somebody who arrives.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) user: User,
    pub(crate) marks: HashMap<GroupId, Mark>,
}

type Named = (UserId, Profile);

/// Those who wait to be looked up. As many wait as there are connections that may say hello.
pub(crate) struct Arrivals {
    batcher: Batcher<Asked<Named, Result<Arrived, NoArrival>>>,
    people: Arc<dyn UserStore>,
    marks: Arc<dyn CursorStore>,
    tasks: Tasks,
}

/// Why somebody could not be looked up.
#[derive(Debug, Clone)]
enum NoArrival {
    /// The user was deleted between two calls to the store. Whoever comes again is told that they are banned.
    Deleted,
    Store(StoreError),
}

// === impl Arrivals ===

impl Arrivals {
    pub(crate) fn new(people: Arc<dyn UserStore>, marks: Arc<dyn CursorStore>, tasks: Tasks) -> Self {
        Self { batcher: Batcher::new(BATCH_MAX), people, marks, tasks }
    }

    /// The bearer of a token, made when there is no such user yet. Sees all that was stored before
    /// the call.
    pub(crate) async fn arrive(self: &Arc<Self>, identity: &Identity) -> Result<Arrived, Refusal> {
        let start = || {
            let this = self.clone();
            self.tasks.spawn(async move { this.batcher.answer(|named| this.look_up_each(named)).await });
        };
        let named = (identity.user.clone(), identity.profile.clone());
        // Not answered: the node stops, or its batch came to no end.
        let answer = self.batcher.ask(named, start).await.ok_or_else(Refusal::unavailable)?;
        answer.map_err(|error| match error {
            NoArrival::Deleted => Refusal::unavailable(),
            NoArrival::Store(error) => error.into(),
        })
    }

    async fn look_up_each(&self, named: Vec<Named>) -> Vec<Result<Arrived, NoArrival>> {
        let found = self.look_up_all(&named).await;
        let mut answers = Vec::with_capacity(named.len());
        for (id, profile) in named {
            answers.push(match &found {
                Ok(found) => found.get(&id).cloned().ok_or(NoArrival::Deleted),
                // Perhaps another one's document is unreadable.
                Err(StoreError::Refused(_)) => self.look_up_alone(id, profile).await,
                Err(error) => Err(NoArrival::Store(error.clone())),
            });
        }
        answers
    }

    async fn look_up_all(&self, named: &[Named]) -> Result<HashMap<UserId, Arrived>, StoreError> {
        let ids: Vec<UserId> = named.iter().map(|(id, _)| id.clone()).collect();
        let (users, mut marks) = futures::try_join!(self.known_or_made(named), self.marks.marks(&ids))?;
        let arrived = users.into_iter().map(|user| {
            let marks = marks.remove(&user.id).unwrap_or_default();
            (user.id.clone(), Arrived { user, marks })
        });
        Ok(arrived.collect())
    }

    async fn look_up_alone(&self, id: UserId, profile: Profile) -> Result<Arrived, NoArrival> {
        let found = self.look_up_all(&[(id.clone(), profile)]).await.map_err(NoArrival::Store)?.remove(&id);
        found.ok_or(NoArrival::Deleted)
    }

    /// These users, with one call to the store for those who are known already. Each once.
    pub(crate) async fn known_or_made(&self, named: &[Named]) -> Result<Vec<User>, StoreError> {
        let wanted: HashMap<UserId, Profile> = named.iter().cloned().collect();
        let ids: Vec<UserId> = wanted.keys().cloned().collect();
        let mut users: HashMap<UserId, User> =
            self.people.users(&ids).await?.into_iter().map(|user| (user.id.clone(), user)).collect();
        let incomplete = wanted
            .into_iter()
            .filter(|(id, profile)| users.get(id).is_none_or(|user| !user.banned && user.profile.lacks(profile)))
            .collect::<Vec<Named>>();
        let made = futures::stream::iter(incomplete)
            .map(|(id, profile)| async move { self.people.ensure_user(&id, &profile).await })
            .buffer_unordered(MADE_AT_ONCE);
        for user in made.try_collect::<Vec<User>>().await? {
            users.insert(user.id.clone(), user);
        }
        Ok(users.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{MemoryStore, user};

    fn identity(name: &str) -> Identity {
        let profile = Profile { username: name.into(), name: name.into() };
        Identity { user: user(name), profile, expires: 0, proven: 0 }
    }

    #[tokio::test]
    async fn whoever_is_not_known_is_made_and_a_silent_store_is_told() {
        let store = Arc::new(MemoryStore::of(&GroupId::random(), &["anna"], []));
        let arrivals = Arc::new(Arrivals::new(store.clone(), store.clone(), Tasks::default()));
        let [anna, bob] = [identity("anna"), identity("bob")];
        let (known, made) = tokio::join!(arrivals.arrive(&anna), arrivals.arrive(&bob));
        assert_eq!([known.unwrap().user.groups.len(), made.unwrap().user.groups.len()], [1, 0]);
        store.be_silent(true);
        assert_eq!(arrivals.arrive(&bob).await.unwrap_err().code, crate::domain::Code::Unavailable);
    }
}

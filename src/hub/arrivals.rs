//! Who says hello at the same time is looked up together: a storm of reconnects costs the store a few
//! calls, not a few a client, and a lone hello never waits for company.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Hub;
use crate::domain::{GroupId, Mark, Profile, Refusal, User, UserId};
use crate::ports::{Identity, StoreError};

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
type Waiting = (Named, oneshot::Sender<Result<Arrived, StoreError>>);

/// Those who wait to be looked up.
#[derive(Default)]
pub(crate) struct Arrivals(Mutex<Line>);

#[derive(Default)]
struct Line {
    waiting: Vec<Waiting>,
    running: bool,
}

// === impl Arrivals ===

impl Arrivals {
    /// Puts somebody in line; true when nobody looks after the line yet.
    fn push(&self, waiting: Waiting) -> bool {
        let mut line = self.0.lock();
        line.waiting.push(waiting);
        !std::mem::replace(&mut line.running, true)
    }

    fn next(&self) -> Option<Vec<Waiting>> {
        let mut line = self.0.lock();
        let count = line.waiting.len().min(BATCH_MAX);
        line.running = count > 0;
        (count > 0).then(|| line.waiting.drain(..count).collect())
    }
}

impl Hub {
    /// The bearer of a token, made when there is no such user yet. Sees all that was stored before
    /// the call.
    pub(crate) async fn arrive(self: &Arc<Self>, identity: &Identity) -> Result<Arrived, Refusal> {
        let (sender, answer) = oneshot::channel();
        if self.arrivals.push(((identity.user.clone(), identity.profile.clone()), sender)) {
            let hub = self.clone();
            self.spawn(async move { hub.run_arrivals().await });
        }
        // Not answered: the node stops.
        let answer = answer.await.map_err(|_| Refusal::unavailable())?;
        answer.map_err(|error| self.store_refusal(&error))
    }

    async fn run_arrivals(&self) {
        while let Some(batch) = self.arrivals.next() {
            let (named, senders): (Vec<Named>, Vec<_>) = batch.into_iter().unzip();
            let found = self.look_up_all(&named).await;
            for ((id, profile), sender) in named.into_iter().zip(senders) {
                let answer = match &found {
                    Ok(found) => found.get(&id).cloned().ok_or_else(deleted_meanwhile),
                    // Perhaps another one's document is unreadable.
                    Err(StoreError::Refused(_)) => self.look_up_alone(id, profile).await,
                    Err(error) => Err(error.clone()),
                };
                // Whoever hung up meanwhile needs no answer.
                let _ = sender.send(answer);
            }
        }
    }

    async fn look_up_all(&self, named: &[Named]) -> Result<HashMap<UserId, Arrived>, StoreError> {
        let ids: Vec<UserId> = named.iter().map(|(id, _)| id.clone()).collect();
        let (users, mut marks) = futures::try_join!(self.known_or_made(named), self.store.marks(&ids))?;
        let arrived = users.into_iter().map(|user| {
            let marks = marks.remove(&user.id).unwrap_or_default();
            (user.id.clone(), Arrived { user, marks })
        });
        Ok(arrived.collect())
    }

    async fn look_up_alone(&self, id: UserId, profile: Profile) -> Result<Arrived, StoreError> {
        let found = self.look_up_all(&[(id.clone(), profile)]).await?.remove(&id);
        found.ok_or_else(deleted_meanwhile)
    }

    /// These users, with one call to the store for those who are known already. Each once.
    pub(crate) async fn known_or_made(&self, named: &[Named]) -> Result<Vec<User>, StoreError> {
        let wanted: HashMap<UserId, Profile> = named.iter().cloned().collect();
        let ids: Vec<UserId> = wanted.keys().cloned().collect();
        let mut users: HashMap<UserId, User> =
            self.store.users(&ids).await?.into_iter().map(|user| (user.id.clone(), user)).collect();
        let incomplete = wanted
            .into_iter()
            .filter(|(id, profile)| users.get(id).is_none_or(|user| !user.banned && user.profile.lacks(profile)))
            .collect::<Vec<Named>>();
        let made = futures::stream::iter(incomplete)
            .map(|(id, profile)| async move { self.store.ensure_user(&id, &profile).await })
            .buffer_unordered(MADE_AT_ONCE);
        for user in made.try_collect::<Vec<User>>().await? {
            users.insert(user.id.clone(), user);
        }
        Ok(users.into_values().collect())
    }

    pub(crate) async fn marks_of(&self, user: &UserId) -> Result<HashMap<GroupId, Mark>, StoreError> {
        Ok(self.store.marks(std::slice::from_ref(user)).await?.remove(user).unwrap_or_default())
    }
}

fn deleted_meanwhile() -> StoreError {
    StoreError::Unreachable("the user was deleted meanwhile".into())
}

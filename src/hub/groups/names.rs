//! Names of users, kept for a while: groups are shown with their members' names.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use tokio::time::Instant;

use crate::domain::UserId;
use crate::ports::{StoreError, UserStore};

/// A changed name is shown after this long at the latest.
const FRESH: Duration = Duration::from_secs(60);
/// Some 10 MB of names.
const MOST: usize = 100_000;

/// A bounded cache of names.
pub(crate) struct Names {
    people: Arc<dyn UserStore>,
    names: DashMap<UserId, (Arc<str>, Instant)>,
}

// === impl Names ===

impl Names {
    pub(crate) fn new(people: Arc<dyn UserStore>) -> Self {
        Self { people, names: DashMap::new() }
    }

    fn put(&self, user: &UserId, name: &str) {
        if self.names.len() >= MOST {
            self.names.retain(|_, (_, at)| at.elapsed() < FRESH);
            if self.names.len() >= MOST {
                self.names.clear();
            }
        }
        self.names.insert(user.clone(), (name.into(), Instant::now()));
    }

    fn get(&self, user: &UserId, now: Instant) -> Option<Arc<str>> {
        self.names.get(user).filter(|entry| now - entry.1 < FRESH).map(|entry| entry.0.clone())
    }

    /// The names of these users; their ids for those who have none.
    pub(crate) async fn names(&self, users: &[UserId]) -> Result<HashMap<UserId, Arc<str>>, StoreError> {
        let now = Instant::now();
        let mut names = HashMap::with_capacity(users.len());
        let mut unknown = Vec::new();
        for user in users {
            match self.get(user, now) {
                Some(name) => drop(names.insert(user.clone(), name)),
                None => unknown.push(user.clone()),
            }
        }
        if unknown.is_empty() {
            return Ok(names);
        }
        for user in self.people.users(&unknown).await? {
            self.put(&user.id, display_name(&user.profile.name, &user.id));
            names.insert(user.id.clone(), display_name(&user.profile.name, &user.id).into());
        }
        for user in unknown {
            names.entry(user.clone()).or_insert_with(|| user.as_str().into());
        }
        Ok(names)
    }

    /// Names that are at hand; the id of who has none.
    pub(crate) fn names_at_hand<'a>(
        &self,
        users: impl Iterator<Item = &'a UserId>,
    ) -> impl Iterator<Item = (&'a UserId, Arc<str>)> {
        let now = Instant::now();
        users.map(move |user| (user, self.get(user, now).unwrap_or_else(|| user.as_str().into())))
    }
}

fn display_name<'a>(name: &'a str, id: &'a UserId) -> &'a str {
    if name.is_empty() { id.as_str() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GroupId;
    use crate::hub::testing::{MemoryStore, user};

    fn names(people: &[&str]) -> (Names, Arc<MemoryStore>) {
        let store = Arc::new(MemoryStore::of(&GroupId::random(), people, []));
        (Names::new(store.clone()), store)
    }

    #[tokio::test(start_paused = true)]
    async fn names_are_asked_for_once_in_a_while_and_shown_anew_after_it() {
        let (names, store) = names(&["anna", "bob"]);
        let [anna, bob, nobody] = ["anna", "bob", "nobody"].map(user);
        store.set_profile(&anna, None, Some("Anna")).await.unwrap();
        store.set_profile(&bob, None, Some("")).await.unwrap();
        let all = [anna.clone(), bob.clone(), nobody.clone()];
        let shown = names.names(&all).await.unwrap();
        assert_eq!([&anna, &bob, &nobody].map(|user| &*shown[user]), ["Anna", "bob", "nobody"]);
        store.set_profile(&anna, None, Some("Ann")).await.unwrap();
        names.names(&all[..2]).await.unwrap();
        assert_eq!(store.calls("users"), 1);
        tokio::time::advance(FRESH).await;
        assert_eq!(&*names.names(&all[..2]).await.unwrap()[&anna], "Ann");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_store_leaves_the_names_that_are_at_hand() {
        let (names, store) = names(&["anna", "bob"]);
        let [anna, bob] = ["anna", "bob"].map(user);
        store.set_profile(&anna, None, Some("Anna")).await.unwrap();
        names.names(std::slice::from_ref(&anna)).await.unwrap();
        store.be_silent(true);
        assert!(names.names(std::slice::from_ref(&anna)).await.is_ok());
        assert!(names.names(&[anna.clone(), bob.clone()]).await.is_err());
        let at_hand: Vec<_> = names.names_at_hand([&anna, &bob].into_iter()).map(|(_, name)| name).collect();
        assert_eq!(at_hand, ["Anna".into(), Arc::<str>::from("bob")]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_kept_than_there_is_room_for() {
        let (names, _) = names(&[]);
        for number in 0..MOST + 10 {
            names.put(&user(&format!("user-{number}")), "name");
        }
        assert!(names.names.len() <= MOST, "{}", names.names.len());
        assert!(names.get(&user(&format!("user-{}", MOST + 9)), Instant::now()).is_some(), "the newest is there");
    }
}

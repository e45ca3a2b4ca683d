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

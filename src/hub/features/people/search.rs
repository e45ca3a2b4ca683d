//! Users are found by words of their names.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::look::Look;
use crate::domain::{Refusal, User, UserId, WordPlace, words, words_of};
use crate::hub::features::answered::{Answered, Asker};
use crate::ports::UserStore;
use crate::protocol::{ProfileView, ServerFrame, pushes, requests};

/// Users on a page.
const PAGE: usize = 20;
/// Places looked at with one call: some users have several words that begin alike, and are on the page once.
const LOOKED_AT: usize = 100;
/// Calls for one page at most. A page that is not full then says where it goes on.
const LOOKS: usize = 5;

/// Users that were found, and where there may be more, behind which place.
pub(crate) type Found = (Vec<ProfileView>, Option<WordPlace>);

/// Finds users for each other.
pub(crate) struct Search {
    people: Arc<dyn UserStore>,
    look: Arc<Look>,
}

/// What is looked for: the word by which places are found, and all words.
struct Wanted {
    first: String,
    all: BTreeSet<String>,
}

// === impl Search ===

impl Search {
    pub(crate) fn new(people: Arc<dyn UserStore>, look: Arc<Look>) -> Self {
        Self { people, look }
    }

    /// A page of those users of whom each word of a query begins a word of the name or the username.
    ///
    /// # Errors
    /// `bad_frame` for a query without a letter or digit.
    pub(crate) async fn users(&self, reader: &UserId, query: &str, after: Option<WordPlace>) -> Result<Found, Refusal> {
        let wanted = Wanted::of(query)?;
        let (mut found, mut next) = (Vec::new(), after);
        for _ in 0..LOOKS {
            let places = self.people.find_words(&wanted.first, next.as_ref(), LOOKED_AT).await?;
            let last = places.len() < LOOKED_AT;
            let mut taken = self.who_is_wanted(&wanted, places.iter()).await?;
            let room = PAGE - found.len();
            if taken.len() > room {
                taken.truncate(room);
                // Where there was no room at all it goes on behind the places of the look before.
                next = taken.last().map(|(place, _)| place.clone()).or(next);
                found.extend(taken);
                return Ok((self.shown(reader, found).await?, next));
            }
            found.extend(taken);
            next = places.into_iter().next_back();
            if last {
                return Ok((self.shown(reader, found).await?, None));
            }
        }
        Ok((self.shown(reader, found).await?, next))
    }

    /// Of those who stand at places the ones who are looked for, each where the first of their words stands that begins so.
    /// What a place says may be older than its user.
    async fn who_is_wanted(
        &self,
        wanted: &Wanted,
        places: impl Iterator<Item = &WordPlace> + Clone,
    ) -> Result<Vec<(WordPlace, User)>, Refusal> {
        let ids: BTreeSet<UserId> = places.clone().map(|place| place.user.clone()).collect();
        let ids: Vec<UserId> = ids.into_iter().collect();
        let users = self.people.users(&ids).await?;
        let found = places.filter_map(|place| {
            let user = users.iter().find(|user| user.id == place.user)?;
            (wanted.first_word_of(user)? == place.word).then(|| (place.clone(), user.clone()))
        });
        Ok(found.collect())
    }

    async fn shown(&self, reader: &UserId, found: Vec<(WordPlace, User)>) -> Result<Vec<ProfileView>, Refusal> {
        let users: Vec<&User> = found.iter().map(|(_, user)| user).collect();
        let mut seen = match self.people.user(reader).await? {
            Some(reader) if !users.is_empty() => self.look.seen_by(&reader, &users).await?,
            _ => Default::default(),
        };
        Ok(users.into_iter().map(|user| self.look.view(user, seen.remove(&user.id))).collect())
    }
}

// === impl Wanted ===

impl Wanted {
    fn of(query: &str) -> Result<Self, Refusal> {
        let all = words(query);
        // The longest: it has the fewest places.
        let first = all.iter().max_by_key(|word| word.chars().count()).cloned();
        let first = first.ok_or_else(|| Refusal::bad_frame("`query` needs a letter or a digit"))?;
        Ok(Self { first, all })
    }

    /// The first of a user's words that begins with the one by which places are found, where the user is looked for.
    fn first_word_of(&self, user: &User) -> Option<String> {
        let own = if user.is_deleted() { BTreeSet::new() } else { words_of(&user.profile) };
        let begins = |word: &String| own.iter().any(|own| own.starts_with(word.as_str()));
        let first = self.all.iter().all(begins).then(|| own.iter().find(|own| own.starts_with(&self.first)));
        first.flatten().cloned()
    }
}

impl Answered for requests::Users {
    type By = Search;

    async fn answer(self, search: &Search, asker: Asker<'_>) -> Result<(), Refusal> {
        let (users, next) = search.users(&asker.session.user, &self.query, self.cursor).await?;
        asker.tell(&ServerFrame::Users(pushes::Users { re: asker.re, users: &users, next: next.as_ref() }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Code, GroupId, Profile};
    use crate::hub::config::Reach;
    use crate::hub::testing::{Bed, MemoryStore, user};

    /// Anna and bob in a group, and others with these names.
    async fn bed(others: &[(&str, &str)]) -> (Bed, Search) {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna", "bob"], []));
        for (id, name) in others {
            let profile = Profile { username: (*id).to_owned(), name: (*name).to_owned() };
            bed.store.ensure_user(&user(id), &profile).await.unwrap();
        }
        let store = &bed.store;
        let look = Look::new(store.clone(), store.clone(), store.clone(), bed.presence(), Reach::default());
        let search = Search::new(store.clone(), Arc::new(look));
        (bed, search)
    }

    async fn ids(search: &Search, query: &str) -> Vec<String> {
        let (found, _) = search.users(&user("bob"), query, None).await.unwrap();
        found.into_iter().map(|user| user.id.to_string()).collect()
    }

    #[tokio::test]
    async fn any_word_of_name_or_username_finds_and_each_user_once() {
        let others = [("u1", "Annabel Müller"), ("u2", "Mr. Annan Anna"), ("u3", "Hannah"), ("ann-x", "X")];
        let (bed, search) = bed(&others).await;
        assert_eq!(ids(&search, "ann").await, ["ann-x", "anna", "u2", "u1"]);
        assert_eq!(ids(&search, "MULLER ann").await, ["u1"]);
        assert!(ids(&search, "annabelle").await.is_empty());
        assert_eq!(search.users(&user("bob"), " .. ", None).await.unwrap_err().code, Code::BadFrame);
        let (found, _) = search.users(&user("bob"), "anna", None).await.unwrap();
        let online: Vec<_> = found.iter().map(|user| user.online).collect();
        assert_eq!(online, [Some(false), None, None], "only who shares a group");
        bed.store.be_silent(true);
        assert_eq!(search.users(&user("bob"), "anna", None).await.unwrap_err().code, Code::Unavailable);
    }

    #[tokio::test]
    async fn pages_go_on_until_all_were_found_however_many_do_not_belong() {
        let many: Vec<_> = (0..250)
            .map(|n| (format!("u{n:03}"), format!("Tea {}", if n % 10 == 0 { "Green" } else { "Black" })))
            .collect();
        let many: Vec<_> = many.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
        let (_bed, search) = bed(&many).await;
        for (query, expected) in [("tea", 250), ("tea g", 25), ("gree te", 25), ("te green b", 0)] {
            let (mut all, mut next) = (Vec::new(), None);
            loop {
                let (found, more) = search.users(&user("bob"), query, next).await.unwrap();
                assert!(found.len() <= PAGE);
                all.extend(found.into_iter().map(|user| user.id));
                next = more;
                if next.is_none() {
                    break;
                }
            }
            let once: BTreeSet<_> = all.iter().collect();
            assert_eq!((all.len(), once.len()), (expected, expected), "{query}");
        }
    }
}

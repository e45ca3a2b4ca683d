//! Words by which users are found: a document each, whose `_id` is the word and the user, so that what begins alike lies
//! together.
//!
//! A place is made before the name that it stands for is written, and removed after the name is another: who reads looks at
//! the user as well.

use std::collections::BTreeSet;

use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, doc};

use super::MongoStore;
use super::commands::encode;
use super::documents::VERSION;
use crate::domain::{Profile, UserId, WordPlace, words_of};
use crate::ports::{Inserted, StoreError};

/// The mark in the documents of users whose words have their places; absent in those whom an older hubbub stored.
pub(super) const WORDS: i32 = 1;

// === impl MongoStore ===

impl MongoStore {
    /// The places of words that begin so, in their order.
    pub(super) async fn places_from(
        &self,
        beginning: &str,
        after: Option<&WordPlace>,
        limit: usize,
    ) -> Result<Vec<WordPlace>, StoreError> {
        let mut range = doc! { "$gte": beginning, "$lt": format!("{beginning}{}", char::MAX) };
        if let Some(place) = after {
            range = doc! { "$gt": place_id(&place.word, &place.user), "$lt": format!("{beginning}{}", char::MAX) };
        }
        let found = self.find(&self.words, doc! { "_id": range }, doc! { "_id": 1 }, 0, limit).await?;
        let places = found.iter().filter_map(|document| {
            let (word, user) = document.get_str("_id").ok()?.split_once('.')?;
            Some(WordPlace { word: word.to_owned(), user: UserId::stored(user).ok()? })
        });
        Ok(places.collect())
    }

    /// Has a user be found by the words of these names.
    pub(super) async fn add_words(&self, user: &UserId, profile: &Profile) -> Result<(), StoreError> {
        let places = words_of(profile).into_iter().map(|word| doc! { "_id": place_id(&word, user), "v": VERSION });
        let places = places.map(|place| encode(&place)).collect::<Result<Vec<_>, _>>()?;
        if places.is_empty() {
            return Ok(());
        }
        // What is there already is a duplicate, and is what was wanted.
        let unknown = self.insert_all(cstr!("words"), &places).await?.into_iter().find_map(|answer| match answer {
            Inserted::Unknown(why) => Some(StoreError::Unreachable(why)),
            _ => None,
        });
        unknown.map_or(Ok(()), Err)
    }

    /// Removes places of a user that the names of now have no use for.
    pub(super) async fn remove_words(&self, user: &UserId, old: &Profile, now: &Profile) -> Result<(), StoreError> {
        let needed = words_of(now);
        let gone: BTreeSet<String> = words_of(old).into_iter().filter(|word| !needed.contains(word)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let gone: Vec<String> = gone.iter().map(|word| place_id(word, user)).collect();
        let filter: Document = doc! { "_id": { "$in": gone } };
        self.within(self.words.delete_many(filter)).await.map(drop)
    }
}

/// A place's `_id`: no word holds a dot, and all that words hold comes behind one.
fn place_id(word: &str, user: &UserId) -> String {
    format!("{word}.{user}")
}

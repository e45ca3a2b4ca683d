//! Reactions in MongoDB: a document for each event, emoji and user, and in each message's own how many there are.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use serde::Deserialize;

use super::commands::encode;
use super::documents::{VERSION, int, message_id, read};
use super::{IDS_AT_ONCE, MongoStore};
use crate::domain::{Emoji, GroupId, Reaction, ReactionKey, Seq, Switch, Tally, UserId, stored};
use crate::ports::{ReactionPage, ReactionStore, Reactor, StoreError};

/// A reaction. Its `_id` is the message's, the emoji and the user, so that those to one message lie together, by emoji.
#[derive(Deserialize)]
struct ReactionDocument {
    group: GroupId,
    seq: Seq,
    emoji: Emoji,
    #[serde(deserialize_with = "stored")]
    user: UserId,
    mark: u64,
}

/// Statements for the messages' documents, and for the reactions'.
pub(super) type Statements = (Vec<RawDocumentBuf>, Vec<RawDocumentBuf>);

#[async_trait]
impl ReactionStore for MongoStore {
    async fn reacted(&self, keys: &[ReactionKey]) -> Result<HashSet<ReactionKey>, StoreError> {
        let mut by_group: HashMap<&GroupId, Vec<String>> = HashMap::new();
        for key in keys {
            by_group.entry(&key.group).or_default().push(reaction_id(&key.group, key.target, &key.emoji, &key.user));
        }
        let mut standing = HashSet::with_capacity(keys.len());
        for (group, ids) in by_group {
            for slice in ids.chunks(IDS_AT_ONCE) {
                let filter = self.of_group(group, doc! { "$in": slice });
                let found = self.find(&self.reactions, filter, Document::new(), 0, slice.len()).await?;
                for document in &found {
                    let ReactionDocument { group, seq: target, emoji, user, mark } = read(document)?;
                    if Switch::from_bits(mark).is_on() {
                        standing.insert(ReactionKey { group, target, emoji, user });
                    }
                }
            }
        }
        Ok(standing)
    }

    async fn reaction_counts(&self, of: &[(GroupId, Seq, Emoji)]) -> Result<Vec<u64>, StoreError> {
        let mut counts = Vec::with_capacity(of.len());
        for (group, target, emoji) in of {
            let prefix = format!("{} {emoji}", message_id(group, *target));
            let standing = self.standing(group, below(&prefix));
            counts.push(self.within(self.reactions.count_documents(standing).max_time(self.timeout)).await?);
        }
        Ok(counts)
    }

    async fn reactors(&self, page: &ReactionPage) -> Result<Vec<Reactor>, StoreError> {
        let of_message = message_id(&page.group, page.target);
        let prefix = match &page.emoji {
            Some(emoji) => format!("{of_message} {emoji}"),
            None => of_message.clone(),
        };
        let mut ids = below(&prefix);
        if let Some((emoji, user)) = &page.after {
            ids.remove("$gte");
            ids.insert("$gt", format!("{of_message} {emoji} {user}"));
        }
        let filter = self.standing(&page.group, ids);
        let found = self.find(&self.reactions, filter, doc! { "_id": 1 }, 0, page.limit).await?;
        let reactor = |document: &RawDocumentBuf| {
            let ReactionDocument { emoji, user, mark, .. } = read(document)?;
            Ok(Reactor { user, emoji, seq: Switch::from_bits(mark).seq() })
        };
        found.iter().map(reactor).collect()
    }
}

// === impl MongoStore ===

impl MongoStore {
    /// Those of these reactions that were not taken back.
    fn standing(&self, group: &GroupId, ids: Document) -> Document {
        let mut filter = self.of_group(group, ids);
        filter.insert("mark", doc! { "$mod": [2, 1] });
        filter
    }

    /// Statements that write reactions, in whatever order and again: of those to one message with one emoji the greatest
    /// seq says how many there are.
    pub(super) fn react<'a>(
        &self,
        reactions: impl Iterator<Item = (&'a GroupId, Seq, &'a Reaction)>,
    ) -> Result<Statements, StoreError> {
        let (mut tallies, mut rows) = (BTreeMap::new(), Vec::new());
        for (group, target, reaction) in reactions {
            let tally = Tally::of(reaction);
            let known = tallies.entry((group, target, &reaction.emoji)).or_insert_with(|| tally.clone());
            known.raise(&tally);
            rows.push(self.raise_reaction(group, target, reaction)?);
        }
        let mut messages = Vec::with_capacity(2 * tallies.len());
        for ((group, target, _), tally) in &tallies {
            messages.extend(self.raise_tally(group, *target, tally)?);
        }
        Ok((messages, rows))
    }

    fn raise_reaction(&self, group: &GroupId, target: Seq, reaction: &Reaction) -> Result<RawDocumentBuf, StoreError> {
        let Reaction { user, emoji, switch, .. } = reaction;
        let first = doc! {
            "group": group.as_str(), "seq": int(target), "emoji": emoji.as_str(), "user": user.as_str(), "v": VERSION,
        };
        encode(&doc! {
            "q": self.of_group(group, reaction_id(group, target, emoji, user)),
            "u": { "$max": { "mark": int(switch.bits()) }, "$setOnInsert": first },
            "upsert": true,
        })
    }

    fn raise_tally(&self, group: &GroupId, target: Seq, tally: &Tally) -> Result<Vec<RawDocumentBuf>, StoreError> {
        let field = |name: &str| format!("{}.{name}", tally_field(&tally.emoji));
        let of_message = || {
            let mut filter = self.of_group(group, message_id(group, target));
            filter.insert("erased", doc! { "$exists": false });
            filter
        };
        let mut older = of_message();
        older.insert(field("at"), doc! { "$not": { "$gte": int(tally.at) } });
        let now = doc! {
            field("emoji"): tally.emoji.as_str(), field("count"): int(tally.count), field("at"): int(tally.at),
        };
        let mut statements = vec![encode(&doc! { "q": older, "u": { "$set": now } })?];
        if tally.first < Seq::MAX {
            let first = doc! { field("first"): int(tally.first) };
            statements.push(encode(&doc! { "q": of_message(), "u": { "$min": first } })?);
        }
        Ok(statements)
    }
}

/// Where a message's document tells of an emoji.
fn tally_field(emoji: &Emoji) -> String {
    format!("reactions.{}", data_encoding::HEXLOWER.encode(emoji.as_str().as_bytes()))
}

fn reaction_id(group: &GroupId, target: Seq, emoji: &Emoji, user: &UserId) -> String {
    format!("{} {emoji} {user}", message_id(group, target))
}

/// Ids that go on with a space behind this.
fn below(prefix: &str) -> Document {
    // The character behind the space.
    doc! { "$gte": format!("{prefix} "), "$lt": format!("{prefix}!") }
}

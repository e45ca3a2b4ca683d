//! Replies in MongoDB: a document for each, and in each message's own how many it has.

use std::collections::BTreeMap;

use mongodb::bson::raw::cstr;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use serde::Deserialize;

use super::MongoStore;
use super::commands::encode;
use super::documents::{MAX_SEQ, SEQ_DIGITS, VERSION, int, message_id, read};
use crate::domain::{Change, Effect, Erasure, Event, GroupId, Seq, Switch};
use crate::ports::{Page, StoreError};

/// That a message replies to another one. Its `_id` is the other's, and the seq, so that they sort.
#[derive(Deserialize)]
struct ReplyDocument {
    reply: Seq,
}

/// Which message replies to which.
type Reply<'a> = (&'a GroupId, Seq, Seq);

// === impl MongoStore ===

impl MongoStore {
    /// Writes what replies to what, and what no more since it was deleted; then how many there are. Comes behind the
    /// deletions themselves.
    pub(super) async fn reply(&self, effects: &[Effect]) -> Result<(), StoreError> {
        let mut switches: Vec<(Reply<'_>, Switch)> = Vec::new();
        for Effect { group, target, change } in effects {
            match change {
                Change::Reply(switch) => switches.push(((group, *target, switch.seq()), *switch)),
                Change::Erase(Erasure { seq, .. }) => {
                    let about = self.replied_to(group, *target).await?;
                    switches.extend(about.map(|about| ((group, about, *target), Switch::set(*seq, false))));
                }
                _ => {}
            }
        }
        if switches.is_empty() {
            return Ok(());
        }
        let rows = switches.iter().map(|(reply, switch)| self.reply_row(*reply, *switch));
        self.update_all(cstr!("replies"), rows.collect::<Result<_, _>>()?).await?;
        let mut targets: BTreeMap<(&GroupId, Seq), Seq> = BTreeMap::new();
        for ((group, target, _), switch) in &switches {
            let at = targets.entry((group, *target)).or_default();
            *at = switch.seq().max(*at);
        }
        let mut counts = Vec::with_capacity(targets.len());
        for ((group, target), at) in targets {
            counts.push(self.count_replies(group, target, at).await?);
        }
        self.update_all(cstr!("messages"), counts).await
    }

    fn reply_row(&self, (group, target, reply): Reply<'_>, switch: Switch) -> Result<RawDocumentBuf, StoreError> {
        let first = doc! { "group": group.as_str(), "seq": int(target), "reply": int(reply), "v": VERSION };
        encode(&doc! {
            "q": self.of_group(group, reply_id(group, target, reply)),
            "u": { "$max": { "mark": int(switch.bits()) }, "$setOnInsert": first },
            "upsert": true,
        })
    }

    /// What an event is a reply to.
    async fn replied_to(&self, group: &GroupId, reply: Seq) -> Result<Option<Seq>, StoreError> {
        let found = self.messages_under(group, &[reply]).await?;
        let effect = found.first().and_then(Effect::of).filter(|effect| matches!(effect.change, Change::Reply(_)));
        Ok(effect.map(|effect| effect.target))
    }

    /// A statement that says how many replies a message has by now, over what was counted before.
    async fn count_replies(&self, group: &GroupId, target: Seq, at: Seq) -> Result<RawDocumentBuf, StoreError> {
        let standing = self.standing_replies(group, range(group, target, 0, Seq::MAX));
        let count = self.within(self.replies.count_documents(standing).max_time(self.timeout)).await?;
        let mut query = self.of_group(group, message_id(group, target));
        query.insert("erased", doc! { "$exists": false });
        query.insert("replied", doc! { "$not": { "$gt": int(at) } });
        encode(&doc! { "q": query, "u": { "$set": { "replies": int(count), "replied": int(at) } } })
    }

    /// Those that were not deleted.
    fn standing_replies(&self, group: &GroupId, ids: Document) -> Document {
        let mut filter = self.of_group(group, ids);
        filter.insert("mark", doc! { "$mod": [2, 1] });
        filter
    }

    /// A page of the replies to a message.
    pub(super) async fn replies_to(&self, group: &GroupId, target: Seq, page: Page) -> Result<Vec<Event>, StoreError> {
        let (ids, order, limit) = match page {
            Page::After(seq, limit) => (range(group, target, seq.saturating_add(1), Seq::MAX), 1, limit),
            Page::Before(seq, limit) => (range(group, target, 0, seq), -1, limit),
            Page::Shown(_, limit) => (range(group, target, 0, Seq::MAX), -1, limit),
        };
        let filter = self.standing_replies(group, ids);
        let rows = self.find(&self.replies, filter, doc! { "_id": order }, 0, limit).await?;
        let seqs: Vec<Seq> =
            rows.iter().map(|row| Ok(read::<ReplyDocument>(row)?.reply)).collect::<Result<_, StoreError>>()?;
        let mut found = self.messages_under(group, &seqs).await?;
        found.sort_by_key(|event| event.seq);
        Ok(found)
    }
}

fn reply_id(group: &GroupId, target: Seq, reply: Seq) -> String {
    format!("{} {:0width$}", message_id(group, target), reply.min(MAX_SEQ), width = SEQ_DIGITS)
}

/// Ids of the replies to a message from a seq on, up to another (exclusive).
fn range(group: &GroupId, target: Seq, from: Seq, to: Seq) -> Document {
    let upper = if to > MAX_SEQ { "$lte" } else { "$lt" };
    doc! { "$gte": reply_id(group, target, from), upper: reply_id(group, target, to) }
}

//! Mentions in memory, by the effects that were applied.

use std::collections::HashSet;

use async_trait::async_trait;

use super::{Answer, MemoryStore};
use crate::domain::{Change, Mentions, Seq, UserId};
use crate::ports::{MentionStore, ReadUpTo};

#[async_trait]
impl MentionStore for MemoryStore {
    async fn mentions(&self, user: &UserId, of: &[ReadUpTo]) -> Answer<Vec<u64>> {
        self.note("mentions");
        let effects = self.applied();
        let count = |unread: &ReadUpTo| {
            let seqs: HashSet<Seq> = effects
                .iter()
                .filter(|effect| effect.group == unread.group && effect.target > unread.read)
                .filter(|effect| match &effect.change {
                    Change::Mention(Mentions::All) => true,
                    Change::Mention(Mentions::Users(users)) => users.contains(user),
                    _ => false,
                })
                .map(|effect| effect.target)
                .collect();
            seqs.len() as u64
        };
        self.answer(of.iter().map(count).collect())
    }
}

//! Whether what a world has come to is as it must be.

use super::World;
use crate::domain::Seq;

impl World {
    /// What must be true at all times.
    pub fn broken(&self) -> Option<String> {
        let after = self.start.cursor.unwrap_or(self.welcomed_at);
        let seen = self.seen(after);
        if !self.heard.begins_with_welcome() {
            return Some("something came before the welcome".into());
        }
        if !seen.iter().copied().eq(after + 1..=after + seen.len() as Seq) {
            return Some(format!("{seen:?} was seen after {after}"));
        }
        let beside = self.neighbour.as_ref().map(|neighbour| neighbour.seqs()).unwrap_or_default();
        let in_order = beside.iter().copied().eq(self.start.stored + 1..=self.start.stored + beside.len() as Seq);
        (!in_order).then(|| format!("the neighbour saw {beside:?}"))
    }

    /// Whether everybody has everything.
    pub fn complete(&self) -> bool {
        let after = self.start.cursor.unwrap_or(self.welcomed_at);
        let rest = self.start.last - after;
        let beside = self.neighbour.as_ref().map(|heard| heard.seqs().len() as Seq);
        self.seen(after).len() as Seq == rest && beside.is_none_or(|seen| seen == self.start.last - self.start.stored)
    }

    /// What the client makes of what came: it drops what it says it holds.
    fn seen(&self, held: Seq) -> Vec<Seq> {
        let mut seen = self.heard.seqs();
        if self.start.cursor.is_some() {
            seen.retain(|seq| *seq > held);
        }
        seen
    }

    /// All that decides what can follow.
    pub fn fingerprint(&self) -> String {
        let ring = (self.state.ring_end(), self.reach_of_ring());
        let live = self.state.has(&self.session.id);
        let beside = self.neighbour.as_ref().map(|heard| heard.seqs());
        let position = (&self.state.position, self.state.phase(), ring, live);
        let session = (&self.stage, self.heard.seqs(), self.welcomed_at, beside);
        let rest = (&self.task, self.routed, self.stored, &self.peer_messages, self.may_lose, self.may_fail);
        format!("{position:?} {session:?} {rest:?}")
    }

    /// The oldest event that the ring has.
    fn reach_of_ring(&self) -> Option<Seq> {
        (0..=self.start.last).find(|seq| self.state.ring_event(*seq).is_some())
    }
}

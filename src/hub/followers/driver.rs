//! Which groups moved is asked once for all followers of this node.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::MissedTickBehavior;

use super::assignment::Assignment;
use super::assignments::Assignments;
use super::clock::BackplaneClock;
use crate::domain::{GroupId, Head, Seq};
use crate::ports::{BackplaneError, GroupStates, Partition};

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(1);

/// Asks which groups moved.
pub(super) struct Driver {
    states: Arc<dyn GroupStates>,
    assignments: Arc<Assignments>,
    clock: Arc<BackplaneClock>,
}

// === impl Driver ===

impl Driver {
    pub(super) fn new(states: Arc<dyn GroupStates>, assignments: Arc<Assignments>, clock: Arc<BackplaneClock>) -> Self {
        Self { states, assignments, clock }
    }

    /// Asks of each partition in which a follower works here, every second.
    pub(super) async fn run(self) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let partitions = self.assignments.by_partition();
            join_all(partitions.iter().map(|(partition, here)| self.ask(*partition, here))).await;
        }
    }

    /// Asks for what moved since the least of the numbers that these followers have seen. One that asks for more than
    /// is kept has lost track, which is no reason for the others to lose it.
    async fn ask(&self, partition: Partition, here: &[Arc<Assignment>]) {
        let asking: Vec<_> = here.iter().filter_map(|one| Some((one.asks_after()?, one))).collect();
        let mut numbers: BTreeSet<Option<u64>> = asking.iter().map(|(after, _)| *after).collect();
        while let Some(after) = numbers.pop_first() {
            let Ok((newest, moved)) = self.moved_since(partition, after.unwrap_or(0)).await else {
                // It is asked again with the next tick.
                return;
            };
            self.clock.heard(newest);
            // A follower that is new compares all groups, whatever moved.
            match moved.filter(|_| after.is_some()) {
                Some(moved) => {
                    let rest = asking.iter().filter(|(number, _)| *number >= after);
                    return rest.for_each(|(_, one)| one.moved(&moved, newest));
                }
                None => {
                    let lost = asking.iter().filter(|(number, _)| *number == after);
                    lost.for_each(|(_, one)| one.lost_track(newest));
                }
            }
        }
    }

    /// As the backplane says. Numbers below the one that was asked for are of another past.
    async fn moved_since(
        &self,
        partition: Partition,
        after: u64,
    ) -> Result<(u64, Option<Vec<(GroupId, Option<Seq>)>>), BackplaneError> {
        let (newest, moved) = self.states.moved_since(partition, after).await?;
        let moved = moved.filter(|_| newest >= after);
        let seqs = |moved: Vec<(GroupId, Option<Head>)>| {
            moved.into_iter().map(|(group, head)| (group, head.map(|head| head.seq))).collect()
        };
        Ok((newest, moved.map(seqs)))
    }
}

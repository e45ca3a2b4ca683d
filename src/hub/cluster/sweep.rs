//! Groups that moved on without this node hearing of it are found.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::Seq;
use crate::hub::groups::{CatchUp, Comparisons};
use crate::hub::local::{LocalGroup, LocalGroups};
use crate::hub::node::NodeState;
use crate::hub::pipeline::restore::Restorer;
use crate::hub::tasks::Tasks;
use crate::ports::{GroupStates, Partition};

/// A peer message that has not come after so long is looked for.
const ON_THEIR_WAY: Duration = Duration::from_secs(1);

/// Sweeps over the groups of the node.
pub(crate) struct Sweeper {
    states: Arc<dyn GroupStates>,
    groups: Arc<LocalGroups>,
    node: Arc<NodeState>,
    restorer: Arc<Restorer>,
    catch_up: Arc<CatchUp>,
    comparisons: Arc<Comparisons>,
    tasks: Tasks,
}

/// How a group that was behind a stored head goes on.
#[derive(Debug, PartialEq, Eq)]
enum Behind {
    NoMore,
    Moving,
    Stuck,
}

// === impl Sweeper ===

impl Sweeper {
    pub(crate) fn new(
        states: Arc<dyn GroupStates>,
        groups: Arc<LocalGroups>,
        node: Arc<NodeState>,
        restorer: Arc<Restorer>,
        catch_up: Arc<CatchUp>,
        comparisons: Arc<Comparisons>,
        tasks: Tasks,
    ) -> Self {
        Self { states, groups, node, restorer, catch_up, comparisons, tasks }
    }

    /// Finds, every few seconds, groups that moved on without this node hearing of it. Costs what
    /// traffic there was, not what sessions there are.
    pub(crate) async fn run(self: Arc<Self>, every: Duration) {
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut after = vec![0_u64; usize::from(self.node.partitions())];
        loop {
            tick.tick().await;
            let mut by_partition: HashMap<Partition, Vec<Arc<LocalGroup>>> = HashMap::new();
            for group in self.groups.all() {
                by_partition.entry(group.partition).or_default().push(group);
            }
            for (partition, groups) in by_partition {
                self.sweep(partition, groups, &mut after[usize::from(partition)]).await;
            }
        }
    }

    async fn sweep(self: &Arc<Self>, partition: Partition, groups: Vec<Arc<LocalGroup>>, after: &mut u64) {
        match self.states.moved_since(partition, *after).await {
            Ok((newest, Some(moved))) => {
                *after = newest;
                let mut beyond = Vec::new();
                // Of a group without a state there is nothing to compare with.
                for (id, head) in moved.into_iter().filter_map(|(id, head)| Some((id, head?))) {
                    let Some(group) = self.groups.get(&id) else { continue };
                    let at = group.at();
                    if at > head.seq {
                        beyond.push((id, at));
                    } else if at < head.seq {
                        let this = self.clone();
                        self.tasks.spawn(async move { this.follow(group, head.seq).await });
                    }
                }
                self.restorer.raise_heads(partition, beyond);
            }
            Ok((newest, None)) => {
                *after = newest;
                let this = self.clone();
                self.tasks.spawn(async move { this.comparisons.rejoin(groups).await });
            }
            // Asked again with the next sweep.
            Err(_) => {}
        }
    }

    /// A group is stored further than it was given out here. While it moves on, its peer messages are on their way, and
    /// a store under load is not asked for what they bring; one that stands still has lost some.
    async fn follow(&self, group: Arc<LocalGroup>, head: Seq) {
        let mut at = group.at();
        loop {
            tokio::time::sleep(ON_THEIR_WAY).await;
            let now = group.at();
            match after_a_while(at, now, head) {
                Behind::NoMore => return,
                Behind::Moving => at = now,
                // Everybody here has left it.
                Behind::Stuck if group.state.lock().is_gone() => return,
                Behind::Stuck => {
                    self.catch_up.heard_of_head(&group, head);
                    // Why did it not hear? Its route may be lost.
                    return self.comparisons.rejoin(vec![group]).await;
                }
            }
        }
    }
}

/// A group stood at one seq and stands at another a while later.
fn after_a_while(at: Seq, now: Seq, head: Seq) -> Behind {
    match now {
        now if now >= head => Behind::NoMore,
        now if now > at => Behind::Moving,
        _ => Behind::Stuck,
    }
}

#[cfg(test)]
mod tests;

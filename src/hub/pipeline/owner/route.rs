//! Commit, then peer messages: what is stored goes to the nodes with members.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::RETRY;
use super::batch::{Batch, Routes, Trail, forget, was_told};
use super::commit::Committer;
use super::heads::DocumentHeads;
use super::notify::{Notifier, POST_FOR};
use super::route_hints::RouteHints;
use crate::domain::{GroupId, MembershipChange, Seq, UserId};
use crate::hub::metrics::Stage;
use crate::hub::node::NodeState;
use crate::hub::pipeline::lives::{remove_ended, stored_base};
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::ports::{Commit, Committed, GroupStore, Partition, Registry};

/// Acks wait this long for a batch to go with. Until then a new owner would find these entries pending, and
/// their documents in the store.
const ACK_AFTER: Duration = Duration::from_secs(2);

/// The routing stages.
pub(crate) struct Router {
    committer: Committer,
    documents: Arc<dyn GroupStore>,
    registry: Arc<dyn Registry>,
    notifier: Arc<Notifier>,
    heads: Arc<DocumentHeads>,
    node: Arc<NodeState>,
    metrics: PipelineMetrics,
    /// Who is probably told of a group's events.
    route_hints: RouteHints,
}

// === impl Router ===

impl Router {
    pub(crate) fn new(
        committer: Committer,
        documents: Arc<dyn GroupStore>,
        registry: Arc<dyn Registry>,
        notifier: Arc<Notifier>,
        heads: Arc<DocumentHeads>,
        node: Arc<NodeState>,
        metrics: PipelineMetrics,
    ) -> Self {
        Self { committer, documents, registry, notifier, heads, node, metrics, route_hints: RouteHints::default() }
    }

    /// The partitions that there are.
    pub(super) fn partitions(&self) -> Range<Partition> {
        0..self.node.partitions()
    }

    /// Commits and routes batches of a partition in their order, for as long as the node runs.
    pub(super) async fn run(self: Arc<Self>, partition: Partition, mut batches: mpsc::Receiver<Batch>) {
        let mut before: Option<Trail> = None;
        loop {
            let received = match &mut before {
                Some(trail) if !trail.done.is_empty() => match tokio::time::timeout(ACK_AFTER, batches.recv()).await {
                    Ok(received) => received,
                    Err(_) => {
                        self.committer.ack_idle(partition, trail).await;
                        continue;
                    }
                },
                _ => batches.recv().await,
            };
            let Some(batch) = received else { return };
            let started = Instant::now();
            let trail = before.take().filter(|trail| trail.token == batch.token);
            before = self.route(batch, trail).await;
            self.metrics.common.took(Stage::Route, started.elapsed().as_secs_f64());
        }
    }

    /// Commits one batch, with the acks of the one before, and tells everybody concerned.
    async fn route(&self, mut batch: Batch, before: Option<Trail>) -> Option<Trail> {
        let acked = before.map(|trail| trail.done).unwrap_or_default();
        let me = self.node.name();
        let mut commit = batch.commit(acked.clone(), &me, &self.route_hints);
        let Some(committed) = self.committer.commit(&commit).await else {
            remove_ended(&*self.documents, batch.groups.into_keys()).await;
            return None;
        };
        forget(&batch.held, &acked);
        self.heads.committed(&commit, &batch);
        let told = self.leave_out_ended(&mut batch, &mut commit, &committed).await;
        let mut nodes = self.nodes_of_newcomers(&batch).await;
        for ((part, routes), told) in commit.groups.iter().zip(&committed.routes).zip(told) {
            let nodes = nodes.entry(part.group.clone()).or_default();
            let origins = batch.groups.get(&part.group).into_iter().flat_map(|run| &run.origins);
            nodes.extend(routes.iter().chain(origins).cloned());
            if told {
                nodes.retain(|node| !was_told(node, part, routes, &commit.hinted));
            }
            self.route_hints.learn(&part.group, routes);
        }
        self.notifier.tell(&batch, &commit, &nodes).await;
        Some(Trail { token: batch.token, done: batch.done, held: batch.held })
    }

    /// Takes out events of lives of their groups that are over: they were stored too late to be deleted with them.
    /// Nobody is shown them, and their senders hear of it. Answers of which groups the commit told everybody.
    async fn leave_out_ended(&self, batch: &mut Batch, commit: &mut Commit, committed: &Committed) -> Vec<bool> {
        let mut told = Vec::with_capacity(commit.groups.len());
        for (part, base) in commit.groups.iter_mut().zip(&committed.bases) {
            told.push(
                committed.told && base.is_some_and(|base| part.recent.first().is_none_or(|(seq, _)| *seq > base)),
            );
            let base = match base {
                Some(base) => *base,
                None => self.base_of_unknown(&part.group).await,
            };
            part.recent.retain(|(seq, _)| *seq > base);
            if batch.leave_out(&part.group, base) {
                remove_ended(&*self.documents, std::iter::once(part.group.clone())).await;
            }
        }
        told
    }

    /// Asks the store, until it answers, where the present life of a group begins.
    async fn base_of_unknown(&self, group: &GroupId) -> Seq {
        let mut retry = RETRY;
        loop {
            match stored_base(&*self.documents, group).await {
                Ok(base) => return base,
                Err(error) => {
                    tracing::warn!(%error, %group, "whether a group is still there cannot be told yet");
                }
            }
            retry.pause().await;
        }
    }

    /// The nodes where users who were just added have sessions: they know nothing of the group yet.
    async fn nodes_of_newcomers(&self, batch: &Batch) -> Routes {
        let mut nodes = HashMap::new();
        for (group, run) in &batch.groups {
            let mut users: Vec<UserId> = Vec::new();
            for event in run.events.values() {
                if let Some(MembershipChange::Joined(joined, _)) = event.membership() {
                    users.extend(joined);
                }
            }
            if users.is_empty() {
                continue;
            }
            let (started, mut retry) = (Instant::now(), RETRY);
            loop {
                match self.registry.whereabouts(&users).await {
                    Ok(found) => {
                        let sessions = found.into_iter().flat_map(|at| at.sessions);
                        nodes.insert(group.clone(), sessions.map(|session| session.node).collect());
                        break;
                    }
                    Err(_) if started.elapsed() >= POST_FOR || retry.is_at_most() => {
                        // Wherever they are: nodes without them leave the peer message aside.
                        let view = self.node.view();
                        nodes.insert(group.clone(), view.nodes.iter().map(|node| node.node.clone()).collect());
                        break;
                    }
                    Err(_) => retry.pause().await,
                }
            }
        }
        nodes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::hub::codec::PeerEvent;
    use crate::hub::node::tests::record;
    use crate::hub::tasks::Tasks;
    use crate::hub::testing::{Bed, MemoryStore, metrics, text, until};
    use crate::ports::LeaseToken;

    #[tokio::test(start_paused = true)]
    async fn nodes_with_routes_are_told_and_those_that_could_not_be_hear_that_they_missed_something() {
        let group = GroupId::random();
        let bed = Bed::new(MemoryStore::default());
        let [me, other] = ["a.1", "b.1"].map(|name| record(name).node);
        bed.node.begin_life(me.clone());
        bed.node.saw(vec![record("a.1"), record("b.1")], 1);
        *bed.log.routes.lock() = vec![me, other];
        let notifier = Notifier::new(bed.inboxes.clone(), bed.node.clone(), bed.told.clone(), Tasks::default());
        let router = Router::new(
            Committer::new(bed.log.clone(), Arc::default()),
            bed.store.clone(),
            bed.registry.clone(),
            Arc::new(notifier),
            Arc::new(DocumentHeads::new(bed.store.clone())),
            bed.node.clone(),
            metrics().pipeline,
        );
        let (routes, batches) = mpsc::channel(1);
        tokio::spawn(Arc::new(router).run(0, batches));
        let batch = |seq| {
            let mut batch = Batch::new(0, LeaseToken::random(), Arc::default());
            batch.add_found(vec![text(&group, seq, "anna")]);
            batch
        };
        routes.send(batch(1)).await.unwrap();
        until(|| bed.told.take() == ["stored [1]"]).await;
        let posts = bed.inboxes.take();
        assert!(
            matches!(&posts[..], [(node, events)] if node == "b.1" && matches!(events[..], [PeerEvent::Run { .. }]))
        );

        bed.inboxes.be_silent(true);
        routes.send(batch(2)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        bed.inboxes.be_silent(false);
        let mut told = BTreeSet::new();
        until(|| {
            told.extend(bed.inboxes.take().into_iter().map(|(node, events)| format!("{node}: {events:?}")));
            !told.is_empty()
        })
        .await;
        assert_eq!(told, BTreeSet::from(["b.1: [Missed]".to_owned()]));
    }
}

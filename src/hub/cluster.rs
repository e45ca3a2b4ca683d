//! The node among the others: its lease and epochs, the reaping of the dead, the sweep.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::group::LocalGroup;
use super::handle::SessionHandle;
use super::owner::first_choice;
use super::reap_plan::ReapPlan;
use super::{Hub, RETRY, features};
use crate::domain::{KINDS, Millis, NodeName, Seq, UserId, now_ms};
use crate::ports::{Beat, NodeRecord, Partition, SessionRecord, StartError};

/// Sessions registered again at the same time after a loss.
const AT_ONCE: usize = 64;
/// Heads asked for in one call.
const HEADS_AT_ONCE: usize = 500;
/// A peer message that has not come after so long is looked for.
const ON_THEIR_WAY: Duration = Duration::from_secs(1);
/// How often retention is seen to.
const EXPIRE_EVERY: Duration = Duration::from_secs(600);

impl Hub {
    /// Registers the node and starts its tasks. The store is prepared, and the backplane was checked. After an error it
    /// may be tried again.
    pub async fn start(self: &Arc<Self>) -> Result<(), StartError> {
        self.begin_life(now_ms()).await?;
        self.node.registered.store(true, Ordering::Relaxed);
        self.spawn(self.clone().run_beats());
        self.spawn(self.clone().run_inbox());
        self.spawn(self.clone().run_owner());
        self.spawn(self.clone().run_send_deadlines());
        self.spawn(self.clone().run_presence());
        self.spawn(self.clone().run_marks());
        self.spawn(self.clone().run_sweep());
        self.spawn(self.clone().run_history());
        self.spawn(self.clone().run_probe());
        if self.config.retention.is_some() {
            self.spawn(self.clone().run_retention());
        }
        Ok(())
    }

    /// Takes a new epoch: an inbox of its own, and a lease.
    async fn begin_life(self: &Arc<Self>, now: Millis) -> Result<(), crate::ports::BackplaneError> {
        // By the clock as well, so that epochs grow also when the backplane has forgotten them.
        let at_least = (now / 1_000).max(1) as u64;
        let epoch = self.backplane.next_epoch(&self.config.node, at_least).await?;
        let name = NodeName::with_epoch(&self.config.node, epoch)
            .map_err(|error| crate::ports::BackplaneError::Unexpected(error.to_string()))?;
        self.backplane.open_inbox(&name).await?;
        let beat = self.backplane.beat(&self.record(&name), self.config.node_lease).await?;
        self.node.begin_life(name.clone());
        if self.node.saw(beat.live, now_ms()).features {
            self.tell_features();
        }
        self.owned.look_now();
        tracing::info!(node = %name, "registered");
        Ok(())
    }

    /// What this node says of itself, as it is now.
    pub(crate) fn record(&self, name: &NodeName) -> NodeRecord {
        NodeRecord {
            node: name.clone(),
            public_url: self.config.public_url.clone(),
            zone: self.config.zone.clone(),
            connections: self.metrics.sessions.get().max(0) as u64,
            capacity: self.config.max_connections,
            draining: self.node.is_draining(),
            version: env!("CARGO_PKG_VERSION").into(),
            since: name.as_str().rsplit('.').next().and_then(|epoch| epoch.parse::<Millis>().ok()).unwrap_or(0) * 1_000,
            vitals: self.metrics.vitals(now_ms()),
            knows: features::known(&KINDS),
            passes: self.owned.passes(),
        }
    }

    /// Renews the node's lease; begins a new life when it was lost.
    async fn run_beats(self: Arc<Self>) {
        let mut tick = tokio::time::interval(self.config.node_lease / 8);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut plan = ReapPlan::default();
        loop {
            let asked = tokio::select! {
                _ = tick.tick() => false,
                () = self.node.asked_to_beat() => true,
            };
            let name = self.node.name();
            match self.backplane.beat(&self.record(&name), self.config.node_lease).await {
                Ok(beat) if beat.renewed => self.after_beat(beat, &mut plan, asked),
                Ok(_) => self.register_again().await,
                Err(error) => {
                    tracing::warn!(%error, "the node's lease was not renewed");
                }
            }
        }
    }

    fn after_beat(self: &Arc<Self>, beat: Beat, plan: &mut ReapPlan, asked: bool) {
        self.metrics.live_nodes.set(beat.live.len() as i64);
        for dead in plan.decide(&self.config.node, &beat, self.config.node_lease) {
            let hub = self.clone();
            self.spawn(async move { hub.reap(&dead).await });
        }
        let changes = self.node.saw(beat.live, now_ms());
        if changes.choices || asked {
            self.owned.look_now();
        }
        if changes.features {
            self.tell_features();
        }
    }

    async fn reap(self: &Arc<Self>, dead: &NodeName) {
        match self.backplane.reap(dead, self.config.partitions).await {
            Ok(users) => {
                self.metrics.reaps.inc();
                tracing::info!(node = %dead, users = users.len(), "cleared away a dead node");
                self.gone_with_node(&users).await;
            }
            Err(error) => {
                tracing::warn!(%error, node = %dead, "a dead node is still to be cleared away");
            }
        }
    }

    /// The node's lease is gone (it was paused, or reaped, or Redis is empty): a new life with the
    /// sockets of the old one.
    async fn register_again(self: &Arc<Self>) {
        self.metrics.reregistrations.inc();
        tracing::warn!("the node's lease was gone; registering again");
        if let Err(error) = self.begin_life(now_ms()).await {
            tracing::warn!(%error, "the node is still to be registered");
            return;
        }
        let hub = self.clone();
        self.spawn(async move {
            hub.register_all_sessions().await;
            hub.compare_all_positions();
        });
    }

    async fn register_all_sessions(self: &Arc<Self>) {
        use futures::StreamExt;
        let name = self.node.name();
        let register = |session| self.register_session_again(session, name.clone());
        futures::stream::iter(self.users.all()).for_each_concurrent(AT_ONCE, register).await;
    }

    async fn register_session_again(self: &Arc<Self>, session: Arc<SessionHandle>, name: NodeName) {
        let record = SessionRecord { session: session.id.clone(), node: name.clone() };
        let mut retry = RETRY;
        while self.node.name() == name && !session.is_over() {
            match self.backplane.register(&session.user, &record).await {
                Ok(sighting) => {
                    self.came(&session.user, &sighting);
                    break;
                }
                Err(_) => retry.pause().await,
            }
        }
        if session.is_over() {
            // It may have ended, and been removed, while it stood in line to be registered: those who go do not
            // wait for those who come.
            self.unregister_session(session.user.clone(), session.id.clone()).await;
        }
    }

    async fn check_all_memberships(self: &Arc<Self>) {
        use futures::StreamExt;
        self.restores.begin_comparison();
        let mut users: Vec<_> = self.users.all().into_iter().map(|session| session.user.clone()).collect();
        users.sort_unstable();
        users.dedup();
        futures::stream::iter(users)
            .for_each_concurrent(AT_ONCE, |user| async move { self.check_memberships_of(&user).await })
            .await;
    }

    /// Tries until the store answers.
    pub(crate) async fn check_memberships_of(self: &Arc<Self>, user: &UserId) {
        while self.check_memberships(user).await.is_err() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Adds the routes of groups again and compares their positions with what is stored.
    pub(crate) async fn rejoin(self: &Arc<Self>, groups: Vec<Arc<LocalGroup>>) {
        let mut retry = RETRY;
        for chunk in groups.chunks(HEADS_AT_ONCE) {
            while let Err(refusal) = self.join_routes(chunk).await {
                tracing::debug!(%refusal, "routes are still to be added again");
                retry.pause().await;
            }
        }
    }

    /// Peer messages may have been lost: looks at all groups of the node. Asked for again meanwhile, it
    /// is done once more after.
    pub(crate) fn compare_all_positions(self: &Arc<Self>) {
        {
            let mut asked = self.restores.comparisons.lock();
            *asked += 1;
            if *asked > 1 {
                return;
            }
        }
        let hub = self.clone();
        self.spawn(async move {
            loop {
                let serving = *hub.restores.comparisons.lock();
                hub.rejoin(hub.groups.all()).await;
                hub.check_all_memberships().await;
                let mut asked = hub.restores.comparisons.lock();
                if *asked == serving {
                    *asked = 0;
                    return;
                }
            }
        });
    }

    /// Finds, every few seconds, groups that moved on without this node hearing of it. Costs what
    /// traffic there was, not what sessions there are.
    async fn run_sweep(self: Arc<Self>) {
        let mut tick = tokio::time::interval(self.config.sweep_every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut after = vec![0_u64; usize::from(self.config.partitions)];
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
        match self.backplane.moved_since(partition, *after).await {
            Ok((newest, Some(moved))) => {
                *after = newest;
                let mut beyond = Vec::new();
                for (id, head) in moved {
                    let Some(group) = self.groups.get(&id) else { continue };
                    let at = group.at();
                    if at > head.seq {
                        beyond.push((id, at));
                    } else if at < head.seq {
                        let hub = self.clone();
                        self.spawn(async move { hub.follow(group, head.seq).await });
                    }
                }
                self.raise_heads(partition, beyond);
            }
            Ok((newest, None)) => {
                *after = newest;
                let hub = self.clone();
                self.spawn(async move { hub.rejoin(groups).await });
            }
            // Asked again with the next sweep.
            Err(_) => {}
        }
    }

    /// A group is stored further than it was given out here. While it moves on, its peer messages are on their way, and
    /// a store under load is not asked for what they bring; one that stands still has lost some.
    async fn follow(self: &Arc<Self>, group: Arc<LocalGroup>, head: Seq) {
        let mut at = group.at();
        loop {
            tokio::time::sleep(ON_THEIR_WAY).await;
            let now = group.at();
            match after_a_while(at, now, head) {
                Behind::NoMore => return,
                Behind::Moving => at = now,
                // Everybody here has left it.
                Behind::Stuck if group.state.lock().gone => return,
                Behind::Stuck => {
                    self.heard_of_head(&group, head);
                    // Why did it not hear? Its route may be lost.
                    return self.rejoin(vec![group]).await;
                }
            }
        }
    }

    /// Removes old messages of the groups whose partitions are this node's, where that is set.
    async fn run_retention(self: Arc<Self>) {
        let Some(retention) = self.config.retention else { return };
        let mut tick = tokio::time::interval(EXPIRE_EVERY);
        loop {
            tick.tick().await;
            let before = now_ms() - retention.as_millis() as Millis;
            let mut page = 0;
            while let Ok(groups) = self.store.all_groups(page, 100).await {
                if groups.is_empty() {
                    break;
                }
                page += 1;
                for group in groups {
                    let (view, me) = (self.node.view(), self.node.name());
                    let first = first_choice(&view.nodes, self.partition(&group.id));
                    if first == Some(&me) && self.store.expire(&group.id, before).await.is_err() {
                        tracing::debug!(group = %group.id, "old messages are still to be removed");
                    }
                }
            }
        }
    }
}

/// How a group that was behind a stored head goes on.
#[derive(Debug, PartialEq, Eq)]
enum Behind {
    NoMore,
    Moving,
    Stuck,
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
mod tests {
    use super::*;

    #[test]
    fn only_a_group_that_stands_still_before_the_head_lacks_something() {
        assert_eq!(after_a_while(3, 3, 9), Behind::Stuck);
        assert_eq!(after_a_while(3, 8, 9), Behind::Moving);
        assert_eq!(after_a_while(3, 9, 9), Behind::NoMore);
        assert_eq!(after_a_while(3, 12, 9), Behind::NoMore);
    }
}

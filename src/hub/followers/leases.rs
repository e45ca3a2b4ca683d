//! Which of a node's followers work in which partitions: leases, all tended by one task.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior};

use super::assignments::Place;
use super::choice::first_choice;
use super::crew::{Crew, Hired};
use super::follower::Follower;
use crate::domain::NodeName;
use crate::hub::node::{NodeState, View};
use crate::ports::{FollowerLeases, LeaseToken, Partition, StoreHealth};

/// How often leases are tended.
const TICK: Duration = Duration::from_secs(1);
/// Every so often one tries for partitions whose first choice is another node: that one may be unable.
const TRY_EVERY: Duration = Duration::from_secs(5);
/// A partition taken so is kept at least so long, so that it does not wander while the other is unable.
const KEEP_FOR: Duration = Duration::from_secs(10);
/// The store is asked so often whether it answers.
const ABLE_FOR: Duration = Duration::from_secs(5);

/// Holds what this node is to work on, and takes what nobody does.
pub(super) struct LeaseKeeper {
    leases: Arc<dyn FollowerLeases>,
    store: Arc<dyn StoreHealth>,
    node: Arc<NodeState>,
    followers: Vec<Arc<dyn Follower>>,
    crew: Crew,
    /// How long a lease lives without being renewed.
    lease: Duration,
    held: Mutex<BTreeMap<Place, Held>>,
}

/// A lease that is held.
struct Held {
    token: LeaseToken,
    hired: Hired,
    renewed: Instant,
    /// It is not given to its first choice before.
    kept_until: Instant,
}

/// What is to be done about a place.
#[derive(Debug, PartialEq, Eq)]
enum Tending {
    Renew,
    Take { kept: bool },
    HandOver,
    LetBe,
}

/// When the store answered last, and was asked last.
struct Ability {
    asked: Option<Instant>,
    answered: Option<Instant>,
}

// === impl LeaseKeeper ===

impl LeaseKeeper {
    pub(super) fn new(
        leases: Arc<dyn FollowerLeases>,
        store: Arc<dyn StoreHealth>,
        node: Arc<NodeState>,
        followers: Vec<Arc<dyn Follower>>,
        crew: Crew,
        lease: Duration,
    ) -> Self {
        Self { leases, store, node, followers, crew, lease, held: Mutex::default() }
    }

    /// Tends all leases for as long as the node runs.
    pub(super) async fn run(self: Arc<Self>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ability = Ability { asked: None, answered: None };
        let mut tried = Instant::now();
        loop {
            tick.tick().await;
            let able = self.is_able(&mut ability).await;
            let tries = tried.elapsed() >= TRY_EVERY;
            if tries {
                tried = Instant::now();
            }
            self.tend_all(able, tries).await;
        }
    }

    /// Whether the store answers, or did so a while ago.
    async fn is_able(&self, ability: &mut Ability) -> bool {
        if ability.asked.is_none_or(|asked| asked.elapsed() >= ABLE_FOR || ability.answered < Some(asked)) {
            ability.asked = Some(Instant::now());
            if self.store.ping().await.is_ok() {
                ability.answered = Some(Instant::now());
            }
        }
        ability.answered.is_some_and(|answered| answered.elapsed() < ABLE_FOR + self.lease / 2)
    }

    async fn tend_all(&self, able: bool, tries: bool) {
        let mut held = self.held.lock().await;
        let (view, me) = (self.node.view(), self.node.name());
        let (mut due, mut leaving) = (Vec::new(), Vec::new());
        for follower in &self.followers {
            for partition in 0..self.node.partitions() {
                let place = (follower.name(), partition);
                match self.tend(place, held.get(&place), able, tries, (&view, &me)) {
                    Tending::Renew => {
                        let token = held.get(&place).map(|held| held.token.clone());
                        due.extend(token.map(|token| self.hold(follower, partition, token, None)));
                    }
                    Tending::Take { kept } => {
                        let kept = if kept { KEEP_FOR } else { Duration::ZERO };
                        due.push(self.hold(follower, partition, LeaseToken::random(), Some(kept)));
                    }
                    Tending::HandOver => leaving.extend(held.remove_entry(&place)),
                    Tending::LetBe => {}
                }
            }
        }
        let (answers, ()) = futures::join!(join_all(due), self.give_back(leaving));
        let lost = answers.into_iter().filter_map(|answer| self.keep(answer, &mut held)).collect::<Vec<_>>();
        join_all(lost.into_iter().map(|held| held.hired.dismiss())).await;
    }

    fn tend(
        &self,
        (follower, partition): Place,
        held: Option<&Held>,
        able: bool,
        tries: bool,
        (view, me): (&View, &NodeName),
    ) -> Tending {
        let draining = self.node.is_draining();
        // While nobody stays that runs it, what is held is kept to the end.
        let mine = first_choice(&view.nodes, follower, partition).map_or(held.is_some(), |first| first == me);
        match held {
            Some(_) if !able => Tending::HandOver,
            Some(held) if mine || (held.kept_until > Instant::now() && !draining) => {
                if held.renewed.elapsed() >= self.lease / 3 { Tending::Renew } else { Tending::LetBe }
            }
            Some(_) => Tending::HandOver,
            None if able && !draining && (mine || tries) => Tending::Take { kept: !mine },
            None => Tending::LetBe,
        }
    }

    /// Takes or renews a lease; with how long one that is taken is kept.
    async fn hold(
        &self,
        follower: &Arc<dyn Follower>,
        partition: Partition,
        token: LeaseToken,
        taken: Option<Duration>,
    ) -> Answer {
        let name = follower.name();
        let held = self.leases.hold_follower(partition, name, &self.node.name(), &token, self.lease).await.ok();
        Answer { follower: follower.clone(), partition, token, taken, held }
    }

    /// Keeps what was taken or renewed; answers what was lost.
    fn keep(&self, answer: Answer, held: &mut BTreeMap<Place, Held>) -> Option<Held> {
        let Answer { follower, partition, token, taken, held: is_held } = answer;
        let (place, now) = ((follower.name(), partition), Instant::now());
        match (is_held, taken) {
            (Some(true), Some(kept)) => {
                tracing::info!(follower = place.0, partition, "a follower works in a partition");
                let hired = self.crew.hire(follower, partition);
                held.insert(place, Held { token, hired, renewed: now, kept_until: now + kept });
                None
            }
            (Some(true), None) => {
                held.get_mut(&place).into_iter().for_each(|held| held.renewed = now);
                None
            }
            (_, Some(_)) => None,
            // Where the backplane does not answer, the lease lives on for a while.
            (None, None) if held.get(&place).is_some_and(|held| held.renewed.elapsed() < self.lease) => None,
            (_, None) => held.remove(&place),
        }
    }

    /// Ends the work in these places, then gives their leases back: nobody begins before.
    async fn give_back(&self, leaving: Vec<(Place, Held)>) {
        join_all(leaving.into_iter().map(|((follower, partition), held)| async move {
            held.hired.dismiss().await;
            match self.leases.release_follower(partition, follower, &held.token).await {
                Ok(()) => tracing::info!(follower, partition, "a follower was handed over"),
                Err(error) => tracing::debug!(%error, follower, partition, "the next node waits for the lease to end"),
            }
        }))
        .await;
    }

    /// Gives back all that is held: the node leaves.
    pub(super) async fn release_all(&self) {
        let held = std::mem::take(&mut *self.held.lock().await);
        self.give_back(held.into_iter().collect()).await;
    }
}

/// What came of asking for a lease.
struct Answer {
    follower: Arc<dyn Follower>,
    partition: Partition,
    token: LeaseToken,
    /// It was to be taken, and kept for so long at least.
    taken: Option<Duration>,
    /// `None` when the backplane did not answer.
    held: Option<bool>,
}

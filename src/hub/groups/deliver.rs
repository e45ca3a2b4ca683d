//! From peer messages to sockets: each group's events in order, acks given.

use std::sync::Arc;

use tokio::time::Instant;

use super::catch_up::CatchUp;
use super::fetch::is_dense;
use super::metrics::GroupMetrics;
use super::views::Views;
use crate::domain::{Event, GroupId, MembershipChange};
use crate::hub::local::{LocalGroups, LocalUsers};
use crate::hub::metrics::Stage;
use crate::hub::pipeline::publish::Acks;
use crate::hub::upcalls::{Upcall, Upcalls};

/// Delivers stored events.
pub(crate) struct Deliverer {
    groups: Arc<LocalGroups>,
    users: Arc<LocalUsers>,
    acks: Arc<Acks>,
    catch_up: Arc<CatchUp>,
    views: Arc<Views>,
    upcalls: Arc<dyn Upcalls>,
    metrics: GroupMetrics,
}

// === impl Deliverer ===

impl Deliverer {
    pub(crate) fn new(
        groups: Arc<LocalGroups>,
        users: Arc<LocalUsers>,
        acks: Arc<Acks>,
        catch_up: Arc<CatchUp>,
        views: Arc<Views>,
        upcalls: Arc<dyn Upcalls>,
        metrics: GroupMetrics,
    ) -> Self {
        Self { groups, users, acks, catch_up, views, upcalls, metrics }
    }

    /// Takes stored events of one group, ascending: gives out what is in turn, keeps what is ahead.
    pub(crate) fn deliver(&self, id: &GroupId, events: Vec<Arc<Event>>) {
        let Some(first) = events.first() else { return };
        let Some(group) = self.groups.get(id) else { return self.pass_by(id, &events) };
        let started = Instant::now();
        let mut state = group.state.lock();
        if state.is_gone() {
            drop(state);
            return self.pass_by(id, &events);
        }
        let plain = !events.iter().any(|event| event.changes_document());
        let in_turn = state.position.follows(first.seq) && is_dense(&events);
        if plain && in_turn && state.is_live() {
            self.views.introduce(&mut state);
            self.metrics.delivered.inc_by(state.fan_out(&events));
            drop(state);
            self.metrics.common.took(Stage::Flush, started.elapsed().as_secs_f64());
            events.iter().for_each(|event| self.acks.resolve(event));
            return;
        }
        let at = state.position.at().map(|head| head.seq);
        let (old, new): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| at.is_some_and(|at| event.seq <= at));
        state.position.stash(new);
        let goes_on = state.position.is_ready();
        drop(state);
        if goes_on {
            group.stashed.notify_one();
        }
        old.iter().for_each(|event| self.acks.resolve(event));
        self.catch_up.catch_up(&group);
    }

    /// Events of a group that has no session here: they may make somebody here a member, or answer them.
    fn pass_by(&self, id: &GroupId, events: &[Arc<Event>]) {
        self.adopt_newcomers(id, events);
        events.iter().for_each(|event| self.acks.resolve(event));
    }

    /// A run of a group that is not on this node: were users of this node added to it?
    fn adopt_newcomers(&self, id: &GroupId, events: &[Arc<Event>]) {
        for event in events {
            if let Some(MembershipChange::Joined(users, _)) = event.membership() {
                for user in users.into_iter().filter(|user| self.users.is_here(user)) {
                    self.upcalls.tell(Upcall::Newcomer { group: id.clone(), user, after: event.seq - 1 });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{Bed, MemoryStore, group, joined, local, open_session, text, until};

    #[tokio::test(start_paused = true)]
    async fn what_is_in_turn_goes_out_and_a_hole_is_fetched_before_what_is_behind_it() {
        let id = GroupId::random();
        let events = [1, 2, 3, 4].map(|seq| text(&id, seq, "anna"));
        let bed = Bed::new(MemoryStore::of(&id, &["anna", "bob", "cleo"], events.clone()));
        let here = local(&bed.groups, group(&id, &["anna", "bob", "cleo"]), 1);
        let ears = ["bob", "cleo"].map(|name| {
            let (session, ear) = open_session(&bed.users, name);
            session.add_group(&id);
            here.state.lock().sessions.push(session);
            ear
        });
        let deliverer = bed.deliverer();
        deliverer.deliver(&id, vec![Arc::new(events[1].clone())]);
        let [one, other] = ears.each_ref().map(|ear| ear.take());
        assert_eq!((one.len(), one[0].as_ptr()), (1, other[0].as_ptr()), "encoded once for both");
        deliverer.deliver(&id, vec![Arc::new(events[3].clone())]);
        assert!(ears[0].take().is_empty());
        until(|| here.at() == 4).await;
        let texts = ears[1].texts().concat();
        assert!(texts.find("text 3").unwrap() < texts.find("text 4").unwrap(), "{texts}");
    }

    #[tokio::test]
    async fn events_of_a_group_that_is_not_here_bring_in_whoever_joined_by_them() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::default());
        let _bob = open_session(&bed.users, "bob");
        bed.deliverer().deliver(&id, vec![Arc::new(joined(&id, 7, "bob")), Arc::new(joined(&id, 8, "nobody"))]);
        assert_eq!(bed.told.take(), ["newcomer bob after 6"]);
    }
}

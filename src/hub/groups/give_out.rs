//! Events that are in turn are given out; changes of the group take what they need first.

use std::sync::Arc;

use super::documents::Documents;
use super::lives::Lives;
use super::metrics::GroupMetrics;
use super::views::Views;
use crate::domain::{Event, MembershipChange, UserId};
use crate::hub::config::SMALL_GROUP;
use crate::hub::local::{GroupState, LocalGroup, LocalUsers};
use crate::hub::pipeline::publish::Acks;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::protocol::ServerFrame;

/// Gives events out.
pub(crate) struct Giver {
    documents: Arc<Documents>,
    views: Arc<Views>,
    lives: Arc<Lives>,
    users: Arc<LocalUsers>,
    acks: Arc<Acks>,
    upcalls: Arc<dyn Upcalls>,
    metrics: GroupMetrics,
}

// === impl Giver ===

impl Giver {
    pub(crate) fn new(
        documents: Arc<Documents>,
        views: Arc<Views>,
        lives: Arc<Lives>,
        users: Arc<LocalUsers>,
        acks: Arc<Acks>,
        upcalls: Arc<dyn Upcalls>,
        metrics: GroupMetrics,
    ) -> Self {
        Self { documents, views, lives, users, acks, upcalls, metrics }
    }

    /// Gives out events that are in turn. Changes of the group take what they need first: a document that is read late
    /// would lack them otherwise.
    pub(super) async fn give_out(&self, group: &Arc<LocalGroup>, ready: Vec<Arc<Event>>) -> bool {
        let changes = ready.iter().any(|event| event.changes_document());
        if changes && !self.know_document(group, &ready).await {
            return false;
        }
        {
            let mut state = group.state.lock();
            self.views.introduce(&mut state);
            for run in ready.chunk_by(|one, next| one.membership().is_none() && next.membership().is_none()) {
                match run[0].membership() {
                    Some(change) => self.give_membership(group, &mut state, &run[0], &change),
                    None => self.metrics.delivered.inc_by(state.fan_out(run)),
                }
            }
            state.position.prune();
        }
        ready.iter().for_each(|event| self.acks.resolve(event));
        true
    }

    /// Makes sure that the group's document and its members' names are at hand.
    async fn know_document(&self, group: &Arc<LocalGroup>, ready: &[Arc<Event>]) -> bool {
        let document = match self.documents.one(group).await {
            Ok(Some(document)) => document,
            Ok(None) => {
                self.lives.let_go(group);
                return false;
            }
            Err(_) => return false,
        };
        let mut users: Vec<UserId> = document.members.iter().map(|member| member.id.clone()).collect();
        for change in ready.iter().filter_map(|event| event.membership()) {
            users.extend(change.users().iter().cloned());
        }
        users.len() > SMALL_GROUP || self.views.know_names(&users).await.is_ok()
    }

    /// A membership event, in its turn: newcomers hear of the group first, leavers hear it last.
    fn give_membership(
        &self,
        group: &Arc<LocalGroup>,
        state: &mut GroupState,
        event: &Arc<Event>,
        change: &MembershipChange,
    ) {
        if let Some(document) = &mut state.document {
            Arc::make_mut(document).apply(event.seq, change);
        }
        if let MembershipChange::Joined(users, _) = change {
            for session in users.iter().flat_map(|user| self.users.sessions(user)) {
                if session.add_group(&group.id) {
                    self.views.announce(state, &session);
                    state.sessions.push(session);
                }
            }
        }
        self.metrics.delivered.inc_by(state.fan_out(std::slice::from_ref(event)));
        if let MembershipChange::Left(users) = change {
            for session in users.iter().flat_map(|user| self.users.sessions(user)) {
                if session.remove_group(&group.id) {
                    state.detach(&session.id);
                    session.send(&ServerFrame::gone(None, &group.id));
                }
            }
        }
        self.upcalls.tell(Upcall::MembersChanged { group: &group.id, change });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{GroupId, Kind};
    use crate::hub::local::SessionHandle;
    use crate::hub::testing::{Bed, Ear, MemoryStore, group, joined, local, metrics, open_session, text};

    /// A group of anna's at seq 1; bob is here and not in it.
    struct Rig {
        bed: Bed,
        giver: Giver,
        group: Arc<LocalGroup>,
        anna: Arc<Ear>,
        bob: (Arc<SessionHandle>, Arc<Ear>),
    }

    fn rig() -> Rig {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], []));
        let group = local(&bed.groups, group(&id, &["anna"]), 1);
        let (anna, ear) = open_session(&bed.users, "anna");
        anna.add_group(&id);
        group.state.lock().sessions.push(anna);
        let bob = open_session(&bed.users, "bob");
        let (documents, views, lives) = (bed.documents.clone(), bed.views.clone(), bed.lives.clone());
        let giver = Giver::new(
            documents,
            views,
            lives,
            bed.users.clone(),
            bed.acks.clone(),
            bed.told.clone(),
            metrics().groups,
        );
        Rig { bed, giver, group, anna: ear, bob }
    }

    fn left(group: &GroupId, seq: u64, name: &str) -> Event {
        Event { kind: Kind::Left, traits: Kind::Left.traits(), ..joined(group, seq, name) }
    }

    #[tokio::test]
    async fn who_joins_is_shown_the_group_first_and_who_leaves_hears_of_it_last() {
        let rig = rig();
        let id = &rig.group.id;
        let run =
            [text(id, 2, "anna"), joined(id, 3, "bob"), text(id, 4, "anna"), left(id, 5, "bob"), text(id, 6, "anna")];
        assert!(rig.giver.give_out(&rig.group, run.map(Arc::new).into()).await);
        let frames = rig.bob.1.texts();
        let order = ["\"type\":\"group\"", "joined", "text 4", "left", "gone"];
        assert_eq!(frames.len(), order.len(), "{frames:?}");
        assert!(frames.iter().zip(order).all(|(frame, part)| frame.contains(part)), "{frames:?}");
        assert!(!rig.bob.0.is_in(id) && !rig.group.state.lock().has(&rig.bob.0.id));
        assert_eq!((rig.anna.texts().len(), rig.group.at()), (5, 6));
        assert!(!rig.group.state.lock().has_member(&rig.bob.0.user));
    }

    #[tokio::test]
    async fn a_change_waits_for_the_document_and_nothing_behind_it_goes_before_it() {
        let rig = rig();
        let id = &rig.group.id;
        rig.group.state.lock().document = None;
        rig.bed.store.be_silent(true);
        let run: Vec<_> = [joined(id, 2, "bob"), text(id, 3, "anna")].map(Arc::new).into();
        assert!(!rig.giver.give_out(&rig.group, run.clone()).await);
        assert_eq!((rig.group.at(), rig.anna.take().len(), rig.bob.1.take().len()), (1, 0, 0));
        rig.bed.store.be_silent(false);
        assert!(rig.giver.give_out(&rig.group, run).await);
        assert_eq!((rig.group.at(), rig.bob.1.take().len()), (3, 3));
    }

    #[tokio::test]
    async fn texts_wait_for_no_store() {
        let rig = rig();
        rig.group.state.lock().document = None;
        rig.bed.store.be_silent(true);
        assert!(rig.giver.give_out(&rig.group, vec![Arc::new(text(&rig.group.id, 2, "anna"))]).await);
        assert_eq!((rig.group.at(), rig.anna.take().len()), (2, 1));
    }

    #[tokio::test]
    async fn a_change_of_a_group_that_is_not_there_any_more_lets_it_go() {
        let rig = rig();
        let id = &rig.group.id;
        rig.group.state.lock().document = None;
        crate::ports::GroupStore::begin_deletion(&*rig.bed.store, id).await.unwrap();
        assert!(!rig.giver.give_out(&rig.group, vec![Arc::new(joined(id, 2, "bob"))]).await);
        assert!(rig.group.state.lock().is_gone() && rig.bed.groups.get(id).is_none());
        assert!(rig.anna.texts().concat().contains("gone"));
    }
}

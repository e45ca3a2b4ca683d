//! Events that are in turn are given out; membership changes take what they need first.

use std::sync::Arc;

use super::documents::Documents;
use super::lives::Lives;
use super::metrics::GroupMetrics;
use super::views::Views;
use crate::domain::{Event, MembershipChange, UserId};
use crate::hub::config::SMALL_GROUP;
use crate::hub::local::{GroupState, LocalGroup, LocalUsers};
use crate::hub::pipeline::publish::Acks;
use crate::protocol::ServerFrame;

/// Gives events out.
pub(crate) struct Giver {
    documents: Arc<Documents>,
    views: Arc<Views>,
    lives: Arc<Lives>,
    users: Arc<LocalUsers>,
    acks: Arc<Acks>,
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
        metrics: GroupMetrics,
    ) -> Self {
        Self { documents, views, lives, users, acks, metrics }
    }

    /// Gives out events that are in turn. Membership changes take what they need first.
    pub(super) async fn give_out(&self, group: &Arc<LocalGroup>, ready: Vec<Arc<Event>>) -> bool {
        let changes = ready.iter().any(|event| event.membership().is_some());
        if changes && !self.know_document(group, &ready).await {
            return false;
        }
        {
            let mut state = group.state.lock();
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
    }
}

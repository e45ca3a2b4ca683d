//! Sessions come to groups.

use std::collections::HashMap;
use std::sync::Arc;

use super::documents::Documents;
use super::join::Joiner;
use super::replay::Replayer;
use super::views::Views;
use crate::domain::{Code, GroupId, Refusal, Seq, UserId};
use crate::hub::local::{LocalGroup, LocalUsers, SessionHandle};
use crate::hub::tasks::RETRY;
use crate::hub::tasks::Tasks;
use crate::hub::upcalls::{Upcall, Upcalls};

/// Attaches sessions to groups.
pub(crate) struct Attacher {
    joiner: Arc<Joiner>,
    documents: Arc<Documents>,
    views: Arc<Views>,
    replayer: Replayer,
    users: Arc<LocalUsers>,
    upcalls: Arc<dyn Upcalls>,
    tasks: Tasks,
}

// === impl Attacher ===

impl Attacher {
    pub(crate) fn new(
        joiner: Arc<Joiner>,
        documents: Arc<Documents>,
        views: Arc<Views>,
        replayer: Replayer,
        users: Arc<LocalUsers>,
        upcalls: Arc<dyn Upcalls>,
        tasks: Tasks,
    ) -> Self {
        Self { joiner, documents, views, replayer, users, upcalls, tasks }
    }

    /// Brings a group to all sessions of a user here that do not have it, from after a seq on.
    pub(crate) fn adopt(self: &Arc<Self>, id: GroupId, user: UserId, after: Seq) {
        let this = self.clone();
        self.tasks.spawn(async move {
            let mut retry = RETRY;
            while let Err(refusal) = this.try_adopt(&id, &user, after).await {
                if !this.users.is_here(&user) || refusal.code == Code::NotFound {
                    return;
                }
                retry.pause().await;
            }
        });
    }

    async fn try_adopt(&self, id: &GroupId, user: &UserId, after: Seq) -> Result<(), Refusal> {
        let groups = self.joiner.pin_groups(std::slice::from_ref(id)).await?;
        let Some(group) = groups.first() else { return Ok(()) };
        let attached = self.attach_all(group, user, after).await;
        // Let go meanwhile, it has to be taken up again. Once it is not pinned any more, it is also gone where nobody
        // here needs it.
        let over = group.state.lock().is_gone();
        self.joiner.unpin(&groups);
        if over { Err(Refusal::unavailable()) } else { attached }
    }

    async fn attach_all(&self, group: &Arc<LocalGroup>, user: &UserId, after: Seq) -> Result<(), Refusal> {
        let document = self.documents.one(group).await?;
        let Some(document) = document.filter(|document| document.member(user).is_some()) else { return Ok(()) };
        self.views.member_names(std::iter::once(&*document)).await?;
        let after = after.max(document.base.seq);
        for session in self.users.sessions(user) {
            if self.take_in(group, &session) {
                self.replayer.replay_from_cursor(group, &session, after).await;
            }
        }
        if let Some(peer) = document.peer_of(user) {
            let sessions = self.users.sessions(user);
            for session in &sessions {
                self.upcalls.tell(Upcall::Partners { session, partners: vec![peer.clone()] });
            }
        }
        Ok(())
    }

    /// Tells a session of a group that it is now in; false when it was, or when its user is no member
    /// any more: asked under the lock that removals are given out under.
    fn take_in(&self, group: &LocalGroup, session: &Arc<SessionHandle>) -> bool {
        let state = group.state.lock();
        let new = !state.is_gone() && state.has_member(&session.user) && session.add_group(&group.id);
        if new {
            self.views.announce(&state, session);
        }
        new
    }

    /// Replays to a session group by group, newest first as in `cursors`' groups. The groups are
    /// pinned; each is let go of when it is done.
    pub(crate) fn replay(
        self: &Arc<Self>,
        session: Arc<SessionHandle>,
        groups: Vec<Arc<LocalGroup>>,
        cursors: HashMap<GroupId, Seq>,
    ) {
        if groups.is_empty() {
            return;
        }
        let this = self.clone();
        self.tasks.spawn(async move {
            let work = async {
                for group in &groups {
                    let cursor = cursors.get(&group.id).copied().unwrap_or(0);
                    this.replayer.replay_from_cursor(group, &session, cursor).await;
                }
            };
            tokio::select! {
                () = session.ended() => {}
                () = work => {}
            }
            this.joiner.unpin(&groups);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{Bed, MemoryStore, head, open_session, text, until};

    #[tokio::test(start_paused = true)]
    async fn whoever_is_new_to_a_group_is_shown_it_and_then_what_was_said_since() {
        let id = GroupId::random();
        let events = [1, 2, 3].map(|seq| text(&id, seq, "anna"));
        let bed = Bed::new(MemoryStore::of(&id, &["anna", "bob"], events));
        bed.registry.heads.lock().insert(id.clone(), head(3));
        let (bob, ear) = open_session(&bed.users, "bob");
        bed.attacher().adopt(id.clone(), bob.user.clone(), 1);
        until(|| bed.groups.get(&id).is_some_and(|group| group.state.lock().has(&bob.id))).await;
        let frames = ear.texts();
        assert!(frames[0].contains("\"type\":\"group\""), "{frames:?}");
        let rest = frames[1..].concat();
        assert!(!rest.contains("text 1") && rest.contains("text 2") && rest.contains("text 3"), "{rest}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_no_member_is_let_into_nothing_and_the_group_leaves_again() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], []));
        bed.registry.heads.lock().insert(id.clone(), head(0));
        let (bob, ear) = open_session(&bed.users, "bob");
        bed.attacher().adopt(id.clone(), bob.user.clone(), 0);
        until(|| bed.registry.routes.lock().get(&id).is_some_and(Vec::is_empty)).await;
        assert!(bed.groups.get(&id).is_none() && ear.take().is_empty() && !bob.is_in(&id));
    }
}

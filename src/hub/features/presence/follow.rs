//! What is watched follows who joins and who leaves.

use std::sync::Arc;

use super::watch::Watching;
use crate::domain::{GroupId, MembershipChange, UserId};
use crate::hub::local::{LocalUsers, SessionHandle};
use crate::protocol::{ServerFrame, pushes};

// === impl Watching ===

impl Watching {
    /// Brings what sessions here watch up to a membership change that was given out. Whoever joins is shown to those who
    /// watch the group; whoever leaves sees nobody by it any more, and is seen by nobody.
    pub(crate) async fn follow(&self, group: &GroupId, change: &MembershipChange, users: &LocalUsers) {
        match change {
            MembershipChange::Joined(joined, _) => self.show_newcomers(group, joined).await,
            MembershipChange::Left(left) => {
                for session in
                    left.iter().flat_map(|user| users.sessions(user)).filter(|session| watches(session, group))
                {
                    self.stop_watching(&session, group).await;
                }
                for session in self.watching_here(group) {
                    self.hide(&session, left).await;
                }
            }
            MembershipChange::Role(..) => {}
        }
    }

    fn watching_here(&self, group: &GroupId) -> Vec<Arc<SessionHandle>> {
        let here = self.groups.get(group).map(|group| group.state.lock().sessions.clone()).unwrap_or_default();
        here.into_iter().filter(|session| watches(session, group)).collect()
    }

    async fn show_newcomers(&self, group: &GroupId, joined: &[UserId]) {
        let sessions = self.watching_here(group);
        if sessions.is_empty()
            || !self.document_of(group).await.is_some_and(|document| self.watchers.reach(document.members.len()))
        {
            return;
        }
        for session in &sessions {
            self.watchers.add_to(session, group, joined);
        }
        let Ok(views) = self.presence.of(joined).await else { return };
        for session in sessions {
            session.send(&ServerFrame::Presence(pushes::Presence { re: None, users: &views }));
        }
    }

    /// A session is no longer in a group: it keeps whom it watches by its other groups.
    async fn stop_watching(&self, session: &Arc<SessionHandle>, group: &GroupId) {
        loop {
            let (turn, groups) = self.watchers.watched_by(session);
            let groups: Vec<GroupId> = groups.into_iter().filter(|watched| watched != group).collect();
            let members = self.members_of_all(&groups).await;
            if self.watchers.replace(session, turn, groups, members) {
                return;
            }
        }
    }

    /// Those who left a group are shown to a session only by the other groups that it watches.
    async fn hide(&self, session: &Arc<SessionHandle>, left: &[UserId]) {
        loop {
            let (turn, groups) = self.watchers.watched_by(session);
            let still = self.members_of_all(&groups).await;
            let gone: Vec<UserId> = left.iter().filter(|user| !still.contains(*user)).cloned().collect();
            if self.watchers.take_from(session, turn, &gone) {
                return;
            }
        }
    }
}

fn watches(session: &SessionHandle, group: &GroupId) -> bool {
    session.watch.lock().groups.contains(group)
}

#[cfg(test)]
mod tests {
    use super::super::watchers::Watchers;
    use super::*;
    use crate::domain::{MembershipChange::*, Role};
    use crate::hub::config::Reach;
    use crate::hub::features::answered::{Answered, Asker};
    use crate::hub::testing::{Bed, Ear, MemoryStore, group, local, open_session, user};
    use crate::protocol::requests;

    struct Rig {
        bed: Bed,
        watching: Watching,
        watchers: Arc<Watchers>,
        anna: (Arc<SessionHandle>, Arc<Ear>),
        ids: [GroupId; 2],
    }

    /// Anna watches two groups: one with bob, one with bob and cleo.
    async fn rig(reach: Reach) -> Rig {
        let (bed, ids) = (Bed::new(MemoryStore::default()), [GroupId::random(), GroupId::random()]);
        let watchers = Arc::new(Watchers::new(reach));
        let watching = Watching::new(bed.presence(), watchers.clone(), bed.documents.clone(), bed.groups.clone());
        let anna = open_session(&bed.users, "anna");
        for (id, members) in ids.iter().zip([&["anna", "bob"][..], &["anna", "bob", "cleo"]]) {
            let here = local(&bed.groups, group(id, members), 1);
            anna.0.add_group(id);
            here.state.lock().sessions.push(anna.0.clone());
        }
        let watch = requests::Watch { groups: ids.to_vec() };
        watch.answer(&watching, Asker { session: &anna.0, re: None }).await.unwrap();
        anna.1.take();
        Rig { bed, watching, watchers, anna, ids }
    }

    impl Rig {
        /// A change is given out in the first group, whose members are these then.
        async fn change(&self, change: MembershipChange, members: &[&str]) -> String {
            let here = self.bed.groups.get(&self.ids[0]).unwrap();
            here.state.lock().document = Some(Arc::new(group(&self.ids[0], members)));
            self.watching.follow(&self.ids[0], &change, &self.bed.users).await;
            self.anna.1.texts().concat()
        }

        fn sees(&self, name: &str) -> bool {
            self.watchers.shown(&user(name), u64::MAX).is_some()
        }
    }

    #[tokio::test]
    async fn who_joins_is_shown_at_once_and_who_leaves_only_by_other_groups() {
        let rig = rig(Reach::Everywhere).await;
        let shown = rig.change(Joined(vec![user("dora")], Role::Member), &["anna", "bob", "dora"]).await;
        assert!(shown.contains("presence") && shown.contains("dora") && rig.sees("dora"), "{shown}");
        rig.change(Left(vec![user("dora"), user("bob")]), &["anna"]).await;
        assert!(!rig.sees("dora") && rig.sees("bob") && rig.sees("cleo"));
    }

    #[tokio::test]
    async fn who_left_sees_nobody_by_the_group_any_more() {
        let rig = rig(Reach::Everywhere).await;
        rig.change(Joined(vec![user("dora")], Role::Member), &["anna", "bob", "dora"]).await;
        rig.anna.0.remove_group(&rig.ids[0]);
        rig.change(Left(vec![user("anna")]), &["bob", "dora"]).await;
        assert!(!rig.sees("dora") && rig.sees("bob") && rig.sees("cleo"));
        assert_eq!(rig.anna.0.watch.lock().groups, [rig.ids[1].clone()]);
    }

    #[tokio::test]
    async fn newcomers_of_a_group_above_the_size_are_not_shown() {
        let rig = rig(Reach::UpTo(2)).await;
        let shown = rig.change(Joined(vec![user("dora")], Role::Member), &["anna", "bob", "dora"]).await;
        assert!(shown.is_empty() && !rig.sees("dora") && !rig.sees("cleo") && rig.sees("bob"), "{shown}");
    }
}

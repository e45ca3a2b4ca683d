//! Sessions ask to see who is online.

use std::collections::HashSet;
use std::sync::Arc;

use super::told::Presence;
use super::watchers::Watchers;
use crate::domain::{Group, GroupId, Refusal, UserId};
use crate::hub::config::WATCH_MAX;
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::groups::Documents;
use crate::hub::local::LocalGroups;
use crate::protocol::{ServerFrame, pushes, requests};

/// Answers `watch`.
pub(crate) struct Watching {
    pub(super) presence: Arc<Presence>,
    pub(super) watchers: Arc<Watchers>,
    pub(super) documents: Arc<Documents>,
    pub(super) groups: Arc<LocalGroups>,
}

// === impl Watching ===

impl Watching {
    pub(crate) fn new(
        presence: Arc<Presence>,
        watchers: Arc<Watchers>,
        documents: Arc<Documents>,
        groups: Arc<LocalGroups>,
    ) -> Self {
        Self { presence, watchers, documents, groups }
    }

    /// The members of groups whose members see who is online.
    pub(super) async fn members_of_all(&self, groups: &[GroupId]) -> HashSet<UserId> {
        let mut all = HashSet::new();
        for group in groups {
            let document = self.document_of(group).await.filter(|document| self.watchers.reach(document.members.len()));
            all.extend(document.iter().flat_map(|document| document.members.iter().map(|member| member.id.clone())));
        }
        all
    }

    pub(super) async fn document_of(&self, group: &GroupId) -> Option<Arc<Group>> {
        let group = self.groups.get(group)?;
        self.documents.one(&group).await.ok()?
    }
}

impl Answered for requests::Watch {
    type By = Watching;

    /// Replaces what a session watches, and answers with who is online now.
    async fn answer(self, watching: &Watching, asker: Asker<'_>) -> Result<(), Refusal> {
        let (groups, session) = (self.groups, asker.session);
        if groups.len() > WATCH_MAX {
            return Err(Refusal::too_large(format!("watch at most {WATCH_MAX} groups")));
        }
        if groups.iter().any(|group| !session.is_in(group)) {
            return Err(Refusal::forbidden("you are not a member of one of these groups"));
        }
        let mut users: Vec<UserId> = loop {
            let (turn, _) = watching.watchers.watched_by(session);
            for group in groups.iter().filter_map(|id| watching.groups.get(id)) {
                // At hand from here on: what cannot be had is told as such.
                watching.documents.one(&group).await?;
            }
            let users = watching.members_of_all(&groups).await;
            if watching.watchers.replace(session, turn, groups.clone(), users.clone()) {
                break users.into_iter().collect();
            }
        };
        users.sort_unstable();
        let views = watching.presence.of(&users).await?;
        asker.tell(&ServerFrame::Presence(pushes::Presence { re: asker.re, users: &views }));
        Ok(())
    }
}

//! Sessions ask to see who is online.

use std::collections::HashSet;
use std::sync::Arc;

use super::told::Presence;
use super::watchers::Watchers;
use crate::domain::{GroupId, Refusal, UserId};
use crate::hub::config::WATCH_MAX;
use crate::hub::groups::Documents;
use crate::hub::local::{LocalGroups, SessionHandle};
use crate::protocol::{RequestId, ServerFrame, pushes};

/// Answers `watch`.
pub(crate) struct Watching {
    presence: Arc<Presence>,
    watchers: Arc<Watchers>,
    documents: Arc<Documents>,
    groups: Arc<LocalGroups>,
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

    /// Replaces what a session watches, and answers with who is online now.
    pub(crate) async fn watch(
        &self,
        session: &Arc<SessionHandle>,
        re: Option<&RequestId>,
        groups: Vec<GroupId>,
    ) -> Result<(), Refusal> {
        if groups.len() > WATCH_MAX {
            return Err(Refusal::too_large(format!("watch at most {WATCH_MAX} groups")));
        }
        if groups.iter().any(|group| !session.is_in(group)) {
            return Err(Refusal::forbidden("you are not a member of one of these groups"));
        }
        let mut members = HashSet::new();
        for id in &groups {
            let Some(group) = self.groups.get(id) else { continue };
            let document = self.documents.one(&group).await?;
            members.extend(document.iter().flat_map(|d| d.members.iter().map(|member| member.id.clone())));
        }
        let mut users: Vec<UserId> = members.into_iter().collect();
        users.sort_unstable();
        self.watchers.replace(session, groups, &users);
        let views = self.presence.of(&users).await?;
        session.send(&ServerFrame::Presence(pushes::Presence { re, users: &views }));
        Ok(())
    }
}

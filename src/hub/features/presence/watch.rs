//! Sessions ask to see who is online.

use std::collections::HashSet;
use std::sync::Arc;

use super::told::Presence;
use super::watchers::Watchers;
use crate::domain::{Refusal, UserId};
use crate::hub::config::WATCH_MAX;
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::groups::Documents;
use crate::hub::local::LocalGroups;
use crate::protocol::{ServerFrame, pushes, requests};

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
        let mut members = HashSet::new();
        for id in &groups {
            let Some(group) = watching.groups.get(id) else { continue };
            let document = watching.documents.one(&group).await?;
            let document = document.filter(|document| watching.watchers.reach(document.members.len()));
            members.extend(document.iter().flat_map(|d| d.members.iter().map(|member| member.id.clone())));
        }
        let mut users: Vec<UserId> = members.into_iter().collect();
        users.sort_unstable();
        watching.watchers.replace(session, groups, &users);
        let views = watching.presence.of(&users).await?;
        asker.tell(&ServerFrame::Presence(pushes::Presence { re: asker.re, users: &views }));
        Ok(())
    }
}

//! Lists of groups.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Group, GroupId, Mark, Refusal, User, UserId};
use crate::hub::config::{GROUPS_PAGE, PAGE_BYTES};
use crate::hub::groups::{Listing, Views, keep_within};
use crate::hub::local::{LocalGroups, SessionHandle};
use crate::ports::{CursorStore, GroupStore, MessageStore, UserStore};
use crate::protocol::{RequestId, ServerFrame, pushes};

/// Answers for groups.
pub(crate) struct GroupLists {
    pub(super) listing: Arc<Listing>,
    pub(super) views: Arc<Views>,
    pub(super) groups: Arc<LocalGroups>,
    pub(super) documents: Arc<dyn GroupStore>,
    pub(super) messages: Arc<dyn MessageStore>,
    pub(super) people: Arc<dyn UserStore>,
    pub(super) marks: Arc<dyn CursorStore>,
}

// === impl GroupLists ===

impl GroupLists {
    pub(crate) fn new(
        listing: Arc<Listing>,
        views: Arc<Views>,
        groups: Arc<LocalGroups>,
        documents: Arc<dyn GroupStore>,
        messages: Arc<dyn MessageStore>,
        people: Arc<dyn UserStore>,
        marks: Arc<dyn CursorStore>,
    ) -> Self {
        Self { listing, views, groups, documents, messages, people, marks }
    }

    /// A page of the session's groups, newest activity first.
    pub(crate) async fn answer_groups(
        &self,
        session: &Arc<SessionHandle>,
        re: Option<&RequestId>,
        after: Option<GroupId>,
        limit: Option<usize>,
    ) -> Result<(), Refusal> {
        let limit = limit.unwrap_or(GROUPS_PAGE).clamp(1, GROUPS_PAGE);
        let mut mine: Vec<_> = session
            .groups()
            .into_iter()
            .filter_map(|id| self.groups.get(&id))
            .map(|group| {
                let time = group.state.lock().position.at().map_or(0, |at| at.time);
                (std::cmp::Reverse(time), group.id.clone(), group)
            })
            .collect();
        mine.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let start = after.and_then(|after| mine.iter().position(|(_, id, _)| *id == after)).map_or(0, |at| at + 1);
        let page: Vec<_> = mine.iter().skip(start).take(limit).map(|(_, _, group)| group.clone()).collect();
        let more = mine.len() > start + page.len();
        let page = self.listing.prepare(page, |_| true).await?;
        let marks = self.marks_of(&session.user).await?;
        let mut lasts: Vec<_> = page.iter().map(|(_, group)| self.listing.last_of(&group.state.lock())).collect();
        keep_within(lasts.iter_mut(), PAGE_BYTES);
        let views: Vec<_> = page
            .iter()
            .zip(&lasts)
            .map(|((document, group), last)| {
                let head = group.state.lock().position.at().unwrap_or_default();
                self.listing.view(document, head, &marks, last.as_deref(), &session.user)
            })
            .collect();
        session.send(&ServerFrame::Groups(pushes::Groups { re, groups: &views, more }));
        Ok(())
    }

    pub(super) async fn marks_of(&self, user: &UserId) -> Result<HashMap<GroupId, Mark>, Refusal> {
        Ok(self.marks.marks(std::slice::from_ref(user)).await?.remove(user).unwrap_or_default())
    }

    /// Answers `create` with the group as its creator sees it; who repeats it and has left since is told so.
    pub(crate) async fn show_group(
        &self,
        session: &Arc<SessionHandle>,
        re: Option<&RequestId>,
        id: &GroupId,
    ) -> Result<(), Refusal> {
        let stored = self.documents.group(id).await?;
        let group = stored.ok_or_else(Refusal::unavailable)?;
        if group.member(&session.user).is_none() {
            session.send(&ServerFrame::gone(re, id));
            return Ok(());
        }
        self.views.member_names(std::iter::once(&group)).await?;
        let head = group.head(self.messages.head(id).await?);
        let mark = Mark { read: head.seq, n: head.n, delivered: head.seq };
        let view = self.views.view(&group, head, mark, None, &session.user);
        session.send(&ServerFrame::group(re, &view));
        Ok(())
    }

    /// A page of all groups.
    pub(crate) async fn all_groups(&self, page: usize, per_page: usize) -> Result<Vec<Group>, Refusal> {
        Ok(self.documents.all_groups(page, per_page).await?)
    }

    /// A group by its id.
    pub(crate) async fn group(&self, id: &GroupId) -> Result<Group, Refusal> {
        let group = self.documents.group(id).await?;
        group.ok_or_else(|| Refusal::not_found("there is no such group"))
    }

    /// The groups of a user, named by id or username.
    pub(crate) async fn groups_of(&self, user: &str) -> Result<Vec<Group>, Refusal> {
        let user = self.user_named(user).await?;
        let ids: Vec<_> = user.groups.into_keys().collect();
        Ok(self.documents.groups(&ids).await?)
    }

    async fn user_named(&self, name: &str) -> Result<User, Refusal> {
        let by_id = match UserId::parse(name) {
            Ok(id) => self.people.user(&id).await?,
            Err(_) => None,
        };
        if let Some(user) = by_id {
            return Ok(user);
        }
        let by_name = self.people.user_by_username(&name.to_lowercase()).await?;
        by_name.ok_or_else(|| Refusal::not_found("there is no such user"))
    }
}

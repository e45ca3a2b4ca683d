//! What services and operators ask: the internal HTTP API.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Hub;
use super::api::FoundUser;
use super::publish::Stored;
use crate::domain::{Access, Event, Group, GroupId, GroupKind, Refusal, Seq, User, UserId, is_reserved_username};
use crate::protocol::SendFrame;

impl Hub {
    /// Sends in a user's name, for a service: the user need not be a member.
    pub async fn send_as_service(self: &Arc<Self>, from: &UserId, send: SendFrame) -> Result<Stored, Refusal> {
        let append = self.prepare_send(from, send, false).await?;
        self.publish_and_wait(append).await
    }

    /// A page of all groups.
    pub async fn all_groups(&self, page: usize, per_page: usize) -> Result<Vec<Group>, Refusal> {
        Ok(self.store.all_groups(page, per_page).await?)
    }

    /// A group by its id.
    pub async fn group(&self, id: &GroupId) -> Result<Group, Refusal> {
        let group = self.store.group(id).await?;
        group.ok_or_else(|| Refusal::not_found("there is no such group"))
    }

    /// The groups of a user, named by id or username.
    pub async fn groups_of(&self, user: &str) -> Result<Vec<Group>, Refusal> {
        let user = self.user_named(user).await?;
        let ids: Vec<_> = user.groups.into_keys().collect();
        Ok(self.store.groups(&ids).await?)
    }

    async fn user_named(&self, name: &str) -> Result<User, Refusal> {
        let by_id = match UserId::parse(name) {
            Ok(id) => self.store.user(&id).await?,
            Err(_) => None,
        };
        if let Some(user) = by_id {
            return Ok(user);
        }
        let by_name = self.store.user_by_username(&name.to_lowercase()).await?;
        by_name.ok_or_else(|| Refusal::not_found("there is no such user"))
    }

    /// Makes a group for users, the first its admin; unknown users are created.
    pub async fn create_group_for(
        self: &Arc<Self>,
        name: &str,
        users: &[UserId],
        access: Access,
    ) -> Result<Group, Refusal> {
        if users.is_empty() {
            return Err(Refusal::bad_frame("`users` must name at least one user"));
        }
        self.ensure_users(users).await?;
        let id = GroupId::random();
        self.create(&id, GroupKind::Group, name.to_owned(), users.to_vec(), access).await?;
        self.group(&id).await
    }

    /// A page of all messages, newest first, with whether there may be more. It may be shorter than was asked for: what
    /// is left of groups that were deleted is not shown.
    pub async fn all_messages(&self, page: usize, per_page: usize) -> Result<(Vec<Event>, bool), Refusal> {
        let mut events = self.store.all_messages(page, per_page).await?;
        let more = events.len() == per_page;
        let ids: HashSet<&GroupId> = events.iter().map(|event| &event.group).collect();
        let ids: Vec<GroupId> = ids.into_iter().cloned().collect();
        let groups = self.store.groups(&ids).await?;
        let bases: HashMap<GroupId, Seq> = groups.into_iter().map(|group| (group.id, group.base.seq)).collect();
        events.retain(|event| bases.get(&event.group).is_some_and(|base| event.seq > *base));
        Ok((events, more))
    }

    /// One message.
    pub async fn message(&self, group: &GroupId, seq: Seq) -> Result<Event, Refusal> {
        let event = self.store.event(group, seq).await?;
        let event = event.ok_or_else(|| Refusal::not_found("there is no such message"))?;
        let there = match event.from.is_probe() {
            true => true,
            false => seq > self.stored_base(group).await?,
        };
        if there { Ok(event) } else { Err(Refusal::not_found("there is no such message")) }
    }

    /// A page of all users.
    pub async fn all_users(&self, page: usize, per_page: usize) -> Result<Vec<FoundUser>, Refusal> {
        let users = self.store.all_users(page, per_page).await?;
        self.with_presence(users).await
    }

    /// Sets a user's profile; creates the user when unknown.
    pub async fn put_user(
        &self,
        id: &UserId,
        username: Option<&str>,
        name: Option<&str>,
    ) -> Result<FoundUser, Refusal> {
        if username.is_some_and(is_reserved_username) {
            return Err(Refusal::bad_frame("`username` must not begin with \"hub.\": such names are the hub's own"));
        }
        self.ensure_users(std::slice::from_ref(id)).await?;
        let username = username.map(str::to_lowercase);
        self.store.set_profile(id, username.as_deref(), name).await?;
        let user = self.store.user(id).await?;
        let user = user.ok_or_else(|| Refusal::not_found("there is no such user"))?;
        let found = self.with_presence(vec![user]).await?;
        found.into_iter().next().ok_or_else(|| Refusal::not_found("there is no such user"))
    }
}

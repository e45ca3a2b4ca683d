//! Answers for users.

use std::sync::Arc;

use crate::domain::{
    Access, Group, GroupId, GroupKind, Name, Profile, Refusal, User, UserId, is_reserved_username, username_taken,
};
use crate::hub::features::membership::Creation;
use crate::hub::features::presence::Presence;
use crate::hub::sessions::Arrivals;
use crate::ports::{GroupStore, Identity, UserStore};

/// A user with their presence.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundUser {
    /// The user.
    pub user: User,
    /// Whether any of their devices is connected.
    pub online: bool,
}

/// Finds and makes users.
pub(crate) struct People {
    people: Arc<dyn UserStore>,
    documents: Arc<dyn GroupStore>,
    arrivals: Arc<Arrivals>,
    presence: Arc<Presence>,
    creation: Arc<Creation>,
}

// === impl People ===

impl People {
    pub(crate) fn new(
        people: Arc<dyn UserStore>,
        documents: Arc<dyn GroupStore>,
        arrivals: Arc<Arrivals>,
        presence: Arc<Presence>,
        creation: Arc<Creation>,
    ) -> Self {
        Self { people, documents, arrivals, presence, creation }
    }

    /// Makes sure that somebody who proved who they are is known.
    pub(crate) async fn ensure_known(&self, identity: &Identity) -> Result<(), Refusal> {
        let user = self.people.ensure_user(&identity.user, &identity.profile).await?;
        if user.banned { Err(Refusal::forbidden("you are banned from this hub")) } else { Ok(()) }
    }

    /// Users whose username begins so, as people write it.
    pub(crate) async fn find_users(&self, prefix: &str, limit: usize) -> Result<Vec<FoundUser>, Refusal> {
        let users = self.people.find_users(prefix, limit).await?;
        self.with_presence(users).await
    }

    /// The users, each with whether they are online.
    pub(crate) async fn with_presence(&self, users: Vec<User>) -> Result<Vec<FoundUser>, Refusal> {
        let ids: Vec<_> = users.iter().map(|user| user.id.clone()).collect();
        let seen = self.presence.of(&ids).await?;
        let found = users.into_iter().zip(seen).map(|(mut user, seen)| {
            user.last_seen = user.last_seen.max(seen.last_seen);
            FoundUser { user, online: seen.online }
        });
        Ok(found.collect())
    }

    /// A page of all users.
    pub(crate) async fn all_users(&self, page: usize, per_page: usize) -> Result<Vec<FoundUser>, Refusal> {
        let users = self.people.all_users(page, per_page).await?;
        self.with_presence(users).await
    }

    /// Sets a user's profile; creates the user when unknown.
    pub(crate) async fn put_user(
        &self,
        id: &UserId,
        username: Option<&str>,
        name: Option<&str>,
    ) -> Result<FoundUser, Refusal> {
        let username = username.map(asked_username).transpose()?;
        let name = name.map(|name| Name::asked("name", name)).transpose()?;
        self.ensure_users(std::slice::from_ref(id)).await?;
        let (username, name) = (username.as_ref().map(Name::as_str), name.as_ref().map(Name::as_str));
        if !self.people.set_profile(id, username, name).await? {
            return Err(username_taken());
        }
        let user = self.people.user(id).await?;
        let user = user.ok_or_else(|| Refusal::not_found("there is no such user"))?;
        let found = self.with_presence(vec![user]).await?;
        found.into_iter().next().ok_or_else(|| Refusal::not_found("there is no such user"))
    }

    /// Makes users who are not known yet, for services that name people first.
    async fn ensure_users(&self, users: &[UserId]) -> Result<(), Refusal> {
        let profile = |user: &UserId| Profile { username: user.as_str().to_lowercase(), name: user.to_string() };
        let named: Vec<_> = users.iter().map(|user| (user.clone(), profile(user))).collect();
        self.arrivals.known_or_made(&named).await?;
        Ok(())
    }

    /// Makes a group for users, the first its admin; unknown users are created.
    pub(crate) async fn create_group_for(
        &self,
        name: &str,
        users: &[UserId],
        access: Access,
    ) -> Result<Group, Refusal> {
        if users.is_empty() {
            return Err(Refusal::bad_frame("`users` must name at least one user"));
        }
        let name = Name::asked("name", name)?;
        self.ensure_users(users).await?;
        let id = GroupId::random();
        self.creation.create(&id, GroupKind::Group, name.into(), users.to_vec(), access).await?;
        let group = self.documents.group(&id).await?;
        group.ok_or_else(|| Refusal::not_found("there is no such group"))
    }
}

/// A username that a service gives: lower case, and none that looks like the hub's own.
fn asked_username(text: &str) -> Result<Name, Refusal> {
    if is_reserved_username(text) {
        return Err(Refusal::bad_frame("`username` must not begin with \"hub.\": such names are the hub's own"));
    }
    Name::asked("username", &text.to_lowercase())
}

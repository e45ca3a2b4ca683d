//! Groups are made, and shown to whoever makes them.

use std::sync::Arc;

use super::handler::GroupLists;
use super::own::OwnGroup;
use crate::domain::{Access, Cid, GroupId, Refusal, UserId};
use crate::hub::features::membership::{Creation, GroupPasswords, NewGroup};

/// Makes groups for their creators.
pub(crate) struct NewGroups {
    creation: Arc<Creation>,
    pub(super) lists: Arc<GroupLists>,
    passwords: GroupPasswords,
}

/// A group that somebody asks for.
#[derive(Debug)]
pub struct AskedGroup {
    /// Its name.
    pub name: String,
    /// Who is to be in it beside whoever makes it.
    pub users: Vec<UserId>,
    /// Who may join; where it is not said, who knows the password, or else members are added.
    pub access: Option<Access>,
    /// What who joins must know, where it asks for a password.
    pub password: Option<String>,
    /// The creator's id for it.
    pub cid: Option<Cid>,
}

// === impl NewGroups ===

impl NewGroups {
    pub(crate) fn new(creation: Arc<Creation>, lists: Arc<GroupLists>, passwords: GroupPasswords) -> Self {
        Self { creation, lists, passwords }
    }

    /// Makes a group, as `create` does, and shows it to its creator; `not_found` when who repeats it has left since.
    pub(crate) async fn create(&self, creator: &UserId, asked: AskedGroup) -> Result<OwnGroup, Refusal> {
        let id = self.make(creator, asked).await?;
        self.lists.own_group(creator, &id).await
    }

    /// Makes a group.
    pub(super) async fn make(&self, creator: &UserId, asked: AskedGroup) -> Result<GroupId, Refusal> {
        let AskedGroup { name, users, access, password, cid } = asked;
        let access = access.unwrap_or(if password.is_some() { Access::Password } else { Access::Members });
        let password = self.passwords.needed(access, password.as_deref()).await?;
        self.creation.create_group(creator, NewGroup { name, users, access, password }, cid).await
    }
}

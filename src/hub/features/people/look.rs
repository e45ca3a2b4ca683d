//! Users as others are shown them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::domain::{GroupId, Refusal, User, UserId, now_ms};
use crate::hub::config::Reach;
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::features::presence::Presence;
use crate::ports::{GroupStore, ProfileStore, UserStore};
use crate::protocol::{PresenceView, ProfileView, ServerFrame, pushes, requests};

/// Shows users to each other.
pub(crate) struct Look {
    people: Arc<dyn UserStore>,
    details: Arc<dyn ProfileStore>,
    documents: Arc<dyn GroupStore>,
    presence: Arc<Presence>,
    /// In which groups people see who is online.
    reach: Reach,
}

// === impl Look ===

impl Look {
    pub(crate) fn new(
        people: Arc<dyn UserStore>,
        details: Arc<dyn ProfileStore>,
        documents: Arc<dyn GroupStore>,
        presence: Arc<Presence>,
        reach: Reach,
    ) -> Self {
        Self { people, details, documents, presence, reach }
    }

    /// A user as another is shown them: whether they are online only where both share a group, and how to reach them only
    /// to themselves.
    ///
    /// # Errors
    /// `not_found` for who is not there, or is deleted.
    pub(crate) async fn user(&self, reader: &UserId, id: &UserId) -> Result<ProfileView, Refusal> {
        let both = [reader.clone(), id.clone()];
        let (people, details) = futures::try_join!(self.people.users(&both), self.details.details(id))?;
        let find = |id: &UserId| people.iter().find(|user| user.id == *id && !user.is_deleted());
        let user = find(id).ok_or_else(|| Refusal::not_found("there is no such user"))?;
        let seen = match find(reader) {
            Some(reader) => self.seen_by(reader, &[user]).await?.remove(id),
            None => None,
        };
        let (details, own) = (details.at(now_ms()), reader == id);
        Ok(ProfileView {
            email: details.email.filter(|_| own),
            phone: details.phone.filter(|_| own),
            about: details.about,
            status: details.status,
            ..self.view(user, seen)
        })
    }

    /// What is shown of a user beside what they say of themselves.
    pub(super) fn view(&self, user: &User, seen: Option<PresenceView>) -> ProfileView {
        ProfileView {
            id: user.id.clone(),
            username: user.profile.username.clone(),
            name: user.profile.name.clone(),
            email: None,
            phone: None,
            about: None,
            status: None,
            online: seen.as_ref().map(|seen| seen.online),
            last_seen: seen.map(|seen| seen.last_seen),
        }
    }

    /// The presence of those users whom one may see online: who shares a group with them in which people see it.
    pub(super) async fn seen_by(
        &self,
        reader: &User,
        users: &[&User],
    ) -> Result<HashMap<UserId, PresenceView>, Refusal> {
        if !self.reach.is_on() {
            return Ok(HashMap::new());
        }
        let groups = self.groups_to_see_in(reader, users).await?;
        let visible = |user: &&&User| user.id == reader.id || user.groups.keys().any(|group| groups.contains(group));
        let visible: Vec<&&User> = users.iter().filter(visible).collect();
        let ids: Vec<UserId> = visible.iter().map(|user| user.id.clone()).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let seen = self.presence.of(&ids).await?;
        // The backplane forgets when somebody was seen; the store does not.
        let seen = visible.into_iter().zip(seen).map(|(user, seen)| {
            (user.id.clone(), PresenceView { last_seen: seen.last_seen.max(user.last_seen), ..seen })
        });
        Ok(seen.collect())
    }

    /// The groups that a reader shares with any of the users, and in which people see who is online.
    async fn groups_to_see_in(&self, reader: &User, users: &[&User]) -> Result<HashSet<GroupId>, Refusal> {
        let is_shared = |group: &&GroupId| users.iter().any(|user| user.is_in(group));
        let shared: Vec<GroupId> = reader.groups.keys().filter(is_shared).cloned().collect();
        if self.reach == Reach::Everywhere || shared.is_empty() {
            return Ok(shared.into_iter().collect());
        }
        let groups = self.documents.groups(&shared).await?.into_iter();
        Ok(groups.filter(|group| self.reach.reaches(group.members.len())).map(|group| group.id).collect())
    }
}

impl Answered for requests::User {
    type By = Look;

    async fn answer(self, look: &Look, asker: Asker<'_>) -> Result<(), Refusal> {
        let user = look.user(&asker.session.user, &self.user).await?;
        asker.tell(&ServerFrame::User(pushes::User { re: asker.re, user: &user }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Code, DetailsPatch, Patch, Status};
    use crate::hub::testing::{Bed, MemoryStore, group, open_session, user};

    /// Anna and bob in a group, cleo in none, and all of what anna says of herself.
    async fn bed() -> Bed {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna", "bob"], []));
        let profile = crate::hub::testing::identity("cleo", 0).profile;
        bed.store.ensure_user(&user("cleo"), &profile).await.unwrap();
        let status = Status { text: Some("tea".into()), until: Some(i64::MAX), ..Status::default() };
        let edit = DetailsPatch {
            email: Patch::Set("anna@example.org".into()),
            phone: Patch::Set("112".into()),
            about: Patch::Set("tea".into()),
            status: Patch::Set(status),
            ..DetailsPatch::default()
        };
        bed.store.edit_details(&user("anna"), &edit).await.unwrap();
        bed.store.seen(&[(user("anna"), 9)]).await.unwrap();
        bed
    }

    fn look(bed: &Bed, reach: Reach) -> Look {
        Look::new(bed.store.clone(), bed.store.clone(), bed.store.clone(), bed.presence(), reach)
    }

    #[tokio::test]
    async fn who_shares_a_group_sees_who_is_online_and_how_to_reach_them_they_see_alone() {
        let bed = bed().await;
        let look = look(&bed, Reach::Everywhere);
        let _open = open_session(&bed.users, "anna");
        let to_bob = look.user(&user("bob"), &user("anna")).await.unwrap();
        assert_eq!((to_bob.about.as_deref(), to_bob.status.is_some()), (Some("tea"), true));
        assert_eq!((to_bob.online, to_bob.last_seen, to_bob.email, to_bob.phone), (Some(true), Some(9), None, None));
        let to_cleo = look.user(&user("cleo"), &user("anna")).await.unwrap();
        assert_eq!((to_cleo.about.as_deref(), to_cleo.online, to_cleo.last_seen), (Some("tea"), None, None));
        let own = look.user(&user("anna"), &user("anna")).await.unwrap();
        assert_eq!((own.email.as_deref(), own.phone.as_deref()), (Some("anna@example.org"), Some("112")));
        assert_eq!(look.user(&user("bob"), &user("nobody")).await.unwrap_err().code, Code::NotFound);
        bed.store.be_silent(true);
        assert_eq!(look.user(&user("bob"), &user("anna")).await.unwrap_err().code, Code::Unavailable);
    }

    #[tokio::test]
    async fn who_is_online_is_seen_as_far_as_the_deployment_has_it() {
        let bed = bed().await;
        let online = async |reach, reader| look(&bed, reach).user(&user(reader), &user("anna")).await.unwrap().online;
        assert_eq!(online(Reach::Nowhere, "bob").await, None);
        assert_eq!(online(Reach::Nowhere, "anna").await, None);
        assert_eq!(online(Reach::UpTo(2), "bob").await, Some(false));
        let large = GroupId::random();
        bed.store.put_group(group(&large, &["anna", "cleo", "dora"]));
        ["anna", "cleo"].iter().for_each(|name| bed.store.put_user(name, &large));
        assert_eq!(online(Reach::UpTo(2), "cleo").await, None, "only in groups of that size");
        assert_eq!(online(Reach::UpTo(3), "cleo").await, Some(false));
    }
}

//! Answers for users.

use std::sync::Arc;

use crate::domain::{
    Access, Cid, Code, Group, GroupId, GroupKind, Name, Profile, Refusal, User, UserId, asked_username,
    requested_users, username_taken,
};
use crate::hub::features::membership::Creation;
use crate::hub::features::paging::with_more;
use crate::hub::features::presence::Presence;
use crate::hub::sessions::{Arrivals, check_standing};
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

    /// Makes sure that somebody who proved who they are is known, and may come in.
    pub(crate) async fn ensure_known(&self, identity: &Identity) -> Result<(), Refusal> {
        let user = self.people.ensure_user(&identity.user, &identity.profile).await?;
        check_standing(identity, &user).map_err(|(refusal, _)| refusal)
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

    /// A page of all users, with whether there are more.
    pub(crate) async fn all_users(&self, page: usize, per_page: usize) -> Result<(Vec<FoundUser>, bool), Refusal> {
        let (users, more) = with_more(page, per_page, |page, per_page| self.people.all_users(page, per_page)).await?;
        Ok((self.with_presence(users).await?, more))
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
        if self.people.user(id).await?.is_some_and(|user| user.is_deleted()) {
            return Err(deleted());
        }
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

    /// Makes a group for users, the first its admin; unknown users are created. Services make it once with a cid.
    pub(crate) async fn create_group_for(
        &self,
        name: &str,
        users: &[UserId],
        access: Access,
        cid: Option<Cid>,
    ) -> Result<Group, Refusal> {
        let users = requested_users("users", users.to_vec())?;
        self.creation.check_count(users.len())?;
        if access == Access::Password {
            return Err(Refusal::bad_frame("a group's password is set by an admin of it: make it with another access"));
        }
        let name = Name::asked("name", name)?;
        // Nobody is made for a group that is not.
        self.ensure_users(&users).await?;
        // Apart from what users make with cids of their own: nobody speaks as the hub.
        let id = cid.map_or_else(GroupId::random, |cid| GroupId::created_by(&UserId::hub(), &cid));
        self.creation.create(&id, GroupKind::Group, name.into(), users, access).await?;
        let group = self.documents.group(&id).await?;
        group.ok_or_else(|| Refusal::not_found("there is no such group"))
    }
}

fn deleted() -> Refusal {
    Refusal::new(Code::Conflict, "this user was deleted: `hubbub admin unban` lets somebody be that user again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing::{Bed, MemoryStore, identity, open_session, user};

    fn people(bed: &Bed) -> People {
        People::new(bed.store.clone(), bed.store.clone(), bed.arrivals(), bed.presence(), bed.creation())
    }

    fn bed(names: &[&str]) -> Bed {
        Bed::new(MemoryStore::of(&GroupId::random(), names, []))
    }

    #[tokio::test]
    async fn users_are_found_in_any_case_with_whether_they_are_here_and_when_they_were_seen() {
        let bed = bed(&["anna", "annabel", "bob"]);
        bed.store.seen(&[(user("annabel"), 9)]).await.unwrap();
        let _anna = open_session(&bed.users, "anna");
        let found = people(&bed).find_users("ANNA", 5).await.unwrap();
        let told: Vec<_> = found.iter().map(|found| (found.user.id.as_str(), found.online)).collect();
        assert_eq!(told, [("anna", true), ("annabel", false)]);
        assert_eq!(found[1].user.last_seen, 9, "the backplane has forgotten it");
        assert_eq!(people(&bed).find_users("a", 1).await.unwrap().len(), 1);
        bed.registry.link.be_silent(true);
        let refused = people(&bed).find_users("anna", 5).await.unwrap_err();
        assert_eq!(refused.code, Code::Unavailable, "nobody is said to be away for a silent backplane");
    }

    #[tokio::test]
    async fn a_profile_is_set_in_lower_case_and_makes_its_user_and_takes_no_name_of_the_hubs_own() {
        let bed = bed(&["anna"]);
        let people = people(&bed);
        let found = people.put_user(&user("cleo"), Some("Cleo.K"), Some("Cleo")).await.unwrap();
        assert_eq!((&*found.user.profile.username, &*found.user.profile.name), ("cleo.k", "Cleo"));
        let kept = people.put_user(&user("cleo"), None, None).await.unwrap();
        assert_eq!(kept.user.profile, found.user.profile);
        for own in ["HUB.dora", " hub.dora"] {
            let refused = people.put_user(&user("dora"), Some(own), None).await.unwrap_err();
            assert_eq!(refused.code, Code::BadFrame, "{own:?}");
        }
        assert!(bed.store.user(&user("dora")).await.unwrap().is_none(), "nothing is stored of it");
        let (users, more) = people.all_users(0, 2).await.unwrap();
        assert_eq!((users.len(), more), (2, false));
    }

    #[tokio::test]
    async fn who_proved_who_they_are_is_known_unless_they_are_banned() {
        let bed = bed(&["anna"]);
        let people = people(&bed);
        people.ensure_known(&identity("bob", 0)).await.unwrap();
        assert!(bed.store.user(&user("bob")).await.unwrap().is_some());
        bed.store.end_logins(&user("bob"), 1).await.unwrap();
        assert_eq!(people.ensure_known(&identity("bob", 0)).await.unwrap_err().code, Code::Unauthorized);
        people.ensure_known(&Identity { proven: 1, ..identity("bob", 0) }).await.unwrap();
        bed.store.set_banned(&user("bob"), true).await.unwrap();
        assert_eq!(people.ensure_known(&identity("bob", 0)).await.unwrap_err().code, Code::Forbidden);
        bed.store.be_silent(true);
        assert_eq!(people.ensure_known(&identity("anna", 0)).await.unwrap_err().code, Code::Unavailable);
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_for_people_makes_those_who_are_not_known_and_the_first_its_admin() {
        let bed = bed(&["anna"]);
        bed.log.stores_changes.store(true, std::sync::atomic::Ordering::Relaxed);
        let people = people(&bed);
        let nobody = people.create_group_for("tea", &[], Access::Open, None).await.unwrap_err();
        assert_eq!((nobody.code, bed.log.changes.lock().len()), (Code::BadFrame, 0));
        let users = ["Bob", "anna"].map(user);
        let cid = Cid::parse("c1").unwrap();
        let made = people.create_group_for("tea", &users, Access::Open, Some(cid.clone())).await.unwrap();
        assert_ne!(made.id, GroupId::created_by(&users[0], &cid), "another than their own");
        assert_eq!((&*made.name, made.access), ("tea", Access::Open));
        let admins: Vec<_> = bed.log.changes.lock().iter().map(|change| change.users.clone()).collect();
        assert_eq!(admins, [vec![user("Bob")], vec![user("anna")]]);
        assert_eq!(bed.store.user(&user("Bob")).await.unwrap().unwrap().profile.username, "bob");
    }
}

//! Users' own profiles.

use std::sync::Arc;

use crate::domain::{Code, Details, Name, ProfilePatch, Refusal, SessionId, User, UserId, now_ms, username_taken};
use crate::hub::codec::{PeerEvent, UserNews};
use crate::hub::local::{LocalUsers, tell_each};
use crate::hub::pipeline::peers::Peers;
use crate::hub::tasks::Tasks;
use crate::ports::{ProfileStore, UserStore};
use crate::protocol::{MeView, ServerFrame, pushes};

/// Shows users their profiles, and changes them.
pub(crate) struct Profiles {
    people: Arc<dyn UserStore>,
    details: Arc<dyn ProfileStore>,
    peers: Arc<Peers>,
    users: Arc<LocalUsers>,
    tasks: Tasks,
    /// Held from the reading of a profile until sessions are told: an older one never comes behind a newer one.
    telling: Arc<tokio::sync::Mutex<()>>,
}

// === impl Profiles ===

impl Profiles {
    pub(crate) fn new(
        people: Arc<dyn UserStore>,
        details: Arc<dyn ProfileStore>,
        peers: Arc<Peers>,
        users: Arc<LocalUsers>,
        tasks: Tasks,
    ) -> Self {
        Self { people, details, peers, users, tasks, telling: Arc::default() }
    }

    /// A user's own profile.
    pub(crate) async fn me(&self, user: &UserId) -> Result<MeView, Refusal> {
        let (stored, details) = futures::try_join!(self.people.user(user), self.details.details(user))?;
        let stored = stored.filter(|stored| !stored.is_deleted()).ok_or_else(no_such_user)?;
        Ok(view(stored, details.at(now_ms())))
    }

    /// Changes a user's own profile and shows it. Other sessions of the user hear of it on all nodes.
    ///
    /// # Errors
    /// `conflict` when the username is another's; nothing is changed then.
    pub(crate) async fn edit(
        &self,
        user: &UserId,
        edit: ProfilePatch,
        session: Option<&SessionId>,
    ) -> Result<MeView, Refusal> {
        if edit.is_empty() {
            return self.me(user).await;
        }
        self.rename(user, edit.username.as_ref(), edit.name.as_ref()).await?;
        if !edit.details.is_empty() {
            self.details.edit_details(user, &edit.details).await?;
        }
        let me = self.me(user).await?;
        let news = UserNews::Profile { session: session.cloned() };
        if self.peers.tell_all_nodes(vec![PeerEvent::OfUser { user: user.clone(), news }]).await.is_err() {
            tracing::debug!(%user, "other sessions were not told of a changed profile");
        }
        Ok(me)
    }

    /// Sets names, before anything else is changed: a username may be refused.
    async fn rename(&self, user: &UserId, username: Option<&Name>, name: Option<&Name>) -> Result<(), Refusal> {
        if username.is_none() && name.is_none() {
            return Ok(());
        }
        let stored = self.people.user(user).await?.filter(|stored| !stored.is_deleted()).ok_or_else(no_such_user)?;
        if let Some(username) = username
            && self.is_id_of_another(&stored, username).await?
        {
            return Err(username_taken());
        }
        match self.people.set_profile(user, username.map(Name::as_str), name.map(Name::as_str)).await? {
            true => Ok(()),
            false => Err(username_taken()),
        }
    }

    /// Whether the username of an account would be the id of another user: accounts log in by either, and nobody is to
    /// be taken for another there.
    async fn is_id_of_another(&self, user: &User, username: &Name) -> Result<bool, Refusal> {
        if user.password.is_none() {
            return Ok(false);
        }
        let prefix = user.id.as_str().rsplit_once('|').map_or_else(String::new, |(prefix, _)| format!("{prefix}|"));
        // What is no id is nobody's.
        let Ok(id) = UserId::parse(&format!("{prefix}{}", username.as_str())) else { return Ok(false) };
        Ok(id != user.id && self.people.user(&id).await?.is_some())
    }

    /// Tells the user's sessions on this node of a changed profile, but for the one that had it changed.
    pub(crate) fn changed(&self, user: UserId, session: Option<SessionId>) {
        let others = self.users.sessions(&user).into_iter().filter(move |other| Some(&other.id) != session.as_ref());
        let others: Vec<_> = others.collect();
        if others.is_empty() {
            return;
        }
        let (people, details, telling) = (self.people.clone(), self.details.clone(), self.telling.clone());
        self.tasks.spawn(async move {
            let _turn = telling.lock().await;
            let Ok((Some(stored), details)) = futures::try_join!(people.user(&user), details.details(&user)) else {
                tracing::debug!(%user, "sessions were not told of a changed profile");
                return;
            };
            let me = view(stored, details.at(now_ms()));
            tell_each(&others, &ServerFrame::Me(pushes::Me { re: None, me: &me }));
        });
    }
}

fn no_such_user() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such user")
}

fn view(user: User, details: Details) -> MeView {
    let Details { email, phone, about, time_zone, status, settings } = details;
    let (username, name) = (user.profile.username, user.profile.name);
    MeView { id: user.id, username, name, email, phone, about, time_zone, status, settings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DetailsPatch, GroupId, Patch, Status};
    use crate::hub::node::tests::record;
    use crate::hub::testing::{Bed, MemoryStore, open_session, until, user};

    fn bed() -> Bed {
        let bed = Bed::new(MemoryStore::of(&GroupId::random(), &["anna", "bob"], []));
        bed.node.saw(vec![record("a.1"), record("b.1")], 1);
        bed
    }

    fn profiles(bed: &Bed) -> Profiles {
        let (store, peers, users) = (bed.store.clone(), bed.peers.clone(), bed.users.clone());
        Profiles::new(store.clone(), store, peers, users, bed.tasks.clone())
    }

    fn details(details: DetailsPatch) -> ProfilePatch {
        ProfilePatch { details, ..ProfilePatch::default() }
    }

    fn named(username: &str, name: &str) -> ProfilePatch {
        let edit = |text: &str| if text.is_empty() { Patch::Keep } else { Patch::Set(text.to_owned()) };
        ProfilePatch::asked(edit(username), edit(name), DetailsPatch::default()).unwrap()
    }

    #[tokio::test]
    async fn what_is_changed_is_shown_and_told_to_all_nodes_and_what_is_not_named_stays() {
        let (bed, anna) = (bed(), user("anna"));
        let profiles = profiles(&bed);
        let about = DetailsPatch { about: Patch::Set("two\nlines".into()), ..DetailsPatch::default() };
        profiles.edit(&anna, details(about), None).await.unwrap();
        assert_eq!(bed.inboxes.take().len(), 2);
        let me = profiles.edit(&anna, named("", "Anna B."), None).await.unwrap();
        assert_eq!((&*me.username, &*me.name, me.about.as_deref()), ("anna", "Anna B.", Some("two\nlines")));
        bed.inboxes.take();
        assert_eq!(profiles.edit(&anna, ProfilePatch::default(), None).await.unwrap(), me);
        assert!(bed.inboxes.take().is_empty(), "nothing changed");
        assert_eq!(profiles.me(&user("nobody")).await.unwrap_err().code, Code::NotFound);
        bed.store.be_silent(true);
        assert_eq!(profiles.me(&anna).await.unwrap_err().code, Code::Unavailable);
    }

    #[tokio::test]
    async fn a_status_that_is_over_is_shown_to_nobody() {
        let bed = bed();
        let profiles = profiles(&bed);
        for (until, shown) in [(Some(1), false), (None, true), (Some(i64::MAX), true)] {
            let status = Status { text: Some("tea".into()), until, ..Status::default() };
            let edit = DetailsPatch { status: Patch::Set(status), ..DetailsPatch::default() };
            let me = profiles.edit(&user("anna"), details(edit), None).await.unwrap();
            assert_eq!(me.status.is_some(), shown, "{until:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_users_other_sessions_hear_of_it_and_nobody_elses() {
        let bed = bed();
        let profiles = profiles(&bed);
        let [(asker, own), (_phone, phone), (_bob, bobs)] =
            ["anna", "anna", "bob"].map(|name| open_session(&bed.users, name));
        let about = DetailsPatch { about: Patch::Set("new".into()), ..DetailsPatch::default() };
        profiles.edit(&asker.user, details(about), Some(&asker.id)).await.unwrap();
        let told = bed.inboxes.take();
        let [PeerEvent::OfUser { user, news: UserNews::Profile { session } }] = &told[0].1[..] else {
            panic!("{told:?}")
        };
        profiles.changed(user.clone(), session.clone());
        let mut heard = Vec::new();
        until(|| {
            heard.extend(phone.texts());
            !heard.is_empty()
        })
        .await;
        assert!(heard[0].contains(r#""type":"me""#) && heard[0].contains(r#""about":"new""#), "{heard:?}");
        assert!(own.take().is_empty() && bobs.take().is_empty());
    }

    #[tokio::test]
    async fn an_account_takes_no_username_that_is_anothers_id_and_then_nothing_is_changed() {
        let bed = bed();
        let (profiles, anna) = (profiles(&bed), user("anna"));
        bed.store.set_password(&anna, "hash", 0).await.unwrap();
        let about = DetailsPatch { about: Patch::Set("new".into()), ..DetailsPatch::default() };
        let both = ProfilePatch { details: about, ..named("Bob", "Bob") };
        assert_eq!(profiles.edit(&anna, both, None).await.unwrap_err().code, Code::Conflict);
        let me = profiles.me(&anna).await.unwrap();
        assert_eq!((&*me.name, me.about), ("anna", None));
        assert_eq!(profiles.edit(&anna, named("Anna", ""), None).await.unwrap().username, "anna");
        let bob = profiles.edit(&user("bob"), named("anna", ""), None).await.unwrap();
        assert_eq!(bob.username, "anna", "who has no account may have any name");
    }
}

//! Invites are made, listed, ended, and used.

use std::sync::Arc;

use crate::domain::{
    Code, Group, GroupId, GroupKind, Invite, InviteId, Millis, Refusal, Role, UserId, now_ms, random_token,
};
use crate::hub::config::Rate;
use crate::hub::features::membership::{ADMINS_ONLY, Membership};
use crate::hub::limits::UserRates;
use crate::ports::{GroupStore, InviteStore};
use crate::protocol::Glimpse;

/// Open invites of one group at most.
const MOST: usize = 50;
/// Looks at invites by one user: nobody has so many, and whoever guesses does not get far.
const LOOKS: Rate = Rate { burst: 20, per_second: 1 };

/// An invite as an admin wants it.
#[derive(Debug, Clone, Copy, Default)]
pub struct AskedInvite {
    /// When it is to end, in Unix milliseconds.
    pub expires: Option<Millis>,
    /// How many may join by it.
    pub uses: Option<u32>,
}

/// An invite that was made, with what is told of it this once.
pub struct MadeInvite {
    /// By which people join.
    pub token: String,
    /// What is kept.
    pub invite: Invite,
}

/// Makes invites, and lets people in by them.
pub(crate) struct Invites {
    invites: Arc<dyn InviteStore>,
    documents: Arc<dyn GroupStore>,
    membership: Arc<Membership>,
    looks: UserRates,
}

// === impl Invites ===

impl Invites {
    pub(crate) fn new(
        invites: Arc<dyn InviteStore>,
        documents: Arc<dyn GroupStore>,
        membership: Arc<Membership>,
    ) -> Self {
        Self { invites, documents, membership, looks: UserRates::new(LOOKS) }
    }

    /// Makes an invite into a group, as an admin of it.
    pub(crate) async fn make(&self, by: &UserId, id: &GroupId, asked: AskedInvite) -> Result<MadeInvite, Refusal> {
        let group = self.led_by(by, id).await?;
        if group.settings.archived {
            return Err(Refusal::archived());
        }
        let AskedInvite { expires, uses } = asked;
        let created = now_ms();
        if expires.is_some_and(|expires| expires <= created) {
            return Err(Refusal::bad_frame("`expires` must lie ahead, in Unix milliseconds"));
        }
        if uses == Some(0) {
            return Err(Refusal::bad_frame("`uses` must be 1 or more"));
        }
        let token = random_token();
        let (group, life, by) = (id.clone(), group.base.seq, by.clone());
        let invite = Invite { id: InviteId::of(&token), group, life, by, created, expires, uses, used: 0 };
        if !self.invites.add_invite(&invite, MOST).await? {
            return Err(Refusal::too_large(format!("a group has at most {MOST} open invites: end one of them")));
        }
        Ok(MadeInvite { token, invite })
    }

    /// The open invites of a group, for an admin of it.
    pub(crate) async fn list(&self, admin: &UserId, id: &GroupId) -> Result<Vec<Invite>, Refusal> {
        let group = self.led_by(admin, id).await?;
        let mut invites = self.invites.invites(id).await?;
        invites.retain(|invite| invite.life == group.base.seq);
        Ok(invites)
    }

    /// Ends an invite of a group, as an admin of it.
    pub(crate) async fn end(&self, admin: &UserId, group: &GroupId, id: &InviteId) -> Result<(), Refusal> {
        self.led_by(admin, group).await?;
        Ok(self.invites.remove_invite(group, id).await?)
    }

    /// What a token leads to.
    ///
    /// # Errors
    /// `not_found` where it leads nowhere; `rate_limited` for who looks at too many.
    pub(crate) async fn look(&self, user: &UserId, token: &str) -> Result<Glimpse, Refusal> {
        let (_, group) = self.found(user, token).await?;
        Ok(glimpse_of(group))
    }

    /// Joins by a token. Who is a member already uses up nothing.
    pub(crate) async fn join(&self, user: &UserId, token: &str) -> Result<Glimpse, Refusal> {
        let (invite, group) = self.found(user, token).await?;
        if group.member(user).is_some() {
            return Ok(glimpse_of(group));
        }
        if group.settings.archived {
            return Err(Refusal::archived());
        }
        self.membership.may_come(user, &group.id).await?;
        if !self.invites.use_invite(&invite.id).await? {
            return Err(ended());
        }
        if let Err(refusal) = self.membership.let_in(user, &group.id).await {
            // Where it may have happened all the same, the use is spent.
            if refusal.code != Code::Unavailable {
                self.invites.return_use(&invite.id).await?;
            }
            return Err(refusal);
        }
        Ok(glimpse_of(group))
    }

    async fn found(&self, user: &UserId, token: &str) -> Result<(Invite, Group), Refusal> {
        let look = self.looks.of(user).lock().take();
        look.map_err(|wait| Refusal::rate_limited("too many invites looked at; wait a little", wait))?;
        let invite = self.invites.invite(&InviteId::of(token)).await?.ok_or_else(ended)?;
        let group = self.documents.group(&invite.group).await?;
        let group = group.filter(|group| group.base.seq == invite.life).ok_or_else(ended)?;
        Ok((invite, group))
    }

    /// A group that somebody is an admin of.
    async fn led_by(&self, admin: &UserId, id: &GroupId) -> Result<Group, Refusal> {
        let group = self.documents.group(id).await?;
        let group = group.ok_or_else(|| Refusal::not_found("there is no such group"))?;
        let leads = group.member(admin).is_some_and(|member| member.role == Role::Admin);
        if leads && group.kind == GroupKind::Group { Ok(group) } else { Err(Refusal::forbidden(ADMINS_ONLY)) }
    }
}

fn glimpse_of(group: Group) -> Glimpse {
    Glimpse { count: group.members.len(), id: group.id, name: group.name, access: group.access }
}

fn ended() -> Refusal {
    Refusal::not_found("there is no such invite, or it has ended")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;
    use crate::domain::Member;
    use crate::hub::testing::{Bed, MemoryStore, group, user};
    use crate::ports::{ChangeOutcome, Permission};

    /// A group of anna, its admin; bob and cleo are in another.
    fn bed() -> (Bed, GroupId) {
        let (id, other) = (GroupId::random(), GroupId::random());
        let bed = Bed::new(MemoryStore::of(&other, &["bob", "cleo"], []));
        let mut led = group(&id, &["anna"]);
        led.members[0] = Member { role: Role::Admin, ..led.members[0].clone() };
        bed.store.put_group(led);
        bed.store.put_user("anna", &id);
        bed.log.stores_changes.store(true, Relaxed);
        (bed, id)
    }

    fn invites(bed: &Bed) -> Invites {
        Invites::new(bed.store.clone(), bed.store.clone(), bed.membership())
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_one_joins_as_often_as_it_may_be_used() {
        let (bed, id) = bed();
        let invites = invites(&bed);
        let once = AskedInvite { uses: Some(1), ..AskedInvite::default() };
        let made = invites.make(&user("anna"), &id, once).await.unwrap();
        assert_eq!(invites.look(&user("bob"), &made.token).await.unwrap().name, "tea");
        assert_eq!(invites.join(&user("anna"), &made.token).await.unwrap().count, 1, "she is in it");
        bed.log.outcomes.lock().push_back(ChangeOutcome::Archived);
        assert_eq!(invites.join(&user("bob"), &made.token).await.unwrap_err().code, Code::Forbidden);
        invites.join(&user("bob"), &made.token).await.unwrap();
        assert_eq!(bed.log.changes.lock()[1].permission, Permission::Invited);
        assert_eq!(invites.join(&user("cleo"), &made.token).await.unwrap_err().code, Code::NotFound);
        assert!(invites.list(&user("anna"), &id).await.unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn admins_alone_make_them_and_not_without_end() {
        let (bed, id) = bed();
        let invites = invites(&bed);
        let make = async |by, asked| invites.make(&user(by), &id, asked).await.map(|made| made.invite.id);
        assert_eq!(make("bob", AskedInvite::default()).await.unwrap_err().code, Code::Forbidden);
        let past = AskedInvite { expires: Some(1), ..AskedInvite::default() };
        let never = AskedInvite { uses: Some(0), ..AskedInvite::default() };
        for wrong in [past, never] {
            assert_eq!(make("anna", wrong).await.unwrap_err().code, Code::BadFrame);
        }
        let mut first = None;
        for _ in 0..MOST {
            first.get_or_insert(make("anna", AskedInvite::default()).await.unwrap());
        }
        assert_eq!(make("anna", AskedInvite::default()).await.unwrap_err().code, Code::TooLarge);
        assert_eq!(invites.list(&user("bob"), &id).await.unwrap_err().code, Code::Forbidden);
        invites.end(&user("anna"), &id, &first.unwrap()).await.unwrap();
        assert_eq!(invites.list(&user("anna"), &id).await.unwrap().len(), MOST - 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_guesses_does_not_get_far() {
        let (bed, _) = bed();
        let invites = invites(&bed);
        for number in 0..LOOKS.burst {
            let code = invites.look(&user("bob"), &number.to_string()).await.unwrap_err().code;
            assert_eq!(code, Code::NotFound);
        }
        assert_eq!(invites.join(&user("bob"), "again").await.unwrap_err().code, Code::RateLimited);
    }
}

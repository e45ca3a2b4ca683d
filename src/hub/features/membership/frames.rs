//! Frames by which people join and leave groups.

use super::roll::Membership;
use crate::domain::Refusal;
use crate::hub::features::answered::{Answered, Asker};
use crate::protocol::requests;

impl Answered for requests::Join {
    type By = Membership;

    async fn answer(self, membership: &Membership, asker: Asker<'_>) -> Result<(), Refusal> {
        membership.join(&asker.session.user, &self.group, self.password.as_deref()).await?;
        asker.done();
        Ok(())
    }
}

impl Answered for requests::Leave {
    type By = Membership;

    async fn answer(self, membership: &Membership, asker: Asker<'_>) -> Result<(), Refusal> {
        membership.leave(&asker.session.user, &self.group).await?;
        asker.done();
        Ok(())
    }
}

impl Answered for requests::Add {
    type By = Membership;

    async fn answer(self, membership: &Membership, asker: Asker<'_>) -> Result<(), Refusal> {
        membership.add(&asker.session.user, &self.group, self.users).await?;
        asker.done();
        Ok(())
    }
}

impl Answered for requests::GiveRole {
    type By = Membership;

    async fn answer(self, membership: &Membership, asker: Asker<'_>) -> Result<(), Refusal> {
        membership.give_role(&asker.session.user, &self.group, self.users, self.role).await?;
        asker.done();
        Ok(())
    }
}

impl Answered for requests::Remove {
    type By = Membership;

    async fn answer(self, membership: &Membership, asker: Asker<'_>) -> Result<(), Refusal> {
        membership.remove(&asker.session.user, &self.group, self.users).await?;
        asker.done();
        Ok(())
    }
}

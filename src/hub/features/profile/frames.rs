//! Frames by which users see and change their profiles.

use super::handler::Profiles;
use crate::domain::Refusal;
use crate::hub::features::answered::{Answered, Asker};
use crate::protocol::{ServerFrame, pushes, requests};

impl Answered for requests::Me {
    type By = Profiles;

    async fn answer(self, profiles: &Profiles, asker: Asker<'_>) -> Result<(), Refusal> {
        let me = profiles.edit(&asker.session.user, *self.0, Some(&asker.session.id)).await?;
        asker.tell(&ServerFrame::Me(pushes::Me { re: asker.re, me: &me }));
        Ok(())
    }
}

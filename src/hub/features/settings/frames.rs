//! The frame by which admins change a group.

use super::handler::Settings;
use crate::domain::Refusal;
use crate::hub::features::answered::{Answered, Asker};
use crate::protocol::requests;

impl Answered for requests::Change {
    type By = Settings;

    async fn answer(self, settings: &Settings, asker: Asker<'_>) -> Result<(), Refusal> {
        settings.change(&asker.session.user, &self.group, self.changes, self.password.as_deref()).await?;
        asker.done();
        Ok(())
    }
}

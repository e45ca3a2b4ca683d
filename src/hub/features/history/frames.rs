//! The frame that asks for a page.

use super::pages::{History, Within};
use crate::domain::{Refusal, Seq};
use crate::hub::config::{HISTORY_DEFAULT, HISTORY_PAGE, PAGE_BYTES};
use crate::hub::features::answered::{Answered, Asker};
use crate::ports::Page;
use crate::protocol::{ServerFrame, WireEvent, pushes, requests};

impl Answered for requests::History {
    type By = History;

    async fn answer(self, history: &History, asker: Asker<'_>) -> Result<(), Refusal> {
        let Self { group, before, after, limit, r#ref, raw } = self;
        if !asker.session.is_in(&group) {
            return Err(Refusal::forbidden("you are not a member of this group"));
        }
        let limit = limit.unwrap_or(HISTORY_DEFAULT).clamp(1, HISTORY_PAGE);
        let page = match (before, after) {
            (_, Some(after)) => Page::After(after, limit),
            (before, None) => Page::Before(before.unwrap_or(Seq::MAX), limit),
        };
        let base = history.groups.get(&group).map_or(0, |group| group.state.lock().base());
        let as_of = history.as_of(&group).await?;
        let about = match r#ref {
            Some(reference) => Some(history.replied_to(&group, base, &reference).await?),
            None => None,
        };
        let within = Within { group: &group, base, as_of, about };
        let mut page = history.read_page(within, page, PAGE_BYTES).await?;
        if raw != Some(true) {
            history.own.mark(&asker.session.user, page.messages.iter_mut().collect()).await?;
        }
        let seen = if raw == Some(true) { WireEvent::as_said } else { WireEvent::for_reader };
        let messages = page.messages.iter().map(|event| seen(event, &asker.session.user)).collect();
        let (more, next) = (page.more, page.next);
        asker.tell(&ServerFrame::History(pushes::History { re: asker.re, group: &group, messages, more, next, as_of }));
        Ok(())
    }
}

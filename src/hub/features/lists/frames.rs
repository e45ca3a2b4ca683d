//! Frames that ask for groups, and for a new one.

use super::handler::GroupLists;
use super::new_groups::{AskedGroup, NewGroups};
use super::page::{Asked, ListedFrom};
use crate::domain::{Place, Refusal};
use crate::hub::config::PAGE_BYTES;
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::groups::keep_within;
use crate::protocol::{ServerFrame, pushes, requests};

impl Answered for requests::Groups {
    type By = GroupLists;

    /// A page of the session's groups, newest activity first.
    async fn answer(self, lists: &GroupLists, asker: Asker<'_>) -> Result<(), Refusal> {
        let user = &asker.session.user;
        let here = asker.session.groups().into_iter().filter_map(|id| lists.groups.get(&id));
        let mine: Vec<_> = here
            .map(|group| {
                let time = group.state.lock().position.at().map_or(0, |at| at.time);
                (time, group)
            })
            .collect();
        let asked = Asked { from: ListedFrom::named(self.cursor, self.after), limit: self.limit };
        let (page, next) = asked.of(mine, |(time, group)| Place { time: *time, group: group.id.clone() });
        let page = page.into_iter().map(|(_, group)| group).collect();
        let page = lists.listing.prepare(page, |_| true).await?;
        let marks = lists.marks_of(user).await?;
        let mut lasts: Vec<_> = page.iter().map(|(_, group)| lists.listing.last_of(&group.state.lock())).collect();
        keep_within(lasts.iter_mut(), PAGE_BYTES);
        lists.listing.mark_own(user, lasts.iter_mut().flatten().collect()).await?;
        let mut views: Vec<_> = page
            .iter()
            .zip(&lasts)
            .map(|((document, group), last)| {
                let head = group.state.lock().position.at().unwrap_or_default();
                lists.listing.view(document, head, &marks, last.as_deref(), user)
            })
            .collect();
        lists.listing.count_mentions(user, &mut views).await?;
        let (re, more, next) = (asker.re, next.is_some(), next.as_ref());
        asker.tell(&ServerFrame::Groups(pushes::Groups { re, groups: &views, more, next }));
        // Not before they are told: what is said in between comes with its group.
        page.iter().for_each(|(_, group)| group.state.lock().was_shown_to(&asker.session.id));
        Ok(())
    }
}

impl Answered for requests::Create {
    type By = NewGroups;

    /// Shows the group as its creator sees it, which need not be new: who repeats the frame is told what is unread by now,
    /// and who has left since is told so.
    async fn answer(self, new: &NewGroups, asker: Asker<'_>) -> Result<(), Refusal> {
        let Self { name, members: users, access, password, cid } = self;
        let user = &asker.session.user;
        let asked = AskedGroup { name, users, access, password, cid };
        let id = new.make(user, asked).await?;
        let lists = &new.lists;
        let stored = lists.documents.group(&id).await?;
        let group = stored.ok_or_else(Refusal::unavailable)?;
        if group.member(user).is_none() {
            asker.tell(&ServerFrame::gone(asker.re, &id));
            return Ok(());
        }
        lists.views.member_names(std::iter::once(&group)).await?;
        let head = lists.heads.stored(&group).await?;
        let marks = lists.marks_of(user).await?;
        let view = lists.listing.view(&group, head, &marks, None, user);
        asker.tell(&ServerFrame::group(asker.re, &view));
        Ok(())
    }
}

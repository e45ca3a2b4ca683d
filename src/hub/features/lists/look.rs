//! One group, as whoever asks is shown it.

use std::sync::Arc;

use super::handler::GroupLists;
use super::own::OwnGroup;
use crate::domain::{Access, Group, GroupId, GroupKind, Refusal, UserId};
use crate::hub::config::SMALL_GROUP;
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::features::presence::Presence;
use crate::protocol::{Glimpse, GroupView, ServerFrame, WireEvent, requests};

/// A group, as somebody is shown it.
#[derive(Debug, Clone)]
pub enum ShownGroup {
    /// One of theirs.
    Own(Box<OwnGroup>),
    /// One that they might join.
    Open(Glimpse),
}

/// Shows single groups, with how many are online.
pub(crate) struct GroupLook {
    lists: Arc<GroupLists>,
    presence: Arc<Presence>,
}

// === impl GroupLook ===

impl GroupLook {
    pub(crate) fn new(lists: Arc<GroupLists>, presence: Arc<Presence>) -> Self {
        Self { lists, presence }
    }

    /// One of a user's groups, or what who is not in an open one is shown of it.
    ///
    /// # Errors
    /// `not_found` for a group that is not there, or that is not open and the user is not in.
    pub(crate) async fn group(&self, user: &UserId, id: &GroupId) -> Result<ShownGroup, Refusal> {
        let Some((group, head)) = self.lists.of_member(user, id).await? else {
            let group = self.lists.documents.group(id).await?.filter(is_open);
            return group.map(|group| ShownGroup::Open(glimpse_of(group))).ok_or_else(not_there);
        };
        let online = self.online(user, &group).await?;
        let mut own = self.lists.shown(user, group, head).await?;
        own.view.online = online;
        Ok(ShownGroup::Own(Box::new(own)))
    }

    /// How many of a small group's members are online beside whoever asks.
    async fn online(&self, user: &UserId, group: &Group) -> Result<Option<usize>, Refusal> {
        if group.members.len() > SMALL_GROUP {
            return Ok(None);
        }
        let others = group.members.iter().map(|member| &member.id).filter(|id| *id != user);
        let seen = self.presence.of(&others.cloned().collect::<Vec<_>>()).await?;
        Ok(Some(seen.iter().filter(|seen| seen.online).count()))
    }
}

impl Answered for requests::ShowGroup {
    type By = GroupLook;

    async fn answer(self, look: &GroupLook, asker: Asker<'_>) -> Result<(), Refusal> {
        let user = &asker.session.user;
        match look.group(user, &self.group).await? {
            ShownGroup::Own(own) => {
                let OwnGroup { view, last } = *own;
                let last = last.as_deref().map(|event| WireEvent::for_reader(event, user));
                asker.tell(&ServerFrame::group(asker.re, &GroupView { last, ..view }));
            }
            ShownGroup::Open(glimpse) => asker.tell(&ServerFrame::glimpse(asker.re, &glimpse)),
        }
        Ok(())
    }
}

fn is_open(group: &Group) -> bool {
    group.kind == GroupKind::Group && group.access == Access::Open
}

fn glimpse_of(group: Group) -> Glimpse {
    Glimpse { count: group.members.len(), id: group.id, name: group.name, access: group.access }
}

fn not_there() -> Refusal {
    Refusal::not_found("there is no such group, or you are not in it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;
    use crate::hub::testing::{Bed, MemoryStore, group, text, user};

    #[tokio::test]
    async fn members_see_all_of_it_others_what_is_open() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna", "bob"], [text(&id, 1, "bob")]));
        let look = GroupLook::new(bed.lists(), bed.presence());
        let ShownGroup::Own(own) = look.group(&user("anna"), &id).await.unwrap() else { panic!("it is hers") };
        assert_eq!((own.view.count, own.view.online, own.last.unwrap().seq), (2, Some(0), 1));
        assert_eq!(look.group(&user("cleo"), &id).await.unwrap_err().code, Code::NotFound);
        assert_eq!(look.group(&user("cleo"), &GroupId::random()).await.unwrap_err().code, Code::NotFound);
        bed.store.put_group(Group { access: Access::Open, ..group(&id, &["anna", "bob"]) });
        let ShownGroup::Open(glimpse) = look.group(&user("cleo"), &id).await.unwrap() else { panic!("not hers") };
        assert_eq!((glimpse.name.as_str(), glimpse.count), ("tea", 2));
        bed.store.put_group(Group { access: Access::Open, kind: GroupKind::Direct, ..group(&id, &["anna", "bob"]) });
        assert!(look.group(&user("cleo"), &id).await.is_err());
    }
}

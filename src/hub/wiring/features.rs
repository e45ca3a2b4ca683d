//! Features, put together.

use std::sync::Arc;

use super::groups::Groups;
use super::parts::Parts;
use super::pipeline::Pipeline;
use super::sessions::SessionParts;
use crate::hub::features::accounts::{Logins, Placement, TicketDesk, UserDeletion};
use crate::hub::features::deletion::GroupDeletion;
use crate::hub::features::history::History;
use crate::hub::features::invites::Invites;
use crate::hub::features::lists::{GroupLists, GroupLook, NewGroups};
use crate::hub::features::membership::{Changes, Creation, GroupPasswords, Membership};
use crate::hub::features::moderation::{Moderation, Takeover};
use crate::hub::features::people::{Look, People, Search};
use crate::hub::features::pins::Pins;
use crate::hub::features::presence::{Presence, Watchers, Watching};
use crate::hub::features::profile::Profiles;
use crate::hub::features::reactions::Reactions;
use crate::hub::features::receipts::{DeviceMarks, Receipts, ReceiptsConfig};
use crate::hub::features::seen::Seen;
use crate::hub::features::sending::{EffectDoor, SendLimits, Sending};
use crate::hub::features::settings::Settings;
use crate::hub::features::typing::Typing;

pub(crate) struct Features {
    pub(crate) tickets: TicketDesk,
    pub(crate) placement: Placement,
    pub(crate) logins: Arc<Logins>,
    pub(crate) user_deletion: Arc<UserDeletion>,
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) deletion: Arc<GroupDeletion>,
    pub(crate) history: Arc<History>,
    pub(crate) lists: Arc<GroupLists>,
    pub(crate) group_look: Arc<GroupLook>,
    pub(crate) membership: Arc<Membership>,
    pub(crate) new_groups: Arc<NewGroups>,
    pub(crate) moderation: Arc<Moderation>,
    pub(crate) takeover: Arc<Takeover>,
    pub(crate) people: People,
    pub(crate) look: Arc<Look>,
    pub(crate) search: Arc<Search>,
    pub(crate) pins: Arc<Pins>,
    pub(crate) presence: Arc<Presence>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) watching: Arc<Watching>,
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) reactions: Arc<Reactions>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) sending: Arc<Sending>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) typing: Arc<Typing>,
    pub(crate) invites: Arc<Invites>,
}

// === impl Features ===

impl Features {
    pub(crate) fn new(parts: &Parts, pipeline: &Pipeline, groups: &Groups, sessions: &SessionParts) -> Self {
        let (messages, documents, people) = (&parts.messages, &parts.documents, &parts.people);
        let peers = &pipeline.peers;
        let deletion = deletion(parts, pipeline, groups);
        let changes = changes(parts, pipeline);
        let passwords = GroupPasswords::new(parts.passwords.clone());
        let membership = membership(parts, &changes, &passwords);
        let settings = Settings::new(changes.clone(), documents.clone(), passwords.clone(), parts.node.clone());
        let creation = creation(parts, pipeline, &membership, changes, &deletion);
        let watchers = Arc::new(Watchers::new(parts.config.presence));
        let presence = presence(parts, pipeline, &watchers);
        let watching =
            Watching::new(presence.clone(), watchers.clone(), groups.documents.clone(), parts.groups.clone());
        let moderation = Arc::new(Moderation::new(people.clone(), peers.clone(), parts.users.clone()));
        let user_deletion =
            UserDeletion::new(people.clone(), documents.clone(), membership.clone(), moderation.clone());
        let lists = lists(parts, groups);
        let look = look(parts, &presence);
        let (heads, own) = (&groups.heads, &groups.own_reactions);
        Self {
            tickets: TicketDesk::new(parts.tickets.clone()),
            placement: Placement::new(parts.node.clone()),
            history: history(parts, groups),
            new_groups: Arc::new(NewGroups::new(creation.clone(), lists.clone(), passwords)),
            group_look: Arc::new(GroupLook::new(lists.clone(), presence.clone())),
            lists,
            logins: logins(parts, pipeline),
            user_deletion: Arc::new(user_deletion),
            profiles: profiles(parts, pipeline),
            search: Arc::new(Search::new(people.clone(), look.clone())),
            look,
            moderation,
            takeover: takeover(parts, pipeline),
            pins: Arc::new(Pins::new(messages.clone(), documents.clone(), heads.clone(), own.clone())),
            receipts: receipts(parts, pipeline),
            reactions: Arc::new(Reactions::new(messages.clone(), documents.clone(), parts.reactions.clone())),
            seen: seen(parts),
            people: people_of(parts, sessions, &presence, &creation),
            sending: sending(parts, pipeline, &creation),
            settings: Arc::new(settings),
            typing: Arc::new(Typing::new(peers.clone(), parts.groups.clone(), parts.config.typing)),
            invites: Arc::new(Invites::new(parts.invites.clone(), documents.clone(), membership.clone())),
            watching: Arc::new(watching),
            deletion,
            membership,
            presence,
            watchers,
        }
    }
}

fn history(parts: &Parts, groups: &Groups) -> Arc<History> {
    Arc::new(History::new(
        parts.messages.clone(),
        parts.documents.clone(),
        parts.people.clone(),
        parts.groups.clone(),
        groups.heads.clone(),
        groups.own_reactions.clone(),
    ))
}

fn seen(parts: &Parts) -> Arc<Seen> {
    let (marks, waiting) = (parts.marks.clone(), parts.waiting_marks.clone());
    Arc::new(Seen::new(parts.messages.clone(), parts.documents.clone(), marks, waiting))
}

fn people_of(parts: &Parts, sessions: &SessionParts, presence: &Arc<Presence>, creation: &Arc<Creation>) -> People {
    People::new(
        parts.people.clone(),
        parts.documents.clone(),
        sessions.arrivals.clone(),
        presence.clone(),
        creation.clone(),
    )
}

fn deletion(parts: &Parts, pipeline: &Pipeline, groups: &Groups) -> Arc<GroupDeletion> {
    Arc::new(GroupDeletion::new(
        parts.documents.clone(),
        parts.messages.clone(),
        parts.states.clone(),
        parts.node.clone(),
        groups.lives.clone(),
        pipeline.peers.clone(),
    ))
}

fn changes(parts: &Parts, pipeline: &Pipeline) -> Arc<Changes> {
    Arc::new(Changes::new(
        parts.sequencer.clone(),
        parts.states.clone(),
        parts.documents.clone(),
        pipeline.restorer.clone(),
        parts.node.clone(),
        parts.config.max_members,
        parts.config.send_timeout,
    ))
}

fn membership(parts: &Parts, changes: &Arc<Changes>, passwords: &GroupPasswords) -> Arc<Membership> {
    let (documents, people) = (parts.documents.clone(), parts.people.clone());
    let most = parts.config.max_groups;
    Arc::new(Membership::new(changes.clone(), documents, people, passwords.clone(), most))
}

fn creation(
    parts: &Parts,
    pipeline: &Pipeline,
    membership: &Arc<Membership>,
    changes: Arc<Changes>,
    deletion: &Arc<GroupDeletion>,
) -> Arc<Creation> {
    Arc::new(Creation::new(
        membership.clone(),
        changes,
        deletion.clone(),
        parts.documents.clone(),
        parts.messages.clone(),
        pipeline.restorer.clone(),
        parts.groups.clone(),
    ))
}

fn lists(parts: &Parts, groups: &Groups) -> Arc<GroupLists> {
    Arc::new(GroupLists::new(
        groups.listing.clone(),
        groups.views.clone(),
        groups.heads.clone(),
        parts.groups.clone(),
        parts.documents.clone(),
        parts.people.clone(),
        parts.marks.clone(),
    ))
}

fn presence(parts: &Parts, pipeline: &Pipeline, watchers: &Arc<Watchers>) -> Arc<Presence> {
    Arc::new(Presence::new(
        parts.registry.clone(),
        parts.people.clone(),
        parts.node.clone(),
        parts.users.clone(),
        pipeline.peers.clone(),
        watchers.clone(),
    ))
}

fn look(parts: &Parts, presence: &Arc<Presence>) -> Arc<Look> {
    Arc::new(Look::new(
        parts.people.clone(),
        parts.details.clone(),
        parts.documents.clone(),
        presence.clone(),
        parts.config.presence,
    ))
}

fn logins(parts: &Parts, pipeline: &Pipeline) -> Arc<Logins> {
    let (people, peers, users) = (parts.people.clone(), pipeline.peers.clone(), parts.users.clone());
    Arc::new(Logins::new(people, peers, users, parts.tasks.clone()))
}

fn profiles(parts: &Parts, pipeline: &Pipeline) -> Arc<Profiles> {
    Arc::new(Profiles::new(
        parts.people.clone(),
        parts.details.clone(),
        pipeline.peers.clone(),
        parts.users.clone(),
        parts.tasks.clone(),
    ))
}

fn takeover(parts: &Parts, pipeline: &Pipeline) -> Arc<Takeover> {
    Arc::new(Takeover::new(
        parts.config.devices,
        parts.node.clone(),
        parts.users.clone(),
        pipeline.peers.clone(),
        parts.tasks.clone(),
    ))
}

fn receipts(parts: &Parts, pipeline: &Pipeline) -> Arc<Receipts> {
    Arc::new(Receipts::new(
        parts.messages.clone(),
        parts.marks.clone(),
        parts.waiting_marks.clone(),
        Arc::new(DeviceMarks::new(parts.devices.clone(), parts.config.marks_every)),
        parts.groups.clone(),
        pipeline.peers.clone(),
        ReceiptsConfig { marks_every: parts.config.marks_every, reach: parts.config.receipts },
    ))
}

fn sending(parts: &Parts, pipeline: &Pipeline, creation: &Arc<Creation>) -> Arc<Sending> {
    let door =
        EffectDoor::new(parts.node.clone(), parts.groups.clone(), parts.messages.clone(), parts.documents.clone());
    let limits = SendLimits { text: parts.config.max_text, data: parts.config.max_data };
    Arc::new(Sending::new(pipeline.publisher.clone(), creation.clone(), door, limits))
}

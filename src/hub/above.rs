//! Whom upcalls concern, and what each of them does then.

use std::sync::Arc;

use super::cluster::DrainOrders;
use super::codec::{PeerEvent, UserNews, decode_event};
use super::features::accounts::Logins;
use super::features::moderation::{Moderation, Takeover};
use super::features::presence::{Presence, Watchers, Watching};
use super::features::profile::Profiles;
use super::features::receipts::Receipts;
use super::features::typing::Typing;
use super::groups::{Attacher, Comparisons, Deliverer, Lives};
use super::local::{LocalUsers, SessionHandle, WaitingMarks};
use super::node::NodeState;
use super::pipeline::publish::Acks;
use super::tasks::Tasks;
use super::upcalls::Upcall;
use crate::domain::{Code, GroupId, MembershipChange, UserId};

/// Whom upcalls reach.
pub(crate) struct Above {
    pub(crate) acks: Arc<Acks>,
    pub(crate) deliverer: Arc<Deliverer>,
    pub(crate) lives: Arc<Lives>,
    pub(crate) attacher: Arc<Attacher>,
    pub(crate) comparisons: Arc<Comparisons>,
    pub(crate) node: Arc<NodeState>,
    pub(crate) orders: Arc<DrainOrders>,
    pub(crate) presence: Arc<Presence>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) watching: Arc<Watching>,
    pub(crate) users: Arc<LocalUsers>,
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) marks: Arc<WaitingMarks>,
    pub(crate) typing: Arc<Typing>,
    pub(crate) moderation: Arc<Moderation>,
    pub(crate) takeover: Arc<Takeover>,
    pub(crate) logins: Arc<Logins>,
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) tasks: Tasks,
}

// === impl Above ===

impl Above {
    /// Sees to an upcall. Never waits: what needs waiting becomes a task of its own.
    pub(crate) fn take(&self, upcall: Upcall<'_>) {
        match upcall {
            Upcall::Peer(event) => self.take_peer_event(event),
            Upcall::Stored { group, events } => self.deliverer.deliver(group, events),
            Upcall::Acked(event) => self.receipts.read_by_sending(event),
            Upcall::GroupGone(group) => self.lives.let_go(group),
            Upcall::Newcomer { group, user, after } => self.attacher.adopt(group, user, after),
            Upcall::MembersChanged { group, change } => self.members_changed(group.clone(), change.clone()),
            Upcall::Partners { session, partners } => self.show_partners(session.clone(), partners),
            Upcall::Came { session, change } => {
                self.presence.came(&session.user, change);
                self.takeover.came(session, change);
            }
            Upcall::Went { user, change } => self.presence.went(user, change),
            Upcall::SessionEnded(session) => {
                self.watchers.unwatch(session);
                self.marks.hasten(&session.user);
                self.receipts.left(session);
            }
            Upcall::NodeGone(users) => self.node_gone(users),
        }
    }

    fn take_peer_event(&self, event: PeerEvent) {
        match event {
            PeerEvent::Run { group, events } => {
                let events = events.iter().filter_map(|bytes| decode_event(bytes)).map(Arc::new).collect();
                self.deliverer.deliver(&group, events);
            }
            PeerEvent::Acked { group, from, cid, seq, time } => {
                self.acks.resolve_key(&(group, from, cid), seq, time);
            }
            PeerEvent::Refused { group, from, cid, code } => {
                self.acks.refuse_key(&(group, from, cid), Code::named(&code).unwrap_or(Code::Internal));
            }
            PeerEvent::Ended { group, from, cid } => self.acks.ended_key(&(group, from, cid)),
            PeerEvent::Presence { user, online, last_seen, version } => {
                self.presence.changed(&user, online, last_seen, version);
            }
            PeerEvent::Typing { group, user } => self.typing.show(&group, &user),
            PeerEvent::Receipt { group, user, read, delivered } => self.receipts.show(&group, &user, read, delivered),
            PeerEvent::Evict { user, banned } => self.moderation.evict(&user, banned),
            PeerEvent::TakenOver { user, session } => self.takeover.end(&user, &session),
            PeerEvent::OfUser { user, news } => self.take_news(user, news),
            PeerEvent::Deleted { group, base } => self.lives.group_deleted(&group, base),
            PeerEvent::Missed => self.comparisons.compare_all(),
            PeerEvent::Freed => self.node.beat_now(),
            PeerEvent::Drain => self.orders.take(),
        }
    }

    fn members_changed(&self, group: GroupId, change: MembershipChange) {
        let (watching, users) = (self.watching.clone(), self.users.clone());
        self.tasks.spawn(async move { watching.follow(&group, &change, &users).await });
    }

    fn show_partners(&self, session: Arc<SessionHandle>, partners: Vec<UserId>) {
        let shown = partners.iter().filter(|partner| self.watchers.watch_partner(&session, partner)).count();
        if shown > 0 {
            let presence = self.presence.clone();
            self.tasks.spawn(async move { presence.show(&session, &partners).await });
        }
    }

    fn take_news(&self, user: UserId, news: UserNews) {
        match news {
            UserNews::Profile { session } => self.profiles.changed(user, session),
            UserNews::LoginsEnded { before, kept } => self.logins.end(&user, before, kept.as_ref()),
        }
    }

    fn node_gone(&self, users: Vec<UserId>) {
        let presence = self.presence.clone();
        self.tasks.spawn(async move { presence.gone_with_node(&users).await });
    }
}

//! The use cases behind the HTTP APIs.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Hub;
use super::config::{BUNDLE_BYTES, PAGE_BYTES};
use super::publish::Stored;
use crate::domain::{Code, Event, Group, GroupId, Millis, Profile, Refusal, Seq, User, UserId, now_ms, random_token};
use crate::ports::{Identity, NodeRecord, Page};
use crate::protocol::SendFrame;

/// How long a ticket may wait for its connection.
const TICKET_TTL: Duration = Duration::from_secs(30);
/// Groups bundled in one answer at most.
const BUNDLE_MAX: usize = 200;

/// Which page of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryQuery {
    /// The newest before a seq, so many.
    Before(Seq, usize),
    /// The oldest after a seq, so many.
    After(Seq, usize),
    /// By number; page 0 is the newest.
    Numbered {
        /// Which page.
        page: u64,
        /// How many events a page has.
        per_page: usize,
    },
}

/// A page of a group's history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// The group.
    pub group: GroupId,
    /// Ascending.
    pub messages: Vec<Event>,
    /// Whether there are more in the direction asked.
    pub more: bool,
}

/// A user with their presence.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundUser {
    /// The user.
    pub user: User,
    /// Whether any of their devices is connected.
    pub online: bool,
}

/// A one-time ticket for a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// What to put into `?ticket=`.
    pub ticket: String,
    /// When it is worth nothing any more.
    pub expires: Millis,
}

/// Where to connect.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    /// The node's public URL; `None` when this node should be used and has none configured.
    pub url: Option<String>,
    /// The node.
    pub node: String,
}

/// What a ticket stands for.
#[derive(Serialize, Deserialize)]
struct TicketContents {
    user: UserId,
    username: String,
    name: String,
    expires: Millis,
}

impl Hub {
    /// Makes a one-time ticket for somebody who proved who they are.
    pub async fn issue_ticket(&self, identity: &Identity) -> Result<Ticket, Refusal> {
        let ticket = random_token();
        let contents = TicketContents {
            user: identity.user.clone(),
            username: identity.profile.username.clone(),
            name: identity.profile.name.clone(),
            expires: identity.expires,
        };
        let contents = serde_json::to_string(&contents)
            .map_err(|_| Refusal::new(Code::Internal, "a ticket could not be made; tell the operator"))?;
        self.backplane.put_ticket(&ticket, &contents, TICKET_TTL).await?;
        Ok(Ticket { ticket, expires: now_ms() + TICKET_TTL.as_millis() as Millis })
    }

    /// Takes a ticket: it is worth something once.
    pub async fn redeem_ticket(&self, ticket: &str) -> Result<Identity, Refusal> {
        let taken = self.backplane.take_ticket(ticket).await?;
        let contents = taken.and_then(|contents| serde_json::from_str::<TicketContents>(&contents).ok());
        let contents = contents.filter(|contents| contents.expires > now_ms());
        let contents = contents.ok_or_else(|| {
            Refusal::new(Code::Unauthorized, "this ticket was used or has expired; get a new one from /auth/ticket")
        })?;
        let profile = Profile { username: contents.username, name: contents.name };
        Ok(Identity { user: contents.user, profile, expires: contents.expires, proven: 0 })
    }

    /// Public URLs of the live nodes.
    pub fn public_urls(&self) -> Vec<String> {
        self.node.view().nodes.iter().filter_map(|node| node.public_url.clone()).collect()
    }

    /// The configuration that the hub runs with.
    pub fn config(&self) -> &super::HubConfig {
        &self.config
    }

    /// The live nodes, as of the last beat.
    pub fn nodes(&self) -> Vec<NodeRecord> {
        self.node.view().nodes.clone()
    }

    /// A page of events of about so many bytes at most, one event at least, with whether there are
    /// more in its direction. `base` is where the group's present life begins.
    pub(crate) async fn page_with_more(
        &self,
        group: &GroupId,
        base: Seq,
        page: Page,
        bytes: usize,
    ) -> Result<(Vec<Event>, bool), Refusal> {
        let asked = match page {
            Page::Before(before, limit) => Page::Before(before, limit + 1),
            Page::After(after, limit) => Page::After(after.max(base), limit + 1),
            Page::Shown(number, limit) => Page::Shown(number, limit + 1),
        };
        let mut events = self.store.page(group, asked).await?;
        // What was stored too late to be deleted with an earlier life is not shown.
        events.retain(|event| event.seq > base);
        let (Page::Before(_, limit) | Page::After(_, limit) | Page::Shown(_, limit)) = page;
        let found = events.len();
        match page {
            Page::Before(..) | Page::Shown(..) => {
                let kept = fitting(events.iter().rev(), bytes).min(limit).min(found);
                events.drain(..found - kept);
            }
            Page::After(..) => events.truncate(fitting(events.iter(), bytes).min(limit)),
        }
        let more = events.len() < found;
        Ok((events, more))
    }

    /// A page of a group's history, for a service.
    pub async fn group_history(&self, group: &Group, query: HistoryQuery) -> Result<HistoryPage, Refusal> {
        self.history_within(group, query, PAGE_BYTES).await
    }

    async fn history_within(&self, group: &Group, query: HistoryQuery, bytes: usize) -> Result<HistoryPage, Refusal> {
        let (id, base) = (&group.id, group.base.seq);
        let page = match query {
            HistoryQuery::Before(before, limit) => Page::Before(before, limit),
            HistoryQuery::After(after, limit) => Page::After(after, limit),
            HistoryQuery::Numbered { page, per_page } => {
                // Shown events are numbered, so a page's number says where it lies.
                let head = group.head(self.store.head(id).await?);
                let skipped = page.saturating_mul(per_page as u64);
                if skipped >= head.shown {
                    return Ok(HistoryPage { group: id.clone(), messages: Vec::new(), more: false });
                }
                Page::Shown(head.shown + 1 - skipped, per_page)
            }
        };
        let (messages, more) = self.page_with_more(id, base, page, bytes).await?;
        Ok(HistoryPage { group: id.clone(), messages, more })
    }

    /// A page of a group's history, for a member.
    pub async fn history(&self, user: &UserId, group: &GroupId, query: HistoryQuery) -> Result<HistoryPage, Refusal> {
        let mine = self.own_groups(user).await?;
        if !mine.contains(group) {
            return Err(Refusal::not_found("there is no such group, or you are not in it"));
        }
        self.group_history(&self.group(group).await?, query).await
    }

    /// The same page of each of a user's groups.
    pub async fn histories(&self, user: &UserId, query: HistoryQuery) -> Result<Vec<HistoryPage>, Refusal> {
        let (mut pages, mut left) = (Vec::new(), BUNDLE_BYTES);
        let mine: Vec<GroupId> = self.own_groups(user).await?.into_iter().take(BUNDLE_MAX).collect();
        for group in &self.store.groups(&mine).await? {
            let page = self.history_within(group, query, left.min(PAGE_BYTES)).await?;
            left = left.saturating_sub(page.messages.iter().map(Event::weight).sum());
            pages.push(page);
        }
        let newest = |page: &HistoryPage| page.messages.last().map_or(0, |event| event.time);
        pages.sort_by_key(|page| std::cmp::Reverse(newest(page)));
        Ok(pages)
    }

    async fn own_groups(&self, user: &UserId) -> Result<Vec<GroupId>, Refusal> {
        let user = self.store.user(user).await?;
        Ok(user.map(|user| user.groups.into_keys().collect()).unwrap_or_default())
    }

    /// Counts a call of a user against their rate, which their sessions share.
    ///
    /// # Errors
    /// `rate_limited`, with the time after which there is room again.
    pub fn count_call(&self, user: &UserId) -> Result<(), Refusal> {
        let waited = self.rates.of(user).lock().take();
        waited.map_err(|wait| Refusal::rate_limited("too many requests; slow down", wait))
    }

    /// Sends as a user and waits for the ack.
    pub async fn send(self: &Arc<Self>, user: &UserId, send: SendFrame) -> Result<Stored, Refusal> {
        let append = self.prepare_send(user, send, true).await?;
        self.publish_and_wait(append).await
    }

    /// Makes sure that somebody who proved who they are is known.
    pub async fn ensure_known(&self, identity: &Identity) -> Result<(), Refusal> {
        let user = self.ensured(identity).await?;
        if user.banned { Err(Refusal::forbidden("you are banned from this hub")) } else { Ok(()) }
    }

    /// Users whose username begins so.
    pub async fn find_users(&self, prefix: &str, limit: usize) -> Result<Vec<FoundUser>, Refusal> {
        let prefix = prefix.to_lowercase();
        let users = self.store.find_users(&prefix, limit).await?;
        self.with_presence(users).await
    }

    /// The users, each with whether they are online.
    pub async fn with_presence(&self, users: Vec<User>) -> Result<Vec<FoundUser>, Refusal> {
        let ids: Vec<_> = users.iter().map(|user| user.id.clone()).collect();
        let places = self.backplane.whereabouts(&ids).await?;
        let found = users.into_iter().zip(places).map(|(mut user, at)| {
            let seen = self.seen(&user.id, &at);
            user.last_seen = user.last_seen.max(seen.last_seen);
            FoundUser { user, online: seen.online }
        });
        Ok(found.collect())
    }

    /// The best node for a user: where most room is left.
    pub async fn location(&self, _user: &UserId) -> Result<Location, Refusal> {
        let view = self.node.view();
        let room = |node: &NodeRecord| (node.capacity.saturating_sub(node.connections), node.node.clone());
        let staying = view.nodes.iter().filter(|node| !node.draining && node.public_url.is_some());
        Ok(match staying.max_by_key(|node| room(node)) {
            Some(node) => Location { url: node.public_url.clone(), node: node.node.base().into() },
            None => Location { url: None, node: self.node.name().base().into() },
        })
    }
}

/// How many of these make so many bytes; one at least.
pub(crate) fn fitting<'a>(events: impl Iterator<Item = &'a Event>, bytes: usize) -> usize {
    let weights = events.scan(0, |sum, event| {
        *sum += event.weight();
        Some(*sum)
    });
    weights.take_while(|sum| *sum <= bytes).count().max(1)
}

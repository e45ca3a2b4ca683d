//! A session begins: registered first, memberships read then, `welcome`, replay; and ends.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt;

use super::config::{GROUPS_PAGE, PAGE_BYTES};
use super::group::LocalGroup;
use super::handle::SessionHandle;
use super::hello_batch::Arrived;
use super::session::Live;
use super::views::keep_within;
use super::{Hub, RETRY};
use crate::domain::{Code, Ending, Event, Group, GroupId, Head, Mark, Refusal, Seq, User, UserId, now_ms};
use crate::ports::{Identity, Outbound, Page, SessionRecord, TokenError};
use crate::protocol::{Encoding, RequestId, ServerFrame, pushes};

/// Newest events fetched at once for `welcome`.
const LAST_AT_ONCE: usize = 16;
/// Times that a newest event is read at most while its group moves on.
const LAST_TRIES: usize = 3;

type Refused = (Refusal, Ending);

/// One of the user's groups on its way into `welcome`.
struct Shown {
    group: Arc<LocalGroup>,
    document: Arc<Group>,
    head: Head,
    last: Option<Arc<Event>>,
}

impl Hub {
    /// Who the bearer of a token is; banned users are refused.
    pub async fn authenticate(&self, token: &str) -> Result<Identity, Refusal> {
        self.identify(token).await.map_err(|(refusal, _)| refusal)
    }

    pub(crate) async fn identify(&self, token: &str) -> Result<Identity, Refused> {
        self.tokens.verify(token).await.map_err(|error| {
            let (code, ending) = match error {
                TokenError::Expired => (Code::Unauthorized, Ending::TokenExpired),
                TokenError::Invalid(_) => (Code::Unauthorized, Ending::NoHello),
                TokenError::Unavailable => (Code::Unavailable, Ending::Unavailable),
            };
            (Refusal::new(code, error.to_string()), ending)
        })
    }

    /// Takes a hello from the user's bucket: each costs the hub a look at all of the user's groups,
    /// and the client a few bytes.
    pub(crate) fn admit(&self, identity: &Identity) -> Result<(), Refused> {
        let waited = self.hellos.of(&identity.user).lock().take();
        waited.map_err(|wait| {
            let refusal = Refusal::rate_limited("you come back too often; wait before the next hello", wait);
            (refusal, Ending::Unavailable)
        })
    }

    pub(crate) async fn begin_session(
        self: &Arc<Self>,
        identity: Identity,
        outbound: Arc<dyn Outbound>,
        encoding: Encoding,
        cursors: HashMap<GroupId, Seq>,
    ) -> Result<Live, Refused> {
        if self.node.is_draining() {
            let refusal = Refusal::overloaded("this node is shutting down; connect to another one");
            return Err((refusal, Ending::restarting()));
        }
        let handle = Arc::new(SessionHandle::new(identity.user.clone(), encoding, outbound));
        // Known here before memberships are read, so that no `joined` can slip between.
        let users = self.users.add(&handle);
        self.metrics.users_online.set(users as i64);
        self.metrics.sessions.inc();
        match self.welcome(&handle, &identity, cursors).await {
            Ok(()) => {
                let user_bucket = self.rates.of(&handle.user);
                Ok(Live { handle, user_bucket, expires: identity.expires })
            }
            Err(refused) => {
                self.end_session(&handle).await;
                Err(refused)
            }
        }
    }

    async fn welcome(
        self: &Arc<Self>,
        handle: &Arc<SessionHandle>,
        identity: &Identity,
        cursors: HashMap<GroupId, Seq>,
    ) -> Result<(), Refused> {
        let later = |refusal| (refusal, Ending::Unavailable);
        let comparisons = self.restores.comparisons_begun();
        self.register_session(handle).await.map_err(later)?;
        let Arrived { user, marks } = self.arrive(identity).await.map_err(later)?;
        if user.banned {
            return Err((Refusal::forbidden("you are banned from this hub"), Ending::Banned));
        }
        let ids: Vec<GroupId> = user.groups.keys().cloned().collect();
        let groups = self.pin_groups(&ids).await.map_err(later)?;
        match self.show_all(handle, groups.clone(), &cursors, &marks).await {
            Ok(resumed) => {
                let (resumed, rest): (Vec<_>, Vec<_>) =
                    groups.into_iter().partition(|group| resumed.contains(&group.id));
                self.unpin(&rest);
                self.replay(handle.clone(), resumed, cursors);
                if self.restores.comparisons_begun() != comparisons {
                    self.look_again(handle.user.clone());
                }
                Ok(())
            }
            Err(refusal) => {
                self.unpin(&groups);
                Err(later(refusal))
            }
        }
    }

    /// Memberships were compared while the session was not open yet, and passed it over.
    fn look_again(self: &Arc<Self>, user: UserId) {
        let hub = self.clone();
        self.spawn(async move { hub.check_memberships_of(&user).await });
    }

    async fn register_session(self: &Arc<Self>, handle: &Arc<SessionHandle>) -> Result<(), Refusal> {
        let record = SessionRecord { session: handle.id.clone(), node: self.node.name() };
        let sighting = self.backplane.register(&handle.user, &record).await?;
        self.came(&handle.user, &sighting);
        Ok(())
    }

    pub(crate) async fn ensured(&self, identity: &Identity) -> Result<User, Refusal> {
        Ok(self.store.ensure_user(&identity.user, &identity.profile).await?)
    }

    /// Sends `welcome`, lets the session in with the live ones of the groups that it has no cursor
    /// for, and answers the others, which are to be replayed.
    async fn show_all(
        self: &Arc<Self>,
        handle: &Arc<SessionHandle>,
        groups: Vec<Arc<LocalGroup>>,
        cursors: &HashMap<GroupId, Seq>,
        marks: &HashMap<GroupId, Mark>,
    ) -> Result<Vec<GroupId>, Refusal> {
        let documents = self.documents(&groups).await?;
        let mine: Vec<_> = groups
            .into_iter()
            .filter_map(|group| Some((documents.get(&group.id)?.clone(), group)))
            .filter(|(document, _)| document.member(&handle.user).is_some())
            .collect();
        self.member_names(mine.iter().map(|(document, _)| &**document)).await?;
        self.seed_last_events(&mine).await;
        let mut resumed = Vec::new();
        let mut shown: Vec<Shown> = Vec::with_capacity(mine.len());
        for (document, group) in mine {
            let (id, resumes) = (group.id.clone(), cursors.contains_key(&group.id));
            let Some(let_in) = self.let_in(handle, group, document, !resumes) else { continue };
            shown.push(let_in);
            if resumes {
                resumed.push(id);
            }
        }
        for peer in shown.iter().filter_map(|shown| shown.document.peer_of(&handle.user)) {
            self.watch_partner(handle, peer);
        }
        self.say_welcome(handle, shown, marks);
        for unknown in cursors.keys().filter(|group| !handle.is_in(group)) {
            handle.send(&ServerFrame::gone(None, unknown));
        }
        Ok(resumed)
    }

    /// Newest events that are not at hand are fetched, for groups shown in `welcome`.
    async fn seed_last_events(&self, mine: &[(Arc<Group>, Arc<LocalGroup>)]) {
        let lacking: Vec<_> = mine
            .iter()
            .filter_map(|(_, group)| {
                let state = group.state.lock();
                let lacks = |at: &Head| at.shown > 0 && state.last_event().is_none();
                state.position.at().filter(lacks).map(|_| group.clone())
            })
            .take(GROUPS_PAGE)
            .collect();
        futures::stream::iter(lacking)
            .for_each_concurrent(LAST_AT_ONCE, |group| async move { self.seed_last_event(&group).await })
            .await;
    }

    /// Only `last` is missing when the store does not answer, or the group moves on and on.
    async fn seed_last_event(&self, group: &LocalGroup) {
        for _ in 0..LAST_TRIES {
            let (at, base) = {
                let state = group.state.lock();
                (state.position.at().unwrap_or_default(), state.base())
            };
            let Ok(newest) = self.store.page(&group.id, Page::Shown(at.shown + 1, 1)).await else { return };
            let newest = newest.into_iter().find(|event| event.seq > base);
            if group.state.lock().seed_last(newest, at.seq) {
                return;
            }
        }
    }

    /// Lets a session in, unless its user was removed since the document was looked at: asked under
    /// the lock that removals are given out under.
    fn let_in(
        self: &Arc<Self>,
        handle: &Arc<SessionHandle>,
        group: Arc<LocalGroup>,
        document: Arc<Group>,
        live: bool,
    ) -> Option<Shown> {
        let mut state = group.state.lock();
        if state.gone {
            drop(state);
            // Its life has just ended. Should there be a next one, it comes by itself.
            self.adopt(group.id.clone(), handle.user.clone(), 0);
            return None;
        }
        if !state.has_member(&handle.user) {
            return None;
        }
        if handle.add_group(&group.id) && live {
            state.sessions.push(handle.clone());
        }
        let head = state.position.at().unwrap_or_default();
        let last = self.last_of(&state);
        drop(state);
        Some(Shown { group, document, head, last })
    }

    fn say_welcome(&self, handle: &SessionHandle, mut shown: Vec<Shown>, marks: &HashMap<GroupId, Mark>) {
        shown.sort_by(|a, b| b.head.time.cmp(&a.head.time).then_with(|| a.group.id.cmp(&b.group.id)));
        let more = shown.len() > GROUPS_PAGE;
        shown.truncate(GROUPS_PAGE);
        keep_within(shown.iter_mut().map(|shown| &mut shown.last), PAGE_BYTES);
        let groups = shown
            .iter()
            .map(|shown| {
                let mark = self.marks.latest(&handle.user, &shown.group.id, marks);
                self.view(&shown.document, shown.head, mark, shown.last.as_deref(), &handle.user)
            })
            .collect();
        let (name, view) = (self.node.name(), self.node.view());
        handle.open_with(&ServerFrame::Welcome(pushes::Welcome {
            session: &handle.id,
            user: &handle.user,
            node: name.base(),
            time: now_ms(),
            heartbeat: self.config.heartbeat.as_millis() as u64,
            limits: self.config.limits(),
            features: view.features.names(),
            groups,
            more,
        }));
    }

    /// A page of the session's groups, newest activity first.
    pub(crate) async fn answer_groups(
        self: &Arc<Self>,
        session: &Arc<SessionHandle>,
        re: Option<&RequestId>,
        after: Option<GroupId>,
        limit: Option<usize>,
    ) -> Result<(), Refusal> {
        let limit = limit.unwrap_or(GROUPS_PAGE).clamp(1, GROUPS_PAGE);
        let mut mine: Vec<_> = session
            .groups()
            .into_iter()
            .filter_map(|id| self.groups.get(&id))
            .map(|group| {
                let time = group.state.lock().position.at().map_or(0, |at| at.time);
                (std::cmp::Reverse(time), group.id.clone(), group)
            })
            .collect();
        mine.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let start = after.and_then(|after| mine.iter().position(|(_, id, _)| *id == after)).map_or(0, |at| at + 1);
        let page: Vec<_> = mine.iter().skip(start).take(limit).map(|(_, _, group)| group.clone()).collect();
        let more = mine.len() > start + page.len();
        let documents = self.documents(&page).await?;
        let page: Vec<_> =
            page.into_iter().filter_map(|group| Some((documents.get(&group.id)?.clone(), group))).collect();
        self.member_names(page.iter().map(|(document, _)| &**document)).await?;
        self.seed_last_events(&page).await;
        let marks = self.marks_of(&session.user).await?;
        let mut lasts: Vec<_> = page.iter().map(|(_, group)| self.last_of(&group.state.lock())).collect();
        keep_within(lasts.iter_mut(), PAGE_BYTES);
        let views: Vec<_> = page
            .iter()
            .zip(&lasts)
            .map(|((document, group), last)| {
                let head = group.state.lock().position.at().unwrap_or_default();
                let mark = self.marks.latest(&session.user, &group.id, &marks);
                self.view(document, head, mark, last.as_deref(), &session.user)
            })
            .collect();
        session.send(&ServerFrame::Groups(pushes::Groups { re, groups: &views, more }));
        Ok(())
    }

    /// A session is over: nobody here knows it any more, and soon nobody elsewhere.
    pub(crate) async fn end_session(self: &Arc<Self>, handle: &Arc<SessionHandle>) {
        handle.end();
        let users = self.users.remove(handle);
        self.metrics.users_online.set(users as i64);
        self.metrics.sessions.dec();
        self.unwatch(handle);
        self.detach(handle);
        self.marks.hasten(&handle.user);
        let hub = self.clone();
        let (user, session) = (handle.user.clone(), handle.id.clone());
        self.spawn(async move { hub.unregister_session(user, session).await });
    }

    /// Tries until it is done or this life of the node is over (it is reaped then).
    pub(crate) async fn unregister_session(self: &Arc<Self>, user: UserId, session: crate::domain::SessionId) {
        let name = self.node.name();
        let record = SessionRecord { session, node: name.clone() };
        let mut retry = RETRY;
        while self.node.name() == name {
            match self.backplane.unregister(&user, &record).await {
                Ok(sighting) => return self.went(&user, &sighting),
                Err(error) => {
                    tracing::debug!(%error, "a session is still to be unregistered");
                    retry.pause().await;
                }
            }
        }
    }
}

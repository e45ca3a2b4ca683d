//! What a session is shown first.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Event, Group, GroupId, Head, Mark, Place, Refusal, Seq, now_ms};
use crate::hub::config::{GROUPS_PAGE, PAGE_BYTES};
use crate::hub::groups::{Attacher, Listing, keep_within};
use crate::hub::local::{LocalGroup, SessionHandle};
use crate::hub::node::NodeState;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::protocol::{Limits, ServerFrame, pushes};

/// What every session is told of the hub.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WelcomeConfig {
    /// How often the hub pings a silent client.
    pub(crate) heartbeat: Duration,
    pub(crate) limits: Limits,
}

/// One of the user's groups on its way into `welcome`.
struct Shown {
    group: Arc<LocalGroup>,
    document: Arc<Group>,
    head: Head,
    last: Option<Arc<Event>>,
}

/// How a session comes into a group.
#[derive(Clone, Copy)]
struct Entry {
    /// At once among the live ones, and not by a replay.
    live: bool,
    /// Its user's mark where `welcome` does not show the group.
    unshown: Option<Mark>,
}

/// Welcomes sessions.
pub(crate) struct Welcome {
    listing: Arc<Listing>,
    attacher: Arc<Attacher>,
    node: Arc<NodeState>,
    upcalls: Arc<dyn Upcalls>,
    config: WelcomeConfig,
}

// === impl Welcome ===

impl Welcome {
    pub(crate) fn new(
        listing: Arc<Listing>,
        attacher: Arc<Attacher>,
        node: Arc<NodeState>,
        upcalls: Arc<dyn Upcalls>,
        config: WelcomeConfig,
    ) -> Self {
        Self { listing, attacher, node, upcalls, config }
    }

    /// Sends `welcome`, lets the session in with the live ones of the groups that it has no cursor
    /// for, and answers the others, which are to be replayed.
    pub(super) async fn show_all(
        &self,
        handle: &Arc<SessionHandle>,
        groups: Vec<Arc<LocalGroup>>,
        cursors: &HashMap<GroupId, Seq>,
        marks: &HashMap<GroupId, Mark>,
    ) -> Result<Vec<GroupId>, Refusal> {
        let mine = self.listing.prepare(groups, |document| document.member(&handle.user).is_some()).await?;
        let mine = by_activity(mine);
        // Decided before anybody is let in, so that whatever is said from then on comes behind its group.
        let next = mine.get(GROUPS_PAGE - 1).map(|(place, ..)| place.clone()).filter(|_| mine.len() > GROUPS_PAGE);
        let mut resumed = Vec::new();
        let mut shown: Vec<Shown> = Vec::with_capacity(mine.len().min(GROUPS_PAGE));
        for (at, (_, document, group)) in mine.into_iter().enumerate() {
            let (id, resumes) = (group.id.clone(), cursors.contains_key(&group.id));
            let unshown = (at >= GROUPS_PAGE).then(|| self.listing.mark_of(&handle.user, &id, marks));
            let Some(let_in) = self.let_in(handle, group, document, Entry { live: !resumes, unshown }) else {
                continue;
            };
            if unshown.is_none() {
                shown.push(let_in);
            }
            if resumes {
                resumed.push(id);
            }
        }
        let partners: Vec<_> = shown.iter().filter_map(|shown| shown.document.peer_of(&handle.user).cloned()).collect();
        let lasts = shown.iter_mut().filter_map(|shown| shown.last.as_mut()).collect();
        if let Err(error) = self.listing.mark_own(&handle.user, lasts).await {
            tracing::debug!(%error, "newest events are shown without reactions");
        }
        self.say_welcome(handle, shown, marks, next.as_ref()).await;
        if !partners.is_empty() {
            self.upcalls.tell(Upcall::Partners { session: handle, partners });
        }
        for unknown in cursors.keys().filter(|group| !handle.is_in(group)) {
            handle.send(&ServerFrame::gone(None, unknown));
        }
        Ok(resumed)
    }

    /// Lets a session in, unless its user was removed since the document was looked at: asked under
    /// the lock that removals are given out under.
    fn let_in(
        &self,
        handle: &Arc<SessionHandle>,
        group: Arc<LocalGroup>,
        document: Arc<Group>,
        entry: Entry,
    ) -> Option<Shown> {
        let mut state = group.state.lock();
        if state.is_gone() {
            drop(state);
            // Its life has just ended. Should there be a next one, it comes by itself.
            self.attacher.adopt(group.id.clone(), handle.user.clone(), 0);
            return None;
        }
        if !state.has_member(&handle.user) {
            return None;
        }
        if handle.add_group(&group.id) {
            entry.unshown.into_iter().for_each(|mark| state.is_unshown_to(handle, mark));
            if entry.live {
                state.sessions.push(handle.clone());
            }
        }
        let head = state.position.at().unwrap_or_default();
        let last = self.listing.last_of(&state);
        drop(state);
        Some(Shown { group, document, head, last })
    }

    async fn say_welcome(
        &self,
        handle: &SessionHandle,
        mut shown: Vec<Shown>,
        marks: &HashMap<GroupId, Mark>,
        next: Option<&Place>,
    ) {
        shown.sort_by(|a, b| b.head.time.cmp(&a.head.time).then_with(|| a.group.id.cmp(&b.group.id)));
        keep_within(shown.iter_mut().map(|shown| &mut shown.last), PAGE_BYTES);
        let views = shown
            .iter()
            .map(|shown| self.listing.view(&shown.document, shown.head, marks, shown.last.as_deref(), &handle.user));
        let mut groups: Vec<_> = views.collect();
        if let Err(error) = self.listing.count_mentions(&handle.user, &mut groups).await {
            tracing::debug!(%error, "groups are shown without what mentions their reader");
        }
        let (name, view) = (self.node.name(), self.node.view());
        handle.open_with(&ServerFrame::Welcome(pushes::Welcome {
            session: &handle.id,
            user: &handle.user,
            node: name.base(),
            time: now_ms(),
            heartbeat: self.config.heartbeat.as_millis() as u64,
            limits: self.config.limits,
            features: view.features.names(),
            groups,
            more: next.is_some(),
            next,
        }));
    }
}

/// Groups with their places as they are now, newest activity first.
fn by_activity(mine: Vec<(Arc<Group>, Arc<LocalGroup>)>) -> Vec<(Place, Arc<Group>, Arc<LocalGroup>)> {
    let placed = mine.into_iter().map(|(document, group)| {
        let time = group.state.lock().position.at().map_or(0, |at| at.time);
        (Place { time, group: group.id.clone() }, document, group)
    });
    let mut placed: Vec<_> = placed.collect();
    placed.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    placed
}

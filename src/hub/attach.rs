//! Groups come to this node, and sessions to groups.

use std::collections::HashMap;
use std::sync::Arc;

use super::codec::decode_event;
use super::group::LocalGroup;
use super::handle::SessionHandle;
use super::{Hub, RETRY};
use crate::domain::{Event, Group, GroupId, MembershipChange, Refusal, Seq, UserId};
use crate::ports::{Joined, Partition, StoreError};

impl Hub {
    /// Brings groups to this node: a route for each, and a position to begin from. Each is pinned:
    /// `unpin` it when its session is attached. Groups that do not exist are left out.
    pub(crate) async fn pin_groups(self: &Arc<Self>, ids: &[GroupId]) -> Result<Vec<Arc<LocalGroup>>, Refusal> {
        let groups: Vec<_> = ids.iter().map(|id| self.groups.pin(id, self.config.partitions)).collect();
        self.metrics.local_groups.set(self.groups.len() as i64);
        let new: Vec<_> = groups.iter().filter(|group| group.state.lock().position.at().is_none()).cloned().collect();
        match self.join_routes(&new).await {
            Ok(missing) => {
                let (gone, found): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| missing.contains(&group.id));
                self.unpin(&gone);
                Ok(found)
            }
            Err(refusal) => {
                self.unpin(&groups);
                Err(refusal)
            }
        }
    }

    /// Lets go of pinned groups; those that nobody needs leave the node.
    pub(crate) fn unpin(self: &Arc<Self>, groups: &[Arc<LocalGroup>]) {
        for group in groups {
            self.groups.unpin(group);
            self.leave_if_unused(&group.id);
        }
    }

    /// Adds routes and begins positions. Answers the groups that do not exist.
    pub(crate) async fn join_routes(self: &Arc<Self>, groups: &[Arc<LocalGroup>]) -> Result<Vec<GroupId>, Refusal> {
        let mut by_partition: HashMap<Partition, Vec<Arc<LocalGroup>>> = HashMap::new();
        for group in groups {
            by_partition.entry(group.partition).or_default().push(group.clone());
        }
        let joins = by_partition.into_iter().map(|(partition, groups)| self.join_partition(partition, groups));
        let missing = futures::future::try_join_all(joins).await?;
        Ok(missing.into_iter().flatten().collect())
    }

    async fn join_partition(
        self: &Arc<Self>,
        partition: Partition,
        groups: Vec<Arc<LocalGroup>>,
    ) -> Result<Vec<GroupId>, Refusal> {
        let mut missing = Vec::new();
        let mut left = groups;
        for _ in 0..2 {
            let ids: Vec<_> = left.iter().map(|group| group.id.clone()).collect();
            let generation = self.node.next_generation();
            let name = self.node.name();
            let joined = self.backplane.join_routes(partition, &ids, &name, generation).await?;
            let mut unknown = Vec::new();
            for (group, joined) in left.into_iter().zip(joined) {
                if !self.begin(&group, generation, joined) {
                    match self.restore(&group.id).await {
                        Ok(_) => unknown.push(group),
                        Err(refusal) if refusal.code == crate::domain::Code::NotFound => {
                            missing.push(group.id.clone());
                            self.let_go(&group);
                        }
                        Err(refusal) => return Err(refusal),
                    }
                }
            }
            left = unknown;
            if left.is_empty() {
                return Ok(missing);
            }
        }
        Err(Refusal::unavailable())
    }

    fn begin(self: &Arc<Self>, group: &Arc<LocalGroup>, generation: u64, joined: Joined) -> bool {
        let mut state = group.state.lock();
        state.generation = state.generation.max(generation);
        let Some(head) = joined.head else { return false };
        let known = state.position.at().map_or(0, |at| at.seq);
        state.position.start(head);
        if let Some(event) = joined.last.and_then(|bytes| decode_event(&bytes)) {
            state.seed_ring(Arc::new(event));
        }
        drop(state);
        if known > head.seq {
            self.raise_heads(group.partition, vec![(group.id.clone(), known)]);
        }
        self.catch_up(group);
        true
    }

    /// Takes a group off this node when no session here needs it.
    pub(crate) fn leave_if_unused(self: &Arc<Self>, id: &GroupId) {
        let Some(generation) = self.groups.remove_if_unused(id) else { return };
        self.metrics.local_groups.set(self.groups.len() as i64);
        self.leave_route(id, generation);
    }

    /// Removes the route that was added last, or before.
    pub(crate) fn leave_route(self: &Arc<Self>, id: &GroupId, generation: u64) {
        let (hub, id) = (self.clone(), id.clone());
        self.spawn(async move {
            let partition = hub.partition(&id);
            let name = hub.node.name();
            if let Err(error) = hub.backplane.leave_route(partition, &id, &name, generation).await {
                // A route too many costs a peer message now and then, until this node's life ends.
                tracing::debug!(%error, group = %id, "a route was not removed");
            }
        });
    }

    /// The group's document, from the node's hold of it or from the store.
    pub(crate) async fn document(&self, group: &LocalGroup) -> Result<Option<Arc<Group>>, StoreError> {
        if let Some(document) = group.state.lock().document.clone() {
            return Ok(Some(document));
        }
        let Some(document) = self.store.group(&group.id).await? else { return Ok(None) };
        Ok(Some(keep_document(group, document)))
    }

    /// Documents of several groups with one call to the store for those not at hand.
    pub(crate) async fn documents(
        &self,
        groups: &[Arc<LocalGroup>],
    ) -> Result<HashMap<GroupId, Arc<Group>>, StoreError> {
        let mut found = HashMap::with_capacity(groups.len());
        let mut unknown = Vec::new();
        for group in groups {
            match group.state.lock().document.clone() {
                Some(document) => drop(found.insert(group.id.clone(), document)),
                None => unknown.push(group),
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let ids: Vec<_> = unknown.iter().map(|group| group.id.clone()).collect();
        let mut stored: HashMap<_, _> =
            self.store.groups(&ids).await?.into_iter().map(|group| (group.id.clone(), group)).collect();
        for group in unknown {
            if let Some(document) = stored.remove(&group.id) {
                found.insert(group.id.clone(), keep_document(group, document));
            }
        }
        Ok(found)
    }

    /// A run of a group that is not on this node: were users of this node added to it?
    pub(crate) fn adopt_newcomers(self: &Arc<Self>, id: &GroupId, events: &[Arc<Event>]) {
        for event in events {
            if let Some(MembershipChange::Joined(users, _)) = event.membership() {
                for user in users.iter().filter(|user| self.users.is_here(user)) {
                    self.adopt(id.clone(), user.clone(), event.seq - 1);
                }
            }
        }
    }

    /// Brings a group to all sessions of a user here that do not have it, from after a seq on.
    pub(crate) fn adopt(self: &Arc<Self>, id: GroupId, user: UserId, after: Seq) {
        let hub = self.clone();
        self.spawn(async move {
            let mut retry = RETRY;
            while let Err(refusal) = hub.try_adopt(&id, &user, after).await {
                if !hub.users.is_here(&user) || refusal.code == crate::domain::Code::NotFound {
                    return;
                }
                retry.pause().await;
            }
        });
    }

    async fn try_adopt(self: &Arc<Self>, id: &GroupId, user: &UserId, after: Seq) -> Result<(), Refusal> {
        let groups = self.pin_groups(std::slice::from_ref(id)).await?;
        let Some(group) = groups.first() else { return Ok(()) };
        let attached = self.attach_all(group, user, after).await;
        // Let go meanwhile, it has to be taken up again. Once it is not pinned any more, it is also gone where nobody
        // here needs it.
        let over = group.state.lock().gone;
        self.unpin(&groups);
        if over { Err(Refusal::unavailable()) } else { attached }
    }

    async fn attach_all(self: &Arc<Self>, group: &Arc<LocalGroup>, user: &UserId, after: Seq) -> Result<(), Refusal> {
        let document = self.document(group).await?;
        let Some(document) = document.filter(|document| document.member(user).is_some()) else { return Ok(()) };
        self.member_names(std::iter::once(&*document)).await?;
        let after = after.max(document.base.seq);
        for session in self.users.sessions(user) {
            if self.take_in(group, &session) {
                self.replay_from_cursor(group, &session, after).await;
            }
        }
        if let Some(peer) = document.peer_of(user) {
            self.users.sessions(user).iter().for_each(|session| self.watch_partner(session, peer));
        }
        Ok(())
    }

    /// Tells a session of a group that it is now in; false when it was, or when its user is no member
    /// any more: asked under the lock that removals are given out under.
    fn take_in(&self, group: &LocalGroup, session: &Arc<SessionHandle>) -> bool {
        let state = group.state.lock();
        let new = !state.gone && state.has_member(&session.user) && session.add_group(&group.id);
        if new {
            self.announce(&state, session);
        }
        new
    }

    /// Brings to a session those of the user's groups that it lacks: after a loss of peer messages.
    pub(crate) async fn check_memberships(self: &Arc<Self>, user: &UserId) -> Result<(), StoreError> {
        let Some(stored) = self.store.user(user).await? else { return Ok(()) };
        for (group, version) in stored.groups {
            // One that is not open yet reads its memberships itself.
            if self.users.sessions(user).iter().any(|session| session.is_open() && !session.is_in(&group)) {
                self.adopt(group, user.clone(), version.saturating_sub(1));
            }
        }
        Ok(())
    }

    /// A session is gone: its groups lose it.
    pub(crate) fn detach(self: &Arc<Self>, session: &SessionHandle) {
        for id in session.groups() {
            if let Some(group) = self.groups.get(&id) {
                group.state.lock().detach(&session.id);
                self.leave_if_unused(&id);
            }
        }
    }
}

fn keep_document(group: &LocalGroup, document: Group) -> Arc<Group> {
    let mut state = group.state.lock();
    match &state.document {
        Some(kept) if kept.version >= document.version => kept.clone(),
        _ => {
            let kept = Arc::new(document);
            state.document = Some(kept.clone());
            kept
        }
    }
}

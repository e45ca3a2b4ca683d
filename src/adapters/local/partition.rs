//! One partition: its log with the consumer group, its groups, routes and lease.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::aging::Aging;
use super::entries::{of_append, of_change, of_successor, of_update};
use super::group::Group;
use super::membership::{Verdict, judge, leads, to_change};
use super::moves::Moves;
use super::seen::{Seen, send_key};
use crate::adapters::BackplaneLimits;
use crate::domain::{Base, Cid, GroupId, Head, Millis, NodeName, Role, Seq, UserId};
use crate::ports::{
    Append, Appended, ChangeOutcome, ChangeRequest, Commit, EntryId, GroupCommit, GroupSnapshot, LeaseToken, LogEntry,
    LogStats, Reseq, UpdateRequest,
};

pub(super) struct Partition {
    pub(super) groups: HashMap<GroupId, Group>,
    /// Of groups that were deleted, and not made again: the life that ended last, and where the next one begins.
    ended: HashMap<GroupId, (Seq, Base)>,
    /// The nodes with a route for a group, with the generation of each route.
    pub(super) routes: HashMap<GroupId, HashMap<NodeName, u64>>,
    pub(super) lease: Option<Lease>,
    /// Who works for followers, by their names.
    pub(super) followers: HashMap<String, Lease>,
    pub(super) moves: Moves,
    seen: Seen,
    log: VecDeque<LogEntry>,
    /// Delivered and not yet acked, with the consumer of each.
    pending: BTreeMap<EntryId, NodeName>,
    delivered: EntryId,
    newest: EntryId,
    recents: Aging<GroupId>,
}

pub(super) struct Lease {
    pub(super) owner: NodeName,
    pub(super) token: LeaseToken,
    pub(super) until: Millis,
}

/// What each step needs to know from outside.
pub(super) struct Context<'a> {
    pub(super) now: Millis,
    /// The same in microseconds.
    pub(super) micros: u64,
    pub(super) limits: &'a BackplaneLimits,
}

// === impl Partition ===

impl Partition {
    /// An empty partition whose commits are numbered after `first`.
    pub(super) fn new(first: u64) -> Self {
        Self {
            groups: HashMap::new(),
            ended: HashMap::new(),
            routes: HashMap::new(),
            lease: None,
            followers: HashMap::new(),
            moves: Moves::new(first),
            seen: Seen::default(),
            log: VecDeque::new(),
            pending: BTreeMap::new(),
            delivered: EntryId(0, 0),
            newest: EntryId(0, 0),
            recents: Aging::default(),
        }
    }

    pub(super) fn append(&mut self, cx: &Context, origin: &NodeName, append: &Append) -> Appended {
        let key = send_key(&append.group, &append.from, &append.cid);
        let Some(group) = self.groups.get_mut(&append.group) else { return Appended::Unknown };
        if let Some(seq) = self.seen.seq(&key, cx.now, cx.limits.cid_window).filter(|seq| *seq > group.base) {
            return Appended::Seen { seq };
        }
        if let Some(refused) = group.refusal(&append.from, append.standing) {
            return refused;
        }
        if self.log.len() as u64 >= cx.limits.log_cap {
            return Appended::Full;
        }
        let head = self.enter(cx, of_append(origin, append));
        Appended::Accepted { seq: head.seq, n: head.n, time: head.time }
    }

    pub(super) fn change(&mut self, cx: &Context, origin: &NodeName, request: &ChangeRequest) -> ChangeOutcome {
        let key = send_key(&request.group, &request.actor, &request.cid);
        let Some(group) = self.groups.get_mut(&request.group) else { return ChangeOutcome::Unknown };
        if let Some(seq) = self.seen.seq(&key, cx.now, cx.limits.cid_window).filter(|seq| *seq > group.base) {
            return ChangeOutcome::Accepted { seq };
        }
        let change = match judge(group, request) {
            Verdict::Change(change) => change,
            Verdict::Unchanged => return ChangeOutcome::Unchanged,
            Verdict::Forbidden => return ChangeOutcome::Forbidden,
            Verdict::Archived => return ChangeOutcome::Archived,
            Verdict::TooMany => return ChangeOutcome::TooMany,
            Verdict::NoAdmin => return ChangeOutcome::NoAdmin,
        };
        if self.log.len() as u64 >= cx.limits.log_cap {
            return ChangeOutcome::Full;
        }
        let users = change.users().to_vec();
        let seq = self.enter(cx, of_change(origin, request, users)).seq;
        ChangeOutcome::Accepted { seq: self.keep_an_admin(cx, origin, &request.group).unwrap_or(seq) }
    }

    pub(super) fn change_group(&mut self, cx: &Context, origin: &NodeName, request: &UpdateRequest) -> ChangeOutcome {
        let key = send_key(&request.group, &request.actor, &request.cid);
        let Some(group) = self.groups.get(&request.group) else { return ChangeOutcome::Unknown };
        if let Some(seq) = self.seen.seq(&key, cx.now, cx.limits.cid_window).filter(|seq| *seq > group.base) {
            return ChangeOutcome::Accepted { seq };
        }
        if !leads(group, &request.actor) {
            return ChangeOutcome::Forbidden;
        }
        if self.log.len() as u64 >= cx.limits.log_cap {
            return ChangeOutcome::Full;
        }
        ChangeOutcome::Accepted { seq: self.enter(cx, of_update(origin, request)).seq }
    }

    /// Makes a successor an admin where a group has members and no admin; answers the seq of that.
    fn keep_an_admin(&mut self, cx: &Context, origin: &NodeName, id: &GroupId) -> Option<Seq> {
        let users = vec![self.groups.get(id)?.successor()?];
        Some(self.enter(cx, of_successor(origin, id, users)).seq)
    }

    /// Numbers an entry, applies it to the member set, remembers its cid and puts it at the end of the log.
    fn enter(&mut self, cx: &Context, mut entry: LogEntry) -> Head {
        entry.id = self.next_id(cx.now);
        let Some(group) = self.groups.get_mut(&entry.group) else { return Head::default() };
        let head = group.next(entry.traits, entry.id.0 as Millis);
        if entry.kind.is_membership() {
            group.apply(head.seq, &to_change(entry.kind, entry.users.clone(), entry.role));
        }
        if !entry.rules.is_empty() {
            group.set_rules(head.seq, entry.rules);
        }
        (entry.seq, entry.n, entry.shown, entry.time) = (head.seq, head.n, head.shown, head.time);
        entry.stored = group.stored.seq;
        self.seen.insert(send_key(&entry.group, &entry.from, &entry.cid), head.seq, cx.now);
        self.log.push_back(entry);
        head
    }

    /// False when the floor is of an earlier life, or of one that was forgotten.
    pub(super) fn restore(&mut self, cx: &Context, origin: &NodeName, floor: &GroupSnapshot) -> bool {
        let held = self.groups.get(&floor.group).map(|group| group.base);
        let ended = self.ended.get(&floor.group).is_some_and(|(life, _)| floor.base <= *life);
        if ended || held.is_some_and(|base| floor.base < base) {
            return false;
        }
        self.ended.remove(&floor.group);
        let moved = match self.groups.get_mut(&floor.group).filter(|group| group.base == floor.base) {
            Some(group) => group.raise(floor),
            None => {
                self.groups.insert(floor.group.clone(), Group::new(floor));
                floor.head.seq > 0
            }
        };
        if moved {
            self.note_move(cx, &floor.group);
        }
        self.keep_an_admin(cx, origin, &floor.group);
        true
    }

    /// Where the present life of a group begins, or the next one of a group that was deleted.
    pub(super) fn base(&self, group: &GroupId) -> Option<Seq> {
        let present = self.groups.get(group).map(|group| group.base);
        present.or_else(|| self.ended.get(group).map(|(_, base)| base.seq))
    }

    /// The roles of these users, when the group's state is there.
    pub(super) fn roles(&self, group: &GroupId, users: &[UserId]) -> Option<Vec<Option<Role>>> {
        let members = &self.groups.get(group)?.members;
        Some(users.iter().map(|user| members.role(user)).collect())
    }

    /// Delivers the next entries, `max` at most, to a consumer.
    pub(super) fn deliver(&mut self, consumer: &NodeName, max: usize) -> Vec<LogEntry> {
        let from = self.log.partition_point(|entry| entry.id <= self.delivered);
        let entries: Vec<LogEntry> = self.log.iter().skip(from).take(max).cloned().collect();
        for entry in &entries {
            self.delivered = entry.id;
            self.pending.insert(entry.id, consumer.clone());
        }
        entries
    }

    pub(super) fn claim(&mut self, consumer: &NodeName) -> Vec<LogEntry> {
        self.pending.values_mut().for_each(|owner| *owner = consumer.clone());
        self.log.iter().filter(|entry| self.pending.contains_key(&entry.id)).cloned().collect()
    }

    pub(super) fn holds(&self, token: &LeaseToken, now: Millis) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until > now && lease.token == *token)
    }

    pub(super) fn commit(&mut self, cx: &Context, commit: &Commit) -> Vec<Vec<NodeName>> {
        for id in &commit.done {
            self.pending.remove(id);
        }
        self.trim();
        self.forget_idle_recents(cx);
        let mut moved = Vec::new();
        for part in &commit.groups {
            if self.advance(cx, part) {
                moved.push(&part.group);
            }
        }
        self.moves.note(moved, cx.micros, cx.limits.moves_kept);
        commit.groups.iter().map(|part| self.route(&part.group)).collect()
    }

    pub(super) fn reseq(&mut self, cx: &Context, reseq: &Reseq) {
        let old = &reseq.entry;
        if self.pending.remove(&old.id).is_none() {
            return;
        }
        let key = send_key(&old.group, &old.from, &old.cid);
        let known = self.seen.seq(&key, cx.now, cx.limits.cid_window);
        let current = known.is_none_or(|seq| seq == old.seq);
        match self.groups.get_mut(&old.group) {
            Some(group) if current && old.seq > group.base => {
                group.last = group.last.max(reseq.floor.seq);
                group.n = group.n.max(reseq.floor.n);
                group.shown = group.shown.max(reseq.floor.shown);
                self.enter(cx, old.clone());
                self.keep_an_admin(cx, &old.origin, &old.group);
            }
            _ if current => self.seen.forget(&key),
            _ => {}
        }
        self.trim();
    }

    pub(super) fn forget_cid(&mut self, group: &GroupId, from: &UserId, cid: &Cid) {
        self.seen.forget(&send_key(group, from, cid));
    }

    pub(super) fn route(&self, group: &GroupId) -> Vec<NodeName> {
        self.routes.get(group).map(|nodes| nodes.keys().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn forget_group(&mut self, cx: &Context, id: &GroupId, life: Seq, stored: Head) -> Base {
        if let Some((_, base)) = self.ended.get(id).filter(|(_, base)| base.seq > life) {
            return *base;
        }
        let cap = cx.limits.log_cap;
        let base = match self.groups.get(id) {
            Some(group) if group.base > life => return Base { seq: group.base, n: group.n },
            Some(group) => Base { seq: group.last.max(stored.seq).max(life) + 1, n: group.n.max(stored.n) },
            // It may have given as many seqs beyond the head as a log holds.
            None => Base { seq: stored.seq.max(life) + cap + 1, n: stored.n + cap },
        };
        self.groups.remove(id);
        self.routes.remove(id);
        self.moves.forget(id);
        self.ended.insert(id.clone(), (life, base));
        base
    }

    pub(super) fn note_move(&mut self, cx: &Context, id: &GroupId) {
        self.moves.note([id], cx.micros, cx.limits.moves_kept);
    }

    pub(super) fn stats(&self) -> LogStats {
        let delivered = self.log.partition_point(|entry| entry.id <= self.delivered);
        LogStats {
            length: self.log.len() as u64,
            pending: self.pending.len() as u64,
            lag: (self.log.len() - delivered) as u64,
        }
    }

    fn advance(&mut self, cx: &Context, part: &GroupCommit) -> bool {
        let Some(group) = self.groups.get_mut(&part.group) else { return false };
        if part.erased_at.is_some() {
            group.recent.erase();
        }
        let kept_from = part.erased_at.unwrap_or(0).max(group.base + 1);
        for (seq, event) in part.recent.iter().filter(|(seq, _)| *seq >= kept_from) {
            group.recent.push(*seq, event.clone(), cx.limits.recent_len);
            group.recent.touched = cx.now;
        }
        if !group.recent.aging && !part.recent.is_empty() {
            group.recent.aging = true;
            self.recents.push(cx.now, part.group.clone());
        }
        group.advance(part.head)
    }

    /// Each cache waits in the queue once: one that was touched since goes to the end again.
    fn forget_idle_recents(&mut self, cx: &Context) {
        let limit = cx.now - cx.limits.recent_ttl.as_millis() as Millis;
        while let Some((_, id)) = self.recents.pop_until(limit) {
            match self.groups.get_mut(&id) {
                Some(group) if group.recent.touched > limit => {
                    let touched = group.recent.touched;
                    self.recents.push(touched, id);
                }
                Some(group) => group.recent.clear(),
                None => {}
            }
        }
    }

    /// Drops the entries before the oldest one that is pending or not yet delivered.
    fn trim(&mut self) {
        let oldest = self.pending.keys().next().copied();
        let kept = |entry: &LogEntry| match oldest {
            Some(oldest) => entry.id >= oldest,
            None => entry.id > self.delivered,
        };
        let gone = self.log.partition_point(|entry| !kept(entry));
        self.log.drain(..gone);
    }

    fn next_id(&mut self, now: Millis) -> EntryId {
        let now = now.max(0) as u64;
        self.newest = match self.newest {
            EntryId(ms, n) if ms >= now => EntryId(ms, n + 1),
            _ => EntryId(now, 0),
        };
        self.newest
    }
}

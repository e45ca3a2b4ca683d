//! A group's state: counters, stored head, members, recent events.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use crate::domain::{
    Access, GroupKind, Head, MembershipChange, Millis, Pinning, Role, RulesChange, Seq, Traits, UserId,
};
use crate::ports::{Appended, GroupSnapshot, Standing};

pub(super) struct Group {
    pub(super) kind: GroupKind,
    pub(super) rules: Rules,
    /// The last seq given.
    pub(super) last: Seq,
    /// `n` at that seq.
    pub(super) n: u64,
    /// How many events up to that seq are shown.
    pub(super) shown: u64,
    pub(super) stored: Head,
    /// Where its present life begins.
    pub(super) base: Seq,
    /// The seq of the newest membership event that `members` contains.
    pub(super) version: Seq,
    pub(super) members: Members,
    pub(super) recent: Recent,
}

/// What admins set that decides who may do what.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) access: Access,
    pub(super) pinning: Pinning,
    pub(super) archived: bool,
    /// The seq of the newest event that set any of it.
    version: Seq,
}

/// Who belongs to a group. The number of admins is kept, so that no change needs to look at all members for it.
#[derive(Default)]
pub(super) struct Members {
    held: HashMap<UserId, Held>,
    admins: usize,
}

/// What a member may do, and the seq of the event by which they joined.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    role: Role,
    since: Seq,
}

/// The newest events, without a hole.
#[derive(Default)]
pub(super) struct Recent {
    events: VecDeque<(Seq, Bytes)>,
    /// When the newest was added.
    pub(super) touched: Millis,
    /// Whether the group waits in the partition's queue of caches that age.
    pub(super) aging: bool,
}

// === impl Group ===

impl Group {
    pub(super) fn new(floor: &GroupSnapshot) -> Self {
        let mut group = Self {
            kind: floor.kind,
            rules: Rules::default(),
            last: 0,
            n: 0,
            shown: 0,
            stored: Head::default(),
            base: floor.base,
            version: 0,
            members: Members::default(),
            recent: Recent::default(),
        };
        group.raise(floor);
        group
    }

    /// Why a user may not send what asks for a standing; `None` where they may.
    pub(super) fn refusal(&self, user: &UserId, standing: Standing) -> Option<Appended> {
        let (standing, role) = match (standing, self.members.role(user)) {
            (Standing::Anybody, _) => return None,
            (_, None) => return Some(Appended::NotMember),
            (_, Some(_)) if self.rules.archived => return Some(Appended::Archived),
            (standing, Some(role)) => (standing, role),
        };
        let leads = role == Role::Admin || self.kind == GroupKind::Direct;
        let may = match standing {
            Standing::Anybody | Standing::Member => true,
            Standing::Admin => leads,
            Standing::Moderator => role == Role::Admin,
            Standing::Pinner => leads || self.rules.pinning == Pinning::Members,
        };
        (!may).then_some(Appended::NotAdmin)
    }

    /// Raises the state to what the store knows; true when the stored head moved.
    pub(super) fn raise(&mut self, floor: &GroupSnapshot) -> bool {
        self.kind = floor.kind;
        if floor.rules_version >= self.rules.version {
            let GroupSnapshot { access, pinning, archived, rules_version: version, .. } = *floor;
            self.rules = Rules { access, pinning, archived, version };
        }
        if floor.version >= self.version {
            self.version = floor.version;
            self.members = Members::default();
            floor.members.iter().for_each(|m| self.members.put(&m.id, Held { role: m.role, since: m.since }));
        }
        self.advance(floor.head)
    }

    /// Moves the stored head on, and the counters with it; true when it moved.
    pub(super) fn advance(&mut self, head: Head) -> bool {
        self.last = self.last.max(head.seq);
        self.n = self.n.max(head.n);
        self.shown = self.shown.max(head.shown);
        let moved = head.seq > self.stored.seq;
        if moved {
            self.stored = head;
        }
        moved
    }

    /// Gives the next seq and numbers to an event of these traits, at a time.
    pub(super) fn next(&mut self, traits: Traits, time: Millis) -> Head {
        self.last += 1;
        self.n += u64::from(traits.counts);
        self.shown += u64::from(traits.shown);
        Head { seq: self.last, n: self.n, shown: self.shown, time }
    }

    /// Applies a membership event to the member set.
    pub(super) fn apply(&mut self, seq: Seq, change: &MembershipChange) {
        self.version = self.version.max(seq);
        match change {
            MembershipChange::Joined(users, role) => {
                users.iter().for_each(|user| self.members.put(user, Held { role: *role, since: seq }));
            }
            MembershipChange::Left(users) => users.iter().for_each(|user| self.members.remove(user)),
            MembershipChange::Role(users, role) => users.iter().for_each(|user| {
                if let Some(held) = self.members.get(user) {
                    self.members.put(user, Held { role: *role, since: held.since });
                }
            }),
        }
    }

    /// Applies what the event `seq` sets.
    pub(super) fn set_rules(&mut self, seq: Seq, change: RulesChange) {
        let rules = &mut self.rules;
        rules.access = change.access.unwrap_or(rules.access);
        rules.pinning = change.pinning.unwrap_or(rules.pinning);
        rules.archived = change.archived.unwrap_or(rules.archived);
        rules.version = rules.version.max(seq);
    }

    /// Who is to become admin: where there are members and no admin, the one who has been a member longest. Nobody
    /// where somebody has a role of a later version: it may be one that leads.
    pub(super) fn successor(&self) -> Option<UserId> {
        let without = self.kind == GroupKind::Group && self.members.admins == 0 && !self.members.any_of_later_role();
        without.then(|| self.members.eldest()).flatten()
    }
}

// === impl Members ===

impl Members {
    pub(super) fn get(&self, user: &UserId) -> Option<Held> {
        self.held.get(user).copied()
    }

    pub(super) fn role(&self, user: &UserId) -> Option<Role> {
        self.get(user).map(|held| held.role)
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn admins(&self) -> usize {
        self.admins
    }

    fn put(&mut self, user: &UserId, held: Held) {
        self.remove(user);
        self.admins += usize::from(held.role == Role::Admin);
        self.held.insert(user.clone(), held);
    }

    fn remove(&mut self, user: &UserId) {
        let was = self.held.remove(user);
        self.admins -= usize::from(was.is_some_and(|held| held.role == Role::Admin));
    }

    /// Looks at every one of them, as [`Members::eldest`] does.
    fn any_of_later_role(&self) -> bool {
        self.held.values().any(|held| matches!(held.role, Role::Other(_)))
    }

    /// Looks at every one of them.
    fn eldest(&self) -> Option<UserId> {
        self.held.iter().min_by_key(|(user, held)| (held.since, *user)).map(|(user, _)| user.clone())
    }
}

// === impl Recent ===

impl Recent {
    /// Adds the next event. One that is there already changes nothing; one that leaves a hole
    /// begins the cache anew.
    pub(super) fn push(&mut self, seq: Seq, event: Bytes, cap: u64) {
        match self.events.back() {
            Some((newest, _)) if seq <= *newest => return,
            Some((newest, _)) if seq > *newest + 1 => self.events.clear(),
            _ => {}
        }
        self.events.push_back((seq, event));
        while self.events.len() as u64 > cap {
            self.events.pop_front();
        }
    }

    /// All events after `after`; none when the cache does not reach back so far.
    pub(super) fn after(&self, after: Seq) -> Vec<(Seq, Bytes)> {
        match self.events.front() {
            Some((oldest, _)) if *oldest <= after + 1 => {
                self.events.iter().filter(|(seq, _)| *seq > after).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The newest event when its seq is `seq`.
    pub(super) fn at_head(&self, seq: Seq) -> Option<Bytes> {
        self.events.back().filter(|(newest, _)| *newest == seq).map(|(_, event)| event.clone())
    }

    /// Drops what is held.
    pub(super) fn erase(&mut self) {
        self.events.clear();
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

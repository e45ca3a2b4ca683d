//! Groups as they are stored.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::open::{LaterName, open_names};
use super::{Access, Base, GroupId, GroupSettings, Head, Member, MembershipChange, Millis, Seq, UserId};

/// What sort of group it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    /// A named group that people join and leave.
    Group,
    /// The one chat between two people; nobody joins or leaves it.
    Direct,
    /// One of a later version. Nobody but the hub changes its members, as in a direct chat: who may is not known here.
    /// Nor has anybody the partner whom a direct chat shows.
    Other(LaterName),
}

/// A group as it is stored. Members are in the order in which they joined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// What sort of group it is.
    pub kind: GroupKind,
    /// Its name; empty for a direct chat.
    pub name: String,
    /// Who may become a member.
    pub access: Access,
    /// Who belongs to it.
    pub members: Vec<Member>,
    /// The seq of the newest membership event that `members` contains; that of `base` as first made.
    pub version: Seq,
    /// When it was made.
    pub created: Millis,
    /// The oldest seq that retention has left; the one after `base` when nothing has been removed.
    pub first: Seq,
    /// Where its present life begins.
    pub base: Base,
    /// What else its admins set.
    #[serde(default)]
    pub settings: GroupSettings,
}

// === impl GroupKind ===

open_names!(GroupKind, "a kind of group", Group = "group", Direct = "direct");

// === impl Group ===

impl Group {
    /// The member with this id.
    pub fn member(&self, user: &UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == *user)
    }

    /// Whether its founding was stored, or begun to be.
    pub fn is_created(&self) -> bool {
        self.version > self.base.seq
    }

    /// Its head, when this is the newest event that is stored: a life without events stands at its base.
    pub fn head(&self, newest: Head) -> Head {
        if newest.seq > self.base.seq {
            return newest;
        }
        self.base.head(if self.base.seq == 0 { 0 } else { self.created })
    }

    /// In a direct chat, the one who is not `user`.
    pub fn peer_of(&self, user: &UserId) -> Option<&UserId> {
        let direct = self.kind == GroupKind::Direct;
        self.members.iter().map(|member| &member.id).find(|id| direct && *id != user)
    }

    /// Brings the members up to the membership event `seq`. Does nothing for one that is already
    /// contained, so it may be told twice; events must come in order of their seqs.
    pub fn apply(&mut self, seq: Seq, change: &MembershipChange) -> bool {
        if seq <= self.version {
            return false;
        }
        self.version = seq;
        match change {
            MembershipChange::Joined(users, role) => {
                let mut joining: HashSet<&UserId> = users.iter().collect();
                self.members.retain(|member| !joining.contains(&member.id));
                for user in users.iter().filter(|user| joining.remove(*user)) {
                    self.members.push(Member { id: user.clone(), role: *role, since: seq });
                }
            }
            MembershipChange::Left(users) => {
                let leaving: HashSet<&UserId> = users.iter().collect();
                self.members.retain(|member| !leaving.contains(&member.id));
            }
            MembershipChange::Role(users, role) => {
                let changing: HashSet<&UserId> = users.iter().collect();
                for member in &mut self.members {
                    if changing.contains(&member.id) {
                        member.role = *role;
                    }
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    #[test]
    fn a_membership_event_told_twice_counts_once() {
        let mut group = Group {
            id: GroupId::random(),
            kind: GroupKind::Group,
            name: "g".into(),
            access: Access::Members,
            members: vec![Member { id: user("anna"), role: Role::Admin, since: 1 }],
            version: 1,
            created: 0,
            first: 1,
            base: Base::default(),
            settings: GroupSettings::default(),
        };
        let joined = MembershipChange::Joined(vec![user("bert")], Role::Member);
        assert!(group.apply(2, &joined));
        assert!(group.apply(3, &MembershipChange::Left(vec![user("bert")])));
        assert!(!group.apply(2, &joined));
        assert!(group.member(&user("bert")).is_none());
        assert!(group.apply(4, &MembershipChange::Role(vec![user("anna")], Role::Member)));
        assert_eq!(group.member(&user("anna")).unwrap().role, Role::Member);
    }

    #[test]
    fn a_member_is_one_since_the_last_time_they_joined() {
        let (id, anna) = (GroupId::random(), user("anna"));
        let (kind, name, access, base) = (GroupKind::Group, "g".into(), Access::Open, Base::default());
        let (members, settings) = (Vec::new(), GroupSettings::default());
        let mut group = Group { id, kind, name, access, members, version: 0, created: 0, first: 1, base, settings };
        let joined = MembershipChange::Joined(vec![anna.clone()], Role::Member);
        let since = |group: &Group| group.member(&anna).map(|member| member.since);
        group.apply(2, &joined);
        group.apply(5, &MembershipChange::Role(vec![anna.clone()], Role::Admin));
        assert_eq!(since(&group), Some(2));
        group.apply(6, &MembershipChange::Left(vec![anna.clone()]));
        group.apply(9, &joined);
        assert_eq!(since(&group), Some(9));
    }

    #[test]
    fn names_of_a_later_version_are_kept_and_allow_least() {
        let read = |json: &str| serde_json::from_str::<Member>(json);
        let owner = read(r#"{"id": "anna", "role": "owner", "later": true}"#).unwrap();
        assert_eq!((owner.role.as_str(), owner.role == Role::Admin), ("owner", false));
        assert_eq!(serde_json::to_value(owner.role).unwrap(), "owner");
        assert_eq!(serde_json::from_str::<Access>(r#""by_request""#).unwrap().as_str(), "by_request");
        assert_eq!(GroupKind::parse("channel").unwrap().as_str(), "channel");
        for known in [GroupKind::Group, GroupKind::Direct] {
            assert_eq!(GroupKind::parse(known.as_str()), Ok(known));
        }
        for wrong in ["", "a", "A1", "1a", "a b", "a-b", &"n".repeat(15)] {
            assert!(Role::parse(wrong).is_err() && Access::known(wrong).is_none(), "{wrong:?}");
        }
        assert_eq!(Role::parse(&"n".repeat(14)).unwrap().as_str().len(), 14);
        assert!(size_of::<Member>() <= 40, "there are millions of them");
    }

    #[test]
    fn a_member_of_whom_it_was_not_kept_is_one_since_the_beginning() {
        let member: Member = serde_json::from_str(r#"{"id": "anna", "role": "admin"}"#).unwrap();
        assert_eq!(member, Member { id: user("anna"), role: Role::Admin, since: 0 });
    }
}

//! Events, groups and users to put into a store.

use hubbub::domain::{
    Access, Base, Cid, Event, EventState, Group, GroupId, GroupKind, GroupSettings, Kind, Member, Profile, Role, Seq,
    UserId,
};

/// When the first event of a group was sent; each later one comes a second after.
pub const EPOCH: i64 = 1_700_000_000_000;

pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub fn cid(text: &str) -> Cid {
    Cid::parse(text).unwrap()
}

pub fn profile(username: &str, name: &str) -> Profile {
    Profile { username: username.into(), name: name.into() }
}

/// A text by anna; `n`, `shown` and the time follow from the seq, the cid is unique.
pub fn text(group: &GroupId, seq: Seq) -> Event {
    Event {
        group: group.clone(),
        seq,
        n: seq,
        shown: seq,
        from: user("anna"),
        time: EPOCH + seq as i64 * 1000,
        kind: Kind::Text,
        traits: Kind::Text.traits(),
        text: Some(format!("message {seq}")),
        reference: None,
        data: None,
        mentions: None,
        cid: Cid::random(),
        state: EventState::default(),
    }
}

/// The events 1 to `count`.
pub fn texts(group: &GroupId, count: u64) -> Vec<Event> {
    (1..=count).map(|seq| text(group, seq)).collect()
}

/// A group as it is first made, by `anna`.
pub fn group(members: &[&str]) -> Group {
    let member = |name: &&str| Member { id: user(name), role: Role::Member, since: 0 };
    Group {
        id: GroupId::random(),
        kind: GroupKind::Group,
        name: "Köche & Gäste".into(),
        access: Access::Open,
        members: members.iter().map(member).collect(),
        version: 0,
        created: EPOCH,
        first: 1,
        base: Base::default(),
        settings: GroupSettings::default(),
    }
}

pub fn seqs(events: &[Event]) -> Vec<Seq> {
    events.iter().map(|event| event.seq).collect()
}

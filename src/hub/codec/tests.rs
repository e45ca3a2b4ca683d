use serde_json::json;

use super::*;
use crate::domain::{Head, MembershipChange, NodeName, Role};
use crate::ports::{EntryId, LogEntry};

fn text_event() -> Event {
    let group = GroupId::parse("aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap();
    let mut data = Data::new();
    data.insert("b".into(), json!([1, {"x": null}]));
    Event {
        kind: Kind::Text,
        traits: Kind::Text.traits(),
        text: Some("höi".into()),
        data: Some(data),
        cid: Cid::parse("c-1").unwrap(),
        ..Event::void(group, Head { seq: 7, n: 3, shown: 5, time: 99 })
    }
}

#[test]
fn an_event_comes_back_as_it_was() {
    let event = text_event();
    assert_eq!(decode_event(&encode_event(&event)), Some(event));
}

/// What is written today must be readable for as long as caches and logs of it may be there.
#[test]
fn the_forms_are_pinned() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        hex(&encode_event(&text_event())),
        "8ca17601a167ba6161616161616161616161616161616161616161616161616161a17307a16e03a17705a166aa6875622e73797374656da16d63\
         a16ba474657874a17803a174a468c3b669a16481a162920181a178c0a163a3632d31"
    );
    let body = Body::new(Some("hi".into()), None, None);
    assert_eq!(hex(&body.encode()), "82a17601a174a26869");
}

#[test]
fn kinds_and_fields_of_later_versions_are_borne() {
    let later =
        Event { kind: Kind::parse("starred").unwrap(), traits: Traits { fx: 9, ..Traits::default() }, ..text_event() };
    assert_eq!(decode_event(&encode_event(&later)), Some(later));
    let mut body: serde_json::Value =
        rmp_serde::from_slice(&Body::new(Some("hi".into()), None, None).encode()).unwrap();
    body["files"] = json!(["f"]);
    let bytes = rmp_serde::to_vec_named(&body).unwrap();
    assert_eq!(Body::decode(&bytes).unwrap().text.as_deref(), Some("hi"));
}

fn entry(body: Vec<u8>) -> LogEntry {
    LogEntry {
        id: EntryId(1, 0),
        group: GroupId::random(),
        seq: 1,
        n: 1,
        shown: 1,
        time: 0,
        stored: 0,
        origin: NodeName::parse("a.1").unwrap(),
        from: UserId::hub(),
        cid: Cid::random(),
        kind: Kind::Text,
        traits: Kind::Text.traits(),
        users: Vec::new(),
        role: Role::Member,
        rules: crate::domain::RulesChange::default(),
        body: body.into(),
    }
}

#[test]
fn a_body_of_a_later_version_is_never_taken_for_an_empty_one() {
    let later = packed(&json!({"v": VERSION + 1, "t": "hi"}));
    for bad in [later, b"garbage".to_vec()] {
        assert!(!Body::is_known(&bad), "{bad:?}");
        assert_eq!(event_of(&entry(bad)), None);
    }
    let by_position = packed(&(1, "hi"));
    assert!(!Body::is_known(&by_position));
    let good = Body::new(Some("hi".into()), Some("g:1".into()), None).encode();
    assert!(Body::is_known(&good) && Body::is_known(b""));
    assert_eq!(event_of(&entry(good.to_vec())).unwrap().text.as_deref(), Some("hi"));
}

#[test]
fn a_role_of_a_later_version_goes_through_to_the_stores() {
    let owner = Role::parse("owner").unwrap();
    for kind in [Kind::Joined, Kind::Role] {
        let entry = LogEntry { kind, role: owner, users: vec![UserId::hub()], ..entry(Vec::new()) };
        let membership = event_of(&entry).unwrap().membership();
        let users = vec![UserId::hub()];
        let expected = match kind {
            Kind::Role => MembershipChange::Role(users, owner),
            _ => MembershipChange::Joined(users, owner),
        };
        assert_eq!(membership, Some(expected));
    }
}

#[test]
fn an_item_that_is_not_known_costs_no_other() {
    let items = [PeerEvent::Missed, PeerEvent::Evict { user: UserId::hub(), banned: true }];
    let mut form: PeerMessageForm = rmp_serde::from_slice(&PeerMessage::encode(&items)).unwrap();
    form.items.insert(1, ByteBuf::from(packed(&json!({"wave": {"user": "anna"}}))));
    let peer_message = PeerMessage::decode(&packed(&form)).unwrap();
    assert_eq!((peer_message.items.len(), peer_message.unknown), (2, 1));
    assert!(matches!(&peer_message.items[..], [PeerEvent::Missed, PeerEvent::Evict { banned: true, .. }]));
    form.version = VERSION + 1;
    assert!(PeerMessage::decode(&packed(&form)).is_none());
    assert!(PeerMessage::decode(b"garbage").is_none());
}

//! Inserting, and reading one event.

use std::sync::Arc;

use futures::future::join_all;
use hubbub::domain::{Data, Event, GroupId, Head, Kind, Traits, UserId};
use hubbub::ports::{Inserted, Page, Store};
use serde_json::json;

use super::Fixture;
use super::sample::{EPOCH, cid, seqs, text, texts, user};

async fn stored(store: &Arc<dyn Store>, events: &[Event]) {
    let answers = store.insert(events).await.unwrap();
    assert_eq!(answers, vec![Inserted::Stored; events.len()]);
}

fn data(value: serde_json::Value) -> Option<Data> {
    value.as_object().cloned()
}

pub async fn reads_back_what_was_inserted(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let full = Event {
        reference: Some(group.event_id(1)),
        data: data(json!({"users": ["anna"], "role": "admin"})),
        kind: Kind::Joined,
        n: 0,
        ..text(&group, 1)
    };
    let bare = Event { text: None, n: 1, ..text(&group, 2) };
    let void = Event::void(group.clone(), Head { seq: 3, n: 1, shown: 2, time: EPOCH });
    let kind = Kind::parse("starred").unwrap();
    let traits = Traits { counts: false, shown: false, fx: 700 };
    let later = Event { kind, traits, shown: 2, ..text(&group, 4) };
    let events = vec![full, bare, void, later];
    stored(&store, &events).await;
    for event in &events {
        assert_eq!(store.event(&group, event.seq).await.unwrap().as_ref(), Some(event));
    }
    assert_eq!(store.page(&group, Page::After(0, 10)).await.unwrap(), events);
    assert_eq!(store.event(&group, 5).await.unwrap(), None);
    assert_eq!(store.event(&GroupId::random(), 1).await.unwrap(), None);
}

pub async fn keeps_data_as_it_is(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let value = json!({
        "zuerst": 1, "a.b": {"$set": {"c.d": [1, [2, [3, {}]], null, true]}}, "": "", "$x": "$y",
        "_id": 7, "große": "ß", "max": u64::MAX, "min": i64::MIN, "one": 1.0, "tiny": 5e-324,
        "third": 0.1 + 0.2, "long": 1.7976931348623157e308, "nul": "a\u{0}b", "nul\u{0}key": 1,
    });
    let numbers = (0..500).map(|_| f64::from_bits(rand::random())).filter(|number| number.is_finite());
    let numbers: Vec<f64> = numbers.collect();
    let deep = (0..60).fold(json!(1), |inner, _| json!({ "in": inner }));
    let events = vec![
        Event { data: data(value), ..text(&group, 1) },
        Event { data: data(deep), ..text(&group, 2) },
        Event { data: data(json!({})), ..text(&group, 3) },
        Event { data: data(json!({ "numbers": numbers })), ..text(&group, 4) },
    ];
    stored(&store, &events).await;
    let read = store.page(&group, Page::After(0, 10)).await.unwrap();
    assert_eq!(read, events);
    let written = |events: &[Event]| serde_json::to_string(&events[0].data).unwrap();
    assert_eq!(written(&read), written(&events), "the order of the keys stays");
}

pub async fn keeps_any_text(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let texts = ["", "\u{0}", "a\u{0}b", "👩‍👩‍👧‍👦 שלום 你好 \u{202e}rtl", "\u{10ffff}\u{fffd}", "'; DROP TABLE x; --"];
    let long = "ä".repeat(100_000);
    let events: Vec<Event> = (1..)
        .zip(texts.into_iter().chain([long.as_str()]))
        .map(|(seq, said)| Event {
            text: Some(said.into()),
            cid: cid(&format!("ü {seq} \u{1f600}")),
            ..text(&group, seq)
        })
        .collect();
    stored(&store, &events).await;
    assert_eq!(store.page(&group, Page::After(0, 10)).await.unwrap(), events);
    let found = store.event_by_cid(&group, &user("anna"), &events[3].cid).await.unwrap();
    assert_eq!(found.as_ref(), Some(&events[3]));
}

pub async fn answers_each_event_of_a_batch(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let events = texts(&group, 5);
    stored(&store, &[events[1].clone(), events[3].clone()]).await;
    let answers = store.insert(&events).await.unwrap();
    use Inserted::{Duplicate, Stored};
    assert_eq!(answers, [Stored, Duplicate, Stored, Duplicate, Stored]);
    assert_eq!(store.page(&group, Page::After(0, 10)).await.unwrap(), events);
}

pub async fn a_taken_seq_is_a_duplicate(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let first = text(&group, 1);
    stored(&store, std::slice::from_ref(&first)).await;
    assert_eq!(store.insert(&[text(&group, 1)]).await.unwrap(), [Inserted::Duplicate]);
    assert_eq!(store.insert(std::slice::from_ref(&first)).await.unwrap(), [Inserted::Duplicate]);
    assert_eq!(store.event(&group, 1).await.unwrap(), Some(first));
    stored(&store, &[text(&GroupId::random(), 1)]).await;
}

pub async fn a_repeated_cid_is_a_duplicate(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let first = Event { cid: cid("c1"), ..text(&group, 1) };
    let again = Event { text: Some("another".into()), cid: cid("c1"), ..text(&group, 2) };
    stored(&store, std::slice::from_ref(&first)).await;
    assert_eq!(store.insert(std::slice::from_ref(&again)).await.unwrap(), [Inserted::Duplicate]);
    assert_eq!(store.event(&group, 2).await.unwrap(), None);
    // The same cid is free for others, in other groups, and in another case.
    let others = [
        Event { from: user("bert"), ..again.clone() },
        Event { cid: cid("C1"), ..text(&group, 3) },
        Event { group: GroupId::random(), ..first },
    ];
    stored(&store, &others).await;
}

pub async fn a_batch_may_collide_with_itself(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let first = Event { cid: cid("c"), ..text(&group, 1) };
    let same_seq = text(&group, 1);
    let same_cid = Event { cid: cid("c"), ..text(&group, 2) };
    let answers = store.insert(&[first.clone(), same_seq, same_cid, text(&group, 3)]).await.unwrap();
    use Inserted::{Duplicate, Stored};
    assert_eq!(answers, [Stored, Duplicate, Duplicate, Stored]);
    assert_eq!(store.event(&group, 1).await.unwrap(), Some(first));
}

pub async fn an_empty_batch_is_answered_emptily(fixture: &mut impl Fixture) {
    assert_eq!(fixture.store().insert(&[]).await.unwrap(), []);
}

pub async fn one_of_many_writers_wins_each_seq(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let writers = (0..8).map(|_| {
        let (store, events) = (store.clone(), texts(&group, 50));
        tokio::spawn(async move { (store.insert(&events).await.unwrap(), events) })
    });
    let mut winners: Vec<Event> = Vec::new();
    for outcome in join_all(writers).await {
        let (answers, events) = outcome.unwrap();
        for (answer, event) in answers.into_iter().zip(events) {
            match answer {
                Inserted::Stored => winners.push(event),
                other => assert_eq!(other, Inserted::Duplicate),
            }
        }
    }
    winners.sort_by_key(|event| event.seq);
    assert_eq!(store.page(&group, Page::After(0, 100)).await.unwrap(), winners);
    assert_eq!(winners.len(), 50);
}

pub async fn finds_by_cid(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let event = Event { cid: cid("c"), from: user("a.b|c@d"), ..text(&group, 7) };
    stored(&store, &[text(&group, 6), event.clone()]).await;
    let found = store.event_by_cid(&group, &event.from, &event.cid).await.unwrap();
    assert_eq!(found.as_ref(), Some(&event));
    assert_eq!(store.event_by_cid(&group, &user("anna"), &event.cid).await.unwrap(), None);
    assert_eq!(store.event_by_cid(&group, &event.from, &cid("d")).await.unwrap(), None);
    let elsewhere = GroupId::random();
    assert_eq!(store.event_by_cid(&elsewhere, &event.from, &event.cid).await.unwrap(), None);
}

pub async fn lists_all_newest_first(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let groups = [GroupId::random(), GroupId::random()];
    for seq in 1..=5 {
        stored(&store, &[text(&groups[seq as usize % 2], seq)]).await;
    }
    // What nodes send to themselves is nobody's to read.
    let probe = Event { from: UserId::probe(), ..text(&GroupId::random(), 6) };
    stored(&store, &[probe]).await;
    assert_eq!(seqs(&store.all_messages(0, 3).await.unwrap()), [5, 4, 3]);
    assert_eq!(seqs(&store.all_messages(1, 3).await.unwrap()), [2, 1]);
    assert!(store.all_messages(2, 3).await.unwrap().is_empty());
    assert!(store.all_messages(usize::MAX, usize::MAX).await.unwrap().is_empty());
}

pub async fn what_was_stored_survives_a_restart(fixture: &mut impl Fixture) {
    let group = GroupId::random();
    let events = texts(&group, 3);
    stored(&fixture.store(), &events).await;
    fixture.reopen().await;
    assert_eq!(fixture.store().page(&group, Page::After(0, 10)).await.unwrap(), events);
    assert_eq!(fixture.store().insert(&events).await.unwrap(), vec![Inserted::Duplicate; 3]);
}

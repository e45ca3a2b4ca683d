//! What events do to others: in any order, again and late.

use hubbub::domain::{Base, Change, Effect, Event, GroupId, Seq, Switch};
use hubbub::ports::{Page, Store};

use super::Fixture;
use super::sample::{group, seqs, text, texts};

fn pin(group: &GroupId, target: Seq, by: Seq, on: bool) -> Effect {
    Effect { group: group.clone(), target, change: Change::Pin(Switch::set(by, on)) }
}

async fn pinned(store: &dyn Store, group: &GroupId, limit: usize) -> Vec<Seq> {
    seqs(&store.pins(group, limit).await.unwrap())
}

fn on(events: &[Event]) -> Vec<Seq> {
    events.iter().filter(|event| event.state.pin.is_on()).map(|event| event.seq).collect()
}

pub async fn the_greatest_seq_decides(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    store.insert(&texts(&group, 4)).await.unwrap();
    let effects = [
        pin(&group, 1, 9, true),
        pin(&group, 2, 5, true),
        pin(&group, 2, 6, false),
        pin(&group, 3, 8, false),
        pin(&group, 3, 7, true),
        pin(&group, 4, 10, true),
    ];
    store.apply_effects(&effects).await.unwrap();
    for late in &effects {
        store.apply_effects(std::slice::from_ref(late)).await.unwrap();
    }
    store.apply_effects(&[]).await.unwrap();
    assert_eq!(pinned(&*store, &group, 10).await, [4, 1], "newest first");
    assert_eq!(pinned(&*store, &group, 1).await, [4]);
    assert_eq!(on(&store.page(&group, Page::After(0, 10)).await.unwrap()), [1, 4]);
    assert_eq!(on(&store.page(&group, Page::Shown(10, 10)).await.unwrap()), [1, 4]);
    assert!(store.event(&group, 4).await.unwrap().unwrap().state.pin.is_on());
    drop(store);
    fixture.reopen().await;
    assert_eq!(pinned(&*fixture.store(), &group, 10).await, [4, 1]);
}

pub async fn many_pins_and_unpins(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    store.insert(&texts(&group, 300)).await.unwrap();
    let effects: Vec<_> = (1..=300).map(|seq| pin(&group, seq, 1_000 + seq, seq % 3 == 0)).collect();
    store.apply_effects(&effects).await.unwrap();
    let expected: Vec<Seq> = (1..=300).rev().filter(|seq| seq % 3 == 0).collect();
    assert_eq!(pinned(&*store, &group, 1_000).await, expected);
    assert_eq!(pinned(&*store, &group, 7).await, expected[..7]);
}

pub async fn events_that_are_not_there_have_no_state(fixture: &mut impl Fixture) {
    let (store, group, other) = (fixture.store(), GroupId::random(), GroupId::random());
    store.insert(&texts(&group, 2)).await.unwrap();
    store.insert(&texts(&other, 1)).await.unwrap();
    store.apply_effects(&[pin(&group, 7, 8, true), pin(&other, 1, 9, true)]).await.unwrap();
    assert_eq!(pinned(&*store, &group, 10).await, [0; 0]);
    assert_eq!(pinned(&*store, &other, 10).await, [1]);
    let asked = [(group.clone(), 2), (group.clone(), 7), (other.clone(), 1)];
    let mut found = store.events(&asked).await.unwrap();
    found.sort_by_key(|event| (event.group == other, event.seq));
    assert_eq!(seqs(&found), [2, 1]);
    assert_eq!((found[0].state.pin.is_on(), found[1].state.pin.is_on()), (false, true));
    assert!(store.events(&[]).await.unwrap().is_empty());
}

pub async fn what_is_removed_is_pinned_no_more(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&["anna"]);
    store.create_group(&made).await.unwrap();
    let mut events = texts(&made.id, 4);
    events.iter_mut().for_each(|event| event.time = event.seq as i64);
    store.insert(&events).await.unwrap();
    store.apply_effects(&[pin(&made.id, 1, 5, true), pin(&made.id, 4, 6, true)]).await.unwrap();
    store.expire(&made.id, 3).await.unwrap();
    assert_eq!(pinned(&*store, &made.id, 10).await, [4]);
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    store.finish_deletion(&made.id, &deletion, Base { seq: 10, n: 4 }).await.unwrap();
    assert_eq!(pinned(&*store, &made.id, 10).await, [0; 0]);
    // A life to come begins with nothing pinned.
    assert!(store.create_group(&made).await.unwrap());
    let again = [text(&made.id, 11), text(&made.id, 12)];
    store.insert(&again).await.unwrap();
    assert_eq!(pinned(&*store, &made.id, 10).await, [0; 0]);
    assert_eq!(store.head(&made.id).await.unwrap(), again[1].head());
}

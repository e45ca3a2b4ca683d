//! What events do to others: in any order, again and late.

use hubbub::domain::{Base, Change, Edit, Effect, Erasure, Event, GroupId, Kind, Seq, Switch};
use hubbub::ports::{Page, Store};

use super::Fixture;
use super::sample::{group, seqs, text, texts, user};

fn pin(group: &GroupId, target: Seq, by: Seq, on: bool) -> Effect {
    Effect { group: group.clone(), target, change: Change::Pin(Switch::set(by, on)) }
}

/// The event by which a text is edited, and what it does.
fn edit(group: &GroupId, target: Seq, by: Seq) -> (Event, Effect) {
    let said = format!("edit {by} of {target}");
    let reference = Some(group.event_id(target));
    let event =
        Event { kind: Kind::Edited, traits: Kind::Edited.traits(), reference, text: Some(said), ..text(group, by) };
    let effect = Effect::of(&event).unwrap();
    (event, effect)
}

fn erasure(group: &GroupId, target: Seq, by: Seq) -> Effect {
    let change = Change::Erase(Erasure { seq: by, time: by as i64, by: user("bert") });
    Effect { group: group.clone(), target, change }
}

/// What each of a group's events says now.
async fn said(store: &dyn Store, group: &GroupId) -> Vec<Option<String>> {
    let page = store.page(group, Page::After(0, 100)).await.unwrap();
    page.iter().map(|event| event.current_text().map(str::to_owned)).collect()
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

pub async fn texts_say_what_the_greatest_seq_says(fixture: &mut impl Fixture) {
    let (store, group, other) = (fixture.store(), GroupId::random(), GroupId::random());
    store.insert(&texts(&group, 3)).await.unwrap();
    store.insert(&texts(&other, 1)).await.unwrap();
    let edits = [edit(&group, 1, 5), edit(&group, 1, 9), edit(&group, 1, 7), edit(&group, 2, 6)];
    let effects: Vec<Effect> = edits.iter().map(|(_, effect)| effect.clone()).collect();
    store.apply_effects(&effects).await.unwrap();
    for late in effects.iter().rev() {
        store.apply_effects(std::slice::from_ref(late)).await.unwrap();
    }
    store.apply_effects(&[edit(&group, 8, 10).1]).await.unwrap();
    assert_eq!(said(&*store, &other).await, [Some("message 1".to_owned())]);
    drop(store);
    fixture.reopen().await;
    let store = fixture.store();
    let expected = ["edit 9 of 1", "edit 6 of 2", "message 3"].map(|text| Some(text.to_owned()));
    assert_eq!(said(&*store, &group).await, expected);
    let first = store.event(&group, 1).await.unwrap().unwrap();
    let Change::Edit(newest) = &effects[1].change else { panic!("an edit") };
    assert_eq!((first.text.as_deref(), &first.state.edit), (Some("message 1"), &Some(Edit::clone(newest))));
}

pub async fn of_what_is_deleted_nothing_stays(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let mut events = texts(&group, 3);
    events[0].data = Some([("key".to_owned(), "value".into())].into_iter().collect());
    let edits = [edit(&group, 1, 4), edit(&group, 1, 5), edit(&group, 2, 6)];
    events.extend(edits.iter().map(|(event, _)| event.clone()));
    store.insert(&events).await.unwrap();
    let effects: Vec<Effect> = edits.into_iter().map(|(_, effect)| effect).collect();
    store.apply_effects(&effects).await.unwrap();
    store.apply_effects(&[pin(&group, 1, 7, true), erasure(&group, 1, 9), erasure(&group, 1, 8)]).await.unwrap();
    // What comes late of before, and after it, brings nothing back; nor does it end anything twice.
    for late in [&effects[0], &effects[1], &edit(&group, 1, 10).1, &pin(&group, 1, 11, true), &erasure(&group, 1, 12)] {
        store.apply_effects(std::slice::from_ref(late)).await.unwrap();
    }
    store.apply_effects(&[erasure(&group, 20, 21)]).await.unwrap();
    drop(store);
    fixture.reopen().await;
    let store = fixture.store();
    let page = store.page(&group, Page::After(0, 10)).await.unwrap();
    let texts: Vec<_> = page.iter().map(|event| event.current_text()).collect();
    assert_eq!(texts, [None, Some("edit 6 of 2"), Some("message 3"), None, None, Some("edit 6 of 2")]);
    let ended = &page[0];
    let erased = Erasure { seq: 8, time: 8, by: user("bert") };
    assert_eq!((&ended.text, &ended.data, &ended.state.erasure), (&None, &None, &Some(erased)));
    assert!(ended.state.edit.is_none() && !ended.state.pin.is_on());
    let (before, after) = (&events[0], ended);
    assert_eq!(
        (after.head(), &after.from, &after.cid, after.kind),
        (before.head(), &before.from, &before.cid, before.kind)
    );
    assert_eq!(pinned(&*store, &group, 10).await, [0; 0]);
    assert_eq!(page[3].reference, Some(group.event_id(1)), "what it was about stays");
}

pub async fn a_text_with_many_edits_is_deleted_with_all_of_them(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    store.insert(&texts(&group, 1)).await.unwrap();
    let edits: Vec<_> = (2..=1_204).map(|by| edit(&group, 1, by)).collect();
    let events: Vec<Event> = edits.iter().map(|(event, _)| event.clone()).collect();
    store.insert(&events).await.unwrap();
    let effects: Vec<Effect> = edits.into_iter().map(|(_, effect)| effect).collect();
    store.apply_effects(&effects).await.unwrap();
    store.apply_effects(&[erasure(&group, 1, 1_205)]).await.unwrap();
    let page = store.page(&group, Page::After(0, 2_000)).await.unwrap();
    assert!(page.len() == 1_204 && page.iter().all(|event| event.text.is_none() && event.state.edit.is_none()));
}

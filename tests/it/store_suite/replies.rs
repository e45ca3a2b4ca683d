//! Replies: counted by their rows, in any order, again and late.

use hubbub::domain::{Base, Change, Effect, Erasure, Event, GroupId, Kind, Seq, Traits};
use hubbub::ports::{Page, Store};

use super::Fixture;
use super::sample::{group, seqs, text, user};

/// A text that replies to another one.
fn reply(group: &GroupId, seq: Seq, target: Seq) -> Event {
    let traits = Traits { fx: 1, ..Kind::Text.traits() };
    Event { reference: Some(group.event_id(target)), traits, ..text(group, seq) }
}

fn deletion(group: &GroupId, target: Seq, seq: Seq) -> Effect {
    let change = Change::Erase(Erasure { seq, time: 5, by: user("anna") });
    Effect { group: group.clone(), target, change }
}

/// How many replies each of a group's events has.
async fn counts(store: &dyn Store, group: &GroupId) -> Vec<u64> {
    let events = store.page(group, Page::After(0, 100)).await.unwrap();
    events.iter().map(|event| event.state.replies).collect()
}

async fn replies(store: &dyn Store, group: &GroupId, target: Seq, page: Page) -> Vec<Seq> {
    seqs(&store.replies(group, target, page).await.unwrap())
}

/// Texts 1 and 2, with replies 3, 5, 7 to the first and 4 to the second; 6 replies to a reply.
async fn talk(store: &dyn Store, group: &GroupId) -> Vec<Effect> {
    let all = [
        text(group, 1),
        text(group, 2),
        reply(group, 3, 1),
        reply(group, 4, 2),
        reply(group, 5, 1),
        reply(group, 6, 5),
        reply(group, 7, 1),
        // As one of before replies had an effect.
        Event { traits: Kind::Text.traits(), ..reply(group, 8, 1) },
    ];
    store.insert(&all).await.unwrap();
    all.iter().filter_map(Effect::of).collect()
}

pub async fn replies_are_counted_and_paged(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let effects = talk(&*store, &group).await;
    assert_eq!(effects.len(), 5);
    for late in effects.iter().rev() {
        store.apply_effects(std::slice::from_ref(late)).await.unwrap();
    }
    for _ in 0..2 {
        store.apply_effects(&effects).await.unwrap();
        assert_eq!(counts(&*store, &group).await, [3, 1, 0, 0, 1, 0, 0, 0]);
    }
    assert_eq!(store.event(&group, 1).await.unwrap().unwrap().state.replies, 3);
    for (page, expected) in [
        (Page::After(0, 10), &[3, 5, 7][..]),
        (Page::After(3, 1), &[5]),
        (Page::Before(Seq::MAX, 2), &[5, 7]),
        (Page::Before(7, 10), &[3, 5]),
        (Page::Before(3, 10), &[]),
        (Page::After(Seq::MAX, 10), &[]),
    ] {
        assert_eq!(replies(&*store, &group, 1, page).await, expected, "{page:?}");
    }
    assert_eq!(replies(&*store, &group, 5, Page::After(0, 10)).await, [6]);
    assert!(replies(&*store, &group, 8, Page::After(0, 10)).await.is_empty());
    assert!(replies(&*store, &GroupId::random(), 1, Page::After(0, 10)).await.is_empty());
}

pub async fn a_deleted_reply_is_none(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let mut effects = talk(&*store, &group).await;
    // A reply, and a text that is none.
    effects.extend([deletion(&group, 5, 9), deletion(&group, 2, 10)]);
    for _ in 0..2 {
        store.apply_effects(&effects).await.unwrap();
        assert_eq!(counts(&*store, &group).await, [2, 0, 0, 0, 0, 0, 0, 0], "what is deleted has no state");
        assert_eq!(replies(&*store, &group, 1, Page::After(0, 10)).await, [3, 7]);
    }
    // Late, as one that redoes it.
    store.apply_effects(&effects[2..3]).await.unwrap();
    assert_eq!(replies(&*store, &group, 1, Page::After(0, 10)).await, [3, 7]);
    assert_eq!(counts(&*store, &group).await[0], 2);
}

pub async fn what_is_removed_has_no_replies(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&["anna"]);
    store.create_group(&made).await.unwrap();
    let effects = talk(&*store, &made.id).await;
    store.apply_effects(&effects).await.unwrap();
    let time = store.event(&made.id, 3).await.unwrap().unwrap().time;
    store.expire(&made.id, time).await.unwrap();
    assert!(replies(&*store, &made.id, 1, Page::After(0, 10)).await.is_empty());
    assert_eq!(replies(&*store, &made.id, 5, Page::After(0, 10)).await, [6]);
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    store.finish_deletion(&made.id, &deletion, Base { seq: 20, n: 8 }).await.unwrap();
    assert!(replies(&*store, &made.id, 5, Page::After(0, 10)).await.is_empty());
}

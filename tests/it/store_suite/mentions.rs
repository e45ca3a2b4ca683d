//! Mentions: rows for whom a text mentions, again and late; and how many of them were not read.

use hubbub::domain::{Base, Change, Effect, Erasure, GroupId, Mentions, Seq};
use hubbub::ports::{ReadUpTo, Store};

use super::Fixture;
use super::sample::{group, texts, user};

fn mention(group: &GroupId, target: Seq, whom: &[&str]) -> Effect {
    let whom = match whom {
        ["all"] => Mentions::All,
        names => Mentions::Users(names.iter().map(|name| user(name)).collect()),
    };
    Effect { group: group.clone(), target, change: Change::Mention(whom) }
}

async fn counts(store: &dyn Store, name: &str, of: &[(&GroupId, Seq)]) -> Vec<u64> {
    let of: Vec<_> = of.iter().map(|(group, read)| ReadUpTo { group: (*group).clone(), read: *read }).collect();
    store.mentions(&user(name), &of).await.unwrap()
}

pub async fn mentions_are_counted_above_what_was_read(fixture: &mut impl Fixture) {
    let (store, one, other) = (fixture.store(), GroupId::random(), GroupId::random());
    store.insert(&texts(&one, 9)).await.unwrap();
    store.insert(&texts(&other, 9)).await.unwrap();
    let effects = [
        mention(&one, 3, &["a.n|n@a", "bert"]),
        mention(&one, 5, &["all"]),
        mention(&one, 5, &["bert"]),
        mention(&one, 7, &["bert"]),
        mention(&other, 2, &["bert"]),
        mention(&one, 12, &[]),
    ];
    for effects in [&effects[..], &effects[2..4], &effects[..1]] {
        store.apply_effects(effects).await.unwrap();
    }
    let of = [(&one, 0), (&one, 3), (&one, 7), (&other, 0), (&one, 5)];
    assert_eq!(counts(&*store, "bert", &of[..1]).await, [3]);
    assert_eq!(counts(&*store, "a.n|n@a", &of[..1]).await, [2]);
    for (at, expected) in [(1, 2), (2, 0), (3, 1), (4, 1)] {
        assert_eq!(counts(&*store, "bert", &of[at..=at]).await, [expected], "{at}");
    }
    assert_eq!(counts(&*store, "bert", &[(&other, 0), (&one, 3)]).await, [1, 2]);
    assert_eq!(counts(&*store, "cleo", &[(&one, 0), (&other, 0)]).await, [1, 0]);
    assert!(counts(&*store, "bert", &[]).await.is_empty());
    let many: Vec<GroupId> = (0..120).map(|_| GroupId::random()).collect();
    let many: Vec<_> = many.iter().map(|group| (group, 0)).chain([(&one, 0)]).collect();
    assert_eq!(counts(&*store, "bert", &many).await.last(), Some(&3));
}

pub async fn what_goes_mentions_nobody(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&["anna", "bert"]);
    let id = &made.id;
    store.create_group(&made).await.unwrap();
    let events = texts(id, 9);
    store.insert(&events).await.unwrap();
    let effects = [3, 5, 7, 8].map(|seq| mention(id, seq, &["bert", "cleo"]));
    store.apply_effects(&effects).await.unwrap();
    let erasure = Erasure { seq: 9, time: 5, by: user("anna") };
    let deleted = Effect { group: id.clone(), target: 7, change: Change::Erase(erasure) };
    store.apply_effects(&[deleted]).await.unwrap();
    assert_eq!(counts(&*store, "bert", &[(id, 0)]).await, [3]);
    store.expire(id, events[4].time).await.unwrap();
    assert_eq!(counts(&*store, "bert", &[(id, 0)]).await, [2]);
    store.delete_user(&user("cleo")).await.unwrap();
    assert_eq!(counts(&*store, "cleo", &[(id, 0)]).await, [0]);
    let deletion = store.begin_deletion(id).await.unwrap().unwrap();
    store.finish_deletion(id, &deletion, Base { seq: 20, n: 9 }).await.unwrap();
    assert_eq!(counts(&*store, "bert", &[(id, 0)]).await, [0]);
}

//! Groups are deleted, and begin anew.

use std::collections::BTreeMap;

use hubbub::domain::{Base, Cid, Event, Group, Head, Mark, MembershipChange, Role};
use hubbub::ports::{Deletion, Inserted, Page};

use super::Fixture;
use super::marks::marks_of;
use super::sample::{cid, group, seqs, text, texts, user};

const BASE: Base = Base { seq: 5, n: 4 };

fn joined(name: &str) -> MembershipChange {
    MembershipChange::Joined(vec![user(name)], Role::Member)
}

fn mark(seq: u64) -> Mark {
    Mark { read: seq, n: seq, delivered: seq }
}

fn said(group: &Group, seq: u64, id: &Cid) -> Event {
    Event { cid: id.clone(), ..text(&group.id, seq) }
}

/// A group with anna in it and three events, of which the last has the cid `old`.
async fn lively(fixture: &impl Fixture) -> Group {
    let (store, made) = (fixture.store(), group(&[]));
    assert!(store.create_group(&made).await.unwrap());
    store.apply_membership(&made.id, 1, &joined("anna")).await.unwrap();
    store.raise_marks(&[(user("anna"), made.id.clone(), mark(2))]).await.unwrap();
    store.insert(&texts(&made.id, 2)).await.unwrap();
    store.insert(&[said(&made, 3, &cid("old"))]).await.unwrap();
    made
}

async fn delete(fixture: &impl Fixture, group: &Group) {
    let store = fixture.store();
    let deletion = store.begin_deletion(&group.id).await.unwrap().expect("it is there");
    store.finish_deletion(&group.id, &deletion, BASE).await.unwrap();
}

pub async fn a_marked_group_is_nowhere_to_be_found(fixture: &mut impl Fixture) {
    let (made, other) = (lively(fixture).await, lively(fixture).await);
    let store = fixture.store();
    assert_eq!(store.deletion(&made.id).await.unwrap(), None);
    assert_eq!(store.begin_deletion(&group(&[]).id).await.unwrap(), None);
    let begun = Some(Deletion { life: 0, base: None });
    for _ in 0..2 {
        assert_eq!(store.begin_deletion(&made.id).await.unwrap(), begun);
        assert_eq!(store.deletion(&made.id).await.unwrap(), begun);
        assert_eq!(store.group(&made.id).await.unwrap(), None);
        let found = store.groups(&[made.id.clone(), other.id.clone()]).await.unwrap();
        assert!(found.iter().map(|group| &group.id).eq([&other.id]), "{found:?}");
        let listed = store.all_groups(0, 1_000).await.unwrap();
        assert!(listed.iter().all(|group| group.id != made.id) && listed.iter().any(|group| group.id == other.id));
        // Where it would begin is not known yet.
        assert!(!store.create_group(&made).await.unwrap());
        store.apply_membership(&made.id, 4, &joined("bert")).await.unwrap();
        assert_eq!(store.user(&user("bert")).await.unwrap(), None);
    }
    drop(store);
    fixture.reopen().await;
    assert_eq!(fixture.store().begin_deletion(&made.id).await.unwrap(), begun);
}

pub async fn a_deleted_group_begins_anew(fixture: &mut impl Fixture) {
    let made = lively(fixture).await;
    let store = fixture.store();
    delete(fixture, &made).await;
    assert_eq!(store.begin_deletion(&made.id).await.unwrap(), None, "nothing is left to be done");
    assert_eq!(store.deletion(&made.id).await.unwrap(), Some(Deletion { life: BASE.seq, base: Some(BASE) }));
    assert_eq!(store.head(&made.id).await.unwrap(), Head::default());
    let again = Group { name: "Once more".into(), created: made.created + 1, ..made.clone() };
    assert!(store.create_group(&again).await.unwrap());
    assert!(!store.create_group(&made).await.unwrap());
    let anew = Group { base: BASE, version: 5, first: 6, ..again };
    assert_eq!(store.group(&made.id).await.unwrap(), Some(anew));
    assert_eq!(store.deletion(&made.id).await.unwrap(), None);
    let groups = async || store.user(&user("anna")).await.unwrap().unwrap().groups;
    assert_eq!(groups().await, BTreeMap::new());
    store.apply_membership(&made.id, 6, &joined("anna")).await.unwrap();
    assert_eq!(groups().await, BTreeMap::from([(made.id.clone(), 6)]));
    drop(store);
    fixture.reopen().await;
    let stored = fixture.store().group(&made.id).await.unwrap().unwrap();
    assert_eq!((stored.base, stored.version, stored.members.len()), (BASE, 6, 1));
}

pub async fn what_comes_late_of_an_earlier_life_counts_for_nothing(fixture: &mut impl Fixture) {
    let made = lively(fixture).await;
    let store = fixture.store();
    delete(fixture, &made).await;
    assert!(store.create_group(&made).await.unwrap());
    store.apply_membership(&made.id, 6, &joined("anna")).await.unwrap();
    for (seq, change) in [(4, joined("bert")), (5, MembershipChange::Left(vec![user("anna")]))] {
        store.apply_membership(&made.id, seq, &change).await.unwrap();
    }
    let stored = store.group(&made.id).await.unwrap().unwrap();
    assert_eq!(stored.members.iter().map(|member| member.id.as_str()).collect::<Vec<_>>(), ["anna"]);
    assert_eq!(store.user(&user("bert")).await.unwrap(), None);
    // The owner of an earlier time stores what it had read.
    assert_eq!(store.insert(&[said(&made, 4, &cid("late"))]).await.unwrap(), [Inserted::Stored]);
    let by_cid = async || store.event_by_cid(&made.id, &user("anna"), &cid("late")).await.unwrap().map(|e| e.seq);
    assert_eq!(by_cid().await, None);
    let new = [said(&made, 7, &cid("late"))];
    assert_eq!(store.insert(&new).await.unwrap(), [Inserted::Duplicate], "the cid is taken");
    store.sweep_group(&made.id).await.unwrap();
    assert_eq!(store.insert(&new).await.unwrap(), [Inserted::Stored]);
    assert_eq!(by_cid().await, Some(7));
    store.sweep_group(&made.id).await.unwrap();
    assert_eq!(seqs(&store.page(&made.id, Page::After(0, 10)).await.unwrap()), [7]);
}

/// A node finishes what another has finished, and whose group has begun anew.
pub async fn a_late_deletion_leaves_the_next_life_alone(fixture: &mut impl Fixture) {
    let made = lively(fixture).await;
    let store = fixture.store();
    let slow = store.begin_deletion(&made.id).await.unwrap().unwrap();
    delete(fixture, &made).await;
    assert!(store.create_group(&made).await.unwrap());
    store.apply_membership(&made.id, 6, &joined("anna")).await.unwrap();
    store.raise_marks(&[(user("anna"), made.id.clone(), mark(6))]).await.unwrap();
    store.insert(&[text(&made.id, 6)]).await.unwrap();
    let before = store.group(&made.id).await.unwrap();
    for base in [BASE, Base { seq: 900, n: 900 }] {
        store.finish_deletion(&made.id, &slow, base).await.unwrap();
        assert_eq!(store.group(&made.id).await.unwrap(), before);
        assert!(store.user(&user("anna")).await.unwrap().unwrap().is_in(&made.id));
        assert_eq!(marks_of(&store, &user("anna")).await.get(&made.id), Some(&mark(6)));
        assert_eq!(seqs(&store.page(&made.id, Page::After(0, 10)).await.unwrap()), [6]);
    }
}

pub async fn a_group_may_be_deleted_again(fixture: &mut impl Fixture) {
    let made = lively(fixture).await;
    let store = fixture.store();
    delete(fixture, &made).await;
    assert!(store.create_group(&made).await.unwrap());
    store.apply_membership(&made.id, 6, &joined("anna")).await.unwrap();
    store.insert(&[text(&made.id, 6)]).await.unwrap();
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    assert_eq!(deletion, Deletion { life: BASE.seq, base: None });
    let base = Base { seq: 8, n: 5 };
    store.finish_deletion(&made.id, &deletion, base).await.unwrap();
    assert!(store.page(&made.id, Page::After(0, 10)).await.unwrap().is_empty());
    assert!(!store.user(&user("anna")).await.unwrap().unwrap().is_in(&made.id));
    assert!(store.create_group(&made).await.unwrap());
    let stored = store.group(&made.id).await.unwrap().unwrap();
    assert_eq!((stored.base, stored.first), (base, 9));
}

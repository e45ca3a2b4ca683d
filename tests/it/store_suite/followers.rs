//! How far followers have come.

use std::collections::HashMap;

use hubbub::domain::{Base, Group, GroupId, Head, MembershipChange, Role, Seq};
use hubbub::ports::{Deletion, Done, Extent, Store};

use super::Fixture;
use super::sample::{group, user};

fn head(seq: Seq) -> Head {
    Head { seq, n: seq / 2, shown: seq - 1, time: 1_000 + seq as i64 }
}

async fn made(store: &dyn Store) -> Group {
    let made = group(&[]);
    assert!(store.create_group(&made).await.unwrap());
    made
}

/// The extent of a group, where it has one.
async fn extent(store: &dyn Store, id: &GroupId) -> Option<(Seq, Head)> {
    let found = store.extents(std::slice::from_ref(id)).await.unwrap();
    assert!(found.len() <= 1 && found.iter().all(|extent| extent.group == *id), "{found:?}");
    found.first().map(|Extent { first, head, .. }| (*first, *head))
}

pub async fn heads_never_go_back(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let (one, other, unknown) = (made(&*store).await, made(&*store).await, GroupId::random());
    assert_eq!(extent(&*store, &one.id).await, Some((1, Head::default())));
    for seq in [5, 9, 7, 9, 1] {
        store.raise_heads(&[(one.id.clone(), head(seq)), (unknown.clone(), head(seq))]).await.unwrap();
    }
    store.raise_heads(&[]).await.unwrap();
    drop(store);
    fixture.reopen().await;
    let store = fixture.store();
    assert_eq!(extent(&*store, &one.id).await, Some((1, head(9))));
    assert_eq!(extent(&*store, &other.id).await, Some((1, Head::default())));
    assert_eq!(extent(&*store, &unknown).await, None);
    // What else stands in its document changes it not, nor does the head change that.
    let joined = MembershipChange::Joined(vec![user("anna")], Role::Admin);
    store.apply_membership(&one.id, 10, &joined).await.unwrap();
    assert_eq!(extent(&*store, &one.id).await, Some((1, head(9))));
    let stored = store.group(&one.id).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.members.len()), (10, 1));
    let raises = (10..=40u64).map(|seq| {
        let (store, id) = (store.clone(), one.id.clone());
        tokio::spawn(async move { store.raise_heads(&[(id, head(seq))]).await.unwrap() })
    });
    for raise in futures::future::join_all(raises).await {
        raise.unwrap();
    }
    assert_eq!(extent(&*store, &one.id).await, Some((1, head(40))));
}

pub async fn heads_of_two_thousand_groups_at_once(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let mut groups = Vec::new();
    for _ in 0..20 {
        let hundred = (0..100).map(|_| made(&*store));
        groups.extend(futures::future::join_all(hundred).await.into_iter().map(|group| group.id));
    }
    let heads: Vec<_> = groups.iter().zip(1..).map(|(id, seq)| (id.clone(), head(seq))).collect();
    store.raise_heads(&heads).await.unwrap();
    let found = store.extents(&groups).await.unwrap();
    let found: HashMap<GroupId, Head> = found.into_iter().map(|extent| (extent.group, extent.head)).collect();
    assert_eq!(found, heads.into_iter().collect());
}

pub async fn a_deleted_group_has_nothing_up_to_its_head(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = made(&*store).await;
    store.raise_heads(&[(made.id.clone(), head(4))]).await.unwrap();
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    let listed = async || {
        let all = store.extents_after(None, 100).await.unwrap();
        all.into_iter().find(|extent| extent.group == made.id).map(|extent| (extent.first, extent.head))
    };
    assert_eq!((extent(&*store, &made.id).await, listed().await), (None, None), "its deletion is not finished");
    // What an owner that was slow raises counts for nothing.
    store.raise_heads(&[(made.id.clone(), head(5))]).await.unwrap();
    store.finish_deletion(&made.id, &deletion, Base { seq: 6, n: 2 }).await.unwrap();
    assert_eq!((extent(&*store, &made.id).await, listed().await), (Some((7, head(4))), Some((7, head(4)))));
    assert!(store.create_group(&made).await.unwrap());
    assert_eq!(extent(&*store, &made.id).await, Some((7, head(4))));
    // Shown events are numbered anew.
    let anew = Head { shown: 1, ..head(8) };
    store.raise_heads(&[(made.id.clone(), anew)]).await.unwrap();
    assert_eq!(extent(&*store, &made.id).await, Some((7, anew)));
    let again = store.begin_deletion(&made.id).await.unwrap();
    assert_eq!(again, Some(Deletion { life: 6, base: None }));
}

pub async fn extents_are_paged_by_id(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let mut groups = Vec::new();
    for _ in 0..25 {
        groups.push(made(&*store).await.id);
    }
    // Of these one is deleted, and one is about to be.
    let (deleted, marked) = (groups[3].clone(), groups[7].clone());
    let deletion = store.begin_deletion(&deleted).await.unwrap().unwrap();
    store.finish_deletion(&deleted, &deletion, Base { seq: 3, n: 1 }).await.unwrap();
    store.begin_deletion(&marked).await.unwrap();
    groups.retain(|group| *group != marked);
    groups.sort();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.extents_after(after.as_ref(), 10).await.unwrap();
        let is_last = page.len() < 10;
        after = page.last().map(|extent| extent.group.clone());
        found.extend(page);
        if is_last {
            break;
        }
    }
    let ids: Vec<_> = found.iter().map(|extent| extent.group.clone()).collect();
    assert_eq!(ids, groups);
    let first = |id: &GroupId| found.iter().find(|extent| extent.group == *id).unwrap().first;
    assert_eq!((first(&deleted), first(&groups[0])), (4, if groups[0] == deleted { 4 } else { 1 }));
    assert_eq!(store.extents_after(groups.last(), 10).await.unwrap(), []);
    assert_eq!(store.extents_after(None, 0).await.unwrap(), []);
}

pub async fn how_far_a_follower_has_come_never_goes_back(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let (group, other) = (GroupId::random(), GroupId::random());
    let asked = [group.clone(), other.clone()];
    assert_eq!(store.done("search", &asked).await.unwrap(), HashMap::new());
    for (seq, first) in [(5, 1), (3, 4), (5, 2), (0, 0)] {
        store.raise_done("search", &[(group.clone(), Done { seq, first })]).await.unwrap();
    }
    store.raise_done("push", &[(group.clone(), Done { seq: 2, first: 1 })]).await.unwrap();
    store.raise_done("push", &[]).await.unwrap();
    drop(store);
    fixture.reopen().await;
    let store = fixture.store();
    let done = |seq, first| HashMap::from([(group.clone(), Done { seq, first })]);
    assert_eq!(store.done("search", &asked).await.unwrap(), done(5, 4));
    assert_eq!(store.done("push", &asked).await.unwrap(), done(2, 1));
    assert_eq!(store.done("push", &[]).await.unwrap(), HashMap::new());
    let raises = (1..=24u64).map(|number| {
        let (store, group) = (store.clone(), other.clone());
        let done = Done { seq: number, first: 25 - number };
        tokio::spawn(async move { store.raise_done("search", &[(group, done)]).await.unwrap() })
    });
    for raise in futures::future::join_all(raises).await {
        raise.unwrap();
    }
    assert_eq!(store.done("search", &asked).await.unwrap()[&other], Done { seq: 24, first: 24 });
}

pub async fn two_thousand_groups_are_done_at_once(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let done: Vec<_> = (1..=2_000).map(|seq| (GroupId::random(), Done { seq, first: 1 })).collect();
    let groups: Vec<_> = done.iter().map(|(group, _)| group.clone()).collect();
    for _ in 0..2 {
        store.raise_done("retention", &done).await.unwrap();
    }
    assert_eq!(store.done("retention", &groups).await.unwrap(), done.into_iter().collect());
}

pub async fn the_last_commit_number_noted_stands(fixture: &mut impl Fixture) {
    let store = fixture.store();
    assert_eq!(store.covered("search").await.unwrap(), HashMap::new());
    store.set_covered("search", &[(0, 7), (15, 1_764_000_000_000_000)]).await.unwrap();
    store.set_covered("push", &[(0, 9)]).await.unwrap();
    // Numbers begin anew with the backplane.
    store.set_covered("search", &[(0, 3)]).await.unwrap();
    store.set_covered("search", &[]).await.unwrap();
    drop(store);
    fixture.reopen().await;
    let store = fixture.store();
    assert_eq!(store.covered("search").await.unwrap(), HashMap::from([(0, 3), (15, 1_764_000_000_000_000)]));
    assert_eq!(store.covered("push").await.unwrap(), HashMap::from([(0, 9)]));
}

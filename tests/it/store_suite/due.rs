//! What followers are to do later.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use hubbub::domain::{Base, GroupId, Millis, now_ms};
use hubbub::ports::{Claimed, Due};

use super::Fixture;
use super::sample::group;
use crate::support::eventually;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3_600);

fn due(group: &GroupId, window: u64, at: Millis) -> Due {
    Due { follower: "push".into(), group: group.clone(), window, at, seq: window }
}

fn windows(claims: &[Claimed]) -> Vec<u64> {
    claims.iter().map(|claimed| claimed.due.window).collect()
}

pub async fn the_first_plan_stands(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let (id, later) = (GroupId::random(), now_ms() + 3_600_000);
    let first = due(&id, 1, 1_000);
    store.plan(&[first.clone(), due(&id, 2, later)]).await.unwrap();
    // The same again, otherwise, and twice in one call.
    let again = due(&id, 3, 3_000);
    store.plan(&[due(&id, 1, later), due(&id, 2, 1), again.clone(), due(&id, 3, later)]).await.unwrap();
    store.plan(&[]).await.unwrap();
    drop(store);
    fixture.reopen().await;
    let store = fixture.store();
    let claimed = store.claim("push", 10, LONG).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.due.clone()).collect::<Vec<_>>(), [first, again]);
    // While it is being done it is planned already; once it is settled it may be planned anew.
    store.plan(&[due(&id, 1, 2)]).await.unwrap();
    assert_eq!(store.claim("push", 10, LONG).await.unwrap(), []);
    store.settle(&claimed).await.unwrap();
    store.plan(&[due(&id, 1, 2)]).await.unwrap();
    assert_eq!(windows(&store.claim("push", 10, LONG).await.unwrap()), [1]);
    // Of another follower, and a window of all its bits.
    let other = Due { follower: "digest".into(), ..due(&id, u64::MAX, 5) };
    let other = Due { seq: 0, ..other };
    store.plan(std::slice::from_ref(&other)).await.unwrap();
    assert_eq!(store.claim("digest", 10, LONG).await.unwrap()[0].due, other);
}

pub async fn what_is_due_is_claimed_earliest_first(fixture: &mut impl Fixture) {
    let store = fixture.store();
    assert_eq!(store.overdue("push").await.unwrap(), (0, Duration::ZERO));
    let (id, later) = (GroupId::random(), now_ms() + 3_600_000);
    let entries = [due(&id, 1, 3_000), due(&id, 2, 1_000), due(&id, 3, later), due(&id, 4, 2_000)];
    store.plan(&entries).await.unwrap();
    let (count, waited) = store.overdue("push").await.unwrap();
    assert!(count == 3 && waited > LONG, "{count} {waited:?}");
    let first = store.claim("push", 2, LONG).await.unwrap();
    assert_eq!(windows(&first), [2, 4]);
    assert_eq!(store.overdue("push").await.unwrap().0, 1);
    assert_eq!(windows(&store.claim("push", 2, LONG).await.unwrap()), [1]);
    assert_eq!(store.overdue("push").await.unwrap(), (0, Duration::ZERO));
    assert_eq!(store.claim("push", 0, LONG).await.unwrap(), []);
    assert_eq!(store.claim("search", 2, LONG).await.unwrap(), []);
    store.settle(&first).await.unwrap();
    store.settle(&first).await.unwrap();
    store.settle(&[]).await.unwrap();
}

pub async fn of_many_who_claim_each_gets_others(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let id = GroupId::random();
    let entries: Vec<_> = (0..200).map(|window| due(&id, window, 1 + window as i64)).collect();
    store.plan(&entries).await.unwrap();
    let claimers = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut all = Vec::new();
            loop {
                let claimed = store.claim("push", 7, LONG).await.unwrap();
                if claimed.is_empty() {
                    return all;
                }
                assert!(claimed.len() <= 7);
                store.settle(&claimed[..1]).await.unwrap();
                all.extend(windows(&claimed));
            }
        })
    });
    let mut all: Vec<u64> = Vec::new();
    for claimed in join_all(claimers).await {
        all.extend(claimed.unwrap());
    }
    let distinct: BTreeSet<u64> = all.iter().copied().collect();
    assert_eq!((all.len(), distinct.len()), (200, 200), "none twice, and none left out");
}

pub async fn a_claim_ends(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let id = GroupId::random();
    store.plan(&[due(&id, 1, 1)]).await.unwrap();
    let first = store.claim("push", 5, Duration::from_millis(50)).await.unwrap();
    assert_eq!(windows(&first), [1]);
    let second = eventually("the claim ends", async || {
        let claimed = store.claim("push", 5, LONG).await.unwrap();
        if claimed.is_empty() { Err("still held") } else { Ok(claimed) }
    })
    .await;
    assert_eq!(second[0].due, first[0].due);
    assert_ne!(second[0].claim, first[0].claim);
    // The first one was too slow: what it did is done again, and its settling settles nothing.
    store.settle(&first).await.unwrap();
    store.plan(&[due(&id, 1, 1)]).await.unwrap();
    assert_eq!(store.claim("push", 5, LONG).await.unwrap(), []);
    store.settle(&second).await.unwrap();
    store.plan(&[due(&id, 1, 9)]).await.unwrap();
    assert_eq!(store.claim("push", 5, LONG).await.unwrap()[0].due.at, 9);
}

pub async fn what_is_due_goes_with_its_group(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let (made, other) = (group(&[]), GroupId::random());
    assert!(store.create_group(&made).await.unwrap());
    let silent = Due { seq: 0, ..due(&made.id, 2, 1) };
    store.plan(&[due(&made.id, 1, 1), silent, due(&other, 3, 1)]).await.unwrap();
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    store.finish_deletion(&made.id, &deletion, Base { seq: 6, n: 2 }).await.unwrap();
    assert_eq!(windows(&store.claim("push", 10, LONG).await.unwrap()), [3]);
}

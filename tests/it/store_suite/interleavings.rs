//! Membership changes that come again and late end as if each had come once and in order.

use hubbub::domain::{MembershipChange, Role, UserId};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::Fixture;
use super::sample::{group, user};

const PEOPLE: [&str; 4] = ["anna", "bert", "cleo", "d.e|f@g"];

/// Changes in order, and after which of them which earlier ones come again.
#[derive(Debug)]
struct History {
    changes: Vec<MembershipChange>,
    repeats: Vec<(usize, usize)>,
}

fn people() -> impl Strategy<Value = Vec<UserId>> {
    proptest::sample::subsequence(PEOPLE.to_vec(), 1..=PEOPLE.len())
        .prop_map(|names| names.into_iter().map(user).collect())
}

fn change() -> impl Strategy<Value = MembershipChange> {
    let role = prop_oneof![Just(Role::Admin), Just(Role::Member)];
    prop_oneof![
        3 => (people(), role.clone()).prop_map(|(users, role)| MembershipChange::Joined(users, role)),
        2 => people().prop_map(MembershipChange::Left),
        1 => (people(), role).prop_map(|(users, role)| MembershipChange::Role(users, role)),
    ]
}

fn history() -> impl Strategy<Value = History> {
    let repeats = proptest::collection::vec((0..12usize, 0..12usize), 0..12);
    (proptest::collection::vec(change(), 1..12), repeats).prop_map(|(changes, repeats)| History { changes, repeats })
}

pub async fn repeats_and_disorder_end_equal(fixture: &mut impl Fixture) {
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..24 {
        let history = history().new_tree(&mut runner).expect("the strategy rejects nothing").current();
        check(fixture, &history).await;
    }
}

async fn check(fixture: &impl Fixture, history: &History) {
    let store = fixture.store();
    let mut expected = group(&[]);
    let id = expected.id.clone();
    assert!(store.create_group(&expected).await.unwrap());
    for (index, change) in history.changes.iter().enumerate() {
        store.apply_membership(&id, index as u64 + 1, change).await.unwrap();
        expected.apply(index as u64 + 1, change);
        let again = history.repeats.iter().filter(|(after, _)| *after == index);
        let late = again
            .map(|(_, which)| which % (index + 1))
            .map(|which| store.apply_membership(&id, which as u64 + 1, &history.changes[which]));
        // All at once: a replaced owner and its successor do not wait for each other.
        for answer in futures::future::join_all(late).await {
            answer.unwrap();
        }
    }
    assert_eq!(store.group(&id).await.unwrap().as_ref(), Some(&expected), "{history:?}");
    for name in PEOPLE {
        let listed = store.user(&user(name)).await.unwrap().is_some_and(|user| user.is_in(&id));
        assert_eq!(listed, expected.member(&user(name)).is_some(), "{name} in {history:?}");
    }
}

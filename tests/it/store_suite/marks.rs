//! Read marks.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::join_all;
use hubbub::domain::{GroupId, Mark, UserId};
use hubbub::ports::Store;

use super::Fixture;
use super::sample::user;

fn mark(read: u64, n: u64, delivered: u64) -> Mark {
    Mark { read, n, delivered }
}

/// One user's marks.
pub async fn marks_of(store: &Arc<dyn Store>, user: &UserId) -> HashMap<GroupId, Mark> {
    store.marks(std::slice::from_ref(user)).await.unwrap().remove(user).unwrap_or_default()
}

pub async fn marks_never_go_back(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let (anna, group, other) = (user("a.n|n@a"), GroupId::random(), GroupId::random());
    assert!(marks_of(&store, &anna).await.is_empty());
    for raised in [mark(5, 3, 5), mark(4, 2, 9), mark(2, 1, 1), Mark::default()] {
        store.raise_marks(&[(anna.clone(), group.clone(), raised)]).await.unwrap();
    }
    store.raise_marks(&[(anna.clone(), other.clone(), mark(1, 0, 0))]).await.unwrap();
    let expected = HashMap::from([(group, mark(5, 3, 9)), (other, mark(1, 0, 0))]);
    assert_eq!(marks_of(&store, &anna).await, expected);
    assert!(marks_of(&store, &user("bert")).await.is_empty());
}

pub async fn marks_raised_at_once_keep_the_greatest(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let groups: Vec<GroupId> = (0..4).map(|_| GroupId::random()).collect();
    let raises = (1..=24u64).map(|number| {
        let (store, group) = (store.clone(), groups[number as usize % 4].clone());
        let raised = mark(number, 100 - number, number);
        tokio::spawn(async move { store.raise_marks(&[(user("anna"), group, raised)]).await.unwrap() })
    });
    for raise in join_all(raises).await {
        raise.unwrap();
    }
    let marks = marks_of(&store, &user("anna")).await;
    for (index, group) in groups.iter().enumerate() {
        let least = if index == 0 { 4 } else { index as u64 };
        let greatest = 20 + least;
        assert_eq!(marks.get(group), Some(&mark(greatest, 100 - least, greatest)), "{index}");
    }
}

pub async fn marks_of_many_at_once(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let groups = [GroupId::random(), GroupId::random()];
    let mut marks = Vec::new();
    for number in 1..=300u64 {
        for group in &groups {
            marks.push((user(&format!("user{number}")), group.clone(), mark(number, number, number)));
        }
    }
    // The same user and group twice in one call: the greater stands.
    marks.push((user("user7"), groups[0].clone(), mark(9, 2, 2)));
    store.raise_marks(&marks).await.unwrap();
    store.raise_marks(&[]).await.unwrap();
    let of_seven = marks_of(&store, &user("user7")).await;
    assert_eq!(of_seven[&groups[0]], mark(9, 7, 7));
    assert_eq!(of_seven[&groups[1]], mark(7, 7, 7));
    assert_eq!(marks_of(&store, &user("user300")).await.len(), 2);
}

pub async fn marks_in_one_group(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let [group, other] = [GroupId::random(), GroupId::random()];
    let users: Vec<UserId> = (0..300).map(|number| user(&format!("a.n|n@{number}"))).collect();
    let marks = users.iter().enumerate().flat_map(|(number, user)| {
        let number = number as u64;
        let of_other = (user.clone(), other.clone(), mark(number, number, number));
        let of_group = (user.clone(), group.clone(), mark(number, 1, number + 1));
        // Of every third nothing is known in the group.
        [Some(of_other), (!number.is_multiple_of(3)).then_some(of_group)].into_iter().flatten()
    });
    store.raise_marks(&marks.collect::<Vec<_>>()).await.unwrap();
    let asked: Vec<UserId> = users.iter().skip(1).cloned().chain([user("nobody")]).collect();
    let found = store.marks_in(&group, &asked).await.unwrap();
    assert_eq!((found.len(), found.get(&users[7])), (200, Some(&mark(7, 1, 8))));
    assert!(!found.contains_key(&users[9]) && !found.contains_key(&user("nobody")));
    assert!(store.marks_in(&group, &[]).await.unwrap().is_empty());
    assert!(store.marks_in(&GroupId::random(), &asked).await.unwrap().is_empty());
}

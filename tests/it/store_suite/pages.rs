//! Pages, heads and retention.

use hubbub::domain::{Event, GroupId, Head, Seq, Traits};
use hubbub::ports::Page;

use super::Fixture;
use super::sample::{EPOCH, group, seqs, text, texts};

pub async fn pages_end_at_every_edge(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    store.insert(&texts(&group, 12)).await.unwrap();
    let cases: &[(Page, std::ops::RangeInclusive<Seq>)] = &[
        (Page::Before(Seq::MAX, 5), 8..=12),
        (Page::Before(Seq::MAX, 12), 1..=12),
        (Page::Before(Seq::MAX, 13), 1..=12),
        (Page::Before(13, 3), 10..=12),
        (Page::Before(12, 3), 9..=11),
        (Page::Before(3, 5), 1..=2),
        (Page::Before(2, 1), 1..=1),
        (Page::After(0, 5), 1..=5),
        (Page::After(0, 200), 1..=12),
        (Page::After(9, 3), 10..=12),
        (Page::After(10, 3), 11..=12),
        (Page::After(11, 1), 12..=12),
    ];
    for (page, expected) in cases {
        let found = seqs(&store.page(&group, *page).await.unwrap());
        assert_eq!(found, expected.clone().collect::<Vec<_>>(), "{page:?}");
    }
    let empty = [
        Page::Before(1, 5),
        Page::Before(0, 5),
        Page::After(12, 5),
        Page::After(1000, 5),
        Page::After(Seq::MAX, 5),
        Page::Before(Seq::MAX, 0),
        Page::After(0, 0),
    ];
    for page in empty {
        assert!(store.page(&group, page).await.unwrap().is_empty(), "{page:?}");
    }
}

pub async fn pages_of_one_group_hold_no_other(fixture: &mut impl Fixture) {
    let store = fixture.store();
    // Neighbours in any order by id.
    let ids: Vec<GroupId> =
        ["a", "b", "c"].map(|end| GroupId::parse(&format!("{}{end}", "a".repeat(25))).unwrap()).to_vec();
    for id in &ids {
        store.insert(&texts(id, 3)).await.unwrap();
    }
    for id in &ids {
        for page in [Page::Before(Seq::MAX, 10), Page::After(0, 10)] {
            let events: Vec<Event> = store.page(id, page).await.unwrap();
            assert_eq!(seqs(&events), [1, 2, 3]);
            assert!(events.iter().all(|event| event.group == *id));
        }
    }
}

/// What is not shown is in no such page, however much of it there is, and takes no place.
pub async fn shown_events_are_found_by_their_number(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    let numbered = |seq: Seq| Event { shown: seq.div_ceil(3), ..text(&group, seq) };
    let hidden = |seq: Seq| Event { traits: Traits::default(), ..numbered(seq) };
    let events: Vec<_> = (1..=30).map(|seq| if seq % 3 == 1 { numbered(seq) } else { hidden(seq) }).collect();
    store.insert(&events).await.unwrap();
    for (below, limit, seqs_there) in
        [(11, 3, vec![22, 25, 28]), (8, 3, vec![13, 16, 19]), (2, 3, vec![1]), (1, 3, vec![]), (u64::MAX, 1, vec![28])]
    {
        let page = store.page(&group, Page::Shown(below, limit)).await.unwrap();
        assert_eq!(seqs(&page), seqs_there, "{below}");
    }
    let elsewhere = store.page(&GroupId::random(), Page::Shown(u64::MAX, 3)).await.unwrap();
    assert_eq!(elsewhere, []);
}

pub async fn head_is_the_newest(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    assert_eq!(store.head(&group).await.unwrap(), Head::default());
    // Through every number of digits, and beyond what 32 bits hold.
    for seq in [1, 2, 9, 10, 99, 100, 4_294_967_296, (1 << 53) - 1] {
        store.insert(&[text(&group, seq)]).await.unwrap();
        let head = Head { seq, n: seq, shown: seq, time: EPOCH + seq as i64 * 1000 };
        assert_eq!(store.head(&group).await.unwrap(), head);
        let newest = store.page(&group, Page::Before(Seq::MAX, 1)).await.unwrap();
        assert_eq!(seqs(&newest), [seq]);
    }
    assert_eq!(store.head(&GroupId::random()).await.unwrap(), Head::default());
}

pub async fn expire_keeps_the_newest(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let group = group(&["anna"]);
    assert!(store.create_group(&group).await.unwrap());
    assert_eq!(store.expire(&group.id, i64::MAX).await.unwrap(), 0);
    store.insert(&texts(&group.id, 30)).await.unwrap();
    let before = store.head(&group.id).await.unwrap();
    assert_eq!(store.expire(&group.id, i64::MAX).await.unwrap(), 29);
    assert_eq!(store.head(&group.id).await.unwrap(), before);
    assert_eq!(store.group(&group.id).await.unwrap().unwrap().first, 30);
    assert_eq!(store.expire(&group.id, i64::MAX).await.unwrap(), 0);
    assert_eq!(seqs(&store.page(&group.id, Page::After(0, 100)).await.unwrap()), [30]);
}

pub async fn expire_leaves_no_holes(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let group = group(&["anna"]);
    assert!(store.create_group(&group).await.unwrap());
    let other = GroupId::random();
    store.insert(&texts(&other, 3)).await.unwrap();
    let mut events = texts(&group.id, 6);
    // A clock that went back: 5 is older than 3 and 4, but comes after them.
    events[4].time = EPOCH;
    store.insert(&events).await.unwrap();
    assert_eq!(store.expire(&group.id, events[2].time).await.unwrap(), 2);
    assert_eq!(seqs(&store.page(&group.id, Page::After(0, 10)).await.unwrap()), [3, 4, 5, 6]);
    assert_eq!(store.group(&group.id).await.unwrap().unwrap().first, 3);
    // An earlier time does not bring anything back.
    assert_eq!(store.expire(&group.id, 0).await.unwrap(), 0);
    assert_eq!(store.group(&group.id).await.unwrap().unwrap().first, 3);
    assert_eq!(store.page(&other, Page::After(0, 10)).await.unwrap().len(), 3);
}

pub async fn pages_start_where_retention_ends(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let group = group(&["anna"]);
    assert!(store.create_group(&group).await.unwrap());
    let events = texts(&group.id, 1500);
    store.insert(&events).await.unwrap();
    assert_eq!(store.expire(&group.id, events[1399].time).await.unwrap(), 1399);
    let page = |page| store.page(&group.id, page);
    assert_eq!(seqs(&page(Page::After(0, 3)).await.unwrap()), [1400, 1401, 1402]);
    assert_eq!(seqs(&page(Page::After(700, 3)).await.unwrap()), [1400, 1401, 1402]);
    assert_eq!(seqs(&page(Page::Before(1402, 5)).await.unwrap()), [1400, 1401]);
    assert!(page(Page::Before(1400, 5)).await.unwrap().is_empty());
}

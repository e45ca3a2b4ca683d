//! Reactions: in any order, again and late; and who they are of.

use std::collections::HashSet;

use hubbub::domain::{Base, Change, Effect, Emoji, Event, GroupId, Reaction, ReactionKey, Seq, Switch};
use hubbub::ports::{Page, ReactionPage, Store};

use super::Fixture;
use super::sample::{group, seqs, text, texts, user};

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).unwrap()
}

/// What a user does to an event by the event `by`, after which so many react alike.
fn react(group: &GroupId, target: Seq, by: Seq, (name, with, on): (&str, &str, bool), count: u64) -> Effect {
    let reaction = Reaction { user: user(name), emoji: emoji(with), switch: Switch::set(by, on), count };
    Effect { group: group.clone(), target, change: Change::React(reaction) }
}

fn key(group: &GroupId, target: Seq, name: &str, with: &str) -> ReactionKey {
    ReactionKey { group: group.clone(), target, emoji: emoji(with), user: user(name) }
}

fn shown(event: &Event) -> Vec<(&str, u64)> {
    event.state.reactions.shown().iter().map(|tally| (tally.emoji.as_str(), tally.count)).collect()
}

/// All who react, page by page.
async fn reactors(store: &dyn Store, group: &GroupId, target: Seq, only: Option<&str>, limit: usize) -> Vec<String> {
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = ReactionPage { group: group.clone(), target, emoji: only.map(emoji), after, limit };
        let found = store.reactors(&page).await.unwrap();
        listed.extend(found.iter().map(|one| format!("{} {} {}", one.emoji, one.user, one.seq)));
        match found.last() {
            Some(last) if found.len() == limit => after = Some((last.emoji.clone(), last.user.clone())),
            _ => return listed,
        }
    }
}

pub async fn the_greatest_seq_decides_for_each_user_and_emoji(fixture: &mut impl Fixture) {
    let (store, group, other) = (fixture.store(), GroupId::random(), GroupId::random());
    store.insert(&texts(&group, 2)).await.unwrap();
    let effects = [
        react(&group, 1, 5, ("anna", "👍", true), 1),
        react(&group, 1, 6, ("bert", "👍", true), 2),
        react(&group, 1, 9, ("anna", "👍", false), 1),
        react(&group, 1, 8, ("anna", "❤️", true), 1),
        react(&group, 1, 7, ("anna", ":x_y:", true), 1),
    ];
    store.apply_effects(&effects).await.unwrap();
    for late in effects.iter().rev() {
        store.apply_effects(std::slice::from_ref(late)).await.unwrap();
    }
    let asked = [
        key(&group, 1, "anna", "👍"),
        key(&group, 1, "bert", "👍"),
        key(&group, 1, "anna", "❤️"),
        key(&group, 2, "bert", "👍"),
        key(&other, 1, "bert", "👍"),
    ];
    let standing = store.reacted(&asked).await.unwrap();
    assert_eq!(standing, HashSet::from([asked[1].clone(), asked[2].clone()]));
    assert!(store.reacted(&[]).await.unwrap().is_empty());
    let of = |group: &GroupId, target, with| (group.clone(), target, emoji(with));
    let counted =
        [of(&group, 1, "👍"), of(&group, 1, "❤️"), of(&group, 1, "🎉"), of(&group, 2, "👍"), of(&other, 1, "👍")];
    assert_eq!(store.reaction_counts(&counted).await.unwrap(), [1, 1, 0, 0, 0]);
    drop(store);
    fixture.reopen().await;
    assert_eq!(fixture.store().reaction_counts(&counted[..1]).await.unwrap(), [1]);
}

pub async fn tallies_stand_with_their_events(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    store.insert(&texts(&group, 3)).await.unwrap();
    let effects = [
        react(&group, 1, 5, ("anna", "🎉", true), 1),
        react(&group, 1, 6, ("anna", "👍", true), 1),
        react(&group, 1, 7, ("bert", "👍", true), 2),
        react(&group, 2, 8, ("bert", "👍", true), 1),
        react(&group, 2, 9, ("bert", "👍", false), 0),
        react(&group, 7, 10, ("bert", "👍", true), 1),
    ];
    // Late ones first.
    for effect in effects.iter().rev().chain(&effects) {
        store.apply_effects(std::slice::from_ref(effect)).await.unwrap();
    }
    store.apply_effects(&effects).await.unwrap();
    let first = [("🎉", 1), ("👍", 2)];
    for page in [Page::After(0, 10), Page::Shown(10, 10), Page::Before(4, 10)] {
        let events = store.page(&group, page).await.unwrap();
        assert_eq!(seqs(&events), [1, 2, 3]);
        assert_eq!((shown(&events[0]), shown(&events[1])), (first.to_vec(), vec![]), "{page:?}");
        assert!(!events[0].state.reactions.is_for_reader(), "whose they are is not the store's to say");
    }
    assert_eq!(shown(&store.event(&group, 1).await.unwrap().unwrap()), first);
    assert_eq!(shown(&store.events(&[(group.clone(), 1)]).await.unwrap()[0]), first);
    assert!(store.event(&group, 7).await.unwrap().is_none());
}

pub async fn those_who_react_are_listed_page_by_page(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    store.insert(&texts(&group, 2)).await.unwrap();
    let names: Vec<String> = (0..25).map(|number| format!("a.n|n@{number:02}")).collect();
    let mut effects = Vec::new();
    for (number, name) in (0u64..).zip(&names) {
        effects.push(react(&group, 1, 10 + number, (name.as_str(), "👍", true), number + 1));
        effects.push(react(&group, 1, 50 + number, (name.as_str(), "👍🏽", number % 5 > 0), 1));
        effects.push(react(&group, 2, 90 + number, (name.as_str(), "👍", true), number + 1));
    }
    store.apply_effects(&effects).await.unwrap();
    let plain: Vec<String> = (10..).zip(&names).map(|(by, name)| format!("👍 {name} {by}")).collect();
    let dark: Vec<String> =
        (50..).zip(&names).filter(|(by, _)| by % 5 > 0).map(|(by, name)| format!("👍🏽 {name} {by}")).collect();
    for limit in [1, 7, 100] {
        assert_eq!(reactors(&*store, &group, 1, None, limit).await, [plain.clone(), dark.clone()].concat(), "{limit}");
        assert_eq!(reactors(&*store, &group, 1, Some("👍"), limit).await, plain, "{limit}");
        assert_eq!(reactors(&*store, &group, 1, Some("👍🏽"), limit).await, dark, "{limit}");
    }
    assert!(reactors(&*store, &group, 1, Some("🎉"), 7).await.is_empty());
    assert!(reactors(&*store, &group, 3, None, 7).await.is_empty());
}

pub async fn ten_thousand_reactions_page_like_another(fixture: &mut impl Fixture) {
    let (store, group) = (fixture.store(), GroupId::random());
    store.insert(&texts(&group, 2)).await.unwrap();
    let all: Vec<Effect> = (0..10_000u64)
        .map(|number| {
            react(
                &group,
                1,
                10 + number,
                (format!("user{number:05}").as_str(), [":a:", ":b:"][number as usize % 2], true),
                number / 2 + 1,
            )
        })
        .collect();
    for some in all.chunks(1_000) {
        store.apply_effects(some).await.unwrap();
    }
    let counted = [(group.clone(), 1, emoji(":a:")), (group.clone(), 1, emoji(":b:"))];
    assert_eq!(store.reaction_counts(&counted).await.unwrap(), [5_000, 5_000]);
    let page = store.page(&group, Page::After(0, 10)).await.unwrap();
    assert_eq!(shown(&page[0]), [(":a:", 5_000), (":b:", 5_000)]);
    let last = ReactionPage {
        group: group.clone(),
        target: 1,
        emoji: Some(emoji(":b:")),
        after: Some((emoji(":b:"), user("user09997"))),
        limit: 200,
    };
    let found = store.reactors(&last).await.unwrap();
    assert_eq!(found.iter().map(|one| one.user.as_str()).collect::<Vec<_>>(), ["user09999"]);
}

pub async fn what_is_removed_leaves_no_reaction(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let made = group(&["anna"]);
    store.create_group(&made).await.unwrap();
    let mut events = texts(&made.id, 4);
    events.iter_mut().for_each(|event| event.time = event.seq as i64);
    store.insert(&events).await.unwrap();
    let on = [1, 4].map(|target| react(&made.id, target, 5 + target, ("anna", "👍", true), 1));
    store.apply_effects(&on).await.unwrap();
    let keys = [1, 4, 11].map(|target| key(&made.id, target, "anna", "👍"));
    assert_eq!(store.reacted(&keys).await.unwrap().len(), 2);
    store.expire(&made.id, 3).await.unwrap();
    assert_eq!(store.reacted(&keys).await.unwrap(), HashSet::from([keys[1].clone()]));
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    store.finish_deletion(&made.id, &deletion, Base { seq: 10, n: 4 }).await.unwrap();
    assert!(store.reacted(&keys).await.unwrap().is_empty());
    // A life to come begins without any.
    assert!(store.create_group(&made).await.unwrap());
    store.insert(&[text(&made.id, 11)]).await.unwrap();
    assert!(shown(&store.event(&made.id, 11).await.unwrap().unwrap()).is_empty());
}

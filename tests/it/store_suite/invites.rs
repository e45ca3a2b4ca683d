//! Invites: open until they end, and used no more often than they may be.

use futures::future::join_all;
use hubbub::domain::{Base, Group, Invite, InviteId, Millis, now_ms};

use super::Fixture;
use super::sample::{group, user};

/// Far from every clock.
const LATER: Millis = 4_000_000_000_000;

fn invite(group: &Group, token: &str) -> Invite {
    Invite {
        id: InviteId::of(token),
        group: group.id.clone(),
        life: group.base.seq,
        by: user("anna"),
        created: now_ms(),
        expires: None,
        uses: None,
        used: 0,
    }
}

pub async fn an_invite_is_kept_until_it_is_ended(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let (made, other) = (group(&["anna"]), group(&["anna"]));
    let first = Invite { expires: Some(LATER), uses: Some(3), created: 1, ..invite(&made, "first") };
    let second = Invite { created: 2, ..invite(&made, "second") };
    for invite in [&second, &first, &invite(&other, "other")] {
        assert!(store.add_invite(invite, 10).await.unwrap());
    }
    assert_eq!(store.invites(&made.id).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(store.invite(&first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.invite(&InviteId::of("unheard of")).await.unwrap(), None);
    drop(store);
    fixture.reopen().await;
    let store = fixture.store();
    store.remove_invite(&other.id, &first.id).await.unwrap();
    assert_eq!(store.invite(&first.id).await.unwrap(), Some(first.clone()), "it is another group's");
    store.remove_invite(&made.id, &first.id).await.unwrap();
    store.remove_invite(&made.id, &first.id).await.unwrap();
    assert_eq!(store.invite(&first.id).await.unwrap(), None);
    assert!(!store.use_invite(&first.id).await.unwrap());
    assert_eq!(store.invites(&made.id).await.unwrap(), [second]);
}

pub async fn nobody_uses_one_that_has_ended(fixture: &mut impl Fixture) {
    let (store, made) = (fixture.store(), group(&["anna"]));
    let past = Invite { expires: Some(1), ..invite(&made, "past") };
    let ahead = Invite { expires: Some(LATER), uses: Some(2), ..invite(&made, "ahead") };
    for invite in [&past, &ahead] {
        assert!(store.add_invite(invite, 10).await.unwrap());
    }
    assert_eq!((store.invite(&past.id).await.unwrap(), store.use_invite(&past.id).await.unwrap()), (None, false));
    assert_eq!(store.invites(&made.id).await.unwrap(), std::slice::from_ref(&ahead));
    let uses = join_all((0..12).map(|_| {
        let (store, id) = (store.clone(), ahead.id.clone());
        tokio::spawn(async move { store.use_invite(&id).await.unwrap() })
    }));
    let used = uses.await.into_iter().filter(|used| *used.as_ref().unwrap()).count();
    assert_eq!(used, 2, "one use more is never given");
    assert_eq!(store.invite(&ahead.id).await.unwrap(), None);
    store.return_use(&ahead.id).await.unwrap();
    assert_eq!(store.invite(&ahead.id).await.unwrap(), Some(Invite { used: 1, ..ahead.clone() }));
    assert!(store.use_invite(&ahead.id).await.unwrap() && !store.use_invite(&ahead.id).await.unwrap());
    let endless = invite(&made, "endless");
    assert!(store.add_invite(&endless, 1).await.unwrap(), "those that ended make room");
    assert!(store.use_invite(&endless.id).await.unwrap() && store.use_invite(&endless.id).await.unwrap());
    assert_eq!(store.invite(&endless.id).await.unwrap().unwrap().used, 2);
    assert!(!store.add_invite(&invite(&made, "more"), 1).await.unwrap());
    assert_eq!(store.invite(&InviteId::of("more")).await.unwrap(), None);
}

pub async fn invites_go_with_their_group(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let (made, other) = (group(&["anna"]), group(&["anna"]));
    for group in [&made, &other] {
        assert!(store.create_group(group).await.unwrap());
        assert!(store.add_invite(&invite(group, group.id.as_str()), 10).await.unwrap());
    }
    let deletion = store.begin_deletion(&made.id).await.unwrap().unwrap();
    store.finish_deletion(&made.id, &deletion, Base { seq: 6, n: 0 }).await.unwrap();
    assert!(store.invites(&made.id).await.unwrap().is_empty());
    assert_eq!(store.invites(&other.id).await.unwrap().len(), 1);
    assert!(store.create_group(&made).await.unwrap());
    let anew = Invite { life: 6, ..invite(&made, "anew") };
    assert!(store.add_invite(&anew, 10).await.unwrap());
    // Another finishes the old deletion late.
    store.finish_deletion(&made.id, &deletion, Base { seq: 9, n: 0 }).await.unwrap();
    assert_eq!(store.invites(&made.id).await.unwrap(), [anew]);
}

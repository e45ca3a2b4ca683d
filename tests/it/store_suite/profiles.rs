//! What users say of themselves.

use hubbub::domain::{Details, DetailsPatch, MembershipChange, Patch, Role, Status};
use hubbub::ports::StoreError;
use serde_json::json;

use super::Fixture;
use super::sample::{group, profile, user};

/// An edit of everything.
fn everything() -> DetailsPatch {
    let settings =
        json!({"theme": {"$dark": [true, null, 2.5]}, "a.b": "", "": 9_007_199_254_740_993_u64, "z": 1, "c": 2});
    DetailsPatch {
        email: Patch::Set("anna@example.org".into()),
        phone: Patch::Set("+351 22".into()),
        about: Patch::Set("one\ntwo 🫖".into()),
        time_zone: Patch::Set("Europe/Lisbon".into()),
        status: Patch::Set(Status { emoji: Some("🫖".into()), text: Some("tea".into()), until: Some(7) }),
        settings: Patch::Set(settings.as_object().cloned().unwrap()),
    }
}

fn of(edit: DetailsPatch) -> Details {
    let mut details = Details::default();
    details.apply(edit);
    details
}

pub async fn details_are_edited_field_by_field(fixture: &mut impl Fixture) {
    let store = fixture.store();
    let anna = user("a.n|n@a");
    store.ensure_user(&anna, &profile("anna", "Anna")).await.unwrap();
    store.ensure_user(&user("bert"), &profile("bert", "Bert")).await.unwrap();
    assert_eq!(store.details(&anna).await.unwrap(), Details::default());
    store.edit_details(&anna, &everything()).await.unwrap();
    let mut expected = of(everything());
    assert_eq!(store.details(&anna).await.unwrap(), expected);
    let text = |details: &Details| serde_json::to_string(&details.settings).unwrap();
    assert_eq!(text(&store.details(&anna).await.unwrap()), text(&expected), "in the order of before");
    let fewer = DetailsPatch {
        email: Patch::Clear,
        about: Patch::Set("new".into()),
        status: Patch::Set(Status { text: Some("x".into()), ..Status::default() }),
        settings: Patch::Clear,
        ..DetailsPatch::default()
    };
    for _ in 0..2 {
        store.edit_details(&anna, &fewer).await.unwrap();
        store.edit_details(&anna, &DetailsPatch::default()).await.unwrap();
        expected.apply(fewer.clone());
        assert_eq!(store.details(&anna).await.unwrap(), expected);
    }
    assert_eq!(store.details(&user("bert")).await.unwrap(), Details::default());
    drop(store);
    fixture.reopen().await;
    assert_eq!(fixture.store().details(&anna).await.unwrap(), expected);
}

pub async fn fields_edited_at_once_all_arrive(fixture: &mut impl Fixture) {
    let store = fixture.store();
    store.ensure_user(&user("anna"), &profile("anna", "Anna")).await.unwrap();
    let DetailsPatch { email, phone, about, time_zone, status, settings } = everything();
    let edits = [
        DetailsPatch { email, ..DetailsPatch::default() },
        DetailsPatch { phone, ..DetailsPatch::default() },
        DetailsPatch { about, ..DetailsPatch::default() },
        DetailsPatch { time_zone, ..DetailsPatch::default() },
        DetailsPatch { status, ..DetailsPatch::default() },
        DetailsPatch { settings, ..DetailsPatch::default() },
    ];
    let edits = edits.map(|edit| {
        let store = store.clone();
        tokio::spawn(async move { store.edit_details(&user("anna"), &edit).await.unwrap() })
    });
    for edit in edits {
        edit.await.unwrap();
    }
    assert_eq!(store.details(&user("anna")).await.unwrap(), of(everything()));
}

pub async fn who_is_not_there_or_deleted_has_no_details(fixture: &mut impl Fixture) {
    let store = fixture.store();
    for name in ["anna", "bert"] {
        store.ensure_user(&user(name), &profile(name, name)).await.unwrap();
        store.edit_details(&user(name), &everything()).await.unwrap();
    }
    for _ in 0..2 {
        store.delete_user(&user("anna")).await.unwrap();
        for name in ["anna", "nobody"] {
            let refused = store.edit_details(&user(name), &everything()).await;
            assert!(matches!(refused, Err(StoreError::Refused(_))), "{name}: {refused:?}");
            assert_eq!(store.details(&user(name)).await.unwrap(), Details::default(), "{name}");
        }
    }
    store.set_banned(&user("bert"), true).await.unwrap();
    assert_eq!(store.details(&user("bert")).await.unwrap(), of(everything()), "who is banned may come back");
    // Somebody who was added to a group before they were ever here is there.
    let made = group(&[]);
    assert!(store.create_group(&made).await.unwrap());
    let joined = MembershipChange::Joined(vec![user("cleo")], Role::Member);
    store.apply_membership(&made.id, 1, &joined).await.unwrap();
    store.edit_details(&user("cleo"), &everything()).await.unwrap();
    assert_eq!(store.details(&user("cleo")).await.unwrap(), of(everything()));
}

pub async fn logins_end_from_a_time_that_never_goes_back(fixture: &mut impl Fixture) {
    let store = fixture.store();
    store.ensure_user(&user("anna"), &profile("anna", "Anna")).await.unwrap();
    for (not_before, expected) in [(7, 7), (5, 7), (9, 9)] {
        store.end_logins(&user("anna"), not_before).await.unwrap();
        assert_eq!(store.user(&user("anna")).await.unwrap().unwrap().not_before, expected);
    }
    store.set_password(&user("anna"), "hash", 8).await.unwrap();
    assert_eq!(store.user(&user("anna")).await.unwrap().unwrap().not_before, 9);
    assert!(matches!(store.end_logins(&user("nobody"), 1).await, Err(StoreError::Refused(_))));
}

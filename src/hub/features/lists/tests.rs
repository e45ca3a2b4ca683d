//! Lists of groups over fakes.

use std::sync::Arc;

use super::ListedFrom;
use crate::domain::{Cid, Code, GroupId, Mark};
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::local::SessionHandle;
use crate::hub::testing::{Bed, Ear, MemoryStore, group, head, local, open_session, text, user};
use crate::ports::CursorStore;
use crate::protocol::{RequestId, requests};

/// Groups of anna with so many texts each, in the order of their ids.
fn bed(texts: &[u64]) -> (Bed, Vec<GroupId>) {
    let bed = Bed::new(MemoryStore::default());
    let mut ids: Vec<_> = texts.iter().map(|_| GroupId::random()).collect();
    ids.sort();
    for (id, texts) in ids.iter().zip(texts) {
        bed.store.put_group(group(id, &["anna"]));
        bed.store.put_user("anna", id);
        bed.store.put((1..=*texts).map(|seq| text(id, seq, "anna")));
    }
    (bed, ids)
}

/// The session of anna, in all of these groups, which are here as far as they are stored.
fn attend(bed: &Bed, ids: &[GroupId], texts: &[u64]) -> (Arc<SessionHandle>, Arc<Ear>) {
    let (anna, ear) = open_session(&bed.users, "anna");
    for (id, at) in ids.iter().zip(texts) {
        local(&bed.groups, group(id, &["anna"]), *at);
        anna.add_group(id);
    }
    (anna, ear)
}

fn page_of(limit: Option<usize>) -> requests::Groups {
    requests::Groups { cursor: None, after: None, limit }
}

/// Where these stand in a frame, each behind the one before.
fn in_order(frame: &str, parts: &[&str]) -> bool {
    let places: Vec<_> = parts.iter().map(|part| frame.find(part)).collect();
    places.iter().all(Option::is_some) && places.is_sorted()
}

#[tokio::test]
async fn sessions_and_callers_are_shown_the_same_page_newest_activity_first() {
    let texts = [2, 5, 3];
    let (bed, ids) = bed(&texts);
    let lists = bed.lists();
    let (page, next) = lists.own_groups(&user("anna"), ListedFrom::Top, Some(2)).await.unwrap();
    let shown: Vec<_> = page.iter().map(|own| (own.view.id.clone(), own.view.head)).collect();
    assert_eq!((shown, next.is_some()), (vec![(ids[1].clone(), 5), (ids[2].clone(), 3)], true));
    assert_eq!(page[0].last.as_ref().map(|event| event.seq), Some(5));
    for from in [ListedFrom::named(next, None), ListedFrom::After(ids[2].clone())] {
        let (rest, next) = lists.own_groups(&user("anna"), from, Some(2)).await.unwrap();
        assert_eq!((rest.len(), &rest[0].view.id, next), (1, &ids[0], None));
    }

    let (anna, ear) = attend(&bed, &ids, &texts);
    page_of(Some(2)).answer(&lists, Asker { session: &anna, re: None }).await.unwrap();
    let frame = ear.texts().concat();
    assert!(in_order(&frame, &[ids[1].as_str(), "text 5", ids[2].as_str(), "text 3", "\"more\":true"]), "{frame}");
    assert!(!frame.contains(ids[0].as_str()), "{frame}");
}

#[tokio::test]
async fn marks_tell_what_is_unread_and_a_silent_store_is_no_empty_list() {
    let (bed, ids) = bed(&[4]);
    let mark = Mark { read: 1, n: 1, delivered: 1 };
    bed.store.raise_marks(&[(user("anna"), ids[0].clone(), mark)]).await.unwrap();
    let lists = bed.lists();
    let own = lists.own_group(&user("anna"), &ids[0]).await.unwrap();
    assert_eq!((own.view.read, own.view.unread), (1, 3));
    let (anna, ear) = attend(&bed, &ids, &[4]);
    let asker = Asker { session: &anna, re: None };
    bed.store.be_silent(true);
    let codes = [
        lists.own_groups(&user("anna"), ListedFrom::Top, None).await.unwrap_err().code,
        lists.own_group(&user("anna"), &ids[0]).await.unwrap_err().code,
        page_of(None).answer(&lists, asker).await.unwrap_err().code,
    ];
    assert_eq!((codes, ear.take().len()), ([Code::Unavailable; 3], 0));
}

#[tokio::test]
async fn who_is_no_member_learns_nothing_of_a_group() {
    let (bed, ids) = bed(&[4]);
    let lists = bed.lists();
    assert_eq!(lists.own_group(&user("bob"), &ids[0]).await.unwrap_err().code, Code::NotFound);
    assert_eq!(lists.own_group(&user("anna"), &GroupId::random()).await.unwrap_err().code, Code::NotFound);
    assert!(lists.of_member(&user("bob"), &ids[0]).await.unwrap().is_none());
    assert!(lists.own_groups(&user("bob"), ListedFrom::Top, None).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn groups_on_other_nodes_are_asked_for_in_bulk() {
    let (bed, ids) = bed(&[1; 30]);
    bed.log.heads.lock().extend(ids.iter().map(|id| (id.clone(), head(1))));
    let (page, _) = bed.lists().own_groups(&user("anna"), ListedFrom::Top, None).await.unwrap();
    assert_eq!((page.len(), &bed.log.heads_asked.lock()[..]), (30, &[(0, 30)][..]));
    assert_eq!(bed.store.calls("head"), 0);
}

#[tokio::test]
async fn a_group_is_shown_to_its_creator_and_is_gone_for_who_has_left_it() {
    let (bed, cid) = (Bed::new(MemoryStore::default()), Cid::parse("c1").unwrap());
    let re = RequestId::Text("r1".into());
    let create = || requests::Create {
        name: "tea".into(),
        members: vec![],
        access: None,
        password: None,
        cid: Some(cid.clone()),
    };
    // Both have made a group before; bob has left his.
    for creator in ["anna", "bob"] {
        let id = GroupId::created_by(&user(creator), &cid);
        bed.store.put_group(group(&id, &["anna"]));
        bed.store.put_user(creator, &id);
        bed.store.put((1..=4).map(|seq| text(&id, seq, "anna")));
    }
    let id = GroupId::created_by(&user("anna"), &cid);
    let read_up_to = async |seq| {
        let mark = Mark { read: seq, n: seq, delivered: seq };
        bed.store.raise_marks(&[(user("anna"), id.clone(), mark)]).await.unwrap();
    };
    let new_groups = bed.new_groups();
    let [anna, bob] = ["anna", "bob"].map(|name| open_session(&bed.users, name));
    read_up_to(1).await;
    create().answer(&new_groups, Asker { session: &anna.0, re: Some(&re) }).await.unwrap();
    let frame = anna.1.texts().concat();
    assert!(in_order(&frame, &["\"read\":1", "\"unread\":3"]), "a group that is not new is not all read: {frame}");
    read_up_to(4).await;
    create().answer(&new_groups, Asker { session: &anna.0, re: Some(&re) }).await.unwrap();
    let frame = anna.1.texts().concat();
    assert!(in_order(&frame, &["\"type\":\"group\"", "\"unread\":0"]) && frame.contains("r1"), "{frame}");
    let asker = Asker { session: &bob.0, re: None };
    create().answer(&new_groups, asker).await.unwrap();
    let frame = bob.1.texts().concat();
    assert!(frame.contains("gone") && !frame.contains("tea"), "{frame}");
    assert!(bed.log.changes.lock().is_empty(), "what was made stands");
    bed.store.be_silent(true);
    assert_eq!(create().answer(&new_groups, asker).await.unwrap_err().code, Code::Unavailable);
}

#[tokio::test]
async fn services_name_users_by_id_or_username() {
    let (bed, ids) = bed(&[1, 1]);
    let lists = bed.lists();
    for name in ["anna", "ANNA"] {
        assert_eq!(lists.groups_of(name).await.unwrap().len(), ids.len(), "{name}");
    }
    assert_eq!(lists.groups_of("bob").await.unwrap_err().code, Code::NotFound);
    assert_eq!(lists.group(&GroupId::random()).await.unwrap_err().code, Code::NotFound);
    let (page, more) = lists.all_groups(1, 1).await.unwrap();
    assert_eq!((&page[0].id, more), (&ids[1], false));
    assert!(lists.all_groups(0, 1).await.unwrap().1);
}

//! What the data of each version tells: the same few people, chats and messages.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use hubbub::domain::{
    Access, Base, Cid, Device, DeviceName, Effect, Event, EventState, Group, GroupId, GroupKind, GroupSettings, Head,
    Kind, Mark, Member, Profile, Role, Seq, Traits, User, UserId,
};
use hubbub::hub::Hub;
use hubbub::ports::{Done, Due, Identity, Inserted, Page, Store};
use serde_json::{Value, json};

/// A group of anna's, in which bert is and cleo was.
pub const TEA: &str = "teateateateateateateateate";
/// A group that was deleted.
const CAKE: &str = "cakecakecakecakecakecakeca";
/// When the first event of a group came; each later one came a second after.
const EPOCH: i64 = 1_700_000_000_000;
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA";

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn tea() -> GroupId {
    GroupId::parse(TEA).unwrap()
}

/// The chat of anna and bert.
pub fn direct() -> GroupId {
    GroupId::direct(&user("anna"), &user("bert"))
}

/// Whether a version keeps since when somebody is a member, knows kinds of clients' own making, lets deleted groups begin
/// anew, keeps devices, and has texts edited and messages deleted.
fn has_it_all(version: &str) -> bool {
    version != "before-0.1.0"
}

/// The newest seq of the group.
pub fn head(version: &str) -> Seq {
    if has_it_all(version) { 8 } else { 7 }
}

/// An event of the group: its seq, the numbers there, who, what, and more of it.
fn event(group: &GroupId, (seq, n, shown): (Seq, u64, u64), from: UserId, kind: &str, more: Value) -> Event {
    let kind = Kind::parse(kind).unwrap();
    let text = |field: &str| more[field].as_str().map(str::to_owned);
    Event {
        group: group.clone(),
        seq,
        n,
        shown,
        from,
        time: EPOCH + seq as i64 * 1_000,
        kind,
        traits: if kind.as_str() == "x.poll" { Traits { shown: true, ..Traits::default() } } else { kind.traits() },
        text: text("text"),
        reference: text("ref"),
        data: more["data"].as_object().cloned(),
        mentions: None,
        cid: Cid::stored(&text("cid").unwrap()).unwrap(),
        state: EventState::default(),
    }
}

fn said_in_tea() -> Vec<Event> {
    let (tea, anna, bert) = (tea(), user("anna"), user("bert"));
    let founded = json!({"cid": "hub.create.admin", "data": {"users": ["anna"], "role": "admin"}});
    let joined = json!({"cid": "hub.create", "data": {"users": ["bert", "cleo"]}});
    let answer = json!({
        "cid": "2", "text": "Mit Zucker & Milch ☕", "ref": format!("{TEA}:3"), "data": {"n": {"deep": [1, 2.5, null]}},
    });
    let left = json!({"cid": "hub.left", "data": {"users": ["cleo"]}});
    let poll = json!({"cid": "4", "data": {"options": ["green", "black"]}});
    vec![
        event(&tea, (1, 0, 1), anna.clone(), "joined", founded),
        event(&tea, (2, 0, 2), anna.clone(), "joined", joined),
        event(&tea, (3, 1, 3), anna.clone(), "text", json!({"cid": "1", "text": "Tea is ready"})),
        event(&tea, (4, 2, 4), bert.clone(), "text", answer),
        event(&tea, (5, 2, 5), anna.clone(), "left", left),
        event(&tea, (6, 2, 5), UserId::hub(), "void", json!({"cid": "hub.void"})),
        event(&tea, (7, 3, 6), anna, "text", json!({"cid": "3", "text": ""})),
        event(&tea, (8, 3, 7), bert, "x.poll", poll),
    ]
}

fn said_in_direct() -> Vec<Event> {
    let joined = json!({"cid": "hub.create", "data": {"users": ["anna", "bert"]}});
    vec![
        event(&direct(), (1, 0, 1), user("anna"), "joined", joined),
        event(&direct(), (2, 1, 2), user("bert"), "text", json!({"cid": "1", "text": "Psst"})),
        event(&direct(), (3, 1, 2), user("bert"), "edited", json!({"cid": "2", "text": "Pssst", "ref": about(2)})),
        event(&direct(), (4, 2, 3), user("anna"), "text", json!({"cid": "3", "text": "What?"})),
        event(&direct(), (5, 2, 3), user("anna"), "deleted", json!({"cid": "4", "ref": about(4)})),
    ]
}

fn about(seq: Seq) -> String {
    direct().event_id(seq)
}

/// What became of it.
fn stands_in_direct(version: &str) -> Vec<Event> {
    let mut said = said_in_direct();
    said.truncate(if has_it_all(version) { 5 } else { 2 });
    let effects: Vec<Effect> = said.iter().filter_map(Effect::of).collect();
    effects.iter().for_each(|effect| said[effect.target as usize - 1].apply(&effect.change));
    said
}

fn group(id: GroupId, kind: GroupKind, name: &str, access: Access) -> Group {
    let (members, base, settings) = (Vec::new(), Base::default(), GroupSettings::default());
    Group { id, kind, name: name.into(), access, members, version: 0, created: EPOCH, first: 1, base, settings }
}

fn marks() -> [(UserId, GroupId, Mark); 2] {
    [
        (user("bert"), tea(), Mark { read: 4, n: 2, delivered: 7 }),
        (user("anna"), direct(), Mark { read: 1, n: 0, delivered: 2 }),
    ]
}

/// Bert's, which is behind the other.
fn phone() -> Device {
    let mut phone = Device::new(DeviceName::parse("Bert's phone").unwrap(), EPOCH + 8_000);
    phone.raise(phone.seen, [(tea(), 6)]);
    phone
}

/// Puts all of it into an empty store.
pub async fn tell(store: &dyn Store) {
    let profile = |username: &str, name: &str| Profile { username: username.into(), name: name.into() };
    assert!(store.create_account(&user("anna"), &profile("anna", "Anna"), HASH).await.unwrap());
    store.ensure_user(&user("bert"), &profile("bert", "Bert")).await.unwrap();
    let groups = [
        group(tea(), GroupKind::Group, "Köche & Gäste", Access::Open),
        group(direct(), GroupKind::Direct, "", Access::Members),
        group(GroupId::parse(CAKE).unwrap(), GroupKind::Group, "Cake", Access::Members),
    ];
    for group in &groups {
        assert!(store.create_group(group).await.unwrap());
    }
    for event in said_in_tea().into_iter().chain(said_in_direct()) {
        assert_eq!(store.insert(std::slice::from_ref(&event)).await.unwrap(), [Inserted::Stored]);
        if let Some(change) = event.membership() {
            store.apply_membership(&event.group, event.seq, &change).await.unwrap();
        }
    }
    let effects: Vec<Effect> = said_in_direct().iter().filter_map(Effect::of).collect();
    store.apply_effects(&effects).await.unwrap();
    store.set_banned(&user("cleo"), true).await.unwrap();
    store.seen(&[(user("bert"), EPOCH + 9_000)]).await.unwrap();
    store.raise_marks(&marks()).await.unwrap();
    store.raise_devices(&[(user("bert"), phone())]).await.unwrap();
    followers_come_along(store).await;
    let cake = &groups[2].id;
    let deletion = store.begin_deletion(cake).await.unwrap().unwrap();
    store.finish_deletion(cake, &deletion, Base { seq: 9, n: 4 }).await.unwrap();
}

/// How far a follower has come, and what it is to do later.
const DONE: Done = Done { seq: 4, first: 1 };

fn due() -> Due {
    Due { follower: "search".into(), group: tea(), window: u64::MAX, at: EPOCH, seq: 4 }
}

async fn followers_come_along(store: &dyn Store) {
    store.raise_heads(&[(tea(), said_in_tea()[7].head()), (direct(), said_in_direct()[1].head())]).await.unwrap();
    store.raise_done("search", &[(tea(), DONE)]).await.unwrap();
    store.set_covered("search", &[(3, 1_764_000_000_000_000)]).await.unwrap();
    store.plan(&[due()]).await.unwrap();
}

async fn followers_are_where_they_were(store: &dyn Store) {
    let extents = store.extents_after(None, 10).await.unwrap();
    let extents: Vec<_> = extents.iter().map(|extent| (extent.group.as_str(), extent.first, extent.head.seq)).collect();
    assert_eq!(extents, [(CAKE, 10, 0), (TEA, 1, 8), (direct().as_str(), 1, 2)]);
    assert_eq!(store.done("search", &[tea(), direct()]).await.unwrap(), HashMap::from([(tea(), DONE)]));
    assert_eq!(store.covered("search").await.unwrap(), HashMap::from([(3, 1_764_000_000_000_000)]));
    let claimed = store.claim("search", 10, Duration::from_secs(60)).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| &claimed.due).collect::<Vec<_>>(), [&due()]);
}

/// Finds all of it in a store that was opened over data of this version.
pub async fn is_there(store: &dyn Store, version: &str) {
    let mut said = said_in_tea();
    said.truncate(head(version) as usize);
    assert_eq!(store.page(&tea(), Page::After(0, 100)).await.unwrap(), said, "{version}");
    let shown: Vec<_> = said.iter().filter(|event| event.traits.shown).cloned().collect();
    assert_eq!(store.page(&tea(), Page::Shown(Seq::MAX, 100)).await.unwrap(), shown, "{version}");
    let stands = stands_in_direct(version);
    assert_eq!(store.page(&direct(), Page::Before(Seq::MAX, 100)).await.unwrap(), stands, "{version}");
    let newest = said.last().unwrap();
    let head = Head { seq: newest.seq, n: newest.n, shown: newest.shown, time: newest.time };
    assert_eq!(store.head(&tea()).await.unwrap(), head, "{version}");
    let found = store.event_by_cid(&tea(), &user("bert"), &Cid::parse("2").unwrap()).await.unwrap();
    assert_eq!(found.as_ref(), Some(&said[3]), "{version}");
    if has_it_all(version) {
        followers_are_where_they_were(store).await;
    }
    groups_are_there(store, version).await;
    people_are_there(store, version).await;
}

async fn groups_are_there(store: &dyn Store, version: &str) {
    let member =
        |name: &str, role, since| Member { id: user(name), role, since: if has_it_all(version) { since } else { 0 } };
    let mut expected = group(tea(), GroupKind::Group, "Köche & Gäste", Access::Open);
    expected.members = vec![member("anna", Role::Admin, 1), member("bert", Role::Member, 2)];
    expected.version = 5;
    assert_eq!(store.group(&tea()).await.unwrap(), Some(expected.clone()), "{version}");
    let mut chat = group(direct(), GroupKind::Direct, "", Access::Members);
    chat.members = vec![member("anna", Role::Member, 1), member("bert", Role::Member, 1)];
    chat.version = 1;
    // By id: the direct chat's comes later.
    assert_eq!(store.all_groups(0, 10).await.unwrap(), [expected, chat], "{version}");
    if has_it_all(version) {
        let cake = group(GroupId::parse(CAKE).unwrap(), GroupKind::Group, "Cake", Access::Open);
        assert!(store.create_group(&cake).await.unwrap(), "{version}");
        assert_eq!(store.group(&cake.id).await.unwrap().unwrap().base, Base { seq: 9, n: 4 }, "{version}");
    }
}

async fn people_are_there(store: &dyn Store, version: &str) {
    let anna = store.user_by_username("Anna").await.unwrap().unwrap();
    assert_eq!((anna.id.as_str(), anna.password.as_deref(), anna.not_before), ("anna", Some(HASH), 0), "{version}");
    let found = store.users(&["anna", "bert", "cleo"].map(user)).await.unwrap();
    let found: BTreeMap<&str, &User> = found.iter().map(|user| (user.id.as_str(), user)).collect();
    let (bert, cleo) = (found["bert"], found["cleo"]);
    assert_eq!((bert.profile.username.as_str(), bert.profile.name.as_str()), ("bert", "Bert"), "{version}");
    assert_eq!((bert.banned, bert.password.as_deref(), bert.last_seen), (false, None, EPOCH + 9_000), "{version}");
    assert_eq!((cleo.banned, cleo.groups.len()), (true, 0), "{version}");
    assert_eq!(found["anna"].groups, BTreeMap::from([(tea(), 1), (direct(), 1)]), "{version}");
    assert_eq!(bert.groups, BTreeMap::from([(tea(), 2), (direct(), 1)]), "{version}");
    let read = store.marks(&["anna", "bert"].map(user)).await.unwrap();
    for (reader, group, mark) in marks() {
        assert_eq!(read[&reader][&group], mark, "{version}");
    }
    let devices = if has_it_all(version) { vec![phone()] } else { vec![] };
    assert_eq!(store.devices(&user("bert")).await.unwrap(), devices, "{version}");
}

/// Dora becomes known to a hub.
pub async fn make_dora(hub: &Arc<Hub>) {
    let profile = Profile { username: "dora".into(), name: "Dora".into() };
    let identity = Identity { user: user("dora"), profile, expires: i64::MAX, proven: 0 };
    hub.ensure_known(&identity).await.unwrap();
}

//! Sessions begin and end over fakes.

use super::*;
use crate::domain::{Code, Event, GroupKind};
use crate::hub::config::GROUPS_PAGE;
use crate::hub::testing::{Bed, Ear, MemoryStore, group, head, identity, text, until, user};
use crate::ports::UserStore;
use crate::protocol::{ServerFrame, pushes};

type Cursors = HashMap<GroupId, Seq>;

/// Anna says hello.
async fn hello(
    bed: &Bed,
    comparisons: &Arc<Comparisons>,
    cursors: Cursors,
) -> (Result<Arc<SessionHandle>, Refused>, Arc<Ear>) {
    let (sessions, ear) = (bed.sessions(comparisons), Arc::<Ear>::default());
    (sessions.begin(&identity("anna", 0), ear.clone(), Encoding::Json, None, cursors).await, ear)
}

/// The same in a task: what is asked of the store waits there.
fn slow_hello(bed: &Arc<Bed>, comparisons: &Arc<Comparisons>) -> tokio::task::JoinHandle<(bool, Arc<Ear>)> {
    bed.store.link.be_slow(true);
    let (bed, comparisons) = (bed.clone(), comparisons.clone());
    tokio::spawn(async move {
        let (begun, ear) = hello(&bed, &comparisons, Cursors::new()).await;
        (begun.is_ok(), ear)
    })
}

/// A node without groups; those of anna, and of these texts each, are elsewhere.
fn bed(groups: &[&[Event]]) -> Arc<Bed> {
    let bed = Bed::new(MemoryStore::default());
    for events in groups {
        let id = &events[0].group;
        bed.store.put_group(group(id, &["anna"]));
        bed.store.put_user("anna", id);
        bed.store.put(events.to_vec());
        bed.registry.heads.lock().insert(id.clone(), events.last().unwrap().head());
    }
    Arc::new(bed)
}

fn texts(count: Seq) -> Vec<Event> {
    let id = GroupId::random();
    (1..=count).map(|seq| text(&id, seq, "anna")).collect()
}

fn is_registered(bed: &Bed) -> bool {
    bed.registry.sessions.lock().get(&user("anna")).is_some_and(|sessions| !sessions.is_empty())
}

fn refused(begun: Result<Arc<SessionHandle>, Refused>) -> (Code, Ending) {
    begun.map(|session| session.user.clone()).map_err(|(refusal, ending)| (refusal.code, ending)).unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_session_is_registered_before_the_store_is_asked_and_what_comes_meanwhile_waits_behind_welcome() {
    let bed = bed(&[&texts(1)]);
    let going = slow_hello(&bed, &bed.comparisons());
    until(|| bed.store.calls("users") == 1).await;
    assert!(is_registered(&bed));
    bed.users.sessions(&user("anna"))[0].send(&ServerFrame::Pong(pushes::Pong { re: None }));
    bed.store.link.be_slow(false);
    let (begun, ear) = going.await.unwrap();
    let frames = ear.texts();
    assert!(begun && frames[0].contains("welcome") && frames[1].contains("pong"), "{frames:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_backplane_ends_it_before_the_store_is_asked() {
    let bed = bed(&[]);
    bed.registry.link.be_silent(true);
    let (begun, ear) = hello(&bed, &bed.comparisons(), Cursors::new()).await;
    assert_eq!(refused(begun), (Code::Unavailable, Ending::Unavailable));
    assert_eq!((bed.store.calls("users"), bed.users.all().len(), ear.take().len()), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_let_in_leaves_nothing_behind() {
    let silent = bed(&[&texts(1)]);
    silent.store.be_silent(true);
    let banned = bed(&[&texts(1)]);
    banned.store.set_banned(&user("anna"), true).await.unwrap();
    for (bed, why) in [(silent, (Code::Unavailable, Ending::Unavailable)), (banned, (Code::Forbidden, Ending::Banned))]
    {
        let (begun, ear) = hello(&bed, &bed.comparisons(), Cursors::new()).await;
        assert_eq!(refused(begun), why);
        until(|| !is_registered(&bed)).await;
        assert_eq!((bed.users.all().len(), bed.groups.len(), ear.take().len()), (0, 0, 0));
        assert!(bed.told.take().contains(&"session of anna ended".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn groups_that_cannot_be_joined_are_let_go_and_the_session_is_removed_in_the_end() {
    let bed = bed(&[&texts(1), &texts(2)]);
    let going = slow_hello(&bed, &bed.comparisons());
    until(|| bed.store.calls("users") == 1).await;
    bed.registry.link.be_silent(true);
    bed.store.link.be_slow(false);
    assert!(!going.await.unwrap().0);
    assert!(is_registered(&bed), "nobody could be told yet");
    bed.registry.link.be_silent(false);
    until(|| !is_registered(&bed)).await;
    assert_eq!(bed.groups.len(), 0);
}

#[tokio::test]
async fn a_node_that_drains_takes_nobody_in() {
    let bed = bed(&[]);
    bed.node.drain();
    let (begun, _ear) = hello(&bed, &bed.comparisons(), Cursors::new()).await;
    assert_eq!(refused(begun), (Code::Overloaded, Ending::restarting()));
    assert!(!is_registered(&bed) && bed.users.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn groups_with_a_cursor_are_replayed_and_the_others_live_at_once() {
    let (resumed, live) = (texts(3), texts(2));
    let bed = bed(&[&resumed, &live]);
    let (unknown, resumed, live) = (GroupId::random(), &resumed[0].group, &live[0].group);
    let cursors = [(resumed.clone(), 1), (unknown.clone(), 4)].into();
    let (begun, ear) = hello(&bed, &bed.comparisons(), cursors).await;
    let anna = begun.unwrap();
    let has = |id| bed.groups.get(id).unwrap().state.lock().has(&anna.id);
    assert!(has(live), "from the moment of welcome on");
    until(|| has(resumed)).await;
    let frames = ear.texts();
    assert!(frames[0].contains("welcome") && frames[1].contains("gone") && frames[1].contains(unknown.as_str()));
    let replayed = frames[2..].concat();
    assert!(!replayed.contains("text 1") && replayed.contains("text 2") && replayed.contains("text 3"), "{replayed}");
    assert!(!replayed.contains(live.as_str()) && !frames[0].contains(unknown.as_str()));
}

#[tokio::test(start_paused = true)]
async fn memberships_that_were_compared_before_the_session_was_open_are_looked_at_again() {
    let (bed, id) = (bed(&[]), GroupId::random());
    bed.store.put_group(group(&id, &["anna"]));
    bed.registry.heads.lock().insert(id.clone(), head(0));
    bed.store.ensure_user(&user("anna"), &identity("anna", 0).profile).await.unwrap();
    let comparisons = bed.comparisons();
    let going = slow_hello(&bed, &comparisons);
    until(|| bed.store.calls("users") == 1).await;
    // The answer under way is of before.
    bed.store.put_user("anna", &id);
    comparisons.compare_all();
    until(|| bed.store.calls("user") == 1).await;
    bed.store.link.be_slow(false);
    let (begun, ear) = going.await.unwrap();
    let welcome = &ear.texts()[0];
    assert!(begun && welcome.contains("welcome") && !welcome.contains(id.as_str()), "{welcome}");
    until(|| bed.users.sessions(&user("anna"))[0].is_in(&id)).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_is_forgotten_here_and_elsewhere_with_the_groups_that_nobody_else_needs() {
    let (alone, shared) = (texts(1), texts(1));
    let bed = bed(&[&alone, &shared]);
    let comparisons = bed.comparisons();
    let (anna, _ear) = hello(&bed, &comparisons, Cursors::new()).await;
    let (other, _other_ear) = crate::hub::testing::open_session(&bed.users, "bob");
    bed.groups.get(&shared[0].group).unwrap().state.lock().sessions.push(other);
    let anna = anna.unwrap();
    bed.sessions(&comparisons).end(&anna);
    assert!(anna.is_over() && bed.groups.get(&alone[0].group).is_none());
    assert!(!bed.groups.get(&shared[0].group).unwrap().state.lock().has(&anna.id));
    until(|| !is_registered(&bed)).await;
    until(|| bed.registry.routes.lock()[&alone[0].group].is_empty()).await;
    assert_eq!(bed.told.take(), ["came anna", "session of anna ended", "went anna"]);
}

#[tokio::test(start_paused = true)]
async fn who_was_removed_while_welcome_was_prepared_is_not_let_in() {
    let (left, over) = (texts(1), texts(1));
    let bed = bed(&[&left, &over]);
    let (left, over) = (&left[0].group, &over[0].group);
    let going = slow_hello(&bed, &bed.comparisons());
    // Who it is, and the documents. Then names are asked for, late.
    bed.store.link.let_pass(2);
    until(|| bed.store.calls("groups") == 1).await;
    let group_left = bed.groups.get(left).unwrap();
    until(|| group_left.state.lock().document.is_some()).await;
    group_left.state.lock().document = Some(Arc::new(group(left, &["bob"])));
    bed.lives.let_go(&bed.groups.get(over).unwrap());
    bed.store.link.be_slow(false);
    let (begun, ear) = going.await.unwrap();
    let welcome = ear.texts().remove(0);
    assert!(begun && !welcome.contains(left.as_str()) && !welcome.contains(over.as_str()), "{welcome}");
    let anna = bed.users.sessions(&user("anna")).remove(0);
    until(|| anna.is_in(over)).await;
    assert!(!anna.is_in(left), "a life that has ended may have a next one, a membership not");
    until(|| bed.groups.get(left).is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn welcome_shows_the_newest_groups_first_with_marks_and_partners() {
    let mut groups: Vec<_> = (1..=201).map(texts).collect();
    groups.swap(0, 200);
    let all: Vec<&[Event]> = groups.iter().map(Vec::as_slice).collect();
    let bed = bed(&all);
    let direct = &groups[0][0].group;
    bed.store.put_group(crate::domain::Group { kind: GroupKind::Direct, ..group(direct, &["anna", "bob"]) });
    let (begun, ear) = hello(&bed, &bed.comparisons(), Cursors::new()).await;
    let frame = ear.texts().remove(0);
    let welcome: serde_json::Value = serde_json::from_str(&frame[frame.find('{').unwrap()..]).unwrap();
    let shown = welcome["groups"].as_array().unwrap();
    assert_eq!((shown.len(), &welcome["more"]), (200, &true.into()));
    let heads: Vec<_> = shown.iter().map(|group| group["head"].as_u64().unwrap()).collect();
    assert!(heads.is_sorted_by(|one, next| one > next) && heads[0] == 201, "{heads:?}");
    assert_eq!((&shown[0]["unread"], &shown[0]["last"]["seq"]), (&201.into(), &201.into()));
    assert_eq!(begun.unwrap().groups().len(), 201, "those that are not shown are the session's as well");
    assert!(bed.told.take().contains(&"partners [\"bob\"]".into()));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_welcome_has_no_room_for_is_told_of_before_its_first_message() {
    let mut groups: Vec<Vec<Event>> = (0..GROUPS_PAGE + 2).map(|_| texts(1)).collect();
    groups.sort_by_key(|events| events[0].group.clone());
    let bed = bed(&groups.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let [live, resumed] = [GROUPS_PAGE, GROUPS_PAGE + 1].map(|at| groups[at][0].group.clone());
    let (begun, ear) = hello(&bed, &bed.comparisons(), Cursors::from([(resumed.clone(), 0)])).await;
    let anna = begun.ok().unwrap();
    let mut frames = ear.texts();
    let next = format!("\"next\":\"{}.{}\"", groups[0][0].time, groups[GROUPS_PAGE - 1][0].group);
    assert!(frames[0].contains(&next) && !frames[0].contains(live.as_str()), "{frames:?}");
    until(|| bed.groups.get(&resumed).is_some_and(|group| group.state.lock().has(&anna.id))).await;
    bed.deliverer().deliver(&live, vec![Arc::new(text(&live, 2, "bob"))]);
    frames.extend(ear.texts());
    for (group, said) in [(&resumed, "text 1"), (&live, "text 2")] {
        let of_group: Vec<_> = frames[1..].iter().filter(|frame| frame.contains(group.as_str())).collect();
        assert_eq!(of_group.len(), 2, "{of_group:?}");
        assert!(of_group[0].contains("\"type\":\"group\"") && of_group[0].contains("\"unread\":1"), "{of_group:?}");
        assert!(of_group[1].contains(said), "{of_group:?}");
    }
    bed.deliverer().deliver(&live, vec![Arc::new(text(&live, 3, "bob"))]);
    assert!(ear.texts().iter().all(|frame| frame.contains("text 3")), "once");
}

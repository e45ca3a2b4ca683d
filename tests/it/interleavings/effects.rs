//! Every write of an owner between an entry's way from the log to its commit is a point at which it stops, with events
//! under way that do something to others: another owner goes on, or Redis is emptied, or thrown back. In the end the
//! state of all events is what the sequence says, reckoned from it alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub::adapters::mongodb::{MongoConfig, MongoStore};
use hubbub::domain::{Cid, Event, Group, GroupId, GroupSettings, Kind, NodeName, Seq, UserId};
use hubbub::ports::{Append, Page, Standing, Store};
use serde_json::{Value, json};

use super::gates::Side;
use super::reacted::{self, react, reply};
use super::test_cluster::{FIRST, Snapshot, TestCluster, repeat_until_acked};
use crate::people::Client;
use crate::support::shared;

/// How long a client repeats a send at most.
const REPEATED_FOR: Duration = Duration::from_secs(60);

/// A write between an entry's way from the log to its commit, and on which side of it the owner stops.
type Point = (Side, &'static str);

/// All calls by which an owner changes something between log and commit.
const WRITES: [&str; 8] =
    ["insert", "apply_effects", "apply_update", "plan", "apply_membership", "raise_marks", "reseq", "commit"];
/// Calls that change nothing, that come after a commit, or that are not an owner's.
const OTHERS: [&str; 47] = [
    "ack",
    "all_groups",
    "append",
    "beat",
    "change_members",
    "check",
    "claim",
    "create_group",
    "deletion",
    "devices",
    "ensure_user",
    "event",
    "event_by_cid",
    "events",
    "find_users",
    "forget_cid",
    "group",
    "groups",
    "head",
    "heads",
    "hold_partition",
    "join_routes",
    "leave",
    "leave_route",
    "log_stats",
    "marks",
    "marks_in",
    "moved_since",
    "next_epoch",
    "open_inbox",
    "page",
    "partition_owner",
    "ping",
    "pins",
    "post",
    "prepare",
    "raise_devices",
    "read_inbox",
    "read_log",
    "reap",
    "recent",
    "register",
    "release_partition",
    "restore",
    "roles",
    "routes",
    "seen",
];
/// The same, of which there are too many for one list.
const MORE_OTHERS: [&str; 18] = [
    "change_group",
    "claim_due",
    "clear_rows",
    "extents",
    "mentions",
    "note_move",
    "overdue",
    "raise_heads",
    "reacted",
    "reaction_counts",
    "reactors",
    "replies",
    "settle",
    "sweep_group",
    "unregister",
    "user",
    "users",
    "whereabouts",
];

/// What goes wrong while the owner stands at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It stands still, another takes over, and it goes on as if nothing had been.
    TwoOwners,
    /// Redis loses everything.
    Emptied,
    /// Redis comes back as it was a moment ago.
    ThrownBack,
}

/// A frame of somebody, by their place among the people.
type Said = (usize, Value);

fn text(group: &GroupId, cid: &str) -> Value {
    json!({"type": "send", "id": cid, "group": group.as_str(), "cid": cid, "text": cid})
}

fn pin(group: &GroupId, cid: &str, target: Seq, on: bool) -> Value {
    let reference = group.event_id(target);
    json!({"type": "send", "id": cid, "group": group.as_str(), "cid": cid, "kind": "pinned", "ref": reference,
           "data": {"on": on}})
}

fn edit(group: &GroupId, cid: &str, target: Seq) -> Value {
    let reference = group.event_id(target);
    json!({"type": "send", "id": cid, "group": group.as_str(), "cid": cid, "kind": "edited", "ref": reference,
           "text": cid})
}

fn delete(group: &GroupId, cid: &str, target: Seq) -> Value {
    let reference = group.event_id(target);
    json!({"type": "send", "id": cid, "group": group.as_str(), "cid": cid, "kind": "deleted", "ref": reference})
}

/// Repeats a send, or a change of who belongs to the group, until it is answered for good; answers the code of a
/// refusal, or `ack`.
async fn until_answered(client: &mut Client, frame: &Value) -> String {
    let begun = Instant::now();
    let mut answers = Vec::new();
    while begun.elapsed() < REPEATED_FOR {
        let mut frame = frame.clone();
        if frame["cid"].is_null() {
            // What an earlier try came to says nothing of this one, which may come behind all that is waited for.
            frame["id"] = json!(format!("{}-{}", frame["type"], rand::random::<u32>()));
        }
        client.say(frame.clone()).await;
        let answer = loop {
            let answer = client.next_of(&["ack", "ok", "error"]).await;
            let is_acked = answer["cid"].is_string() && answer["cid"] == frame["cid"];
            if is_acked || answer["re"] == frame["id"] {
                break answer;
            }
        };
        match answer["code"].as_str() {
            None => return "ack".into(),
            Some("unavailable" | "overloaded" | "rate_limited") => answers.push(answer),
            Some(code) => return code.into(),
        }
    }
    panic!("{frame} is not answered for good: {answers:?}");
}

fn target(event: &Event) -> Seq {
    let (_, seq) = event.reference.as_deref().unwrap().rsplit_once(':').unwrap();
    seq.parse().unwrap()
}

fn of_kind<'a>(raw: &'a [Event], kind: &'a str) -> impl Iterator<Item = &'a Event> {
    raw.iter().filter(move |event| event.kind.as_str() == kind)
}

/// What is pinned, by the sequence alone.
fn reckoned(raw: &[Event]) -> Vec<Seq> {
    let mut pins: BTreeMap<Seq, bool> = BTreeMap::new();
    for event in of_kind(raw, "pinned") {
        let on = event.data.as_ref().unwrap()["on"].as_bool().unwrap();
        pins.insert(target(event), on);
    }
    for event in of_kind(raw, "deleted") {
        pins.remove(&target(event));
    }
    pins.into_iter().filter(|(_, on)| *on).map(|(seq, _)| seq).collect()
}

/// What texts say that were edited or deleted, by the sequence alone.
fn texts_are_the_sequences(raw: &[Event]) {
    let deleted: BTreeSet<Seq> = of_kind(raw, "deleted").map(target).collect();
    let edits: BTreeMap<Seq, &Event> = of_kind(raw, "edited").map(|event| (target(event), event)).collect();
    for event in raw {
        let own = if event.kind.as_str() == "edited" { target(event) } else { event.seq };
        if deleted.contains(&own) {
            assert!(event.current_text().is_none() && event.data.is_none(), "{event:?} is deleted");
            assert_eq!(event.state.erasure.is_some(), own == event.seq, "{event:?}");
        } else if let Some(edit) = edits.get(&event.seq) {
            assert_eq!(event.current_text(), edit.text.as_deref(), "{event:?}");
        }
    }
}

/// The state of all events is the sequence's, wherever it is shown.
async fn state_is_the_sequences(scene: &TestCluster, people: &mut [Client], group: &GroupId) {
    let raw = scene.stored(group).await;
    let pinned = reckoned(&raw);
    texts_are_the_sequences(&raw);
    for event in ["pinned", "edited", "deleted"].into_iter().flat_map(|kind| of_kind(&raw, kind)) {
        let about = &raw[target(event) as usize - 1];
        assert_eq!(about.kind.as_str(), "text", "{event:?} stands, and what it is about is {about:?}");
    }
    let on = |events: &[Event]| -> Vec<Seq> {
        events.iter().filter(|event| event.state.pin.is_on()).map(|event| event.seq).collect()
    };
    assert_eq!(on(&raw), pinned, "the store's states");
    let shown = scene.store.page(group, Page::Shown(u64::MAX, 1_000)).await.unwrap();
    assert_eq!(on(&shown), pinned, "the store's numbered pages");
    let stored = scene.store.group(group).await.unwrap().unwrap();
    let mut reckoned = Group { name: "?".into(), settings: GroupSettings::default(), ..stored.clone() };
    for event in &raw {
        event.update().iter().for_each(|update| reckoned.update(event.seq, update));
    }
    let is_set = !reckoned.settings.set.is_empty();
    assert!(!is_set || stored == reckoned, "what admins set: {stored:?}");
    let newest_first: Vec<Seq> = pinned.iter().rev().copied().collect();
    let listed: Vec<Seq> = scene.store.pins(group, 100).await.unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(listed, newest_first, "the store's list");
    reacted::state_is_the_sequences(scene, people, group, &raw).await;
    let last = raw.iter().rfind(|event| event.traits.shown).unwrap();
    for client in people {
        let answer = client.ask(json!({"type": "pins", "id": "pins", "group": group.as_str()}), "pins").await;
        let seqs: Vec<Seq> = seqs_of(&answer["messages"]).collect();
        assert_eq!(seqs, newest_first, "pins");
        let answer = client.ask(json!({"type": "groups", "id": "groups"}), "groups").await;
        let mine = answer["groups"].as_array().unwrap().iter().find(|mine| mine["id"] == group.as_str()).unwrap();
        assert_eq!(mine["last"]["seq"], last.seq, "{mine}");
        assert_eq!((&mine["name"], &mine["pinning"]), (&json!(stored.name), &json!(stored.settings.pinning)));
        assert_eq!(mine["last"]["pinned"] == true, last.state.pin.is_on(), "{mine}");
    }
}

fn seqs_of(messages: &Value) -> impl Iterator<Item = Seq> {
    messages.as_array().unwrap().iter().map(|message| message["seq"].as_u64().unwrap())
}

/// The `cid` of an edit of what is deleted behind it. Where it gets another seq it comes after that, and is refused.
const EDITS_DELETED: &str = "edit fourth";

/// What is under way when the owner stops: pins on and off, a text, a change of the group, a newcomer, texts edited and deleted. All of it is repeated until it is
/// answered, so that nothing of it comes behind what is compared in the end.
async fn set_out(people: &mut [Client], group: &GroupId, first: Seq) -> Vec<Said> {
    let said = vec![
        (0, pin(group, "unpin first", first, false)),
        (0, pin(group, "pin second", first + 1, true)),
        (2, text(group, "under way")),
        (
            0,
            json!({"type": "change", "id": "change", "group": group.as_str(), "name": "changed", "pinning": "members"}),
        ),
        (0, pin(group, "pin second again", first + 1, true)),
        (0, json!({"type": "add", "id": "add", "group": group.as_str(), "users": ["newcomer"]})),
        (0, pin(group, "pin third", first + 2, true)),
        (0, edit(group, "edit third", first + 2)),
        (0, edit(group, EDITS_DELETED, first + 3)),
        (0, delete(group, "delete fourth", first + 3)),
        (0, edit(group, "edit third again", first + 2)),
        (0, react(group, "react", first, "👍", true)),
        (2, react(group, "react too", first, "👍", true)),
        (2, react(group, "react twice", first, ":b:", true)),
        (0, react(group, "react again", first, "👍", true)),
        (0, react(group, "react no more", first, "👍", false)),
        (2, reply(group, "reply", first)),
    ];
    for (at, frame) in &said {
        people[*at].say(frame.clone()).await;
    }
    said
}

async fn make_store(kind: &str) -> (Arc<dyn Store>, Box<dyn std::any::Any + Send + Sync>) {
    if kind == "mongodb" {
        let space = shared::mongodb().await;
        let store = MongoStore::connect(&MongoConfig::new(&space.url, &space.database)).await.unwrap();
        return (Arc::new(store), Box::new(space));
    }
    let directory = tempfile::tempdir().unwrap();
    let store = hubbub::adapters::sqlite::SqliteStore::open(directory.path().join("hubbub.db")).unwrap();
    (Arc::new(store), Box::new(directory))
}

/// The owner stops at a point and a fault happens; afterwards everybody repeats what was not answered.
async fn stopped_at(point: Point, fault: Fault, store: &'static str) {
    let (store, holder) = make_store(store).await;
    let scene = TestCluster::with_store(store, holder, shared::redis().await, 3, |_| {}).await;
    let (mut people, group) = scene.people().await;
    let _known = scene.join(0, "newcomer").await;
    for cid in ["first", "second", "third", "fourth"] {
        repeat_until_acked(&mut people[0], &group, cid).await;
    }
    let first = scene.stored(&group).await.iter().find(|event| event.text.is_some()).unwrap().seq;
    assert_eq!(until_answered(&mut people[0], &pin(&group, "pin first", first, true)).await, "ack");
    let early = scene.snapshot().await;
    if point.1 == "reseq" || fault == Fault::ThrownBack {
        for cid in ["forgotten 1", "forgotten 2"] {
            repeat_until_acked(&mut people[2], &group, cid).await;
        }
    }
    if point.1 == "reseq" {
        // What is under way meets seqs that are taken.
        scene.roll_back(early).await;
        let said = run_into(&scene, &mut people, &group, (point, fault, None), first).await;
        return settle(&scene, people, &group, said).await;
    }
    let said = run_into(&scene, &mut people, &group, (point, fault, Some(early)), first).await;
    settle(&scene, people, &group, said).await;
}

async fn run_into(
    scene: &TestCluster,
    people: &mut [Client],
    group: &GroupId,
    (point, fault, early): (Point, Fault, Option<Snapshot>),
    first: Seq,
) -> Vec<Said> {
    let gates = &scene.nodes[FIRST].gates;
    let stopped = gates.hold(point.0, point.1);
    let said = set_out(people, group, first).await;
    // A point that is never reached fails the run here.
    stopped.reached().await;
    match fault {
        Fault::TwoOwners => {
            gates.freeze();
            stopped.release();
            scene.taken_over_from(FIRST).await;
            for (at, frame) in &said {
                until_answered(&mut people[*at], frame).await;
            }
            gates.thaw();
            scene.settled_owner().await;
        }
        Fault::Emptied => {
            scene.empty_redis().await;
            stopped.release();
        }
        Fault::ThrownBack => {
            match early {
                Some(early) => scene.roll_back(early).await,
                None => scene.forget_states().await,
            }
            stopped.release();
        }
    }
    said
}

async fn settle(scene: &TestCluster, mut people: Vec<Client>, group: &GroupId, said: Vec<Said>) {
    let mut answers = Vec::new();
    for (at, frame) in &said {
        answers.push(until_answered(&mut people[*at], frame).await);
    }
    let fits = |((_, frame), answer): (&Said, &String)| {
        answer == "ack" || frame["cid"] == EDITS_DELETED && answer == "conflict"
    };
    assert!(said.iter().zip(&answers).all(fits), "{answers:?}");
    scene.agree(&mut people, group).await;
    state_is_the_sequences(scene, &mut people, group).await;
    // Repeats change nothing, and are answered alike, also once Redis knows nothing of them.
    scene.forget_cids().await;
    for ((at, frame), answer) in said.iter().zip(&answers) {
        assert_eq!(until_answered(&mut people[*at], frame).await, *answer, "{frame}");
    }
    state_is_the_sequences(scene, &mut people, group).await;
    let gates = scene.nodes.iter().flat_map(|node| node.gates.called());
    let unlisted: Vec<_> =
        gates.filter(|call| !WRITES.contains(call) && !OTHERS.contains(call) && !MORE_OTHERS.contains(call)).collect();
    assert!(unlisted.is_empty(), "are these writes of an owner? Then they are points: {unlisted:?}");
}

/// A send that may not stand in its turn: its sender gets the code from every node, also once Redis knows nothing of
/// it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_outlives_redis() {
    let scene = TestCluster::open(3).await;
    let (mut people, group) = scene.people().await;
    repeat_until_acked(&mut people[0], &group, "first").await;
    let first = scene.stored(&group).await.iter().find(|event| event.text.is_some()).unwrap().seq;
    let body = json!({"v": 1, "r": group.event_id(99), "d": {"on": true}});
    let append = Append {
        group: group.clone(),
        from: UserId::parse("user-0").unwrap(),
        cid: Cid::parse("too early").unwrap(),
        kind: Kind::Pinned,
        traits: Kind::Pinned.traits(),
        body: rmp_serde::to_vec_named(&body).unwrap().into(),
        standing: Standing::Admin,
    };
    let origin = NodeName::parse("elsewhere.1").unwrap();
    scene.backplane.append(0, &origin, &[append]).await.unwrap();
    let mut elsewhere = scene.join(2, "user-0").await;
    let repeat = pin(&group, "too early", first, true);
    for _ in 0..2 {
        assert_eq!(until_answered(&mut people[0], &repeat).await, "not_found");
        assert_eq!(until_answered(&mut elsewhere, &repeat).await, "not_found");
        scene.empty_redis().await;
    }
    scene.agree(&mut people, &group).await;
    state_is_the_sequences(&scene, &mut people, &group).await;
}

/// Each fault at a point, side by side: what takes time is waiting.
async fn every_fault(point: Point, store: &'static str) {
    let run = async |fault| {
        stopped_at(point, fault, store).await;
        // What a failed test does not tell of is at fault.
        println!("{fault:?}: nothing broken");
    };
    tokio::join!(run(Fault::TwoOwners), run(Fault::Emptied), run(Fault::ThrownBack));
}

/// Makes a test of each point, over each store.
macro_rules! fault_points {
    ($($name:ident = ($side:ident, $call:literal)),* $(,)?) => {
        /// Over SQLite.
        mod over_sqlite {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                every_fault((Side::$side, $call), "sqlite").await;
            })*
        }

        /// Over MongoDB, or what stands in for it.
        mod over_mongodb {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                every_fault((Side::$side, $call), "mongodb").await;
            })*
        }

        #[test]
        fn every_write_is_a_point() {
            let points = [$($call),*];
            for write in WRITES {
                assert_eq!(points.iter().filter(|point| **point == write).count(), 2, "{write}");
            }
        }
    };
}

fault_points! {
    before_insert = (Before, "insert"),
    after_insert = (After, "insert"),
    before_effects = (Before, "apply_effects"),
    after_effects = (After, "apply_effects"),
    before_plan = (Before, "plan"),
    after_plan = (After, "plan"),
    before_update = (Before, "apply_update"),
    after_update = (After, "apply_update"),
    before_membership = (Before, "apply_membership"),
    after_membership = (After, "apply_membership"),
    before_marks = (Before, "raise_marks"),
    after_marks = (After, "raise_marks"),
    before_reseq = (Before, "reseq"),
    after_reseq = (After, "reseq"),
    before_commit = (Before, "commit"),
    after_commit = (After, "commit"),
}

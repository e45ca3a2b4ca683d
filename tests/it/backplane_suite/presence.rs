//! Sessions of users, and tickets.

use std::time::Duration;

use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{DeviceName, now_ms};
use hubbub::ports::{SessionRecord, UserPresence};

use super::World;
use super::sample::*;
use crate::support::eventually;

async fn new<W: World>() -> std::sync::Arc<dyn hubbub::ports::Backplane> {
    W::with(BackplaneLimits::default()).await.node().await
}

pub async fn sessions_come_and_go<W: World>() {
    let backplane = new::<W>().await;
    let (anna, phone) = session("anna", "a.1");
    let (_, laptop) = session("anna", "b.1");
    let first = backplane.register(&anna, &phone).await.unwrap();
    assert_eq!(first.others, []);
    assert!((now_ms() - first.time).abs() < 60_000);
    let second = backplane.register(&anna, &laptop).await.unwrap();
    assert_eq!(second.others, [phone.clone()]);
    let whereabouts = backplane.whereabouts(&[anna.clone()]).await.unwrap().remove(0);
    let by_node = |mut sessions: Vec<SessionRecord>| {
        sessions.sort_by(|a, b| a.node.cmp(&b.node));
        sessions
    };
    assert_eq!(by_node(whereabouts.sessions), [phone.clone(), laptop.clone()]);
    assert_eq!(backplane.unregister(&anna, &phone).await.unwrap().others, [laptop.clone()]);
    let last = backplane.unregister(&anna, &laptop).await.unwrap();
    assert_eq!(last.others, []);
    let gone = backplane.whereabouts(&[anna]).await.unwrap().remove(0);
    assert_eq!(gone, UserPresence { sessions: vec![], last_seen: last.time, version: last.version });
}

pub async fn versions_grow<W: World>() {
    let backplane = new::<W>().await;
    let mut versions = Vec::new();
    for _ in 0..5 {
        let (anna, here) = session("anna", "a.1");
        versions.push(backplane.register(&anna, &here).await.unwrap().version);
        versions.push(backplane.unregister(&anna, &here).await.unwrap().version);
    }
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
}

pub async fn registering_twice_changes_nothing<W: World>() {
    let backplane = new::<W>().await;
    let (anna, here) = session("anna", "a.1");
    let version = backplane.register(&anna, &here).await.unwrap().version;
    assert_eq!(backplane.register(&anna, &here).await.unwrap().version, version);
    // The node has taken a new epoch: the session moves with it.
    let there = SessionRecord { node: node("a.2"), ..here.clone() };
    let moved = backplane.register(&anna, &there).await.unwrap();
    assert!(moved.version > version && moved.others.is_empty(), "{moved:?}");
    // What the old life says late is not heard.
    assert_eq!(backplane.unregister(&anna, &here).await.unwrap().version, moved.version);
    assert_eq!(backplane.whereabouts(&[anna.clone()]).await.unwrap()[0].sessions, [there.clone()]);
    let left = backplane.unregister(&anna, &there).await.unwrap().version;
    assert_eq!(backplane.unregister(&anna, &there).await.unwrap().version, left);
}

pub async fn those_who_come_and_go_together_each_see_their_own<W: World>() {
    let backplane = new::<W>().await;
    let standing: Vec<_> = (0..300).map(|n| session(&format!("user-{}", n / 2), &format!("{}.1", n % 3))).collect();
    let registered = standing.iter().map(|(user, record)| backplane.register(user, record));
    let seen = futures::future::try_join_all(registered).await.unwrap();
    for (n, pair) in seen.chunks(2).enumerate() {
        let others: Vec<_> = pair.iter().flat_map(|sighting| sighting.others.clone()).collect();
        // Whoever of the two came second saw the first.
        assert!(others == [standing[2 * n].1.clone()] || others == [standing[2 * n + 1].1.clone()], "{n}: {others:?}");
    }
    let (going, staying): (Vec<_>, Vec<_>) = standing.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).unzip();
    let unregistered = going.iter().map(|(user, record)| backplane.unregister(user, record));
    let left = futures::future::try_join_all(unregistered).await.unwrap();
    let users: Vec<_> = going.into_iter().map(|(user, _)| user).collect();
    let found = backplane.whereabouts(&users).await.unwrap();
    for ((found, left), (_, record)) in found.iter().zip(&left).zip(staying) {
        assert_eq!((&found.sessions, found.version), (&left.others, left.version));
        assert_eq!(found.sessions, [record]);
    }
}

pub async fn whereabouts_in_the_order_asked<W: World>() {
    let backplane = new::<W>().await;
    let (anna, here) = session("anna", "a.1");
    let (bert, there) = session("b|e@r.t", "b.1");
    backplane.register(&anna, &here).await.unwrap();
    backplane.register(&bert, &there).await.unwrap();
    let found = backplane.whereabouts(&[bert.clone(), user("nobody"), anna, bert]).await.unwrap();
    let sessions: Vec<_> = found.iter().map(|at| at.sessions.clone()).collect();
    assert_eq!(sessions, [vec![there.clone()], vec![], vec![here], vec![there]]);
    assert_eq!(found[1], UserPresence::default());
    assert!(backplane.whereabouts(&[]).await.unwrap().is_empty());
}

pub async fn a_session_keeps_the_name_of_its_device<W: World>() {
    let backplane = new::<W>().await;
    let (anna, plain) = session("anna", "a.1");
    let (_, on_phone) = session("anna", "a.1");
    let phone = SessionRecord { device: Some(DeviceName::parse("s:Ännä's phone").unwrap()), ..on_phone.clone() };
    backplane.register(&anna, &phone).await.unwrap();
    assert_eq!(backplane.register(&anna, &plain).await.unwrap().others, [phone.clone()]);
    assert_eq!(backplane.register(&anna, &phone).await.unwrap().others, [plain.clone()]);
    let sessions = async || {
        let mut found = backplane.whereabouts(std::slice::from_ref(&anna)).await.unwrap().remove(0).sessions;
        found.sort_by_key(|record| record.device.is_some());
        found
    };
    assert_eq!(sessions().await, [plain.clone(), phone.clone()]);
    // The node has taken a new epoch: the device moves with its session.
    let moved = SessionRecord { node: node("a.2"), ..phone };
    backplane.register(&anna, &moved).await.unwrap();
    assert_eq!(sessions().await, [plain.clone(), moved.clone()]);
    // Whoever removes a session need not know its device.
    let unknown = SessionRecord { device: None, ..moved };
    assert_eq!(backplane.unregister(&anna, &unknown).await.unwrap().others, [plain.clone()]);
    assert_eq!(sessions().await, [plain]);
}

pub async fn who_leaves_unknown_was_here_until_now<W: World>() {
    let backplane = new::<W>().await;
    let (anna, here) = session("anna", "a.1");
    let left = backplane.unregister(&anna, &here).await.unwrap();
    assert!(left.version > 0);
    let found = backplane.whereabouts(&[anna.clone()]).await.unwrap().remove(0);
    assert_eq!(found, UserPresence { sessions: vec![], last_seen: left.time, version: left.version });
}

pub async fn tickets_are_taken_once<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let nodes = [world.node().await, world.node().await];
    nodes[0].put_ticket("a ticket", "anna until 12", LONG).await.unwrap();
    let takers = (0..8).map(|taker| nodes[taker % 2].take_ticket("a ticket"));
    let taken: Vec<_> = futures::future::try_join_all(takers).await.unwrap().into_iter().flatten().collect();
    assert_eq!(taken, ["anna until 12"]);
    assert_eq!(nodes[1].take_ticket("another").await.unwrap(), None);
}

pub async fn tickets_run_out<W: World>() {
    let backplane = new::<W>().await;
    backplane.put_ticket("long", "y", LONG).await.unwrap();
    // Taking one ends it: so there is another for each look.
    let short: Vec<String> = (0..100).map(|at| format!("short {at}")).collect();
    for ticket in &short {
        backplane.put_ticket(ticket, "x", Duration::from_millis(30)).await.unwrap();
    }
    let mut left = short.iter().rev();
    eventually("30 ms are over", async || {
        let ticket = left.next().expect("so many looks take longer than a ticket lives");
        backplane.take_ticket(ticket).await.unwrap().map_or(Ok(()), Err)
    })
    .await;
    assert_eq!(backplane.take_ticket("long").await.unwrap().as_deref(), Some("y"));
}

//! Sweeps over fakes.

use super::*;
use crate::domain::GroupId;
use crate::hub::testing::{Bed, MemoryStore, group, head, local, open_session, text, until};

const EVERY: Duration = Duration::from_secs(3);

fn sweep(bed: &Bed) {
    let (log, restorer, catch_up) = (bed.log.clone(), bed.restorer.clone(), bed.catch_up.clone());
    let (groups, node, comparisons) = (bed.groups.clone(), bed.node.clone(), bed.comparisons());
    let sweeper = Sweeper::new(log, groups, node, restorer, catch_up, comparisons, bed.tasks.clone());
    bed.tasks.spawn(Arc::new(sweeper).run(EVERY));
}

/// A group of anna's that is stored up to a seq, as this node holds it at an earlier one.
fn behind(at: Seq, stored: Seq) -> (Bed, Arc<LocalGroup>) {
    let id = GroupId::random();
    let bed = Bed::new(MemoryStore::of(&id, &["anna"], (1..=stored).map(|seq| text(&id, seq, "anna"))));
    let here = local(&bed.groups, group(&id, &["anna"]), at);
    here.state.lock().sessions.push(open_session(&bed.users, "anna").0);
    bed.log.heads.lock().insert(id.clone(), head(stored));
    bed.registry.heads.lock().insert(id, head(stored));
    (bed, here)
}

#[test]
fn only_a_group_that_stands_still_before_the_head_lacks_something() {
    assert_eq!(after_a_while(3, 3, 9), Behind::Stuck);
    assert_eq!(after_a_while(3, 8, 9), Behind::Moving);
    assert_eq!(after_a_while(3, 9, 9), Behind::NoMore);
    assert_eq!(after_a_while(3, 12, 9), Behind::NoMore);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_fell_behind_is_brought_up_and_a_lost_head_is_raised() {
    let (behind, beyond) = (GroupId::random(), GroupId::random());
    let bed = Bed::new(MemoryStore::of(&behind, &["anna"], [1, 2, 3].map(|seq| text(&behind, seq, "anna"))));
    bed.store.put_group(group(&beyond, &["anna"]));
    bed.store.put([1, 2].map(|seq| text(&beyond, seq, "anna")));
    let here = local(&bed.groups, group(&behind, &["anna"]), 1);
    local(&bed.groups, group(&beyond, &["anna"]), 2);
    let (session, ear) = open_session(&bed.users, "anna");
    here.state.lock().sessions.push(session);
    bed.log.heads.lock().extend([(behind.clone(), head(3)), (beyond.clone(), head(1))]);
    bed.registry.heads.lock().insert(behind, head(3));
    sweep(&bed);
    until(|| here.at() == 3 && bed.log.heads.lock()[&beyond].seq == 2).await;
    assert!(ear.texts().concat().contains("text 2"));
}

#[tokio::test(start_paused = true)]
async fn while_the_backplane_is_silent_nothing_counts_as_seen() {
    let (bed, _here) = behind(1, 1);
    let asked = |bed: &Bed| bed.log.asked_after.lock().clone();
    bed.log.newest.store(7, std::sync::atomic::Ordering::Relaxed);
    sweep(&bed);
    until(|| asked(&bed).len() == 2).await;
    bed.log.link.be_silent(true);
    bed.log.newest.store(9, std::sync::atomic::Ordering::Relaxed);
    tokio::time::sleep(EVERY * 3).await;
    bed.log.link.be_silent(false);
    until(|| asked(&bed).len() == 4).await;
    assert_eq!(asked(&bed), [0, 7, 7, 9]);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_say_what_moved_all_routes_are_added_again_and_all_positions_compared() {
    let (bed, here) = behind(1, 3);
    bed.log.heads.lock().clear();
    bed.log.has_lost_count.store(true, std::sync::atomic::Ordering::Relaxed);
    sweep(&bed);
    until(|| here.at() == 3).await;
    assert_eq!(bed.registry.routes.lock()[&here.id].len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_moves_on_costs_the_store_nothing() {
    let (bed, here) = behind(1, 9);
    sweep(&bed);
    for seq in 2..=5 {
        tokio::time::sleep(ON_THEIR_WAY).await;
        here.state.lock().position.advance(&text(&here.id, seq, "anna"));
    }
    assert_eq!((bed.store.calls("page"), bed.registry.routes.lock().len()), (0, 0));
    until(|| here.at() == 9).await;
    assert!(bed.store.calls("page") > 0, "it stood still");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_everybody_here_has_left_is_followed_no_further() {
    let (bed, here) = behind(1, 9);
    sweep(&bed);
    tokio::time::sleep(ON_THEIR_WAY / 2).await;
    here.state.lock().end();
    bed.groups.remove(&here);
    tokio::time::sleep(EVERY * 3).await;
    assert!(bed.registry.routes.lock().is_empty(), "no route leads to a group that is not here");
}

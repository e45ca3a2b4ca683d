//! What the owner of a partition relies on: delivery, pending entries, claims, acks, trimming.

use hubbub::domain::GroupId;
use hubbub::ports::{Commit, CommitError, GroupCommit, LeaseToken, LogStats};

use super::World;
use super::sample::*;
use crate::support::eventually;

pub async fn entries_are_delivered_once_and_stay_pending<W: World>() {
    let scene = TestCluster::<W>::new().await;
    for id in ["1", "2", "3"] {
        scene.say(id).await;
    }
    let stats = async || scene.backplane.log_stats(scene.partition).await.unwrap();
    assert_eq!(stats().await, LogStats { length: 3, pending: 0, lag: 3 });
    let entries = scene.read_all(3).await;
    assert!(scene.read(SHORT).await.is_empty());
    assert_eq!(stats().await, LogStats { length: 3, pending: 3, lag: 0 });
    scene.commit(&ids(&entries), vec![]).await.unwrap();
    assert_eq!(stats().await, LogStats { length: 0, pending: 0, lag: 0 });
}

pub async fn a_waiting_read_wakes<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let begun = std::time::Instant::now();
    let mut read = std::pin::pin!(scene.read(WAIT));
    assert!(tokio::time::timeout(SHORT, &mut read).await.is_err(), "there was nothing to read");
    let (entries, seq) = tokio::join!(read, scene.say("wake up"));
    assert_eq!((seqs(&entries), seq), (vec![1], 1));
    assert!(begun.elapsed() < WAIT / 2, "{:?}", begun.elapsed());
}

pub async fn a_read_without_news_ends<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let begun = std::time::Instant::now();
    assert!(scene.read(SHORT).await.is_empty());
    assert!((SHORT..WAIT).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    let nothing = scene.backplane.read_log(&scene.owner, &[], SHORT).await.unwrap();
    assert!(nothing.is_empty());
}

pub async fn one_read_covers_many_partitions<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let mut groups = Vec::new();
    for partition in 0..super::PARTITIONS {
        let group = GroupId::random();
        scene.backplane.restore(partition, &node("origin.1"), &floor(&group)).await.unwrap();
        scene.backplane.append(partition, &scene.origin, &[text(&group, "anna", "1")]).await.unwrap();
        groups.push((partition, group));
    }
    let partitions: Vec<u16> = (0..super::PARTITIONS).collect();
    let mut found = Vec::new();
    while found.len() < groups.len() {
        let reads = scene.backplane.read_log(&scene.owner, &partitions, WAIT).await.unwrap();
        assert!(!reads.is_empty());
        for read in reads {
            found.extend(read.entries.into_iter().map(|entry| (read.partition, entry.group)));
        }
    }
    assert_eq!(sorted(found), groups);
}

pub async fn a_read_given_up_loses_nothing<W: World>() {
    let scene = TestCluster::<W>::new().await;
    for at in 0..5 {
        let given_up = tokio::time::timeout(SHORT, scene.read(WAIT)).await;
        assert!(given_up.is_err(), "there was nothing to read");
        scene.say(&at.to_string()).await;
        assert_eq!(seqs(&scene.read(WAIT).await), [at + 1]);
    }
}

pub async fn partitions_of_a_read_may_change<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let other = GroupId::random();
    scene.backplane.restore(2, &scene.origin, &floor(&other)).await.unwrap();
    let given_up = tokio::time::timeout(SHORT, scene.read(WAIT)).await;
    assert!(given_up.is_err());
    // One that is read already, and one more.
    let begun = std::time::Instant::now();
    scene.backplane.append(2, &scene.origin, &[text(&other, "anna", "1")]).await.unwrap();
    let reads = scene.backplane.read_log(&scene.owner, &[1, 2], WAIT).await.unwrap();
    assert_eq!(reads.iter().map(|read| read.partition).collect::<Vec<_>>(), [2]);
    scene.say("1").await;
    let reads = scene.backplane.read_log(&scene.owner, &[1], WAIT).await.unwrap();
    assert_eq!(reads.iter().map(|read| read.partition).collect::<Vec<_>>(), [1]);
    assert!(begun.elapsed() < WAIT, "{:?}", begun.elapsed());
}

pub async fn another_claims_what_is_pending<W: World>() {
    let scene = TestCluster::<W>::new().await;
    for at in 0..700 {
        scene.append(&[text(&scene.group, "anna", &at.to_string())]).await;
    }
    let read = scene.read_all(700).await;
    scene.commit(&[read[0].id, read[2].id], vec![]).await.unwrap();
    let successor = node("successor.1");
    let claimed = scene.world.node().await.claim(&successor, scene.partition).await.unwrap().entries;
    let mut expected = ids(&read);
    expected.remove(2);
    expected.remove(0);
    assert_eq!(ids(&claimed), expected);
    assert_eq!(claimed[0].body, read[1].body);
    // Claiming is not acking: also from oneself.
    assert_eq!(scene.backplane.claim(&successor, scene.partition).await.unwrap().entries.len(), 698);
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap().pending, 698);
}

pub async fn a_claim_while_the_first_one_reads<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let paused = scene.world.node().await;
    let mut blocked = std::pin::pin!(scene.read_as(&*paused, &scene.owner, WAIT));
    assert!(tokio::time::timeout(SHORT, &mut blocked).await.is_err(), "there was nothing to read");
    let successor = node("successor.1");
    let (swallowed, _) = tokio::join!(blocked, async {
        let none = scene.backplane.claim(&successor, scene.partition).await.unwrap().entries;
        assert!(none.is_empty());
        scene.say("1").await
    });
    // The one that no longer owns the partition was handed the entry; who owns it claims it.
    assert_eq!(seqs(&swallowed), [1]);
    let claimed = scene.backplane.claim(&successor, scene.partition).await.unwrap().entries;
    assert_eq!(seqs(&claimed), [1]);
    scene.commit(&ids(&claimed), vec![]).await.unwrap();
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap(), LogStats::default());
}

pub async fn acks_never_take_what_is_pending<W: World>() {
    let scene = TestCluster::<W>::new().await;
    for id in ["1", "2", "3", "4"] {
        scene.say(id).await;
    }
    let entries = scene.read_all(4).await;
    scene.commit(&[entries[3].id, entries[1].id], vec![]).await.unwrap();
    assert_eq!(seqs(&scene.backplane.claim(&scene.owner, scene.partition).await.unwrap().entries), [1, 3]);
    scene.commit(&[entries[0].id], vec![]).await.unwrap();
    assert_eq!(seqs(&scene.backplane.claim(&scene.owner, scene.partition).await.unwrap().entries), [3]);
    scene.commit(&[entries[2].id], vec![]).await.unwrap();
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap(), LogStats::default());
}

pub async fn what_nobody_has_read_is_never_trimmed<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let first = scene.read_all(1).await;
    scene.say("2").await;
    scene.say("3").await;
    scene.commit(&ids(&first), vec![]).await.unwrap();
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap(), LogStats { length: 2, pending: 0, lag: 2 });
    assert_eq!(seqs(&scene.read_all(2).await), [2, 3]);
}

pub async fn no_commit_without_the_lease<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let entries = scene.read_all(1).await;
    let commit = |token: &str| Commit {
        partition: scene.partition,
        token: LeaseToken(token.into()),
        done: ids(&entries),
        groups: vec![group_commit(&scene.group, 1..=1)],
        hinted: Vec::new(),
    };
    for wrong in ["", "of the owner", "another", "token of the owner "] {
        let lost = scene.backplane.commit(&commit(wrong)).await;
        assert!(matches!(lost, Err(CommitError::LeaseLost)), "{wrong:?}: {lost:?}");
    }
    scene.backplane.release_partition(scene.partition, &scene.token).await.unwrap();
    let lost = scene.backplane.commit(&commit(&scene.token.0)).await;
    assert!(matches!(lost, Err(CommitError::LeaseLost)), "{lost:?}");
    assert_eq!(scene.head(&scene.group).await, Some(Default::default()));
    assert_eq!(scene.backplane.log_stats(scene.partition).await.unwrap().pending, 1);
    scene.hold().await;
    scene.backplane.commit(&commit(&scene.token.0)).await.unwrap();
    assert_eq!(scene.head(&scene.group).await, Some(head(1, 1)));
}

pub async fn acks_may_go_alone<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.say("1").await;
    let entries = scene.read_all(1).await;
    assert_eq!(scene.commit(&[], vec![]).await.unwrap(), Vec::<Vec<_>>::new());
    assert_eq!(scene.commit(&ids(&entries), vec![]).await.unwrap(), Vec::<Vec<_>>::new());
    assert_eq!(scene.commit(&ids(&entries), vec![]).await.unwrap(), Vec::<Vec<_>>::new());
    assert_eq!(scene.head(&scene.group).await, Some(Default::default()));
}

pub async fn a_commit_may_be_repeated<W: World>() {
    let scene = TestCluster::<W>::new().await;
    for id in ["1", "2", "3"] {
        scene.say(id).await;
    }
    let entries = scene.read_all(3).await;
    let part = group_commit(&scene.group, 1..=3);
    for _ in 0..2 {
        scene.commit(&ids(&entries), vec![part.clone()]).await.unwrap();
        assert_eq!(scene.head(&scene.group).await, Some(head(3, 3)));
        assert_eq!(scene.backplane.recent(scene.partition, &scene.group, 0).await.unwrap(), part.recent);
    }
    // A late one of a former owner takes nothing back.
    scene.commit(&[], vec![group_commit(&scene.group, 1..=2)]).await.unwrap();
    assert_eq!(scene.head(&scene.group).await, Some(head(3, 3)));
}

pub async fn a_commit_raises_what_redis_forgot<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.commit(&[], vec![GroupCommit { head: head(8, 5), ..group_commit(&scene.group, 8..=8) }]).await.unwrap();
    assert_eq!(scene.say("next").await, 9);
    let entry = scene.read_all(1).await.remove(0);
    assert_eq!((entry.n, entry.stored), (6, 8));
    // What is not known stays unknown.
    let unknown = GroupId::random();
    scene.commit(&[], vec![group_commit(&unknown, 1..=1)]).await.unwrap();
    assert_eq!(scene.head(&unknown).await, None);
}

pub async fn large_logs_drain<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let batch: Vec<_> = (0..3000).map(|at| text(&scene.group, "anna", &at.to_string())).collect();
    scene.append(&batch).await;
    let entries = scene.read_all(3000).await;
    assert!(seqs(&entries).into_iter().eq(1..=3000));
    scene.commit(&ids(&entries), vec![group_commit(&scene.group, 1..=3000)]).await.unwrap();
    eventually("the log is empty", async || {
        let stats = scene.backplane.log_stats(scene.partition).await.unwrap();
        if stats == LogStats::default() { Ok(()) } else { Err(format!("{stats:?}")) }
    })
    .await;
    assert_eq!(scene.say("more").await, 3001);
}

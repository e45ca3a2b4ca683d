//! Sends get their place in the sequence.

use std::collections::BTreeSet;

use bytes::Bytes;
use hubbub::adapters::BackplaneLimits;
use hubbub::domain::{GroupId, GroupKind, Kind, Role, Traits};
use hubbub::ports::{Append, Appended, GroupSnapshot, Standing};

use super::World;
use super::sample::*;

pub async fn seqs_are_dense_in_each_group<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let other = GroupId::random();
    scene.know(&other).await;
    let batch = [
        text(&scene.group, "anna", "1"),
        text(&other, "anna", "1"),
        text(&scene.group, "bert", "1"),
        text(&other, "bert", "1"),
        text(&scene.group, "anna", "2"),
    ];
    assert_eq!(accepted(&scene.append(&batch).await), [1, 1, 2, 2, 3]);
    assert_eq!(accepted(&scene.append(&[text(&other, "anna", "3"), text(&scene.group, "anna", "3")]).await), [3, 4]);
    let entries = scene.read_all(7).await;
    assert_eq!(seqs(&entries), [1, 1, 2, 2, 3, 3, 4]);
    assert!(ids(&entries).is_sorted_by(|a, b| a < b), "{entries:?}");
}

pub async fn only_what_counts_makes_n_grow<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let void = Append { traits: Traits::default(), ..text(&scene.group, "anna", "2") };
    let answers = scene.append(&[text(&scene.group, "anna", "1"), void, text(&scene.group, "anna", "3")]).await;
    let numbers: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Appended::Accepted { seq, n, .. } => (*seq, *n),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, [(1, 1), (2, 1), (3, 2)]);
}

/// A kind that nobody here knows is numbered by its traits, and told as it was sent.
pub async fn kinds_of_later_versions_go_through<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let later = |id: &str, counts: bool, shown: bool| Append {
        kind: Kind::parse("starred").unwrap(),
        traits: Traits { counts, shown, fx: 3 },
        ..text(&scene.group, "anna", id)
    };
    let sent = [later("1", false, true), later("2", false, false), later("3", true, true)];
    accepted(&scene.append(&sent).await);
    scene.change(&add(&scene.group, "anna", &["cleo"])).await;
    let entries = scene.read_all(4).await;
    let numbers: Vec<_> = entries.iter().map(|entry| (entry.n, entry.shown)).collect();
    assert_eq!(numbers, [(0, 1), (0, 1), (1, 2), (1, 3)]);
    for (entry, sent) in entries.iter().zip(&sent) {
        assert_eq!((entry.kind, entry.traits), (sent.kind, sent.traits));
    }
    assert_eq!(entries[3].traits, Kind::Joined.traits());
}

pub async fn a_cid_is_accepted_once<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let once = text(&scene.group, "anna", "same");
    let other_words = Append { body: Bytes::from_static(b"other words"), ..once.clone() };
    let answers = scene.append(&[once.clone(), other_words.clone()]).await;
    assert!(matches!(answers[..], [Appended::Accepted { seq: 1, .. }, Appended::Seen { seq: 1 }]), "{answers:?}");
    assert_eq!(scene.append(&[other_words]).await, [Appended::Seen { seq: 1 }]);
    let other_node = scene.world.node().await;
    let again = other_node.append(scene.partition, &node("elsewhere.1"), &[once.clone()]).await.unwrap();
    assert_eq!(again, [Appended::Seen { seq: 1 }]);
    let entries = scene.read_all(1).await;
    assert_eq!(entries[0].body, once.body);
    assert!(scene.read(SHORT).await.is_empty());
}

pub async fn a_cid_belongs_to_a_sender_and_a_group<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let other = GroupId::random();
    scene.know(&other).await;
    let batch = [text(&scene.group, "anna", "x"), text(&scene.group, "bert", "x"), text(&other, "anna", "x")];
    assert_eq!(accepted(&scene.append(&batch).await), [1, 2, 1]);
}

pub async fn only_members_and_services_send<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let stranger = text(&scene.group, "mallory", "1");
    let service = Append { standing: Standing::Anybody, ..text(&scene.group, "hub.bot", "1") };
    let batch = [stranger.clone(), service, text(&scene.group, "bert", "1"), stranger];
    let answers = scene.append(&batch).await;
    let expected = [Appended::NotMember, answers[1], answers[2], Appended::NotMember];
    assert_eq!(answers, expected);
    assert_eq!(accepted(&answers[1..3]), [1, 2]);
}

pub async fn admins_alone_do_what_asks_for_one<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let direct = GroupId::random();
    let members = vec![member("anna", Role::Member), member("bert", Role::Member)];
    let state = GroupSnapshot { kind: GroupKind::Direct, members, ..floor(&direct) };
    scene.backplane.restore(scene.partition, &scene.origin, &state).await.unwrap();
    let send = |group, from, standing, id| Append { standing, ..text(group, from, id) };
    let (group, admin, moderator) = (&scene.group, Standing::Admin, Standing::Moderator);
    let batch = [
        send(group, "anna", admin, "1"),
        send(group, "anna", moderator, "2"),
        send(group, "bert", admin, "1"),
        send(group, "bert", moderator, "2"),
        send(group, "mallory", moderator, "1"),
        // Where nobody is admin either of the two is, but nobody moderates.
        send(&direct, "bert", admin, "1"),
        send(&direct, "bert", moderator, "2"),
    ];
    let answers = scene.append(&batch).await;
    let expected = [
        answers[0],
        answers[1],
        Appended::NotAdmin,
        Appended::NotAdmin,
        Appended::NotMember,
        answers[5],
        Appended::NotAdmin,
    ];
    assert_eq!(answers, expected);
    assert_eq!(accepted(&[answers[0], answers[1], answers[5]]), [1, 2, 1]);
}

pub async fn who_left_still_learns_the_seq<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let sent = text(&scene.group, "bert", "last words");
    assert_eq!(accepted(&scene.append(std::slice::from_ref(&sent)).await), [1]);
    let mut gone = add(&scene.group, "anna", &["bert"]);
    gone.kind = Kind::Left;
    scene.change(&gone).await;
    let answers = scene.append(&[sent, text(&scene.group, "bert", "more")]).await;
    assert_eq!(answers, [Appended::Seen { seq: 1 }, Appended::NotMember]);
}

pub async fn an_unknown_group_takes_nothing<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let unknown = GroupId::random();
    let batch = [text(&unknown, "anna", "1"), text(&scene.group, "anna", "1"), text(&unknown, "anna", "2")];
    let answers = scene.append(&batch).await;
    assert_eq!((answers[0], answers[2]), (Appended::Unknown, Appended::Unknown));
    assert_eq!(accepted(&answers[1..2]), [1]);
    scene.know(&unknown).await;
    assert_eq!(accepted(&scene.append(&[batch[0].clone(), batch[2].clone()]).await), [1, 2]);
}

pub async fn a_full_log_takes_nothing_more<W: World>() {
    let scene = TestCluster::<W>::with(BackplaneLimits { log_cap: 3, ..BackplaneLimits::default() }).await;
    let say = |id: &str| text(&scene.group, "anna", id);
    let answers = scene.append(&[say("1"), say("2"), say("3"), say("4"), say("1")]).await;
    assert_eq!(accepted(&answers[..3]), [1, 2, 3]);
    assert_eq!(answers[3..], [Appended::Full, Appended::Seen { seq: 1 }]);
    assert_eq!(scene.append(&[say("4")]).await, [Appended::Full]);
    let entries = scene.read_all(3).await;
    scene.commit(&ids(&entries), vec![group_commit(&scene.group, 1..=3)]).await.unwrap();
    assert_eq!(accepted(&scene.append(&[say("4")]).await), [4]);
}

pub async fn entries_carry_all_that_was_sent<W: World>() {
    let scene = TestCluster::<W>::new().await;
    scene.commit_upto(1..=7).await;
    let odd = Append {
        body: Bytes::from_static(b"\x00\xff}{\r\n not UTF-8"),
        cid: cid("a cid with spaces, } and \u{1f600}"),
        ..text(&scene.group, "anna", "-")
    };
    let empty = Append { body: Bytes::new(), ..text(&scene.group, "bert", "empty") };
    let answers = scene.append(&[odd.clone(), empty]).await;
    let entries = scene.read_all(2).await;
    let Appended::Accepted { seq, n, time } = answers[0] else { panic!("{answers:?}") };
    let first = &entries[0];
    assert_eq!((first.seq, first.n, first.time, first.stored), (seq, n, time, 7));
    assert_eq!((&first.group, &first.from, &first.cid, &first.body), (&odd.group, &odd.from, &odd.cid, &odd.body));
    assert_eq!((&first.origin, first.kind, first.users.len()), (&scene.origin, Kind::Text, 0));
    assert!(entries[1].body.is_empty());
    let clock = hubbub::domain::now_ms();
    assert!((clock - time).abs() < 60_000, "{time} is not about {clock}");
}

pub async fn a_large_batch_stays_in_order<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let batch: Vec<Append> = (0..1000).map(|at| text(&scene.group, "anna", &at.to_string())).collect();
    assert!(accepted(&scene.append(&batch).await).into_iter().eq(1..=1000));
    let entries = scene.read_all(1000).await;
    assert!(entries.iter().zip(0..).all(|(entry, at)| entry.cid.as_str() == at.to_string()));
}

pub async fn many_senders_leave_no_hole<W: World>() {
    let scene = TestCluster::<W>::new().await;
    let nodes = [scene.world.node().await, scene.world.node().await, scene.backplane.clone()];
    let senders = (0..24).map(|sender| {
        let (backplane, origin) = (nodes[sender % 3].clone(), node(&format!("n.{sender}")));
        let (partition, group) = (scene.partition, scene.group.clone());
        async move {
            let mut seqs = Vec::new();
            for at in 0..10 {
                let batch =
                    [text(&group, "anna", &format!("{sender}-{at}")), text(&group, "bert", &format!("{sender}-{at}"))];
                seqs.extend(accepted(&backplane.append(partition, &origin, &batch).await.unwrap()));
            }
            assert!(seqs.is_sorted(), "{seqs:?}");
            seqs
        }
    });
    let seqs: BTreeSet<u64> = futures::future::join_all(senders).await.into_iter().flatten().collect();
    assert!(seqs.into_iter().eq(1..=480));
}

pub async fn a_forgotten_cid_may_come_again<W: World>() {
    let scene = TestCluster::<W>::new().await;
    assert_eq!(scene.say("refused").await, 1);
    scene.backplane.forget_cid(scene.partition, &scene.group, &user("anna"), &cid("refused")).await.unwrap();
    assert_eq!(scene.say("refused").await, 2);
}

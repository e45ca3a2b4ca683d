//! Peer messages from node to node.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hubbub::adapters::BackplaneLimits;
use hubbub::domain::NodeName;
use hubbub::ports::{Backplane, InboxPosition, InboxRead};

use super::World;
use super::sample::*;

/// A node's inbox and how far it was read.
struct Reader {
    backplane: Arc<dyn Backplane>,
    name: NodeName,
    after: InboxPosition,
}

impl Reader {
    async fn open<W: World>(world: &W, name: &str) -> Self {
        let backplane = world.node().await;
        let name = node(name);
        backplane.open_inbox(&name).await.unwrap();
        Self { backplane, name, after: InboxPosition::default() }
    }

    async fn read(&mut self, wait: Duration) -> InboxRead {
        let read = self.backplane.read_inbox(&self.name, self.after, wait).await.unwrap();
        self.after = read.entries.last().map_or(self.after, |entry| entry.position);
        read
    }

    /// Reads until this many peer messages came, none of them late or lost.
    async fn peer_messages(&mut self, count: usize) -> Vec<String> {
        let mut peer_messages = Vec::new();
        while peer_messages.len() < count {
            let read = self.read(WAIT).await;
            assert!(!read.entries.is_empty() && !read.lossy, "{} of {count}: {read:?}", peer_messages.len());
            peer_messages.extend(texts(&read));
        }
        peer_messages
    }
}

fn texts(read: &InboxRead) -> Vec<String> {
    read.entries.iter().map(|entry| String::from_utf8_lossy(&entry.payload).into_owned()).collect()
}

async fn post(backplane: &dyn Backplane, to: &NodeName, peer_messages: &[&str]) {
    let posts: Vec<_> = peer_messages
        .iter()
        .map(|peer_message| (to.clone(), Bytes::copy_from_slice(peer_message.as_bytes())))
        .collect();
    backplane.post(&posts).await.unwrap();
}

pub async fn peer_messages_come_in_order<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let sender = world.node().await;
    let (mut a, mut b) = (Reader::open(&world, "a.1").await, Reader::open(&world, "b.1").await);
    let posts = ["1", "2", "3"].map(|text| [(a.name.clone(), Bytes::from(text)), (b.name.clone(), Bytes::from(text))]);
    sender.post(&posts.concat()).await.unwrap();
    post(&*sender, &a.name, &["4", "5"]).await;
    assert_eq!(a.peer_messages(5).await, ["1", "2", "3", "4", "5"]);
    assert_eq!(b.peer_messages(3).await, ["1", "2", "3"]);
    assert!(b.read(SHORT).await.entries.is_empty());
    post(&*sender, &b.name, &["\u{0}binary\u{ff}", ""]).await;
    let read = b.read(WAIT).await;
    assert_eq!(texts(&read), ["\u{0}binary\u{ff}", ""]);
    assert!((hubbub::domain::now_ms() - read.entries[0].time).abs() < 60_000);
}

pub async fn a_waiting_reader_wakes<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let sender = world.node().await;
    let mut a = Reader::open(&world, "a.1").await;
    let name = a.name.clone();
    let begun = std::time::Instant::now();
    let mut peer_messages = Box::pin(a.peer_messages(1));
    assert!(tokio::time::timeout(SHORT, &mut peer_messages).await.is_err(), "there was nothing to read");
    let (peer_messages, ()) = tokio::join!(peer_messages, post(&*sender, &name, &["wake up"]));
    assert_eq!(peer_messages, ["wake up"]);
    assert!(begun.elapsed() < WAIT / 2);
    assert!(tokio::time::timeout(SHORT, a.read(WAIT)).await.is_err());
    post(&*sender, &name, &["after one given up"]).await;
    assert_eq!(a.peer_messages(1).await, ["after one given up"]);
}

pub async fn reading_again_from_the_same_place<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let mut a = Reader::open(&world, "a.1").await;
    post(&*a.backplane.clone(), &a.name, &["1", "2"]).await;
    let first = a.backplane.read_inbox(&a.name, a.after, WAIT).await.unwrap();
    assert_eq!(a.peer_messages(2).await, texts(&first));
    let last = a.backplane.read_inbox(&a.name, first.entries[0].position, WAIT).await.unwrap();
    assert_eq!(texts(&last), ["2"]);
}

pub async fn nobody_posts_to_who_is_not_there<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let mut a = Reader::open(&world, "a.1").await;
    let posts = [(node("gone.1"), Bytes::from("lost")), (a.name.clone(), Bytes::from("kept"))];
    a.backplane.post(&posts).await.unwrap();
    a.backplane.post(&[]).await.unwrap();
    assert_eq!(a.peer_messages(1).await, ["kept"]);
    let mut gone = Reader::open(&world, "gone.1").await;
    let read = gone.read(SHORT).await;
    assert!(read.entries.is_empty() && !read.lossy, "{read:?}");
}

pub async fn a_full_inbox_says_so<W: World>() {
    let world = W::with(small()).await;
    let mut a = Reader::open(&world, "a.1").await;
    let sender = world.node().await;
    post(&*sender, &a.name, &["1", "2", "3"]).await;
    post(&*sender, &a.name, &["4", "5", "6"]).await;
    post(&*sender, &a.name, &["7"]).await;
    let (mut peer_messages, mut lossy) = (Vec::new(), false);
    while peer_messages.len() < 4 || !lossy {
        let read = a.read(WAIT).await;
        peer_messages.extend(texts(&read));
        lossy |= read.lossy;
        assert!(!read.entries.is_empty() || read.lossy, "{peer_messages:?}");
    }
    assert_eq!(peer_messages, ["1", "2", "3", "4"]);
    // Told once; what was read makes room.
    let read = a.read(SHORT).await;
    assert!(read.entries.is_empty() && !read.lossy, "{read:?}");
    post(&*sender, &a.name, &["8", "9"]).await;
    assert_eq!(a.peer_messages(2).await, ["8", "9"]);
}

pub async fn an_inbox_that_vanished_says_so<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let mut a = Reader::open(&world, "a.1").await;
    let sender = world.node().await;
    post(&*sender, &a.name, &["1"]).await;
    assert_eq!(a.peer_messages(1).await, ["1"]);
    world.lose_everything().await;
    post(&*sender, &a.name, &["lost"]).await;
    let read = a.read(SHORT).await;
    assert!(read.lossy && read.entries.is_empty(), "{read:?}");
    post(&*sender, &a.name, &["2"]).await;
    assert_eq!(a.peer_messages(1).await, ["2"]);
}

pub async fn the_inbox_of_a_reaped_life_stays_away<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let mut a = Reader::open(&world, "a.1").await;
    a.backplane.beat(&record("a.1"), LONG).await.unwrap();
    a.backplane.leave(&a.name, super::PARTITIONS).await.unwrap();
    for _ in 0..2 {
        let read = a.read(SHORT).await;
        assert!(read.lossy && read.entries.is_empty(), "{read:?}");
        post(&*a.backplane.clone(), &a.name, &["to nobody"]).await;
    }
}

pub async fn opening_twice_keeps_what_is_in<W: World>() {
    let world = W::with(BackplaneLimits::default()).await;
    let mut a = Reader::open(&world, "a.1").await;
    post(&*a.backplane.clone(), &a.name, &["1"]).await;
    a.backplane.open_inbox(&a.name).await.unwrap();
    assert_eq!(a.peer_messages(1).await, ["1"]);
}

pub async fn what_was_read_makes_room<W: World>() {
    let world = W::with(BackplaneLimits { inbox_cap: 2000, ..BackplaneLimits::default() }).await;
    let mut a = Reader::open(&world, "a.1").await;
    let sender = world.node().await;
    let peer_messages: Vec<String> = (0..1000).map(|at| at.to_string()).collect();
    let peer_messages: Vec<&str> = peer_messages.iter().map(String::as_str).collect();
    for _ in 0..5 {
        post(&*sender, &a.name, &peer_messages).await;
        assert_eq!(a.peer_messages(1000).await, peer_messages);
    }
}

//! Read marks of sessions, and receipts for the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use tokio::time::Instant;

use super::devices::DeviceMarks;
use crate::domain::{Event, Group, GroupId, Head, Mark, Refusal, Seq, UserId};
use crate::hub::codec::PeerEvent;
use crate::hub::config::{Reach, SMALL_GROUP};
use crate::hub::features::answered::{Answered, Asker};
use crate::hub::local::{LocalGroups, SessionHandle, WaitingMarks, tell_each};
use crate::hub::pipeline::peers::Peers;
use crate::ports::{CursorStore, MessageStore};
use crate::protocol::{ServerFrame, pushes, requests};

type MarkKey = (UserId, GroupId);

/// How often what is due is written: little at a time, so that messages need not wait behind it.
const WRITE_EVERY: Duration = Duration::from_millis(250);
/// How often receipts are told.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// Users whose marks are written with one call.
const WRITTEN_TOGETHER: usize = 500;

/// When marks are written, and where they are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiptsConfig {
    /// How long implied marks wait for others of their user.
    pub(crate) marks_every: Duration,
    /// In which groups of at most [`SMALL_GROUP`] members.
    pub(crate) reach: Reach,
}

/// Raises marks, and tells of them.
pub(crate) struct Receipts {
    messages: Arc<dyn MessageStore>,
    marks: Arc<dyn CursorStore>,
    waiting: Arc<WaitingMarks>,
    devices: Arc<DeviceMarks>,
    groups: Arc<LocalGroups>,
    peers: Arc<Peers>,
    config: ReceiptsConfig,
    /// Receipts that wait to be told together.
    receipts: DashMap<MarkKey, (Seq, Seq)>,
}

// === impl Receipts ===

impl Receipts {
    pub(crate) fn new(
        messages: Arc<dyn MessageStore>,
        marks: Arc<dyn CursorStore>,
        waiting: Arc<WaitingMarks>,
        devices: Arc<DeviceMarks>,
        groups: Arc<LocalGroups>,
        peers: Arc<Peers>,
        config: ReceiptsConfig,
    ) -> Self {
        Self { messages, marks, waiting, devices, groups, peers, config, receipts: DashMap::new() }
    }

    /// Whether members of a group are told how far the others have come.
    fn tells(&self, document: &Group) -> bool {
        document.members.len() <= SMALL_GROUP && self.config.reach.reaches(document.members.len())
    }

    fn receipt(&self, user: &UserId, group: &GroupId, read: Seq, delivered: Seq) {
        let mut entry = self.receipts.entry((user.clone(), group.clone())).or_default();
        *entry = (entry.0.max(read), entry.1.max(delivered));
    }

    /// Whoever sends has read what was before.
    pub(crate) fn read_by_sending(&self, event: &Event) {
        // What is not shown is said without a look at what was.
        if event.from.is_reserved() || !event.traits.shown {
            return;
        }
        let mark = Mark { read: event.seq, n: event.n, delivered: event.seq };
        self.waiting.raise(&event.from, &event.group, mark, self.config.marks_every);
    }

    /// A session read up to a seq (at most the head). Stored when this returns.
    pub(crate) async fn read(&self, session: &SessionHandle, id: &GroupId, seq: Seq) -> Result<(), Refusal> {
        let Some(group) = self.groups.get(id).filter(|_| session.is_in(id)) else {
            return Err(Refusal::forbidden("you are not a member of this group"));
        };
        let (head, small) = {
            let state = group.state.lock();
            (
                state.position.at().unwrap_or_default(),
                state.document.as_deref().is_some_and(|document| self.tells(document)),
            )
        };
        let seq = seq.min(head.seq);
        self.raise_read(&session.user, id, seq, head, small).await?;
        self.devices.seen(session, [(id.clone(), seq)]);
        Ok(())
    }

    /// A member read up to a seq (at most the head). Stored when this returns.
    pub(crate) async fn read_up_to(&self, user: &UserId, group: &Group, head: Head, seq: Seq) -> Result<(), Refusal> {
        self.raise_read(user, &group.id, seq.min(head.seq), head, self.tells(group)).await
    }

    /// A member read up to a seq, which is no greater than the head's; the members of a small group are told of it.
    async fn raise_read(&self, user: &UserId, id: &GroupId, seq: Seq, head: Head, small: bool) -> Result<(), Refusal> {
        if seq == 0 {
            return Ok(());
        }
        let at_hand = self.groups.get(id).and_then(|group| group.state.lock().ring_event(seq));
        let n = match at_hand {
            Some(event) => event.n,
            None if seq == head.seq => head.n,
            None => {
                let event = self.messages.event(id, seq).await?;
                // Removed by retention: it counts nothing, the seq is kept.
                event.map_or(0, |event| event.n)
            }
        };
        let mark = Mark { read: seq, n, delivered: seq };
        self.marks.raise_marks(&[(user.clone(), id.clone(), mark)]).await?;
        if small {
            self.receipt(user, id, seq, seq);
        }
        Ok(())
    }

    /// What a device says that it holds.
    pub(crate) fn delivered_marks(&self, session: &SessionHandle, cursors: HashMap<GroupId, Seq>) {
        for (id, seq) in cursors.into_iter().filter(|(id, _)| session.is_in(id)) {
            let Some(group) = self.groups.get(&id) else { continue };
            let (head, small) = {
                let state = group.state.lock();
                (
                    state.position.at().map_or(0, |at| at.seq),
                    state.document.as_deref().is_some_and(|document| self.tells(document)),
                )
            };
            let delivered = seq.min(head);
            let mark = Mark { read: 0, n: 0, delivered };
            self.waiting.raise(&session.user, &id, mark, self.config.marks_every);
            self.devices.seen(session, [(id.clone(), delivered)]);
            if small {
                self.receipt(&session.user, &id, 0, delivered);
            }
        }
    }

    /// A session is welcome: its device holds what the session resumes from.
    pub(crate) fn came(&self, session: &SessionHandle, cursors: &HashMap<GroupId, Seq>) {
        if session.device.is_none() {
            return;
        }
        let held = cursors.iter().filter(|(id, _)| session.is_in(id)).filter_map(|(id, seq)| {
            let head = self.groups.get(id)?.state.lock().position.at()?;
            Some((id.clone(), head.seq.min(*seq)))
        });
        self.devices.seen(session, held.collect::<Vec<_>>());
    }

    /// A session is over.
    pub(crate) fn left(&self, session: &SessionHandle) {
        self.devices.left(session);
    }

    /// Writes marks and tells receipts now and then, for as long as the node runs.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut write = tokio::time::interval(WRITE_EVERY);
        write.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut tell = tokio::time::interval(TELL_EVERY);
        loop {
            tokio::select! {
                _ = write.tick() => {
                    self.write_marks(Instant::now()).await;
                    self.devices.write(Instant::now()).await;
                }
                _ = tell.tick() => self.tell_receipts().await,
            }
        }
    }

    /// Writes everything that waits.
    pub(crate) async fn write_all(&self) {
        self.write_marks(Instant::now() + self.config.marks_every).await;
        self.devices.write_all().await;
    }

    /// Writes what is due at a moment; what cannot be written waits on.
    async fn write_marks(&self, due: Instant) {
        loop {
            let raised = self.waiting.take_due(due, WRITTEN_TOGETHER);
            if raised.is_empty() {
                return;
            }
            if let Err(error) = self.marks.raise_marks(&raised).await {
                tracing::debug!(%error, "read marks wait to be stored");
                let again = self.config.marks_every;
                raised.iter().for_each(|(user, group, mark)| self.waiting.raise(user, group, *mark, again));
                return;
            }
        }
    }

    async fn tell_receipts(&self) {
        let keys: Vec<MarkKey> = self.receipts.iter().map(|entry| entry.key().clone()).collect();
        for key in keys {
            let Some(((user, group), (read, delivered))) = self.receipts.remove(&key) else { continue };
            self.peers.tell_group(&group, PeerEvent::Receipt { group: group.clone(), user, read, delivered }).await;
        }
    }

    /// Shows a receipt to the group's sessions here.
    pub(crate) fn show(&self, id: &GroupId, user: &UserId, read: Seq, delivered: Seq) {
        let Some(group) = self.groups.get(id) else { return };
        let sessions = group.state.lock().sessions.clone();
        tell_each(&sessions, &ServerFrame::Receipt(pushes::Receipt { group: id, user, read, delivered }));
    }
}

impl Answered for requests::Read {
    type By = Receipts;

    async fn answer(self, receipts: &Receipts, asker: Asker<'_>) -> Result<(), Refusal> {
        receipts.read(asker.session, &self.group, self.seq).await?;
        asker.done();
        Ok(())
    }
}

/// A sign of life says what its device holds.
impl Answered for requests::Ping {
    type By = Receipts;

    async fn answer(self, receipts: &Receipts, asker: Asker<'_>) -> Result<(), Refusal> {
        receipts.delivered_marks(asker.session, self.cursors.unwrap_or_default());
        asker.tell(&ServerFrame::Pong(pushes::Pong { re: asker.re }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::local::LocalUsers;
    use crate::hub::testing::{Bed, MemoryStore, device_session, group, local, open_session, session, text, user};
    use crate::ports::DeviceStore;
    use crate::protocol::Encoding;

    fn receipts(bed: &Bed) -> Receipts {
        let (store, groups) = (bed.store.clone(), bed.groups.clone());
        let every = Duration::from_secs(15);
        let devices = Arc::new(DeviceMarks::new(store.clone(), every));
        let config = ReceiptsConfig { marks_every: every, reach: Reach::default() };
        Receipts::new(store.clone(), store, Arc::default(), devices, groups, bed.peers.clone(), config)
    }

    #[tokio::test]
    async fn a_receipt_is_encoded_once_an_encoding() {
        let (id, bed) = (GroupId::random(), Bed::new(MemoryStore::default()));
        let here = local(&bed.groups, group(&id, &["anna"]), 5);
        let users = LocalUsers::default();
        let ears = ["anna", "bob"].map(|name| {
            let (session, ear) = open_session(&users, name);
            here.state.lock().sessions.push(session);
            ear
        });
        let (cleo, packed) = session(&users, "cleo", Encoding::MsgPack);
        cleo.open_with(&ServerFrame::Pong(pushes::Pong { re: None }));
        here.state.lock().sessions.push(cleo);
        receipts(&bed).show(&id, &user("anna"), 3, 4);
        let [one, other] = ears.map(|ear| ear.take());
        assert_eq!((one.len(), one[0].as_ptr()), (1, other[0].as_ptr()));
        assert_ne!(packed.take()[1], one[0]);
    }

    #[tokio::test]
    async fn marks_go_up_to_the_head_at_most_and_those_of_senders_wait_until_they_are_due() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], [text(&id, 1, "bob"), text(&id, 2, "bob")]));
        local(&bed.groups, group(&id, &["anna"]), 2);
        let (anna, _ear) = open_session(&bed.users, "anna");
        let receipts = receipts(&bed);
        assert!(receipts.read(&anna, &id, 2).await.is_err(), "no member");
        anna.add_group(&id);
        receipts.read(&anna, &id, 99).await.unwrap();
        receipts.read_by_sending(&text(&id, 3, "bob"));
        let marks =
            async |name| bed.store.marks(&[user(name)]).await.unwrap().remove(&user(name)).map(|of| of[&id].read);
        assert_eq!((marks("anna").await, marks("bob").await), (Some(2), None));
        receipts.write_all().await;
        assert_eq!(marks("bob").await, Some(3));
    }

    #[test]
    fn receipts_reach_as_far_as_is_set_and_never_beyond_small_groups() {
        let bed = Bed::new(MemoryStore::default());
        let names: Vec<_> = (0..=SMALL_GROUP).map(|number| format!("user-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let sizes = [2, 3, SMALL_GROUP, SMALL_GROUP + 1];
        for (reach, told) in [
            (Reach::Everywhere, [true, true, true, false]),
            (Reach::UpTo(2), [true, false, false, false]),
            (Reach::Nowhere, [false; 4]),
        ] {
            let receipts = Receipts { config: ReceiptsConfig { marks_every: Duration::ZERO, reach }, ..receipts(&bed) };
            let tells = sizes.map(|size| receipts.tells(&group(&GroupId::random(), &names[..size])));
            assert_eq!(tells, told, "{reach}");
        }
    }

    #[tokio::test]
    async fn what_a_device_says_raises_the_users_mark_and_its_own_up_to_the_head() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], []));
        local(&bed.groups, group(&id, &["anna"]), 9);
        let receipts = receipts(&bed);
        let [(phone, _), (laptop, _)] = ["phone", "laptop"].map(|name| device_session(&bed.users, "anna", name));
        let up_to = |seq| HashMap::from([(id.clone(), seq), (GroupId::random(), seq)]);
        // A group that the session is not in is not looked at.
        receipts.came(&phone, &up_to(2));
        for session in [&phone, &laptop] {
            session.add_group(&id);
        }
        receipts.came(&laptop, &up_to(3));
        receipts.delivered_marks(&phone, up_to(99));
        receipts.delivered_marks(&phone, up_to(7));
        receipts.read(&laptop, &id, 5).await.unwrap();
        receipts.write_all().await;
        let held = async || -> Vec<(String, Seq)> {
            let devices = bed.store.devices(&user("anna")).await.unwrap();
            devices.iter().map(|device| (device.name.to_string(), device.delivered[&id])).collect()
        };
        let mut there = held().await;
        there.sort();
        assert_eq!(there, [("laptop".to_owned(), 5), ("phone".to_owned(), 9)]);
        let marks = bed.store.marks(&[user("anna")]).await.unwrap();
        assert_eq!(marks[&user("anna")][&id].delivered, 9);
    }
}

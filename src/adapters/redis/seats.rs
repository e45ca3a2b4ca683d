//! Sessions registered under their users, and removed: all that come together with one call, those that go too.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fred::clients::Client;
use fred::interfaces::SetsInterface;
use fred::types::Value;
use futures::future::try_join_all;

use super::keys::Keys;
use super::lane::Lane;
use super::registry::{index_entry, session_record};
use super::reply::{Reply, to_error};
use super::script::{Call, INDEX_SESSIONS, REGISTER, Script, UNREGISTER};
use crate::domain::{Millis, NodeName, UserId};
use crate::ports::{BackplaneError, SessionRecord, Sighting};

/// How long a user without sessions is remembered, in seconds: a week. Last seen is in the store too.
const FORGET_AFTER: u64 = 7 * 24 * 3600;

/// Sessions that one script registers or removes: Redis does nothing else meanwhile.
const SEATS_CHUNK: usize = 64;

/// A session of a user.
pub(super) type Seat = (UserId, SessionRecord);

/// Who comes and who goes, each in line for a call.
pub(super) struct Seats {
    calls: SeatCalls,
    coming: Arc<Lane<Seat, Sighting>>,
    going: Arc<Lane<Seat, Sighting>>,
}

/// The calls, as a task may keep them.
#[derive(Clone)]
struct SeatCalls {
    client: Client,
    keys: Keys,
    clustered: bool,
}

// === impl Seats ===

impl Seats {
    pub(super) fn new(client: Client, keys: Keys, clustered: bool) -> Self {
        Self { calls: SeatCalls { client, keys, clustered }, coming: Arc::default(), going: Arc::default() }
    }

    /// Registers a session: in the index of its node first, from which it is reaped.
    pub(super) async fn take(&self, seat: Seat) -> Result<Sighting, BackplaneError> {
        let calls = self.calls.clone();
        self.coming.ask(seat, move |seats| calls.clone().take_all(seats)).await
    }

    /// Removes a session: from the index of its node last.
    pub(super) async fn leave(&self, seat: Seat) -> Result<Sighting, BackplaneError> {
        let calls = self.calls.clone();
        self.going.ask(seat, move |seats| calls.clone().leave_all(seats)).await
    }

    /// Removes sessions from their users, not from the index of their node.
    pub(super) async fn unseat(&self, seats: &[Seat]) -> Result<Vec<Sighting>, BackplaneError> {
        self.calls.unseat(seats).await
    }
}

// === impl SeatCalls ===

impl SeatCalls {
    async fn take_all(self, seats: Vec<Seat>) -> Result<Vec<Sighting>, BackplaneError> {
        let indexed = by_node(&seats).into_iter().map(|(node, entries)| {
            let call = entries.into_iter().fold(Call::keys([self.keys.sessions(node)]), Call::arg);
            INDEX_SESSIONS.run(&self.client, call)
        });
        try_join_all(indexed).await?;
        self.seat_all(&REGISTER, Call::default(), &seats).await
    }

    async fn leave_all(self, seats: Vec<Seat>) -> Result<Vec<Sighting>, BackplaneError> {
        let sightings = self.unseat(&seats).await?;
        let removed = by_node(&seats)
            .into_iter()
            .map(|(node, entries)| self.client.srem::<(), _, _>(self.keys.sessions(node), entries));
        try_join_all(removed).await.map_err(|error| to_error(&error))?;
        Ok(sightings)
    }

    async fn unseat(&self, seats: &[Seat]) -> Result<Vec<Sighting>, BackplaneError> {
        self.seat_all(&UNREGISTER, Call::default().number(FORGET_AFTER), seats).await
    }

    /// Runs a script of these first arguments over all of these sessions; answers in their order.
    async fn seat_all(&self, script: &Script, first: Call, seats: &[Seat]) -> Result<Vec<Sighting>, BackplaneError> {
        let chunks = self.chunks(seats);
        let calls = chunks.iter().map(|chunk| {
            let mut call = first.clone();
            for (user, record) in chunk.iter().map(|at| &seats[*at]) {
                call.push_key(self.keys.user(user));
                call.push(record.session.as_str());
                call.push(record.node.as_str());
            }
            script.run(&self.client, call)
        });
        let mut sightings = vec![Sighting::default(); seats.len()];
        for (chunk, answer) in chunks.iter().zip(try_join_all(calls).await?) {
            for (at, seen) in chunk.iter().zip(answer.list()?) {
                sightings[*at] = sighting(seen)?;
            }
        }
        Ok(sightings)
    }

    /// Positions of sessions that one script may take: in a Cluster those of one slot.
    fn chunks(&self, seats: &[Seat]) -> Vec<Vec<usize>> {
        let mut by_slot: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
        for (at, (user, _)) in seats.iter().enumerate() {
            let slot = if self.clustered { fred::util::redis_keyslot(self.keys.user(user).as_bytes()) } else { 0 };
            by_slot.entry(slot).or_default().push(at);
        }
        by_slot.values().flat_map(|all| all.chunks(SEATS_CHUNK)).map(<[usize]>::to_vec).collect()
    }
}

/// What stands in the index of each node: of one, but for a moment after it has begun another life.
fn by_node(seats: &[Seat]) -> HashMap<&NodeName, Vec<String>> {
    let mut nodes: HashMap<&NodeName, Vec<String>> = HashMap::new();
    for (user, record) in seats {
        nodes.entry(&record.node).or_default().push(index_entry(user, &record.session));
    }
    nodes
}

fn sighting(value: Value) -> Result<Sighting, BackplaneError> {
    let [version, time, others] = value.tuple()?;
    let others = others.list()?;
    Ok(Sighting {
        others: others.chunks_exact(2).map(|pair| session_record(&pair[0], &pair[1])).collect::<Result<_, _>>()?,
        version: version.number()?,
        time: time.number()? as Millis,
    })
}

//! Sessions registered under their users, and removed: all that come together with one call, those that go too.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fred::clients::Client;
use fred::interfaces::SetsInterface;
use fred::types::Value;
use futures::future::try_join_all;

use super::keys::Keys;
use super::reply::{Reply, to_error};
use super::script::{Call, INDEX_SESSIONS, REGISTER, Script, UNREGISTER};
use super::session_record::{index_entry, session_record};
use crate::domain::{Millis, NodeName, UserId};
use crate::kernel::{Asked, Batcher};
use crate::ports::{BackplaneError, PresenceChange, SessionRecord};

/// How long a user without sessions is remembered, in seconds: a week. Last seen is in the store too.
const FORGET_AFTER: u64 = 7 * 24 * 3600;

/// Sessions of one batch at most.
const BATCH_MAX: usize = 256;
/// Sessions that one script registers or removes: Redis does nothing else meanwhile.
const SCRIPT_MAX: usize = 64;

/// A session of a user.
pub(super) type UserSession = (UserId, SessionRecord);

type Seen = Result<PresenceChange, BackplaneError>;
/// Sessions that wait for a call, each for its own answer. They are a node's, which bounds them.
type Waiting = Arc<Batcher<Asked<UserSession, Seen>>>;

/// Who comes and who goes.
pub(super) struct SessionBatch {
    calls: Calls,
    coming: Waiting,
    going: Waiting,
}

/// The calls, as a task may keep them.
#[derive(Clone)]
struct Calls {
    client: Client,
    keys: Keys,
    clustered: bool,
}

// === impl SessionBatch ===

impl SessionBatch {
    pub(super) fn new(client: Client, keys: Keys, clustered: bool) -> Self {
        let waiting = || Arc::new(Batcher::new(BATCH_MAX));
        Self { calls: Calls { client, keys, clustered }, coming: waiting(), going: waiting() }
    }

    /// Registers a session: in the index of its node first, from which it is reaped.
    pub(super) async fn register(&self, session: UserSession) -> Seen {
        let start = || {
            let (calls, coming) = (self.calls.clone(), self.coming.clone());
            tokio::spawn(async move { coming.answer(|sessions| calls.register_each(sessions)).await });
        };
        self.coming.ask(session, start).await.unwrap_or_else(no_answer)
    }

    /// Removes a session: from the index of its node last.
    pub(super) async fn unregister(&self, session: UserSession) -> Seen {
        let start = || {
            let (calls, going) = (self.calls.clone(), self.going.clone());
            tokio::spawn(async move { going.answer(|sessions| calls.unregister_each(sessions)).await });
        };
        self.going.ask(session, start).await.unwrap_or_else(no_answer)
    }

    /// Removes sessions from their users, not from the index of their node.
    pub(super) async fn remove(&self, sessions: &[UserSession]) -> Result<Vec<PresenceChange>, BackplaneError> {
        self.calls.remove(sessions).await
    }
}

// === impl Calls ===

impl Calls {
    async fn register_each(&self, sessions: Vec<UserSession>) -> Vec<Seen> {
        each(sessions.len(), self.register_all(&sessions).await)
    }

    async fn unregister_each(&self, sessions: Vec<UserSession>) -> Vec<Seen> {
        each(sessions.len(), self.unregister_all(&sessions).await)
    }

    async fn register_all(&self, sessions: &[UserSession]) -> Result<Vec<PresenceChange>, BackplaneError> {
        let indexed = by_node(sessions).into_iter().map(|(node, entries)| {
            let call = entries.into_iter().fold(Call::keys([self.keys.sessions(node)]), Call::arg);
            INDEX_SESSIONS.run(&self.client, call)
        });
        try_join_all(indexed).await?;
        let with_device = |call: &mut Call, record: &SessionRecord| {
            call.push(record.device.as_ref().map_or("", |device| device.as_str()));
        };
        self.run_all(&REGISTER, Call::default(), with_device, sessions).await
    }

    async fn unregister_all(&self, sessions: &[UserSession]) -> Result<Vec<PresenceChange>, BackplaneError> {
        let sightings = self.remove(sessions).await?;
        let removed = by_node(sessions)
            .into_iter()
            .map(|(node, entries)| self.client.srem::<(), _, _>(self.keys.sessions(node), entries));
        try_join_all(removed).await.map_err(|error| to_error(&error))?;
        Ok(sightings)
    }

    async fn remove(&self, sessions: &[UserSession]) -> Result<Vec<PresenceChange>, BackplaneError> {
        self.run_all(&UNREGISTER, Call::default().number(FORGET_AFTER), |_, _| (), sessions).await
    }

    /// Runs a script of these first arguments, and for each session more, over all of these sessions; answers in their
    /// order.
    async fn run_all(
        &self,
        script: &Script,
        first: Call,
        more: impl Fn(&mut Call, &SessionRecord),
        sessions: &[UserSession],
    ) -> Result<Vec<PresenceChange>, BackplaneError> {
        let chunks = self.chunks(sessions);
        let calls = chunks.iter().map(|chunk| {
            let mut call = first.clone();
            for (user, record) in chunk.iter().map(|at| &sessions[*at]) {
                call.push_key(self.keys.user(user));
                call.push(record.session.as_str());
                call.push(record.node.as_str());
                more(&mut call, record);
            }
            script.run(&self.client, call)
        });
        let mut sightings = vec![PresenceChange::default(); sessions.len()];
        for (chunk, answer) in chunks.iter().zip(try_join_all(calls).await?) {
            for (at, seen) in chunk.iter().zip(answer.list()?) {
                sightings[*at] = sighting(seen)?;
            }
        }
        Ok(sightings)
    }

    /// Positions of sessions that one script may take: in a Cluster those of one slot.
    fn chunks(&self, sessions: &[UserSession]) -> Vec<Vec<usize>> {
        let mut by_slot: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
        for (at, (user, _)) in sessions.iter().enumerate() {
            let slot = if self.clustered { fred::util::redis_keyslot(self.keys.user(user).as_bytes()) } else { 0 };
            by_slot.entry(slot).or_default().push(at);
        }
        by_slot.values().flat_map(|all| all.chunks(SCRIPT_MAX)).map(<[usize]>::to_vec).collect()
    }
}

/// The answer of one call, for each of those that it was made for: an error is everybody's.
fn each(count: usize, answer: Result<Vec<PresenceChange>, BackplaneError>) -> Vec<Seen> {
    match answer {
        Ok(sightings) => sightings.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error); count],
    }
}

fn no_answer() -> Seen {
    Err(BackplaneError::Unexpected("an answer is missing".into()))
}

/// What stands in the index of each node: of one, but for a moment after it has begun another life.
fn by_node(sessions: &[UserSession]) -> HashMap<&NodeName, Vec<String>> {
    let mut nodes: HashMap<&NodeName, Vec<String>> = HashMap::new();
    for (user, record) in sessions {
        nodes.entry(&record.node).or_default().push(index_entry(user, &record.session));
    }
    nodes
}

fn sighting(value: Value) -> Result<PresenceChange, BackplaneError> {
    let [version, time, others] = value.tuple()?;
    let others = others.list()?;
    Ok(PresenceChange {
        others: others
            .chunks_exact(3)
            .map(|one| session_record(&one[0], &one[1], Some(&one[2])))
            .collect::<Result<_, _>>()?,
        version: version.number()?,
        time: time.number()? as Millis,
    })
}

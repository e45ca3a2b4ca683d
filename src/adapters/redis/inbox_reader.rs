//! Reading the node's own inbox, on a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::{ClientLike, KeysInterface, SortedSetsInterface, StreamsInterface};
use fred::types::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::{Connector, quit};
use super::entry::stream_entries;
use super::keys::Keys;
use super::pending_read::{PendingRead, block_ms, read_options};
use super::reply::{Reply, to_error};
use super::script::{Call, OPEN_INBOX};
use crate::domain::{Millis, NodeName};
use crate::ports::{BackplaneError, InboxEntry, InboxPosition, InboxRead};

/// Entries that one read brings at most.
const READ_MAX: u64 = 1024;

/// Entries read until those that are no longer needed are trimmed away.
const TRIM_EVERY: usize = 512;
/// After so long they are, however few there are: what was deleted is not to stay in what nodes were told before.
const TRIM_AFTER: Duration = Duration::from_secs(10);

/// The connection on which the node's own inbox is read.
pub(super) struct InboxReader {
    connector: Arc<Connector>,
    /// For what does not wait.
    client: Client,
    keys: Keys,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    client: Option<Client>,
    /// The read under way, of which inbox and after which position.
    pending: Option<(NodeName, InboxPosition, PendingRead)>,
    /// Read since the last trimming.
    untrimmed: usize,
    /// When the first of them was read.
    untrimmed_since: Option<Instant>,
}

// === impl InboxReader ===

impl InboxReader {
    pub(super) fn new(connector: Arc<Connector>, client: Client, keys: Keys) -> Self {
        Self { connector, client, keys, state: Mutex::default() }
    }

    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        if let Some((_, _, pending)) = state.pending.take() {
            let _ = pending.land_now().await;
        }
        if let Some(client) = state.client.take() {
            quit(&client).await;
        }
    }

    /// See [`Inboxes::read_inbox`](crate::ports::Inboxes::read_inbox).
    pub(super) async fn read(
        &self,
        node: &NodeName,
        after: InboxPosition,
        wait: Duration,
    ) -> Result<InboxRead, BackplaneError> {
        let mut state = self.state.lock().await;
        self.begin_read(&mut state, node, after, wait).await?;
        if state.is_to_be_trimmed() {
            self.trim_inbox(node, after).await?;
            (state.untrimmed, state.untrimmed_since) = (0, None);
        }
        let landed = match &mut state.pending {
            Some((_, _, pending)) => pending.landed().await,
            None => Ok(Value::Null),
        };
        state.pending = None;
        let (read, marks) = inbox_read(landed.map_err(|error| to_error(&error))?)?;
        if read.entries.is_empty() && !read.lossy {
            let lossy = self.revive_inbox(node, after).await?;
            return Ok(InboxRead { lossy, ..read });
        }
        state.untrimmed += read.entries.len();
        state.untrimmed_since.get_or_insert_with(Instant::now);
        if read.lossy {
            self.accept_again(node, marks).await?;
            state.untrimmed = TRIM_EVERY;
        }
        Ok(read)
    }

    /// Makes the inbox when it is not there; true when it was made.
    pub(super) async fn make_inbox(&self, node: &NodeName, after: InboxPosition) -> Result<bool, BackplaneError> {
        let keys = [self.keys.inbox(node), self.keys.full_inbox(node)];
        let call = Call::keys(keys).arg(position_text(after));
        Ok(OPEN_INBOX.run(&self.client, call).await?.number()? == 1)
    }

    /// Begins a blocking read, unless the same one is under way already.
    async fn begin_read(
        &self,
        state: &mut State,
        node: &NodeName,
        after: InboxPosition,
        wait: Duration,
    ) -> Result<(), BackplaneError> {
        if state.pending.as_ref().is_some_and(|(of, from, _)| of == node && *from == after) {
            return Ok(());
        }
        if let Some((_, _, pending)) = state.pending.take() {
            // What it brings is read again.
            let _ = pending.land_now().await;
        }
        let client = match &state.client {
            Some(client) => client.clone(),
            None => state.client.insert(self.connector.connect_soon()?).clone(),
        };
        let reader = client.with_options(&read_options(wait, self.connector.command_timeout));
        let (key, from, block) = (self.keys.inbox(node), position_text(after), block_ms(wait));
        let pending =
            PendingRead::start(&client, async move { reader.xread(Some(READ_MAX), Some(block), key, from).await });
        state.pending = Some((node.clone(), after, pending));
        Ok(())
    }

    async fn trim_inbox(&self, node: &NodeName, after: InboxPosition) -> Result<(), BackplaneError> {
        let oldest = position_text(InboxPosition(after.0, after.1 + 1));
        let trimmed = self.client.xtrim::<(), _, _>(self.keys.inbox(node), ("MINID", "=", oldest, None)).await;
        trimmed.map_err(|error| to_error(&error))
    }

    /// Takes the marks of a full inbox away, before the caller compares positions: so it finds also
    /// what is turned away until now.
    async fn accept_again(&self, node: &NodeName, marks: Vec<String>) -> Result<(), BackplaneError> {
        let seen = self.client.xdel::<(), _, _>(self.keys.inbox(node), marks).await;
        let open = self.client.del::<(), _>(self.keys.full_inbox(node)).await;
        seen.and(open).map_err(|error| to_error(&error))
    }

    /// An inbox without news: is it there? One that is gone is made anew, unless its node life was
    /// reaped.
    async fn revive_inbox(&self, node: &NodeName, after: InboxPosition) -> Result<bool, BackplaneError> {
        let there: u64 = self.client.exists(self.keys.inbox(node)).await.map_err(|error| to_error(&error))?;
        if there == 1 {
            return Ok(false);
        }
        let reaped: Option<f64> =
            self.client.zscore(self.keys.reaped(), node.as_str()).await.map_err(|error| to_error(&error))?;
        if reaped.is_some() { Ok(true) } else { self.make_inbox(node, after).await }
    }
}

// === impl State ===

impl State {
    fn is_to_be_trimmed(&self) -> bool {
        self.untrimmed >= TRIM_EVERY || self.untrimmed_since.is_some_and(|since| since.elapsed() >= TRIM_AFTER)
    }
}

/// The entries of an answer, and the ids of those that only say that the inbox was full.
fn inbox_read(value: Value) -> Result<(InboxRead, Vec<String>), BackplaneError> {
    let (mut read, mut marks) = (InboxRead::default(), Vec::new());
    let Some(value) = value.present() else { return Ok((read, marks)) };
    for stream in value.list()? {
        let [_key, entries] = stream.tuple()?;
        for entry in stream_entries(entries)? {
            let position = InboxPosition(entry.id.0, entry.id.1);
            let mut fields = entry.fields.into_iter();
            while let (Some(name), Some(payload)) = (fields.next(), fields.next()) {
                if name.as_bytes() == Some(b"full") {
                    marks.push(position_text(position));
                } else {
                    read.entries.push(InboxEntry { position, payload: payload.bytes()?, time: entry.id.0 as Millis });
                }
            }
        }
    }
    read.lossy = !marks.is_empty();
    Ok((read, marks))
}

fn position_text(InboxPosition(ms, n): InboxPosition) -> String {
    format!("{ms}-{n}")
}

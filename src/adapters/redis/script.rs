//! Calling scripts.

use std::sync::LazyLock;

use fred::clients::Client;
use fred::interfaces::ClientLike;
use fred::types::{ClusterHash, CustomCommand, Value};

use super::reply::to_error;
use crate::ports::BackplaneError;

/// A script, by its text and the hash that Redis knows it by. What several scripts share stands at its head.
pub(super) struct Script {
    text: Value,
    hash: Value,
}

/// Keys and arguments of one call. In a Cluster all keys belong to one slot.
#[derive(Clone, Default)]
pub(super) struct Call {
    keys: Vec<Value>,
    args: Vec<Value>,
}

macro_rules! scripts {
    ($($name:ident = $file:literal $(after $($shared:literal),+)?;)*) => {
        $(pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
            let shared: &[&str] = &[$($(include_str!(concat!("../../../lua/", $shared, ".lua"))),+)?];
            Script::new(include_str!(concat!("../../../lua/", $file, ".lua")), shared)
        });)*
    };
}

scripts! {
    APPEND = "append";
    BEAT = "beat";
    BEGIN_REAP = "begin_reap";
    CHANGE_GROUP = "change_group" after "rules";
    CHANGE_MEMBERS = "change_members" after "admins";
    COMMIT = "commit" after "lease", "moves";
    FORGET = "forget";
    HOLD_FOLLOWER = "hold_follower" after "lease";
    HOLD_PARTITION = "hold_partition" after "lease";
    INDEX_SESSIONS = "index_sessions";
    JOIN_ROUTES = "join_routes";
    LEAVE_ROUTE = "leave_route";
    MOVED_SINCE = "moved_since";
    NEXT_EPOCH = "next_epoch";
    NOTE_MOVE = "note_move" after "moves";
    OPEN_INBOX = "open_inbox";
    POST = "post";
    RECENT = "recent";
    REGISTER = "register" after "sessions";
    RELEASE_PARTITION = "release_partition" after "lease";
    RESEQ = "reseq" after "lease", "admins", "rules";
    RESTORE = "restore" after "admins", "moves";
    TEND_CONSUMERS = "tend_consumers";
    UNREGISTER = "unregister" after "sessions";
}

// === impl Script ===

impl Script {
    /// The first line, which says what Redis is to allow it, stays the first.
    fn new(text: &str, shared: &[&str]) -> Self {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let parts: [&[&str]; 3] = [&[first], shared, &[rest]];
        let whole = parts.concat().join("\n");
        Self { hash: fred::util::sha1_hash(&whole).into(), text: whole.into() }
    }

    /// Runs it. A Redis that does not know it (the first time, or after a restart) gets its text.
    pub(super) async fn run(&self, client: &Client, call: Call) -> Result<Value, BackplaneError> {
        let slot = call.slot();
        let known = send(client, "EVALSHA", slot, call.arguments(&self.hash)).await;
        let answer = match known {
            Err(error) if error.details().starts_with("NOSCRIPT") => {
                send(client, "EVAL", slot, call.arguments(&self.text)).await
            }
            answer => answer,
        };
        answer.map_err(|error| to_error(&error))
    }
}

async fn send(
    client: &Client,
    command: &'static str,
    slot: u16,
    arguments: Vec<Value>,
) -> Result<Value, fred::error::Error> {
    client.custom(CustomCommand::new_static(command, ClusterHash::Custom(slot), false), arguments).await
}

// === impl Call ===

impl Call {
    pub(super) fn keys(keys: impl IntoIterator<Item = String>) -> Self {
        Self { keys: keys.into_iter().map(Value::from).collect(), args: Vec::new() }
    }

    pub(super) fn arg(mut self, arg: impl Into<Value>) -> Self {
        self.push(arg);
        self
    }

    /// Counters and sizes: far below 2^53, which is what a script can count to.
    pub(super) fn number(mut self, number: u64) -> Self {
        self.push_number(number);
        self
    }

    pub(super) fn push_number(&mut self, number: u64) {
        self.args.push(Value::Integer(number as i64));
    }

    pub(super) fn push_key(&mut self, key: String) {
        self.keys.push(key.into());
    }

    pub(super) fn push(&mut self, arg: impl Into<Value>) {
        self.args.push(arg.into());
    }

    /// The slot that all keys belong to, where there are slots.
    fn slot(&self) -> u16 {
        self.keys.first().and_then(Value::as_bytes).map_or(0, fred::util::redis_keyslot)
    }

    fn arguments(&self, script: &Value) -> Vec<Value> {
        let mut all = Vec::with_capacity(2 + self.keys.len() + self.args.len());
        all.push(script.clone());
        all.push(Value::Integer(self.keys.len() as i64));
        all.extend(self.keys.iter().cloned());
        all.extend(self.args.iter().cloned());
        all
    }
}

//! People at a hub in this process, without sockets: frames in, frames out.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use hubbub::adapters::local::LocalBackplane;
use hubbub::adapters::sqlite::SqliteStore;
use hubbub::domain::{Ending, Millis, Profile, UserId, now_ms};
use hubbub::hub::{ConnectionInfo, Flow, Hub, HubConfig, Metrics, Optional, Session};
use hubbub::identity::accounts::{AccountsConfig, GroupPasswords, HashCost};
use hubbub::ports::{Identity, Offered, Outbound, Store, TokenError, Tokens};
use hubbub::protocol::Encoding;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// Takes a user's name for their token.
pub struct NameIsToken;

#[async_trait::async_trait]
impl Tokens for NameIsToken {
    async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        let user = UserId::parse(token).map_err(|_| TokenError::Invalid("not a name"))?;
        let profile = Profile { username: token.to_lowercase(), name: token.to_uppercase() };
        Ok(Identity { user, profile, expires: now_ms() + 3_600_000 as Millis, proven: now_ms() })
    }
}

/// A hub on its embedded parts, with a way to its backplane past it.
pub struct EmbeddedHub {
    pub hub: Arc<Hub>,
    pub backplane: Arc<LocalBackplane>,
    _directory: tempfile::TempDir,
}

impl EmbeddedHub {
    pub async fn start() -> Self {
        Self::with(HubConfig::default()).await
    }

    /// One with settings.
    pub async fn with(config: HubConfig) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(directory.path().join("hubbub.db")).unwrap());
        let backplane = Arc::new(LocalBackplane::new());
        let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
        store.prepare(config.partitions).await.unwrap();
        let cost = HashCost { memory_kib: 8, passes: 1 };
        let passwords = GroupPasswords::new(&AccountsConfig { cost, ..AccountsConfig::default() }).unwrap();
        let optional = Optional { passwords: Some(Arc::new(passwords)), ..Optional::default() };
        let hub = Hub::new(config, store, backplane.clone(), Arc::new(NameIsToken), metrics, optional);
        hub.start().await.unwrap();
        Self { hub, backplane, _directory: directory }
    }
}

/// A client's end of a connection.
#[derive(Default)]
pub struct Pipe {
    frames: Mutex<VecDeque<Value>>,
    closed: Mutex<Option<Ending>>,
    news: Notify,
}

impl Outbound for Pipe {
    fn offer(&self, bytes: &Bytes) -> Offered {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (start, length) = match rest[1] {
                126 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
                127 => (10, u64::from_be_bytes(rest[2..10].try_into().unwrap()) as usize),
                short => (2, usize::from(short)),
            };
            let payload = &rest[start..start + length];
            let value = match rest[0] & 0xf {
                1 => serde_json::from_slice(payload).unwrap(),
                _ => rmp_serde::from_slice(payload).unwrap(),
            };
            self.frames.lock().push_back(value);
            rest = &rest[start + length..];
        }
        self.news.notify_one();
        Offered::Written
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn close(&self, ending: Ending) {
        self.closed.lock().get_or_insert(ending);
        self.news.notify_one();
    }
}

/// One connection of a user.
pub struct Client {
    pub session: Session,
    pipe: Arc<Pipe>,
    encoding: Encoding,
}

impl Client {
    pub fn connect(hub: &Arc<Hub>, encoding: Encoding) -> Self {
        let pipe = Arc::new(Pipe::default());
        let info = ConnectionInfo { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), identity: None };
        Self { session: hub.connect(pipe.clone(), encoding, info), pipe, encoding }
    }

    pub async fn hello(hub: &Arc<Hub>, user: &str) -> (Self, Value) {
        Self::resume(hub, user, json!({})).await
    }

    pub async fn resume(hub: &Arc<Hub>, user: &str, cursors: Value) -> (Self, Value) {
        let mut client =
            Self::connect(hub, if user.len().is_multiple_of(2) { Encoding::Json } else { Encoding::MsgPack });
        client.say(json!({"type": "hello", "token": user, "cursors": cursors})).await;
        let welcome = client.next("welcome").await;
        (client, welcome)
    }

    pub async fn say(&mut self, frame: Value) -> Flow {
        let bytes = match self.encoding {
            Encoding::Json => frame.to_string().into_bytes(),
            Encoding::MsgPack => rmp_serde::to_vec(&frame).unwrap(),
        };
        self.session.handle(&bytes).await
    }

    /// The next frame of a type; others are kept for later.
    pub async fn next(&mut self, frame_type: &str) -> Value {
        self.next_of(&[frame_type]).await
    }

    /// The next frame of one of these types; others are kept for later.
    pub async fn next_of(&mut self, types: &[&str]) -> Value {
        let wanted = |frame: &Value| types.iter().any(|wanted| frame["type"] == *wanted);
        let found = async {
            loop {
                let news = self.pipe.news.notified();
                {
                    let mut frames = self.pipe.frames.lock();
                    if let Some(at) = frames.iter().position(wanted) {
                        return frames.remove(at).unwrap();
                    }
                }
                news.await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(20), found).await {
            Ok(frame) => frame,
            Err(_) => panic!("no {types:?}; there are {:?}", self.pipe.frames.lock()),
        }
    }

    /// Whether a frame of a type has come that nobody has taken.
    pub fn has(&self, frame_type: &str) -> bool {
        self.pipe.frames.lock().iter().any(|frame| frame["type"] == frame_type)
    }

    pub async fn ask(&mut self, frame: Value, reply: &str) -> Value {
        self.say(frame).await;
        self.next(reply).await
    }

    pub async fn refused(&mut self, frame: Value) -> String {
        self.ask(frame, "error").await["code"].as_str().unwrap().to_owned()
    }

    /// The text messages of a group that come next, `count` of them, with their seqs.
    pub async fn texts(&mut self, count: usize) -> Vec<(u64, String)> {
        let mut texts = Vec::new();
        while texts.len() < count {
            let message = self.next("message").await;
            if message["kind"] == "text" {
                texts.push((message["seq"].as_u64().unwrap(), message["text"].as_str().unwrap().to_owned()));
            }
        }
        texts
    }
}

/// Makes a group; its creator waits until it is there.
pub async fn make_group(creator: &mut Client, members: &[&str]) -> String {
    let frame = json!({"type": "create", "id": 1, "name": "tea", "members": members});
    creator.say(frame).await;
    loop {
        let group = creator.next("group").await;
        if group["re"] == 1 {
            return group["id"].as_str().unwrap().to_owned();
        }
    }
}

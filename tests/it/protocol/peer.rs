//! A client whose every frame from the hub is checked against its description.

use std::collections::{HashMap, VecDeque};
use std::sync::LazyLock;

use hubbub::protocol::Encoding;
use hubbub::transport::http::descriptions::ASYNCAPI;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::contract::client::{Over, Socket};
use crate::contract::stage::token;
use crate::support::Hub;

/// The hub's frames by type, as docs/asyncapi.json describes them.
static DESCRIBED: LazyLock<HashMap<String, Validator>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(ASYNCAPI).unwrap();
    let messages = document["components"]["messages"].as_object().unwrap();
    let server = messages.iter().filter_map(|(key, message)| Some((key.strip_prefix("server.")?, message)));
    server
        .map(|(name, message)| {
            let mut schema = message["payload"].clone();
            schema["components"] = document["components"].clone();
            (name.to_owned(), jsonschema::validator_for(&schema).unwrap())
        })
        .collect()
});

/// One connection. Frames that a test did not ask for yet are kept for later.
pub struct Peer {
    socket: Socket,
    kept: VecDeque<Value>,
    asked: i64,
}

impl Peer {
    /// A connection that has said nothing yet.
    pub async fn stranger(hub: &Hub, encoding: Encoding) -> Self {
        let socket = Socket::connect(&hub.address(), encoding).await.expect("the node takes connections");
        Self { socket, kept: VecDeque::new(), asked: 0 }
    }

    /// A session of this user, and its `welcome`.
    pub async fn hello(hub: &Hub, encoding: Encoding, user: &str) -> (Self, Value) {
        Self::resume(hub, encoding, user, json!({})).await
    }

    /// A session that holds these seqs already.
    pub async fn resume(hub: &Hub, encoding: Encoding, user: &str, cursors: Value) -> (Self, Value) {
        let mut peer = Self::stranger(hub, encoding).await;
        let hello = json!({"type": "hello", "token": token(user), "device": "test", "cursors": cursors});
        peer.say(hello).await;
        let welcome = peer.next("welcome").await;
        (peer, welcome)
    }

    /// Several users' sessions.
    pub async fn people<const N: usize>(hub: &Hub, encoding: Encoding, users: [&str; N]) -> [Self; N] {
        let mut people = Vec::new();
        for user in users {
            people.push(Self::hello(hub, encoding, user).await.0);
        }
        people.try_into().ok().expect("as many as users")
    }

    pub async fn say(&mut self, frame: Value) {
        self.socket.say(&frame).await.expect("the connection takes frames");
    }

    /// Sends a request and waits for its one reply, which must be of this type.
    pub async fn ask(&mut self, mut frame: Value, reply: &str) -> Value {
        self.asked += 1;
        let id = json!(self.asked);
        frame["id"] = id.clone();
        self.say(frame.clone()).await;
        let answer = self.next_where(|heard| heard["re"] == id).await;
        assert_eq!(answer["type"], reply, "{frame} was answered with {answer}");
        answer
    }

    /// Sends a request and waits for its one reply, whatever that is.
    pub async fn answer(&mut self, mut frame: Value) -> Value {
        self.asked += 1;
        let id = json!(self.asked);
        frame["id"] = id.clone();
        self.say(frame).await;
        self.next_where(|heard| heard["re"] == id).await
    }

    /// Sends a request that is refused: with which code.
    pub async fn refused(&mut self, frame: Value) -> String {
        self.ask(frame, "error").await["code"].as_str().expect("a code").to_owned()
    }

    /// The next frame of a type.
    pub async fn next(&mut self, frame_type: &str) -> Value {
        self.next_where(|frame| frame["type"] == frame_type).await
    }

    /// The next events of kind `text` of a group, as `(seq, text)`.
    pub async fn texts(&mut self, group: &str, count: usize) -> Vec<(u64, String)> {
        let mut texts = Vec::new();
        while texts.len() < count {
            let event = self.next_where(|f| f["type"] == "message" && f["group"] == group && f["kind"] == "text").await;
            texts.push((event["seq"].as_u64().unwrap(), event["text"].as_str().unwrap().to_owned()));
        }
        texts
    }

    /// Makes a group with these members; its id.
    pub async fn group(&mut self, members: &[&str]) -> String {
        let made = self.ask(json!({"type": "create", "name": "test", "members": members}), "group").await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Sends a text; its seq.
    pub async fn send(&mut self, group: &str, cid: &str, text: &str) -> u64 {
        let send = json!({"type": "send", "group": group, "cid": cid, "text": text});
        self.ask(send, "ack").await["seq"].as_u64().unwrap()
    }

    /// Reads on to the end: the close code, and the `bye` before it.
    pub async fn over(&mut self) -> (Option<u16>, Option<Value>) {
        let mut bye = None;
        loop {
            match tokio::time::timeout(crate::support::wait::PATIENCE, self.hear()).await.expect("an end in time") {
                Ok(frame) if frame["type"] == "bye" => bye = Some(frame),
                Ok(_) => {}
                Err(Over(code)) => return (code, bye),
            }
        }
    }

    /// The next frame like this.
    pub async fn next_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at).expect("it is there");
        }
        loop {
            let heard = tokio::time::timeout(crate::support::wait::PATIENCE, self.hear()).await;
            let frame = heard.expect("an answer in time").expect("the connection lasts");
            if wanted(&frame) {
                return frame;
            }
            self.kept.push_back(frame);
        }
    }

    async fn hear(&mut self) -> Result<Value, Over> {
        let frame = self.socket.hear().await?;
        let frame_type = frame["type"].as_str().expect("a type");
        let described = DESCRIBED.get(frame_type).unwrap_or_else(|| panic!("`{frame_type}` is not described"));
        let errors: Vec<_> = described.iter_errors(&frame).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{frame} is not as described: {errors:?}");
        Ok(frame)
    }
}

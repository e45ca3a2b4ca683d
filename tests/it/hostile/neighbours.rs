//! Those who behave: pairs of people who talk all the time, and must not notice an attack.

use std::time::{Duration, Instant};

use hubbub::protocol::Encoding;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::hello;
use crate::contract::client::Socket;
use crate::support::Hub;
use crate::support::wait::eventually;

const PAIRS: usize = 4;
/// Below what the hub lets one session send in the long run.
const PAUSE: Duration = Duration::from_millis(60);
/// Fewer messages would say nothing.
pub const ENOUGH: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    During,
    After,
    Over,
}

/// Pairs that talk until they are asked how it was.
pub struct Neighbours {
    phase: watch::Sender<Phase>,
    pairs: Vec<(watch::Receiver<[usize; 3]>, JoinHandle<Heard>)>,
}

/// How long each message took to be heard by the other, by phase.
type Heard = [Vec<Duration>; 3];

struct Pair {
    speaker: Socket,
    listener: Socket,
    group: String,
}

// === impl Neighbours ===

impl Neighbours {
    /// They connect, and talk for a while in peace.
    pub async fn move_in(hub: &Hub) -> Self {
        let (phase, watched) = watch::channel(Phase::Before);
        let mut pairs = Vec::new();
        for number in 0..PAIRS {
            let pair = Pair::meet(&hub.address(), number).await;
            let (told, progress) = watch::channel([0; 3]);
            pairs.push((progress, tokio::spawn(pair.talk(watched.clone(), told))));
        }
        let neighbours = Self { phase, pairs };
        neighbours.heard_in(Phase::Before).await;
        neighbours.phase.send_replace(Phase::During);
        neighbours
    }

    /// How many connections they have.
    pub fn connections(&self) -> usize {
        2 * PAIRS
    }

    /// The attack is over: they go on for a while, and tell how it was.
    ///
    /// # Panics
    ///
    /// When one of them was disconnected, or a message was lost, repeated or out of order.
    pub async fn tell(self) -> String {
        self.heard_in(Phase::During).await;
        self.phase.send_replace(Phase::After);
        self.heard_in(Phase::After).await;
        self.phase.send_replace(Phase::Over);
        let mut all: Heard = Default::default();
        for (_, talk) in self.pairs {
            let heard = talk.await.expect("nobody loses a message or the connection");
            all.iter_mut().zip(heard).for_each(|(all, heard)| all.extend(heard));
        }
        let [before, during, after] = all.map(summary);
        format!("before {before}, during {during}, after {after}")
    }

    async fn heard_in(&self, phase: Phase) {
        eventually("the neighbours talk", async || {
            let fewest = self.pairs.iter().map(|(progress, _)| progress.borrow()[phase as usize]).min();
            if fewest >= Some(ENOUGH) { Ok(()) } else { Err(format!("{fewest:?} messages {phase:?}")) }
        })
        .await;
    }
}

/// The median and the worst but one in a hundred.
fn summary(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    format!("{:.1}/{:.1} ms of {}", at(50), at(99), times.len())
}

// === impl Pair ===

impl Pair {
    async fn meet(address: &str, number: usize) -> Self {
        let encoding = Encoding::ALL[number % Encoding::ALL.len()];
        let names = [format!("speaker-{number}"), format!("listener-{number}")];
        let [mut speaker, listener] =
            [session(address, encoding, &names[0]).await, session(address, encoding, &names[1]).await];
        let group = json!({"type": "create", "name": "neighbours", "members": [names[1]]});
        let made = speaker.ask(&group, "group").await.expect("a group is made");
        Self { speaker, listener, group: made["id"].as_str().expect("an id").to_owned() }
    }

    async fn talk(mut self, phase: watch::Receiver<Phase>, told: watch::Sender<[usize; 3]>) -> Heard {
        let mut heard = Heard::default();
        let mut said = 0;
        loop {
            let now = *phase.borrow();
            if now == Phase::Over {
                break;
            }
            said += 1;
            let text = format!("message {said}");
            heard[now as usize].push(self.say(&text).await);
            told.send_replace([0, 1, 2].map(|phase| heard[phase].len()));
            tokio::time::sleep(PAUSE).await;
        }
        let history = json!({"type": "history", "group": self.group, "limit": 1});
        let page = self.listener.ask(&history, "history").await.expect("history is answered");
        assert_eq!(page["messages"][0]["n"], said, "what was said is stored, once");
        heard
    }

    /// Says something; how long until the other heard it. It must be what is heard next.
    async fn say(&mut self, text: &str) -> Duration {
        let begun = Instant::now();
        let send = json!({"type": "send", "group": self.group, "cid": text, "text": text});
        let ack = self.speaker.ask(&send, "ack");
        let message = async {
            loop {
                let message = self.listener.hear_a("message").await.expect("the listener stays connected");
                if message["kind"] == "text" {
                    return (message, begun.elapsed());
                }
            }
        };
        let (ack, (message, took)) = tokio::join!(ack, message);
        let ack = ack.expect("the speaker stays connected");
        assert_eq!((&message["text"], &message["seq"]), (&json!(text), &ack["seq"]));
        took
    }
}

async fn session(address: &str, encoding: Encoding, user: &str) -> Socket {
    let mut socket = Socket::connect(address, encoding).await.expect("the node takes connections");
    socket.ask(&hello(user), "welcome").await.expect("hello is accepted");
    socket
}

//! Clients that come by, make a group, say something and go: what they leave behind concerns nobody who is online.

use std::time::Duration;

use hubbub::protocol::Encoding;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::contract::client::{Over, Socket};
use crate::contract::listeners::token;

/// Who comes by, one at a time.
const PASSERS: usize = 6;
/// Between two visits.
const PAUSE: Duration = Duration::from_millis(250);
/// A visit is given up after this long.
const LONGEST_VISIT: Duration = Duration::from_secs(10);

/// They come by until they are told to end.
pub struct Passers {
    end: oneshot::Sender<()>,
    passing: JoinHandle<usize>,
}

/// What they have made so far.
struct Visits {
    addresses: Vec<String>,
    random: StdRng,
    /// The groups, with who made each.
    made: Vec<(String, usize)>,
    said: usize,
}

// === impl Passers ===

impl Passers {
    pub fn begin(addresses: Vec<String>, seed: u64) -> Self {
        let (end, mut ended) = oneshot::channel();
        let mut visits = Visits { addresses, random: StdRng::seed_from_u64(seed), made: Vec::new(), said: 0 };
        let passing = tokio::spawn(async move {
            loop {
                // Whether it succeeds is nobody's concern: what is stored of it counts.
                let _ = tokio::time::timeout(LONGEST_VISIT, visits.visit()).await;
                tokio::select! {
                    _ = &mut ended => return visits.made.len(),
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        });
        Self { end, passing }
    }

    /// Nobody comes any more; answers how many groups were made.
    pub async fn end(self) -> usize {
        let _ = self.end.send(());
        self.passing.await.expect("they do not fail")
    }
}

// === impl Visits ===

impl Visits {
    /// Somebody comes, makes a group or finds an old one, says something, and goes, or leaves the group before.
    async fn visit(&mut self) -> Result<(), Over> {
        let old = self.random.random_ratio(1, 3).then(|| self.old()).flatten();
        let who = old.as_ref().map_or_else(|| self.random.random_range(0..PASSERS), |(_, who)| *who);
        let address = self.addresses[self.random.random_range(0..self.addresses.len())].clone();
        let mut socket = Socket::connect(&address, Encoding::Json).await?;
        let hello = json!({"type": "hello", "token": token(&user(who))});
        socket.ask(&hello, "welcome").await?;
        let group = match old {
            Some((group, _)) => group,
            None => self.make(&mut socket, who).await?,
        };
        for _ in 0..self.random.random_range(1..4) {
            self.said += 1;
            let cid = format!("s{}", self.said);
            socket.say(&json!({"type": "send", "id": cid, "group": group, "cid": cid, "text": cid})).await?;
            answer(&mut socket, &cid).await?;
        }
        if self.random.random_ratio(1, 4) {
            let leave = json!({"type": "leave", "id": "leave", "group": group});
            socket.say(&leave).await?;
            answer(&mut socket, "leave").await?;
        }
        Ok(())
    }

    /// A group of whoever makes it and of somebody who is elsewhere.
    async fn make(&mut self, socket: &mut Socket, who: usize) -> Result<String, Over> {
        let cid = format!("m{}-{who}", self.made.len());
        // Only who has been here can be a member.
        let members =
            if self.made.len() < 2 * PASSERS { vec![user(who)] } else { vec![user(who), user((who + 1) % PASSERS)] };
        let create =
            json!({"type": "create", "id": cid, "name": cid, "members": members, "access": "members", "cid": cid});
        socket.say(&create).await?;
        let made = answer(socket, &cid).await?;
        let group = made["id"].as_str().ok_or(Over(None))?.to_owned();
        self.made.push((group.clone(), who));
        Ok(group)
    }

    fn old(&mut self) -> Option<(String, usize)> {
        (!self.made.is_empty()).then(|| self.made[self.random.random_range(0..self.made.len())].clone())
    }
}

/// What a request, or a send with this cid, is answered with.
async fn answer(socket: &mut Socket, id: &str) -> Result<Value, Over> {
    loop {
        let frame = socket.hear_soon().await?;
        if frame["re"] == id || frame["type"] == "ack" && frame["cid"] == id {
            return Ok(frame);
        }
    }
}

fn user(who: usize) -> String {
    format!("passer-{who}")
}

//! Guessing tokens, tickets and passwords.

use hubbub::protocol::Encoding;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::siege::{Cost, Siege};
use super::{ATTACKER, all};
use crate::contract::stage::token;
use crate::support::raw::{Raw, handshake};
use crate::support::{Hub, http};

const GUESSES: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_tickets_are_not_guessed() {
    let siege = Siege::lay("token and ticket guessing").await;
    let address = siege.hub.address();
    let good = token("victim");
    let guess = |number: usize| {
        let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
        match number % 3 {
            // Another signature, no signature (`alg: none`), another name.
            0 => parts[2] = format!("{number:043}"),
            1 => (parts[0], parts[2]) = ("eyJhbGciOiJub25lIn0".into(), String::new()),
            _ => parts[1].insert(number % 40, 'x'),
        }
        parts.join(".")
    };
    for round in 0..GUESSES / 100 {
        let answers = all(100, async |number| {
            let guess = guess(round * 100 + number);
            let ask = |path: &str, header: &str| {
                let request = handshake(&address, Encoding::Json).replacen("/ws", path, 1);
                request.replacen("Connection:", &format!("{header}Connection:"), 1)
            };
            let mut raw = Raw::dial_from(ATTACKER, &address).await.unwrap();
            match number % 3 {
                0 => raw.write(ask(&format!("/ws?ticket={guess}"), "").as_bytes()).await.unwrap(),
                1 => raw.write(ask("/ws", &format!("Authorization: Bearer {guess}\r\n")).as_bytes()).await.unwrap(),
                _ => {
                    raw = Raw::open_from(ATTACKER, &address, Encoding::Json).await.unwrap();
                    raw.say(Encoding::Json, &json!({"type": "hello", "token": guess})).await.unwrap();
                    return raw.close_code().await;
                }
            }
            raw.status().await
        })
        .await;
        assert!(answers.iter().all(|answer| matches!(answer, Some(401 | 4001))), "{answers:?}");
    }
    siege.lift(Cost { memory: 32, cpu: 60 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_guessed_slowly_and_hashing_leaves_room_for_messages() {
    let siege = Siege::lay("password guessing").await;
    let account = json!({"username": "victim", "password": "a long password", "name": "Victim"});
    let client = http::client_from(ATTACKER);
    let post = async |path: &str, body: &Value| post(&client, &siege.hub, path, body).await;
    assert_eq!(post("/auth/register", &account).await.0, StatusCode::CREATED);
    let mut answers = Vec::new();
    for round in 0..GUESSES / 100 {
        let guesses = all(100, async |number| {
            let guess = json!({"username": "victim", "password": format!("guess {round} {number}")});
            post("/auth/login", &guess).await
        });
        answers.extend(guesses.await);
    }
    let checked = answers.iter().filter(|(status, _)| *status == StatusCode::UNAUTHORIZED).count();
    let slowed: Vec<_> = answers.iter().filter(|(status, _)| *status == StatusCode::TOO_MANY_REQUESTS).collect();
    assert_eq!(checked + slowed.len(), GUESSES, "{answers:?}");
    // Ten at once, and one each half minute.
    assert!((1..=20).contains(&checked), "{checked} guesses were checked");
    assert!(slowed.iter().all(|(_, problem)| problem["code"] == "rate_limited"));
    siege.lift(Cost { memory: 96, cpu: 60 }).await;
}

async fn post(client: &reqwest::Client, hub: &Hub, path: &str, body: &Value) -> (StatusCode, Value) {
    let answer = client.post(format!("{}{path}", hub.http_url())).json(body).send().await;
    let answer = answer.expect("the node answers");
    (answer.status(), answer.json().await.unwrap_or_default())
}

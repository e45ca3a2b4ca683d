//! One rule for names that people see, at every door that takes one: the same names come in everywhere, as the same text,
//! and others are refused everywhere with the same sentence.

use std::process::Stdio;

use data_encoding::BASE64URL_NOPAD;
use hubbub::protocol::Encoding;
use serde_json::{Value, json};

use crate::contract::stage::token;
use crate::http_api::caller::{Answer, Caller};
use crate::protocol::peer::Peer;
use crate::support::hub::JWT_SECRET;
use crate::support::{Hub, scratch};

/// Names, and what becomes of each.
pub fn good() -> Vec<(String, String)> {
    let long = "ä".repeat(200);
    let names = [
        ("Anna", "Anna"),
        (" \t Anna B.\u{a0}\n", "Anna B."),
        ("Zoe\u{308}", "Zoë"),
        ("İbrahim Straße", "İbrahim Straße"),
        ("👩\u{200d}👧", "👩\u{200d}👧"),
        ("نامه\u{200c}ها", "نامه\u{200c}ها"),
        ("-", "-"),
        (&long, &long),
    ];
    names.map(|(text, name)| (text.to_owned(), name.to_owned())).to_vec()
}

/// Texts that are no names, and what follows the name of the field in the refusal.
pub fn bad() -> Vec<(String, &'static str)> {
    const LENGTH: &str = "must have 1 to 200 characters";
    const UNSEEN: &str = "must have something in it that can be seen";
    let long = "ä".repeat(201);
    let texts = [
        (long.as_str(), LENGTH),
        ("\u{200b}", UNSEEN),
        ("\u{3164}", UNSEEN),
        ("\u{ad}", UNSEEN),
        ("\u{2800} \u{2800}", UNSEEN),
        ("\u{200d}", UNSEEN),
        ("a\nb", "must be one line without control characters: take out U+000A"),
        ("a\0b", "must be one line without control characters: take out U+0000"),
        ("a\u{2028}b", "must be one line without control characters: take out U+2028"),
        ("a\u{202e}b", "must not turn the direction of the text around it: take out U+202E"),
        ("a\u{2066}b", "must not turn the direction of the text around it: take out U+2066"),
    ];
    texts.map(|(text, why)| (text.to_owned(), why)).to_vec()
}

/// What is left of a name behind a door, or the refusal's sentence.
type Told = Result<String, String>;

/// All doors that take names.
struct Doors {
    sockets: Vec<Peer>,
    public: Caller,
    internal: Caller,
    scratch: tempfile::TempDir,
    users: u32,
}

fn told(answer: Answer, field: &str) -> Told {
    match answer.status {
        200 | 201 => Ok(answer.body[field].as_str().unwrap_or_default().to_owned()),
        400 => {
            assert_eq!(answer.body["code"], "bad_frame", "{}", answer.body);
            Err(answer.body["detail"].as_str().unwrap().to_owned())
        }
        _ => panic!("{answer:?}"),
    }
}

impl Doors {
    async fn of(hub: &Hub) -> Self {
        let mut sockets = Vec::new();
        for encoding in Encoding::ALL {
            sockets.push(Peer::hello(hub, encoding, "anna").await.0);
        }
        let mut public = Caller::new(hub.http_url()).await;
        public.bearer(token("anna"));
        let internal = Caller::new(hub.internal_url()).await;
        Self { sockets, public, internal, scratch: scratch::directory("names"), users: 0 }
    }

    /// What each door that takes a name says to this one.
    async fn try_name(&mut self, name: &str) -> Vec<(&'static str, Told)> {
        let mut all = Vec::new();
        for socket in &mut self.sockets {
            all.push(("create", create(socket, name).await));
        }
        let made = self.public.post("/chat", "/chat", json!({"name": name, "members": []})).await;
        all.push(("POST /chat", told(made, "name")));
        let made = self.internal.post("/group/", "/group/", json!({"name": name, "users": ["anna"]})).await;
        all.push(("POST /group/", told(made, "name")));
        self.users += 1;
        let path = format!("/user/u{}", self.users);
        let put = self.internal.post("/user/{up}", &path, json!({"name": name})).await;
        all.push(("POST /user/{up}", told(put, "name")));
        // No argument of a process holds a NUL.
        if !name.contains('\0') {
            all.push(("hubbub token", self.token_of(name).await));
        }
        all
    }

    async fn try_username(&mut self, name: &str) -> Told {
        self.users += 1;
        let path = format!("/user/u{}", self.users);
        told(self.internal.post("/user/{up}", &path, json!({"username": name})).await, "username")
    }

    async fn try_account(&mut self, name: &str) -> Told {
        self.users += 1;
        let account = json!({"username": format!("a{}", self.users), "password": "correct horse", "name": name});
        let answer = self.public.post("/auth/register", "/auth/register", account).await;
        if answer.status == 201 {
            return Ok(name_in(answer.body["token"].as_str().unwrap()));
        }
        told(answer, "name")
    }

    /// The name in a token that an operator makes.
    async fn token_of(&self, name: &str) -> Told {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_hubbub"));
        command.current_dir(self.scratch.path()).env("HUBBUB_JWT_SECRET", JWT_SECRET).stdin(Stdio::null());
        let output = command.args(["token", "--user", "anna", &format!("--name={name}")]).output().await.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        match output.status.success() {
            true => Ok(name_in(std::str::from_utf8(&output.stdout).unwrap().trim())),
            false => Err(error[error.find('`').expect("a sentence about the name")..].trim().to_owned()),
        }
    }
}

async fn create(socket: &mut Peer, name: &str) -> Told {
    socket.say(json!({"type": "create", "id": name.len(), "name": name, "members": []})).await;
    let answer = socket.next_where(|frame| frame["re"] == json!(name.len())).await;
    match answer["type"].as_str() {
        Some("group") => Ok(answer["name"].as_str().unwrap().to_owned()),
        _ => {
            assert_eq!(answer["code"], "bad_frame", "{answer}");
            Err(answer["message"].as_str().unwrap().to_owned())
        }
    }
}

fn name_in(token: &str) -> String {
    let claims = BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_door_takes_the_same_names_as_the_same_text() {
    let hub = Hub::embedded().await;
    let mut doors = Doors::of(&hub).await;
    for (text, name) in good() {
        for (door, told) in doors.try_name(&text).await {
            assert_eq!(told.as_ref(), Ok(&name), "{door} {text:?}");
        }
        assert_eq!(doors.try_username(&text).await, Ok(name.to_lowercase()), "{text:?}");
    }
    for (text, name) in &good()[1..4] {
        assert_eq!(doors.try_account(text).await.as_ref(), Ok(name), "{text:?}");
    }
}

#[tokio::test]
async fn every_door_refuses_the_same_texts_with_the_same_sentence() {
    let hub = Hub::embedded().await;
    let mut doors = Doors::of(&hub).await;
    for (text, why) in bad() {
        let mut all = doors.try_name(&text).await;
        all.push(("POST /auth/register", doors.try_account(&text).await));
        for (door, told) in all {
            assert_eq!(told, Err(format!("`name` {why}")), "{door} {text:?}");
        }
        assert_eq!(doors.try_username(&text).await, Err(format!("`username` {why}")), "{text:?}");
    }
    // Who registers may leave the name out; elsewhere it is what the call is about.
    for empty in ["", " \n"] {
        for (door, told) in doors.try_name(empty).await {
            assert_eq!(told, Err("`name` must have 1 to 200 characters".into()), "{door} {empty:?}");
        }
        assert_eq!(doors.try_username(empty).await, Err("`username` must have 1 to 200 characters".into()));
    }
}

#[tokio::test]
async fn a_taken_username_is_a_conflict_and_people_are_found_as_they_are_written() {
    let hub = Hub::embedded().await;
    let (mut public, mut internal) = (Caller::new(hub.http_url()).await, Caller::new(hub.internal_url()).await);
    let account = |username: &str| json!({"username": username, "password": "correct horse"});
    for username in ["anna", "bert"] {
        public.post("/auth/register", "/auth/register", account(username)).await.expect(201);
    }
    let taken = |problem: Value| {
        assert_eq!((&problem["detail"], &problem["code"]), (&json!("this username is taken"), &json!("conflict")));
    };
    taken(public.post("/auth/register", "/auth/register", account("ANNA")).await.expect(409));
    for username in ["anna", "ANNA", " Anna "] {
        let put = json!({"username": username, "name": "x"});
        taken(internal.post("/user/{up}", "/user/bert", put).await.expect(409));
    }
    for (id, username) in [("u1", "Οδυσσέας"), ("u2", "İbrahim"), ("u3", "Straße")] {
        internal.post("/user/{up}", &format!("/user/{id}"), json!({"username": username})).await.expect(200);
    }
    public.bearer(token("anna"));
    for (typed, id) in [("ΟΔΥΣ", "u1"), ("ibr", "u2"), ("strasse", "u3"), ("STRAß", "u3"), ("BER", "bert")] {
        let found = public.get("/users", &format!("/users?username={typed}")).await.expect(200);
        assert_eq!((found.as_array().unwrap().len(), &found[0]["id"]), (1, &json!(id)), "{typed}: {found}");
    }
    let groups = internal.get("/group/user/{up}", "/group/user/STRASSE").await.expect(200);
    assert_eq!(groups["groups"], json!([]));
}

//! How an input goes through a door, and what it is answered.

use hubbub::domain::Code;
use hubbub::protocol::{Encoding, Form};
use hubbub::transport::status_of;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value, json};

use super::definitions::{Argument, Call};
use super::fields::sort_of;
use super::sorts::{Bad, NOWHERE, Sort};
use crate::commands::{beside, outcome};
use crate::contract::stage::token;
use crate::http_api::caller::{Answer, Caller};
use crate::protocol::peer::Peer;
use crate::support::shared::{self, MongoSpace};
use crate::support::{Hub, HubBuilder, http, scratch};

/// A node with two people and a group of the first, who tries its doors.
pub struct Doors {
    pub hub: Hub,
    pub group: String,
    pub public: Caller,
    pub internal: Caller,
    directory: tempfile::TempDir,
    _store: Option<MongoSpace>,
}

/// A refusal, or none.
#[derive(Debug)]
pub struct Told {
    pub code: Option<String>,
    pub sentence: String,
}

impl Told {
    /// What a frame says.
    pub fn in_frame(frame: &Value) -> Self {
        Self::by(frame, "message")
    }

    fn by(answer: &Value, sentence: &str) -> Self {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        Self { code: text("code"), sentence: text(sentence).unwrap_or_default() }
    }

    fn over_http(answer: Answer, what: &str) -> Self {
        let told = Self::by(&answer.body, "detail");
        if answer.status >= 400 {
            let code = told.code.as_deref().and_then(Code::named).unwrap_or_else(|| panic!("{what}: {answer:?}"));
            assert_eq!(answer.status, status_of(code), "{what}");
        }
        told
    }

    /// Holds it to what is to be told of this.
    #[track_caller]
    pub fn hold(&self, door: &str, bad: &Bad) {
        let field = door.rsplit(' ').next().unwrap();
        assert_eq!(self.code.as_deref(), Some(bad.code), "{door} {}: {self:?}", bad.value);
        let sentence = bad.told.replace("{}", field);
        assert!(self.sentence.contains(&sentence), "{door} {}: {self:?} does not say {sentence:?}", bad.value);
    }
}

/// A value where only text can be; others cannot come there.
pub fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Doors {
    pub async fn open() -> Self {
        Self::of(Hub::builder("a"), None).await
    }

    /// The same with what must last in MongoDB.
    pub async fn on_mongodb() -> Self {
        let store = shared::mongodb().await;
        Self::of(Hub::builder("a").mongodb(&store.url), Some(store)).await
    }

    async fn of(mut hub: HubBuilder, store: Option<MongoSpace>) -> Self {
        let many = "1000000";
        for rate in ["SESSION", "USER", "HELLO", "LOGIN"] {
            hub = hub.env(&format!("HUBBUB_{rate}_BURST"), many);
        }
        let hub = hub.start().await;
        let [mut anna, _bert] = Peer::people(&hub, Encoding::Json, ["anna", "bert"]).await;
        let group = anna.group(&["bert"]).await;
        let mut public = Caller::new(hub.http_url()).await;
        public.bearer(token("anna"));
        let internal = Caller::new(hub.internal_url()).await;
        Self { hub, group, public, internal, directory: scratch::directory("doors"), _store: store }
    }

    /// The same about the group that there is.
    fn real(&self, value: Value) -> Value {
        serde_json::from_str(&value.to_string().replace(NOWHERE, &self.group)).unwrap()
    }

    /// An event is one of the group that there is; all else is what it was.
    pub fn of_group(&self, sort: Sort, value: Value) -> Value {
        if sort == Sort::EventId { self.real(value) } else { value }
    }

    /// A frame of this form that is right but for one field.
    pub fn frame(&self, form: &Form, field: &str, value: &Value) -> Value {
        let needed = |name: &str| match form.name {
            "send" => ["group", "cid", "text"].contains(&name),
            _ => form.fields.iter().any(|field| field.name() == name && !field.is_optional()),
        };
        let names = form.fields.iter().map(|field| field.name()).filter(|name| needed(name));
        let good = |name: &str| (name.to_owned(), sort_of(&format!("{} {name}", form.name)).good());
        let mut frame = self.real(names.map(good).collect::<Map<_, _>>().into());
        frame["type"] = form.name.into();
        frame[field] = value.clone();
        if field == "to" {
            frame.as_object_mut().unwrap().remove("group");
        }
        frame
    }

    /// Says a first frame on a connection of its own.
    pub async fn greet(&self, encoding: Encoding, mut hello: Value) -> Told {
        let mut stranger = Peer::stranger(&self.hub, encoding).await;
        if hello["token"].is_null() {
            hello["token"] = token("anna").into();
        }
        hello["id"] = json!(1);
        stranger.say(hello).await;
        Told::in_frame(&stranger.next_where(|frame| frame["re"] == 1 || frame["type"] == "welcome").await)
    }

    /// Makes a call that is right but for one field; `None` where such a value cannot come there.
    pub async fn call(&mut self, call: &Call, field: &str, place: &str, value: &Value) -> Option<Told> {
        let sort = |name: &str| sort_of(&format!("{} {name}", call.name()));
        let good = |name: &str| self.real(sort(name).good());
        let text = as_text(value);
        if place != "body" && text.is_none() || place == "path" && value == "" {
            return None;
        }
        let (mut path, mut query, mut body) = (call.path.clone(), String::new(), Map::new());
        let mut key = None;
        for (name, of) in &call.fields {
            let is_it = name == field && *of == place;
            let is_said = is_it || call.required.contains(name) || name == "text" || name == "q" && field == "cursor";
            let said = if is_it { value.clone() } else { good(name) };
            match *of {
                _ if !is_said => {}
                "path" => path = path.replace(&format!("{{{name}}}"), &encoded(&as_text(&said).unwrap())),
                "query" => query += &format!("&{name}={}", encoded(&as_text(&said).unwrap())),
                "header" => key = Some(as_text(&said).unwrap()),
                _ => drop(body.insert(name.clone(), said)),
            }
        }
        let fits = |key: &String| HeaderValue::from_str(key).is_ok() && key.is_ascii() && key.trim() == key;
        if !key.as_ref().is_none_or(fits) {
            return None;
        }
        let headers: Vec<(&str, &str)> = key.iter().map(|key| ("Idempotency-Key", key.as_str())).collect();
        let body = call.has_body().then(|| Value::Object(body));
        let path = if query.is_empty() { path } else { format!("{path}?{}", &query[1..]) };
        let method = call.method.parse().unwrap();
        let of_public = self.public.description()["paths"].get(&call.path).is_some();
        let caller = if of_public { &mut self.public } else { &mut self.internal };
        let answer = caller.ask(method, &call.path, &path, body, &headers).await;
        Some(Told::over_http(answer, &format!("{} {path}", call.method)))
    }

    /// Gives an order as `hubbub admin` does.
    pub async fn order(&self, order: &Value) -> Told {
        let url = format!("{}/admin/orders", self.hub.internal_url());
        let answer = http::client().post(url).json(order).send().await.unwrap();
        let answer = Answer::read(answer).await;
        Told::over_http(answer, &order.to_string())
    }

    /// Types a command whose argument is this: whether it did what it was told, and what it said else.
    pub async fn command(&self, argument: &Argument, others: &[Argument], value: &str) -> Result<(), String> {
        let mut words = argument.command.clone();
        let mut placed = Vec::new();
        for one in others.iter().filter(|one| one.command == argument.command) {
            let is_it = one.name == argument.name;
            let is_user_of_token = one.name == "hubbub token user";
            if !is_it && !one.is_required && !is_user_of_token {
                continue;
            }
            let good = || as_text(&self.real(sort_of(&one.name).good())).unwrap();
            let said = if is_it { value.to_owned() } else { good() };
            match &one.flag {
                Some(flag) => words.push(format!("{flag}={said}")),
                None => placed.push(said),
            }
        }
        words.push("--".into());
        words.extend(placed);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        outcome(beside(&self.hub, self.directory.path(), &words)).await
    }
}

/// What is refused of a sort where JSON comes in.
pub fn bad_values(sort: Sort, is_required: bool) -> Vec<Bad> {
    let other = |value: Value| Bad { value, code: "bad_frame", told: String::new() };
    let nothing = is_required.then_some(Value::Null);
    let others = sort.of_other_types().into_iter().chain(nothing).map(other);
    sort.bad().into_iter().chain(others).collect()
}

/// What stands for a sort where it is right.
pub fn good_values(sort: Sort) -> Vec<Value> {
    [vec![sort.good()], sort.edges()].concat()
}

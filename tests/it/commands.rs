//! The commands, as an operator types them: real processes, beside a running node where they need one.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use hubbub::protocol::Encoding;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::contract::client::{Over, Socket};
use crate::support::hub::JWT_SECRET;
use crate::support::{Hub, http, scratch};

/// `hubbub` with these arguments and variables, and nothing of the developer's own.
fn hubbub(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("HUBBUB_")) {
            command.env_remove(name);
        }
    }
    command.current_dir(directory).args(arguments).envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

async fn run(command: Command) -> (bool, String, String) {
    let output: Output = tokio::process::Command::from(command).output().await.expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// What a command prints that is to succeed.
pub async fn succeeds(command: Command) -> String {
    let (good, out, error) = run(command).await;
    assert!(good, "{error}");
    out
}

async fn fails(command: Command) -> String {
    outcome(command).await.expect_err("it is to fail")
}

/// What a command says on standard error when it fails.
pub async fn outcome(command: Command) -> Result<(), String> {
    let (good, _, error) = run(command).await;
    if good { Ok(()) } else { Err(error) }
}

/// The settings of a running node, for commands beside it.
fn settings(node: &Hub) -> Vec<(&'static str, String)> {
    let internal = node.internal_url().trim_start_matches("http://").to_owned();
    let data = node.data_directory().display().to_string();
    vec![("HUBBUB_INTERNAL_LISTEN", internal), ("HUBBUB_DATA_DIR", data), ("HUBBUB_JWT_SECRET", JWT_SECRET.to_owned())]
}

/// `hubbub` with the settings of a running node.
pub fn beside(node: &Hub, directory: &Path, arguments: &[&str]) -> Command {
    let settings = settings(node);
    let variables: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    hubbub(directory, &variables, arguments)
}

async fn post(node: &Hub, path: &str, body: Value) -> (StatusCode, Value) {
    let url = format!("{}{path}", node.http_url());
    let answer = http::client().post(url).json(&body).send().await.expect("the node answers");
    (answer.status(), answer.json().await.expect("answers are JSON"))
}

async fn asks_with(node: &Hub, token: &str) -> StatusCode {
    let url = format!("{}/users?username=a", node.http_url());
    let answer = http::client().get(url).bearer_auth(token).send().await.expect("the node answers");
    answer.status()
}

#[tokio::test]
async fn tokens_made_with_a_nodes_settings_open_it_and_others_do_not() {
    let node = Hub::embedded().await;
    let directory = scratch::directory("token");
    let token = succeeds(beside(&node, directory.path(), &["token", "--user", "anna"])).await;
    assert_eq!(asks_with(&node, token.trim()).await, StatusCode::OK);
    // In a directory of its own and without the secret, another key is made.
    let other = succeeds(hubbub(directory.path(), &[], &["token", "--user", "anna"])).await;
    assert_eq!(asks_with(&node, other.trim()).await, StatusCode::UNAUTHORIZED);
    for user in ["hub.system", "a b"] {
        fails(beside(&node, directory.path(), &["token", "--user", user])).await;
    }
}

#[tokio::test]
async fn tokens_for_many_are_written_to_a_file() {
    let directory = scratch::directory("tokens");
    let arguments = ["token", "--users", "load-{8..11}", "--out", "tokens.json"];
    succeeds(hubbub(directory.path(), &[("HUBBUB_JWT_SECRET", JWT_SECRET)], &arguments)).await;
    let text = std::fs::read_to_string(directory.path().join("tokens.json")).expect("the file is there");
    let list: Vec<Value> = serde_json::from_str(&text).expect("a JSON list");
    let users: Vec<&str> = list.iter().filter_map(|entry| entry["user"].as_str()).collect();
    assert_eq!(users, ["load-8", "load-9", "load-10", "load-11"]);
    assert!(list.iter().all(|entry| entry["token"].as_str().is_some_and(|token| token.split('.').count() == 3)));
}

#[tokio::test]
async fn operators_see_and_change_what_a_running_node_holds() {
    let node = Hub::embedded().await;
    let directory = scratch::directory("admin");
    let admin = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["admin"].iter().chain(arguments).copied().collect();
        beside(&node, directory.path(), &arguments)
    };
    let credentials = json!({"username": "anna", "password": "correct horse"});
    let (status, account) = post(&node, "/auth/register", credentials.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let token = account["token"].as_str().expect("a token").to_owned();
    assert_eq!(asks_with(&node, &token).await, StatusCode::OK);
    assert!(succeeds(admin(&["users", "an"])).await.contains("anna"));
    let nodes = succeeds(admin(&["nodes"])).await;
    assert!(nodes.contains("ROLES") && nodes.contains("clients, followers, owner"), "{nodes}");

    succeeds(admin(&["ban", "anna"])).await;
    assert_eq!(asks_with(&node, &token).await, StatusCode::FORBIDDEN);
    assert_eq!(post(&node, "/auth/login", credentials.clone()).await.0, StatusCode::FORBIDDEN);
    succeeds(admin(&["unban", "anna"])).await;
    assert_eq!(post(&node, "/auth/login", credentials.clone()).await.0, StatusCode::OK);

    let shown = succeeds(admin(&["set-password", "anna"])).await;
    let password = shown.lines().last().expect("a password is printed");
    assert_eq!(post(&node, "/auth/login", credentials).await.0, StatusCode::UNAUTHORIZED);
    let changed = json!({"username": "anna", "password": password});
    let (status, account) = post(&node, "/auth/login", changed).await;
    assert_eq!((status, asks_with(&node, &token).await), (StatusCode::OK, StatusCode::UNAUTHORIZED));
    let token = account["token"].as_str().expect("a token").to_owned();

    assert!(fails(admin(&["delete-user", "anna"])).await.contains("--yes"));
    let hello = json!({"type": "hello", "token": token});
    let mut socket = Socket::connect(&node.address(), Encoding::Json).await.expect("a connection");
    socket.say(&hello).await.expect("a hello");
    socket.hear_a("welcome").await.expect("anna is in");
    succeeds(admin(&["delete-user", "anna", "--yes"])).await;
    assert_eq!(socket.hear_a("nothing").await, Err(Over(Some(4003))), "who is deleted is not to come back");
    let mut again = Socket::connect(&node.address(), Encoding::Json).await.expect("a connection");
    again.say(&hello).await.expect("a hello");
    assert_eq!(again.hear_a("nothing").await, Err(Over(Some(4003))), "a token outlives nobody");
    let anew = json!({"username": "anna", "password": "correct horse"});
    assert_eq!(post(&node, "/auth/register", anew).await.0, StatusCode::CONFLICT);
    assert!(succeeds(admin(&["user", "anna"])).await.contains("deleted"));
}

#[tokio::test]
async fn with_no_node_running_operators_work_on_the_store() {
    let mut node = Hub::embedded().await;
    let directory = scratch::directory("admin-alone");
    let credentials = json!({"username": "anna", "password": "correct horse"});
    assert_eq!(post(&node, "/auth/register", credentials).await.0, StatusCode::CREATED);
    assert!(node.terminate().await.success());
    let admin = |arguments: &[&str]| beside(&node, directory.path(), arguments);
    succeeds(admin(&["admin", "ban", "anna"])).await;
    let users = succeeds(admin(&["admin", "--json", "users"])).await;
    let report: Value = serde_json::from_str(&users).expect("JSON");
    assert_eq!((&report["users"][0]["id"], &report["users"][0]["banned"]), (&json!("anna"), &json!(true)));
    let kick = fails(admin(&["admin", "kick", "anna"])).await;
    assert!(kick.contains("running hub"), "{kick}");
}

#[tokio::test]
async fn every_mistake_in_the_configuration_is_told_at_once() {
    let directory = scratch::directory("config");
    let file = directory.path().join("hubbub.toml");
    std::fs::write(&file, "max_txt = 1\n").expect("the file can be written");
    let variables = [("HUBBUB_REDIS_URL", "redis://:s3cret@localhost"), ("HUBBUB_MAX_MEMBERS", "many")];
    let told = fails(hubbub(directory.path(), &variables, &["--partitions", "0", "config", "check"])).await;
    for part in ["max_txt", "max_text?", "HUBBUB_MAX_MEMBERS", "--partitions", "mongodb_url", "jwt_secret"] {
        assert!(told.contains(part), "{part} is missing in:\n{told}");
    }
    assert!(!told.contains("s3cret"), "{told}");
    // Serving tells the same, and starts nothing.
    assert_eq!(fails(hubbub(directory.path(), &variables, &["--partitions", "0"])).await, told);
    assert!(!directory.path().join("data").exists());

    std::fs::write(&file, "max_text = 100\n").expect("the file can be written");
    succeeds(hubbub(directory.path(), &[], &["config", "check"])).await;
    let secret = [("HUBBUB_JWT_SECRET", JWT_SECRET)];
    let shown = succeeds(hubbub(directory.path(), &secret, &["config", "show"])).await;
    assert!(shown.contains("max_text = 100  # hubbub.toml") && !shown.contains(JWT_SECRET), "{shown}");
}

#[tokio::test]
async fn help_and_version_are_told() {
    let directory = scratch::directory("help");
    let version = succeeds(hubbub(directory.path(), &[], &["--version"])).await;
    assert_eq!(version.trim(), format!("hubbub {}", env!("CARGO_PKG_VERSION")));
    for command in [vec![], vec!["token"], vec!["admin"], vec!["config"]] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let help = succeeds(hubbub(directory.path(), &[], &arguments)).await;
        assert!(help.contains("Examples:"), "{arguments:?}:\n{help}");
    }
    fails(hubbub(directory.path(), &[], &["no-such-command"])).await;
}

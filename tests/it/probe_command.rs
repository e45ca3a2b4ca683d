//! `hubbub probe` beside real nodes: what it finds, what it says when it cannot, what it keeps.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::hub::JWT_SECRET;
use crate::support::ports::Port;
use crate::support::process::Process;
use crate::support::{Hub, eventually, http, scratch};

/// What the command ends with when it says nothing about the hub.
const NO_VERDICT: Option<i32> = Some(3);

/// `hubbub` with these arguments and the nodes' key, and nothing of the developer's own.
fn hubbub(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("HUBBUB_")) {
            command.env_remove(name);
        }
    }
    command.current_dir(directory).args(arguments).env("HUBBUB_JWT_SECRET", JWT_SECRET);
    command
}

/// Runs it to its end: its exit code, what it printed, what it complained of.
async fn run(command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = tokio::process::Command::from(command).output().await.expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

async fn once(arguments: &[&str]) -> (Option<i32>, String, String) {
    let directory = scratch::directory("probe");
    run(hubbub(directory.path(), &[&["probe", "--once"], arguments].concat())).await
}

#[tokio::test]
async fn a_hub_that_is_well_is_seen_to_be() {
    let hub = Hub::embedded().await;
    for url in [hub.http_url(), format!("{}/chat/location", hub.http_url()), hub.ws_url()] {
        let (code, table, complaint) = once(&["--messages", "3", &url]).await;
        assert_eq!((code, complaint.as_str()), (Some(0), ""), "{table}");
        assert!(table.contains("a message to oneself") && table.contains("worst of 3"), "{table}");
        assert!(table.contains("fine, within 1 s") && !table.contains("BROKEN"), "{table}");
    }
}

#[tokio::test]
async fn a_given_token_serves_as_well() {
    let (hub, directory) = (Hub::embedded().await, scratch::directory("probe"));
    let (code, token, _) = run(hubbub(directory.path(), &["token", "--user", "watcher"])).await;
    assert_eq!(code, Some(0));
    let mut command = hubbub(directory.path(), &["probe", "--once", &hub.http_url()]);
    command.env_remove("HUBBUB_JWT_SECRET").env("HUBBUB_PROBE_TOKEN", token.trim());
    let (code, table, complaint) = run(command).await;
    assert_eq!(code, Some(0), "{table}{complaint}");
    assert_eq!(once(&["--token", token.trim(), &hub.ws_url()]).await.0, Some(0));
    // The variable is no mistake beside a hub's own settings.
    let mut command = hubbub(directory.path(), &["config", "check"]);
    command.env("HUBBUB_PROBE_TOKEN", token.trim());
    assert_eq!(run(command).await.0, Some(0));
}

#[tokio::test]
async fn the_ladder_ends_where_it_may_or_where_the_hub_says_so() {
    let hub = Hub::builder("a").env("HUBBUB_SESSION_BURST", "20").env("HUBBUB_SESSION_RATE", "10").start().await;
    let arguments = ["--ladder", "--step", "1s", "--highest-rate", "2", "--messages", "1"];
    let (code, table, _) = once(&[&arguments[..], &[&hub.http_url()]].concat()).await;
    assert_eq!(code, Some(0), "{table}");
    assert!(table.contains("at 0.2 messages/s") && table.contains("2/s within 1 s, 2/s within 10 s"), "{table}");
    let arguments = ["--ladder", "--step", "1s", "--highest-rate", "2000", "--messages", "1"];
    let (code, table, _) = once(&[&arguments[..], &[&hub.http_url()]].concat()).await;
    assert_eq!(code, Some(0), "{table}");
    assert!(table.contains("rate_limited") && !table.contains("at 500 messages/s"), "{table}");
}

#[tokio::test]
async fn what_keeps_it_from_measuring_is_told_in_a_sentence() {
    let (mut hub, directory) = (Hub::embedded().await, scratch::directory("probe"));
    for url in [hub.http_url(), hub.ws_url()] {
        let (code, table, complaint) = once(&["--token", "no.such.token", &url]).await;
        assert_eq!(code, NO_VERDICT);
        assert!(table.contains("NO VERDICT") && !table.contains("BROKEN"), "{table}");
        assert!(complaint.contains("does not accept the token") && complaint.contains("--token"), "{complaint}");
    }
    let (code, _, complaint) = once(&[&hub.internal_url()]).await;
    assert_eq!(code, NO_VERDICT);
    assert!(complaint.contains("is no hub's"), "{complaint}");
    // Also when it was to stay: trying again would come to the same.
    let command = hubbub(directory.path(), &["probe", "--listen", "127.0.0.1:0", &hub.internal_url()]);
    assert_eq!(run(command).await.0, NO_VERDICT);
    hub.kill();
    let (code, _, complaint) = once(&[&hub.http_url()]).await;
    assert_eq!(code, Some(1));
    assert!(complaint.contains("no hub answers at") && complaint.contains(&hub.address()), "{complaint}");
    // Another address of the same hub serves as well.
    let alive = Hub::builder("b").start().await;
    let (code, table, _) = once(&[&hub.http_url(), &hub.ws_url(), &alive.http_url()]).await;
    assert_eq!(code, Some(0), "{table}");
    let (code, _, complaint) = once(&["127.0.0.1:8080"]).await;
    assert_eq!(code, Some(2));
    assert!(complaint.contains("expected a URL such as http://"), "{complaint}");
}

/// A probe that stays.
struct Watcher {
    process: Process,
    port: Port,
}

impl Watcher {
    fn start(directory: &Path, url: &str) -> Self {
        Self::start_with(directory, &[url])
    }

    fn start_with(directory: &Path, more: &[&str]) -> Self {
        let port = Port::reserve();
        let address = port.address();
        let arguments = ["probe", "--every", "1s", "--ladder-every", "off", "--listen", &address];
        let command = hubbub(directory, &[&arguments[..], more].concat());
        let process = Process::start("probe", directory, command).expect("it starts");
        Self { process, port }
    }

    /// Waits until its metrics have these lines.
    async fn tells(&self, lines: &[&str]) {
        let url = format!("http://{}/metrics", self.port.address());
        eventually("the probe's metrics", async || {
            let answer = http::client().get(&url).send().await.map_err(|error| error.to_string())?;
            let text = answer.text().await.map_err(|error| error.to_string())?;
            match lines.iter().find(|wanted| !text.lines().any(|line| line == **wanted)) {
                Some(missing) => Err(format!("{missing:?} is missing in:\n{text}")),
                None => Ok(()),
            }
        })
        .await;
    }
}

#[tokio::test]
async fn outages_are_counted_and_remembered() {
    let (mut hub, directory) = (Hub::embedded().await, scratch::directory("watch"));
    let mut watcher = Watcher::start(directory.path(), &hub.http_url());
    watcher.tells(&["hubbub_outside_up 1", "hubbub_outside_outages 0", "hubbub_outside_uptime_ratio 1"]).await;
    hub.kill();
    watcher.tells(&["hubbub_outside_up 0", "hubbub_outside_outages 1"]).await;
    hub.restart().await;
    watcher.tells(&["hubbub_outside_up 1", "hubbub_outside_outages 1"]).await;
    assert!(watcher.process.terminate().await.success());

    let mut again = Watcher::start(directory.path(), &hub.http_url());
    again.tells(&["hubbub_outside_up 1", "hubbub_outside_outages 1"]).await;
    assert!(again.process.terminate().await.success());

    let (code, _, complaint) =
        run(hubbub(directory.path(), &["probe", "--listen", "127.0.0.1:0", &hub.ws_url()])).await;
    assert_eq!(code, Some(1));
    assert!(complaint.contains("is about http://") && complaint.contains("--state"), "{complaint}");
}

/// Neither a token that ends nor a user who is banned is an outage of the hub's.
#[tokio::test]
async fn who_may_not_look_any_more_counts_no_outage_and_stays_away() {
    let (hub, directory) = (Hub::embedded().await, scratch::directory("refused"));
    // A hub takes it for some seconds longer than it is good for.
    let (_, token, _) = run(hubbub(directory.path(), &["token", "--user", "ending", "--ttl", "10s"])).await;
    let mut ending = Watcher::start_with(directory.path(), &["--token", token.trim(), &hub.http_url()]);
    ending.tells(&["hubbub_outside_up 1", "hubbub_outside_outages 0"]).await;
    // Whichever of its two ways hears of it first.
    ends_without_a_verdict(&mut ending, "token").await;

    let mut banned = Watcher::start(directory.path(), &hub.http_url());
    banned.tells(&["hubbub_outside_up 1", "hubbub_outside_outages 0"]).await;
    let order = serde_json::json!({"order": "ban", "user": "hubbub-probe"});
    let url = format!("{}/admin/orders", hub.internal_url());
    let answer = http::client().post(url).json(&order).send().await.expect("the node answers");
    assert!(answer.status().is_success(), "{answer:?}");
    ends_without_a_verdict(&mut banned, "").await;

    let mut again = Watcher::start_with(directory.path(), &["--user", "another", &hub.http_url()]);
    again.tells(&["hubbub_outside_up 1", "hubbub_outside_outages 0", "hubbub_outside_uptime_ratio 1"]).await;
    assert!(again.process.terminate().await.success());
}

async fn ends_without_a_verdict(watcher: &mut Watcher, why: &str) {
    let status = watcher.process.exited().await;
    let said = watcher.process.log();
    assert_eq!(status.code(), NO_VERDICT, "{said}");
    assert!(said.contains("no verdict on the hub") && said.contains(why), "{said}");
}

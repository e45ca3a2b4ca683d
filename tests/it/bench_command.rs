//! `hubbub bench` beside real nodes: what it says of a hub, and when it says nothing.

use std::process::Command;

use serde_json::json;

use crate::support::hub::JWT_SECRET;
use crate::support::{Hub, eventually, http, scratch};

const CLIENTS: f64 = 6.0;
/// What the command ends with when the run says nothing about the hub.
const NO_VERDICT: Option<i32> = Some(3);
/// Where Debian's `faketime` keeps its library.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
/// How long the bench's tokens outlast its load.
const OUTLASTS: u64 = 24 * 3600;

fn bench(hub: &Hub, seconds: u64, variables: &[(&str, &str)]) -> Command {
    bench_at(&hub.address(), seconds, variables)
}

/// A bench of some seconds, with these variables.
fn bench_at(address: &str, seconds: u64, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("HUBBUB_")) {
            command.env_remove(name);
        }
    }
    command.args(["bench", "--node", address, "--clients", "6", "--groups", "2", "--rate", "20"]);
    command.args(["--seconds", &seconds.to_string()]).env("HUBBUB_JWT_SECRET", JWT_SECRET);
    command.envs(variables.iter().copied());
    command
}

/// Runs it to its end: its exit code, what it printed, what it complained of.
async fn run(mut command: Command) -> (Option<i32>, String, String) {
    let directory = scratch::directory("bench");
    command.current_dir(directory.path());
    let output = tokio::process::Command::from(command).output().await.expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_hub_that_is_well_holds_the_contract() {
    let hub = Hub::embedded().await;
    let (code, table, complaint) = run(bench(&hub, 1, &[])).await;
    assert_eq!(code, Some(0), "{table}{complaint}");
    assert!(table.lines().any(|line| line.starts_with("contract") && line.ends_with("held")), "{table}");
}

#[tokio::test]
async fn a_mix_tells_its_figures_by_kind_and_holds_the_contract() {
    let hub = Hub::embedded().await;
    let mut mixed = bench(&hub, 2, &[]);
    mixed.args(["--mix", "--encoding", "msgpack"]);
    let (code, table, complaint) = run(mixed).await;
    assert_eq!(code, Some(0), "{table}{complaint}");
    let kinds = table.lines().filter(|line| line.contains(": sends, deliveries")).count();
    assert_eq!(kinds, 3, "{table}");
    assert!(table.lines().any(|line| line.starts_with("contract") && line.ends_with("held")), "{table}");
    let refused = table.lines().find(|line| line.starts_with("closed by the hub, refused"));
    assert!(refused.is_some_and(|line| line.ends_with("0, 0")), "{table}");
}

#[tokio::test]
async fn a_key_that_is_not_the_hubs_is_no_fault_of_the_hubs() {
    let hub = Hub::embedded().await;
    let other = [("HUBBUB_JWT_SECRET", "another secret that is long enough for HS256")];
    let (code, _, complaint) = run(bench(&hub, 1, &other)).await;
    assert_eq!(code, NO_VERDICT, "{complaint}");
    assert!(complaint.contains("no verdict on the hub") && complaint.contains("(4001)"), "{complaint}");
}

#[tokio::test]
async fn the_port_of_the_internal_listener_is_told_as_such() {
    let hub = Hub::embedded().await;
    let internal = hub.internal_url();
    let (code, _, complaint) = run(bench_at(internal.trim_start_matches("http://"), 1, &[])).await;
    assert_eq!(code, NO_VERDICT, "{complaint}");
    assert!(complaint.contains("a node's public listener"), "{complaint}");
}

#[tokio::test]
async fn a_client_that_is_banned_ends_the_run_without_a_verdict() {
    let hub = Hub::embedded().await;
    let ban = async {
        eventually("all are there", async || {
            let sessions = hub.metric("hubbub_sessions").await;
            if sessions == CLIENTS { Ok(()) } else { Err(format!("{sessions} sessions")) }
        })
        .await;
        let order = json!({"order": "ban", "user": "bench-3"});
        let url = format!("{}/admin/orders", hub.internal_url());
        // A session counts a moment before its user is known.
        eventually("it is banned", async || {
            let answer = http::client().post(&url).json(&order).send().await.expect("the node answers");
            if answer.status().is_success() { Ok(()) } else { Err(format!("{answer:?}")) }
        })
        .await;
    };
    let ((code, table, complaint), ()) = tokio::join!(run(bench(&hub, 60, &[])), ban);
    assert_eq!(code, NO_VERDICT, "{table}{complaint}");
    assert!(complaint.contains("(4003): it is banned") && !table.contains("BROKEN"), "{table}{complaint}");
}

#[tokio::test]
async fn tokens_that_end_during_the_load_end_the_run_without_a_verdict() {
    assert!(std::path::Path::new(FAKETIME).exists(), "Debian's package faketime is missing");
    let seconds = 60;
    // By the clock of such a hub the tokens end when they are made, and it takes them for a few seconds longer.
    let ahead = format!("+{}s", OUTLASTS + seconds);
    let hub = Hub::builder("ahead").env("LD_PRELOAD", FAKETIME).env("FAKETIME", &ahead).start().await;
    let (code, table, complaint) = run(bench(&hub, seconds, &[])).await;
    assert_eq!(code, NO_VERDICT, "{table}{complaint}");
    assert!(complaint.contains("(4002): its token has run out"), "{complaint}");
    let connections = hub.metric("hubbub_connections_opened_total").await;
    assert!(connections <= 2.0 * CLIENTS, "nobody came back: {connections} connections");
}

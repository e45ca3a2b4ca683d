//! Nobody who does not read a node's output can hold it up: as shells, service managers and containers are that nobody reads.

use std::fs::File;
use std::io::{Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use hubbub::app::config::LogConfig;
use hubbub::app::telemetry;
use hubbub::protocol::Encoding;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

use crate::contract::client::Socket;
use crate::contract::stage::token;
use crate::support::wait::PATIENCE;
use crate::support::{Hub, HubBuilder, eventually, eventually_within, http, scratch};

/// More than a line in the log for each request, so that it grows quickly.
const TALKATIVE: &str = "info,hubbub::requests=debug";
/// What a terminal takes for Ctrl-S and Ctrl-Q.
const STOP: &[u8] = b"\x13";
const GO_ON: &[u8] = b"\x11";

fn talkative() -> HubBuilder {
    Hub::builder("a").env("HUBBUB_LOG", TALKATIVE)
}

/// The metric of lines that a log did without.
fn dropped(log: &str) -> String {
    format!("hubbub_log_lines_dropped_total{{log=\"{log}\"}}")
}

/// Has the node write long lines, until a log has dropped one.
async fn fill(hub: &Hub, log: &str) {
    let (client, path) = (http::client(), "x".repeat(500));
    let url = format!("{}/{path}", hub.http_url());
    eventually_within(10 * PATIENCE, "lines are dropped", async || {
        let asked = (0..64).map(|_| client.get(&url).header("User-Agent", &path).header("Referer", &path).send());
        for answer in futures::future::join_all(asked).await {
            assert_eq!(answer.expect("it answers").status(), 404);
        }
        if hub.metric(&dropped(log)).await > 0.0 { Ok(()) } else { Err("none yet") }
    })
    .await;
}

/// People come, make groups and talk in them; the node is alive and ready.
pub async fn works(hub: &Hub) {
    let mut anna = Socket::connect(&hub.address(), Encoding::Json).await.expect("it connects");
    anna.ask(&json!({"type": "hello", "token": token("anna")}), "welcome").await.expect("a welcome");
    for number in 0..20 {
        let created =
            json!({"type": "create", "id": number, "cid": format!("g{number}"), "name": "a group", "members": []});
        let group = anna.ask(&created, "group").await.expect("a group")["id"].clone();
        let send = json!({"type": "send", "id": number, "group": group, "cid": format!("m{number}"), "text": "hello"});
        anna.ask(&send, "ack").await.expect("it is stored");
    }
    assert_eq!(hub.internal("/healthz").await.expect("alive"), "alive\n");
    assert_eq!(hub.internal("/readyz").await.expect("ready"), "ready\n");
}

/// A node whose output is stuck serves, counts what it drops, and obeys SIGTERM.
async fn is_not_held_up_by(output: impl Into<OwnedFd>) {
    let mut hub = talkative().output(output).start().await;
    fill(&hub, "stdout").await;
    works(&hub).await;
    assert!(hub.terminate().await.success());
}

#[tokio::test]
async fn a_pipe_that_nobody_reads() {
    let (_reader, writer) = pipe().unwrap();
    is_not_held_up_by(writer).await;
}

#[tokio::test]
async fn a_journal_that_nobody_reads() {
    let (_journal, ours) = UnixStream::pair().unwrap();
    is_not_held_up_by(ours).await;
}

/// Both ends of a terminal.
fn terminal() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (File::from(ours), theirs)
}

#[tokio::test]
async fn a_terminal_that_was_stopped() {
    let (mut ours, theirs) = terminal();
    ours.write_all(STOP).unwrap();
    let mut hub = talkative().output(theirs).start().await;
    fill(&hub, "stdout").await;
    works(&hub).await;
    ours.write_all(GO_ON).unwrap();
    // Whoever looks again sees what was said first, and that the node ends.
    let reader = std::thread::spawn(move || {
        let (mut text, mut bytes) = (Vec::new(), [0; 4_096]);
        // A terminal whose other end is closed is an error.
        while let Ok(read) = ours.read(&mut bytes) {
            text.extend_from_slice(&bytes[..read]);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    assert!(hub.terminate().await.success());
    drop(hub);
    let text = reader.join().unwrap();
    assert!(text.contains("the chat page is at http://localhost:") && text.contains("stopped"), "{text}");
}

#[tokio::test]
async fn a_reader_who_is_late_is_told_how_much_was_dropped() {
    let (mut reader, writer) = pipe().unwrap();
    let mut hub = talkative().env("HUBBUB_LOG_FORMAT", "json").output(writer).start().await;
    fill(&hub, "stdout").await;
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    let counted = eventually("nothing more is dropped", async || {
        let before = hub.metric(&dropped("stdout")).await;
        http::client().get(hub.http_url()).send().await.map_err(|error| error.to_string())?;
        let now = hub.metric(&dropped("stdout")).await;
        if now == before { Ok(now) } else { Err("more".to_owned()) }
    });
    let counted = counted.await;
    assert!(hub.terminate().await.success());
    drop(hub);
    let text = reading.join().unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let says = |words: &str| {
        lines
            .iter()
            .filter(|line| line["message"].as_str().is_some_and(|said| said.contains(words)))
            .collect::<Vec<_>>()
    };
    assert_eq!(says("the chat page is at http://localhost:").len(), 1);
    assert_eq!(says("stopped").len(), 1);
    let told = says("lines of the log were dropped");
    let sum: f64 = told.iter().map(|line| line["dropped"].as_f64().unwrap()).sum();
    assert_eq!((sum, &told[0]["log"], &told[0]["level"]), (counted, &json!("stdout"), &json!("warn")));
}

#[tokio::test]
async fn a_full_disk_and_a_reader_who_is_gone() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let full = File::options().write(true).open("/dev/full").unwrap();
    for output in [OwnedFd::from(writer), OwnedFd::from(full)] {
        let mut hub = talkative().output(output).start().await;
        works(&hub).await;
        eventually(
            "it is counted",
            async || if hub.metric(&dropped("stdout")).await > 0.0 { Ok(()) } else { Err("0") },
        )
        .await;
        assert!(hub.terminate().await.success());
    }
}

#[tokio::test]
async fn no_standard_output_at_all() {
    let mut hub = talkative().without_output().start().await;
    works(&hub).await;
    assert!(hub.terminate().await.success());
}

/// What `date` and the like print.
fn printed(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{command} {arguments:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_log_file_on_a_disk_that_hangs() {
    let directory = scratch::directory("logs");
    let path = |day: &str| directory.path().join(format!("combined.{day}.log")).to_str().unwrap().to_owned();
    // In the place of the file is a pipe that nobody reads; also tomorrow, if it is midnight meanwhile.
    let mut held = Vec::new();
    for day in ["today", "tomorrow"] {
        let path = path(&printed("date", &["-u", "-d", day, "+%F"]));
        printed("mkfifo", &[&path]);
        held.push(File::options().read(true).write(true).open(&path).unwrap());
    }
    let mut hub = talkative().env("HUBBUB_LOG_DIR", directory.path().to_str().unwrap()).start().await;
    fill(&hub, "combined").await;
    works(&hub).await;
    assert_eq!(hub.metric(&dropped("stdout")).await, 0.0, "what is read goes on");
    assert!(hub.terminate().await.success());
}

#[tokio::test]
async fn what_people_do_adds_no_line() {
    let mut hub = Hub::embedded().await;
    works(&hub).await;
    let account = json!({"username": "bob", "password": "correct horse battery staple"});
    let registered = http::client().post(format!("{}/auth/register", hub.http_url())).json(&account).send().await;
    assert_eq!(registered.expect("it answers").status(), 201);
    assert!(hub.terminate().await.success());
    let log = hub.process().log();
    let served = log.lines().skip_while(|line| !line.contains("the chat page is at")).skip(1);
    let served = served.take_while(|line| !line.contains("stopping"));
    let told: Vec<_> = served.filter(|line| !line.contains("took up a partition")).collect();
    assert_eq!(told, Vec::<&str>::new());
}

/// A pipe that takes nothing more, and its reader.
fn stuck_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, writer) = pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    while (&writer).write(&[b'x'; 4_096]).is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    (reader, writer)
}

#[tokio::test]
async fn a_fatal_error_ends_the_process_whoever_reads_it() {
    let (gone, stuck) = (pipe().unwrap().1, stuck_pipe());
    for error in [Stdio::from(gone), Stdio::from(stuck.1)] {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_hubbub"));
        command.env("HUBBUB_PARTITIONS", "0").stdin(Stdio::null()).stdout(Stdio::null()).stderr(error);
        let mut child = command.kill_on_drop(true).spawn().expect("it starts");
        let status = tokio::time::timeout(PATIENCE, child.wait()).await;
        assert_eq!(status.expect("it ends").unwrap().code(), Some(1));
    }
}

/// Set for a process of its own: it takes over how all panics of a process are told.
const ALONE: &str = "HUBBUB_TEST_PANICS_ALONE";

#[test]
fn panics_alone() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let dropped = prometheus::IntCounterVec::new(prometheus::Opts::new("dropped", "dropped"), &["log"]).unwrap();
    let telemetry = telemetry::start(&LogConfig::default(), &dropped).unwrap();
    let panicked = std::thread::Builder::new().name("worker".into()).spawn(|| panic!("a thing went wrong")).unwrap();
    assert!(panicked.join().is_err());
    drop(telemetry);
    std::process::exit(0);
}

#[tokio::test]
async fn a_panic_is_in_the_log_and_waits_for_nobody() {
    let (_reader, stuck) = stuck_pipe();
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "output::panics_alone", "--nocapture"]).env(ALONE, "1").stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(stuck).kill_on_drop(true).spawn().expect("it starts");
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = ended.expect("it ends").unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("ERROR") && text.contains("thread \"worker\" panicked at"), "{text}");
    assert!(text.contains("a thing went wrong"), "{text}");
}

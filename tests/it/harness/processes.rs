use std::{env, fs, net::TcpStream, process::Command};

use crate::support::{Hub, RedisServer, eventually, process::Process, scratch};

/// Set in the process that is to be killed: where it writes the port of its server.
const PORT_FILE: &str = "HUBBUB_TEST_PORT_FILE";

/// This test runs twice: as the test, and as the process that the test kills.
#[tokio::test]
async fn servers_die_with_a_killed_test_process() {
    if let Some(file) = env::var_os(PORT_FILE) {
        let server = RedisServer::start().await;
        fs::write(file, server.port().to_string()).expect("the file can be written");
        std::future::pending::<()>().await;
    }

    let directory = scratch::directory("killed");
    let file = directory.path().join("port");
    let mut victim = Command::new(env::current_exe().expect("this test has a binary"));
    victim.args(["--exact", "harness::processes::servers_die_with_a_killed_test_process"]).env(PORT_FILE, &file);
    let mut victim = Process::start("victim", directory.path(), victim).expect("it starts");
    let port: u16 = eventually("the victim's server runs", async || {
        let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        text.parse().map_err(|error| format!("{text:?}: {error}"))
    })
    .await;
    TcpStream::connect(("127.0.0.1", port)).expect("the server listens");

    victim.kill();
    eventually("the server is gone", async || match TcpStream::connect(("127.0.0.1", port)) {
        Ok(_) => Err("it still listens"),
        Err(_) => Ok(()),
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_by_itself_says_how() {
    let directory = scratch::directory("ends");
    let mut command = Command::new("sh");
    command.args(["-c", "echo out; echo err >&2; exit 7"]);
    let mut process = Process::start("ends", directory.path(), command).expect("it starts");
    assert_eq!(process.exited().await.code(), Some(7));
    assert_eq!(process.log_tail(), "out\nerr");
}

#[tokio::test]
async fn a_node_that_cannot_start_says_why() {
    let node = Hub::builder("broken").env("HUBBUB_LISTEN", "nowhere").try_start().await;
    let why = node.expect_err("it cannot listen there");
    assert!(why.starts_with("it ended ("), "{why}");
}

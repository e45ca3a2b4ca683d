//! A Redis of a test's own.

use std::{fs, process::Command, time::Duration};

use fred::prelude::{Builder, Client, ClientLike, Config};
use tempfile::TempDir;

use super::{ports::Port, process::Process, scratch, wait::eventually};

/// A client that got no answer for so long reports an error instead of waiting on.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// What a Redis keeps when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aof {
    /// Nothing.
    Off,
    /// All but perhaps the last second, as operators run it.
    EverySecond,
    /// Everything that it answered.
    Always,
}

/// How a test's Redis is set up.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    pub aof: Aof,
    /// Further arguments of `redis-server`.
    pub arguments: Vec<String>,
    /// Variables of its environment.
    pub environment: Vec<(String, String)>,
}

/// A `redis-server` with noeviction, killed when dropped.
#[derive(Debug)]
pub struct RedisServer {
    process: Process,
    port: Port,
    directory: TempDir,
}

// === impl RedisOptions ===

impl Default for RedisOptions {
    fn default() -> Self {
        RedisOptions { aof: Aof::EverySecond, arguments: Vec::new(), environment: Vec::new() }
    }
}

impl RedisOptions {
    pub fn aof(aof: Aof) -> Self {
        RedisOptions { aof, ..RedisOptions::default() }
    }

    /// Adds an argument and its value, such as `--maxmemory` and `4mb`.
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, port: &Port, directory: &TempDir) -> Command {
        let (append_only, fsync) = match self.aof {
            Aof::Off => ("no", "no"),
            Aof::EverySecond => ("yes", "everysec"),
            Aof::Always => ("yes", "always"),
        };
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &port.number().to_string(), "--bind", "127.0.0.1"])
            .arg("--dir")
            .arg(directory.path())
            .args(["--save", "", "--appendonly", append_only, "--appendfsync", fsync])
            .args(["--maxmemory-policy", "noeviction"])
            .args(&self.arguments)
            .envs(self.environment.iter().cloned());
        command
    }
}

// === impl RedisServer ===

impl RedisServer {
    /// Starts one with the default options and waits until it answers.
    pub async fn start() -> RedisServer {
        RedisServer::start_with(&RedisOptions::default()).await
    }

    pub async fn start_with(options: &RedisOptions) -> RedisServer {
        let port = Port::reserve();
        let directory = scratch::directory("redis");
        let command = options.command(&port, &directory);
        let process =
            Process::start("redis", directory.path(), command).expect("redis-server starts (scripts/test installs it)");
        let mut server = RedisServer { process, port, directory };
        server.wait_until_ready().await;
        server
    }

    /// `redis://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.port.address())
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The server itself: to pause, to resume, to read its log.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// SIGKILL. The port stays reserved, and nobody answers there.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Kills it if it runs and starts it again on the same port, with what it had stored.
    pub async fn restart(&mut self) {
        self.process.start_again().expect("redis-server starts");
        self.wait_until_ready().await;
    }

    /// Kills it if it runs and starts it again on the same port, with nothing.
    pub async fn restart_empty(&mut self) {
        self.kill();
        remove_data(&self.directory);
        self.restart().await;
    }

    /// A copy of what it has stored by now, while it goes on: its append-only file, up to somewhere in the newest.
    pub fn copy(&self) -> TempDir {
        let copy = scratch::directory("redis-copy");
        scratch::copy(self.directory.path(), copy.path());
        copy
    }

    /// Kills it and starts it again with what it had stored at the time of the copy.
    pub async fn throw_back(&mut self, copy: &TempDir) {
        self.kill();
        remove_data(&self.directory);
        scratch::copy(copy.path(), self.directory.path());
        self.restart().await;
    }

    /// [`RedisServer::restart_empty`] that keeps what a Cluster node knows of the others.
    pub async fn restart_without_data(&mut self) {
        self.kill();
        for kept in ["appendonlydir", "dump.rdb"] {
            let path = self.directory.path().join(kept);
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            assert!(removed.is_ok() || !path.exists(), "removing {}: {removed:?}", path.display());
        }
        self.restart().await;
    }

    /// A connected client.
    pub async fn client(&self) -> Client {
        client(&self.url()).await
    }

    async fn wait_until_ready(&mut self) {
        let url = self.url();
        let process = &mut self.process;
        eventually("Redis answers", async || match process.try_exited() {
            Some(status) => panic!("redis-server ended ({status}):\n{}", process.log_tail()),
            None => ping(&url).await,
        })
        .await;
    }
}

/// A connected client of a standalone, Cluster or Sentinel URL. Its commands fail when the server is silent.
pub async fn client(url: &str) -> Client {
    connect(url).await.unwrap_or_else(|error| panic!("connecting to {url}: {error}"))
}

/// [`client`] that returns why it could not connect.
pub async fn connect(url: &str) -> Result<Client, fred::error::Error> {
    let client = Builder::from_config(Config::from_url(url)?)
        .with_connection_config(|connection| connection.connection_timeout = COMMAND_TIMEOUT)
        .with_performance_config(|timing| timing.default_command_timeout = COMMAND_TIMEOUT)
        .build()?;
    client.init().await?;
    Ok(client)
}

async fn ping(url: &str) -> Result<(), fred::error::Error> {
    let client = connect(url).await?;
    client.ping::<String>(None).await?;
    client.quit().await
}

/// Removes everything but the log.
fn remove_data(directory: &TempDir) {
    for entry in fs::read_dir(directory.path()).expect("the directory is there").flatten() {
        let path = entry.path();
        let removed = match path.extension() {
            Some(extension) if extension == "log" => Ok(()),
            _ if path.is_dir() => fs::remove_dir_all(&path),
            _ => fs::remove_file(&path),
        };
        removed.unwrap_or_else(|error| panic!("removing {}: {error}", path.display()));
    }
}

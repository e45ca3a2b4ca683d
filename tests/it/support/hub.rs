//! Nodes, as real `hubbub` processes.

use std::{
    collections::BTreeMap,
    os::fd::OwnedFd,
    process::{Command, ExitStatus},
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    http,
    ports::Port,
    process::Process,
    scratch,
    wait::{PATIENCE, poll},
};

/// What every node of the tests signs and checks tokens with (HS256).
pub const JWT_SECRET: &str = "the secret of the integration tests, long enough for HS256";

/// A node that is to be started. With nothing said it is the embedded default: everything inside,
/// data in a directory of its own.
#[derive(Debug, Clone)]
pub struct HubBuilder {
    name: String,
    internal_host: &'static str,
    /// What a shell is told before it becomes the node.
    shell: Option<&'static str>,
    output: Option<Arc<OwnedFd>>,
    environment: BTreeMap<String, String>,
}

/// A running node, killed when dropped. A failed test shows the end of its log.
#[derive(Debug)]
pub struct Hub {
    name: String,
    process: Process,
    public: Port,
    internal: Port,
    directory: TempDir,
}

// === impl HubBuilder ===

impl HubBuilder {
    /// Keeps what is shared in Redis.
    pub fn redis(self, url: &str) -> Self {
        self.env("HUBBUB_REDIS_URL", url)
    }

    /// Keeps what must last in MongoDB: in the database that the URL names, where it names one.
    pub fn mongodb(self, url: &str) -> Self {
        let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
        let database = path.split('?').next().unwrap_or_default();
        let this = self.env("HUBBUB_MONGODB_URL", url);
        if database.is_empty() { this } else { this.env("HUBBUB_MONGODB_DATABASE", database) }
    }

    /// Sets one of the node's settings, over those that the tests set themselves.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Binds the internal listener to every address of the machine.
    pub fn internal_everywhere(mut self) -> Self {
        self.internal_host = "0.0.0.0";
        self
    }

    /// Has writes beyond a limit on the size of files fail, as on a full disk, instead of killing
    /// the node.
    pub fn survives_full_disk(mut self) -> Self {
        self.shell = Some("trap '' XFSZ; exec \"$0\"");
        self
    }

    /// Starts it as `nohup` does.
    pub fn without_hangups(mut self) -> Self {
        self.shell = Some("trap '' HUP; exec \"$0\"");
        self
    }

    /// Lets it open 1,024 files and no more, as many shells do.
    pub fn few_files(mut self) -> Self {
        self.shell = Some("ulimit -n 1024; exec \"$0\"");
        self
    }

    /// Starts it without a standard output.
    pub fn without_output(mut self) -> Self {
        self.shell = Some("exec \"$0\" >&-");
        self
    }

    /// Has its standard output go there instead of to its log.
    pub fn output(mut self, output: impl Into<OwnedFd>) -> Self {
        self.output = Some(Arc::new(output.into()));
        self
    }

    /// Starts the node and waits until it says that it may take traffic.
    ///
    /// # Panics
    ///
    /// When it does not: with the end of its log.
    pub async fn start(self) -> Hub {
        let name = self.name.clone();
        self.try_start().await.unwrap_or_else(|why| panic!("node {name}: {why}"))
    }

    /// [`HubBuilder::start`] that returns why the node did not start, with the end of its log.
    pub async fn try_start(self) -> Result<Hub, String> {
        let mut hub = self.spawn();
        hub.ready_within(PATIENCE).await?;
        Ok(hub)
    }

    /// Starts the process and waits for nothing.
    pub fn spawn(self) -> Hub {
        let (public, internal) = (Port::reserve(), Port::reserve());
        let directory = scratch::directory(&self.name);
        // For figures of an optimised build; otherwise the one that was built with the tests.
        let given = std::env::var_os("HUBBUB_TEST_BINARY");
        let binary = given.unwrap_or_else(|| env!("CARGO_BIN_EXE_hubbub").into());
        let mut command = Command::new(if self.shell.is_some() { "sh".into() } else { binary.clone() });
        if let Some(told) = self.shell {
            command.args(["-c", told]).arg(binary);
        }
        // What the developer's own shell sets must not reach the node.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("HUBBUB_")) {
                command.env_remove(name);
            }
        }
        command
            .current_dir(directory.path())
            .env("HUBBUB_NODE", &self.name)
            .env("HUBBUB_LISTEN", public.address())
            .env("HUBBUB_INTERNAL_LISTEN", format!("{}:{}", self.internal_host, internal.number()))
            .env("HUBBUB_PUBLIC_URL", format!("http://{}", public.address()))
            .env("HUBBUB_DATA_DIR", directory.path().join("data"))
            .env("HUBBUB_JWT_SECRET", JWT_SECRET)
            .env("HUBBUB_LOG", "info")
            .envs(&self.environment);
        let process = Process::start_writing_to(self.output, &self.name, directory.path(), command)
            .unwrap_or_else(|error| panic!("starting node {}: {error}", self.name));
        Hub { name: self.name, process, public, internal, directory }
    }
}

// === impl Hub ===

impl Hub {
    /// A node of this name, to be set up and started.
    pub fn builder(name: &str) -> HubBuilder {
        HubBuilder {
            name: name.to_owned(),
            internal_host: "127.0.0.1",
            shell: None,
            output: None,
            environment: BTreeMap::new(),
        }
    }

    /// The embedded default, started.
    pub async fn embedded() -> Hub {
        Hub::builder("a").start().await
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// `ws://127.0.0.1:<port>/ws`.
    pub fn ws_url(&self) -> String {
        format!("ws://{}/ws", self.public.address())
    }

    /// The public listener: `http://127.0.0.1:<port>`.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.public.address())
    }

    /// The internal listener: `http://127.0.0.1:<port>`.
    pub fn internal_url(&self) -> String {
        format!("http://{}", self.internal.address())
    }

    /// The public listener's `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        self.public.address()
    }

    /// Where the embedded store keeps its files.
    pub fn data_directory(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    /// The process itself: to pause, to resume, to read its log.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Changes one of its settings, or takes it away, for the next start.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        self.process.set(name, value);
    }

    /// SIGKILL. The ports stay reserved, and nobody answers there.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// SIGTERM, and waits for the orderly exit.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.process.terminate().await
    }

    /// SIGHUP, as when its terminal closes.
    pub fn hang_up(&self) {
        self.process.hang_up();
    }

    /// Waits until the process exits by itself.
    pub async fn exited(&mut self) -> ExitStatus {
        self.process.exited().await
    }

    /// Kills it if it runs and starts it again, with the same ports, settings and data.
    pub async fn restart(&mut self) {
        self.process.start_again().expect("it started before");
        self.wait_until_ready().await;
    }

    /// Kills it if it runs, starts it again and waits for nothing.
    pub fn start_again(&mut self) {
        self.process.start_again().expect("it started before");
    }

    /// Waits until the node may take traffic. Started again each time that it ends, as whoever looks
    /// after nodes does: one that lost its claim to a store ends.
    pub async fn revive(&mut self, within: Duration) {
        let revived = poll(within, async || {
            if !self.process.is_running() {
                self.start_again();
            }
            self.internal("/readyz").await.map(drop).map_err(|error| error.to_string())
        });
        if let Err(last) = revived.await {
            panic!("node {} does not come back: {last}\n{}", self.name, self.process.log_tail());
        }
    }

    /// Waits until the node says that it may take traffic.
    ///
    /// # Panics
    ///
    /// When it does not: with the end of its log.
    pub async fn wait_until_ready(&mut self) {
        if let Err(why) = self.ready_within(PATIENCE).await {
            panic!("node {}: {why}", self.name);
        }
    }

    /// What the internal listener answers with a success status, such as `/metrics`.
    pub async fn internal(&self, path: &str) -> Result<String, reqwest::Error> {
        let answer = http::client().get(format!("{}{path}", self.internal_url())).send().await?;
        answer.error_for_status()?.text().await
    }

    /// The value of a metric, named as `/metrics` shows it, with its labels if it has any; 0 when it
    /// is not there.
    pub async fn metric(&self, name: &str) -> f64 {
        let metrics = self.internal("/metrics").await.expect("metrics are served");
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().expect("a number"))
    }

    async fn ready_within(&mut self, within: Duration) -> Result<(), String> {
        let mut ended = None;
        let ready = poll(within, async || {
            ended = ended.or_else(|| self.process.try_exited());
            match ended {
                // Nothing more will come: this ends the waiting, not the attempt.
                Some(_) => Ok(()),
                None => self.internal("/readyz").await.map(drop).map_err(|error| error.to_string()),
            }
        })
        .await;
        let tail = || self.process.log_tail();
        match (ended, ready) {
            (Some(status), _) => Err(format!("it ended ({status}):\n{}", tail())),
            (None, Err(last)) => Err(format!("not ready within {within:?}: {last}\n{}", tail())),
            (None, Ok(())) => Ok(()),
        }
    }
}

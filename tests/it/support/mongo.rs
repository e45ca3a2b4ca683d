//! A MongoDB of a test's own, from wherever one can be had.

mod docker;
mod source;

use std::{
    fs,
    io::Write,
    process::Command,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mongodb::{Client, bson::doc, options::ClientOptions};
use tempfile::TempDir;

use self::docker::Container;
pub use self::source::{Source, given_url};
use super::{ports::Port, process::Process, scratch, wait::eventually_within};

/// Pulling an image or a first election may take a while.
const STARTING: Duration = Duration::from_secs(120);

const SERVER_SELECTION: Duration = Duration::from_secs(2);

/// A server on a port of its own, killed when dropped.
#[derive(Debug)]
pub struct MongoServer {
    source: Source,
    running: Running,
    port: Port,
    directory: TempDir,
}

#[derive(Debug)]
enum Running {
    Process(Box<Process>),
    Container(Container),
}

// === impl MongoServer ===

impl MongoServer {
    /// Starts one and waits until it takes writes.
    ///
    /// # Panics
    ///
    /// When none can be had on this machine: with the ways to change that.
    pub async fn start() -> MongoServer {
        let source = Source::find();
        announce(&source.to_string());
        let port = Port::reserve();
        let directory = scratch::directory("mongo");
        let running = match &source {
            Source::Docker => Running::Container(Container::start(port.number())),
            Source::Mongod => Running::start("mongod", source::mongod(&port, &directory), &directory),
            Source::FerretDb(binary) => {
                Running::start("ferretdb", source::ferretdb(binary, &port, &directory), &directory)
            }
        };
        let mut server = MongoServer { source, running, port, directory };
        if server.is_replica_set() {
            server.initiate_replica_set().await;
        }
        server.wait_until_ready().await;
        server
    }

    /// Its URL without a database.
    pub fn url(&self) -> String {
        let set = if self.is_replica_set() { "?replicaSet=rs0" } else { "" };
        format!("mongodb://{}/{set}", self.port.address())
    }

    /// Its URL with a database.
    pub fn database_url(&self, database: &str) -> String {
        with_database(&self.url(), database)
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        self.port.address()
    }

    /// Kills it, copies what it had stored, and starts it again. `None` in a container, whose files
    /// are out of reach.
    pub async fn back_up(&mut self) -> Option<TempDir> {
        let Running::Process(process) = &mut self.running else { return None };
        process.kill();
        let copy = scratch::directory("backup");
        scratch::copy(self.directory.path(), copy.path());
        self.restart().await;
        Some(copy)
    }

    /// Kills it and starts it again with what it had stored at the time of the copy.
    pub async fn restore(&mut self, copy: &TempDir) {
        self.kill();
        for entry in fs::read_dir(self.directory.path()).into_iter().flatten().flatten() {
            let path = entry.path();
            // Its log is not what it stored.
            if path.extension().is_none_or(|extension| extension != "log") {
                let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.unwrap_or_else(|error| panic!("removing {}: {error}", path.display()));
            }
        }
        scratch::copy(copy.path(), self.directory.path());
        self.restart().await;
    }

    /// SIGKILL. The port stays reserved, and nobody answers there.
    pub fn kill(&mut self) {
        match &mut self.running {
            Running::Process(process) => process.kill(),
            Running::Container(container) => container.kill(),
        }
    }

    /// Kills it if it runs and starts it again on the same port, with what it had stored.
    pub async fn restart(&mut self) {
        match &mut self.running {
            Running::Process(process) => process.start_again().expect("it started before"),
            Running::Container(container) => container.start_again(),
        }
        self.wait_until_ready().await;
    }

    /// SIGSTOP: it keeps its connections and answers nobody.
    pub fn pause(&self) {
        match &self.running {
            Running::Process(process) => process.pause(),
            Running::Container(container) => container.pause(),
        }
    }

    /// SIGCONT.
    pub fn resume(&self) {
        match &self.running {
            Running::Process(process) => process.resume(),
            Running::Container(container) => container.resume(),
        }
    }

    /// A client that gives up on a silent server after two seconds.
    pub async fn client(&self) -> Client {
        client(&self.url()).await
    }

    fn is_replica_set(&self) -> bool {
        !matches!(self.source, Source::FerretDb(_))
    }

    async fn initiate_replica_set(&mut self) {
        let address = self.port.address();
        let direct = client(&format!("mongodb://{address}/?directConnection=true")).await;
        let admin = direct.database("admin");
        let set = doc! { "_id": "rs0", "members": [{ "_id": 0, "host": &address }] };
        let initiate = doc! { "replSetInitiate": set };
        let running = &mut self.running;
        eventually_within(STARTING, "mongod takes its replica set", async || {
            running.check();
            match admin.run_command(initiate.clone()).await {
                Err(error) if error.to_string().contains("AlreadyInitialized") => Ok(()),
                Err(error) => Err(error),
                Ok(_) => Ok(()),
            }
        })
        .await;
    }

    async fn wait_until_ready(&mut self) {
        let client = self.client().await;
        let running = &mut self.running;
        eventually_within(STARTING, "MongoDB takes writes", async || {
            running.check();
            let hello = client.database("admin").run_command(doc! { "hello": 1 }).await;
            let hello = hello.map_err(|error| error.to_string())?;
            let writable = hello.get_bool("isWritablePrimary").unwrap_or_default();
            if writable { Ok(()) } else { Err(format!("no primary: {hello}")) }
        })
        .await;
    }
}

// === impl Running ===

impl Running {
    fn start(name: &str, command: Command, directory: &TempDir) -> Running {
        let process = Process::start(name, directory.path(), command);
        Running::Process(Box::new(process.unwrap_or_else(|error| panic!("starting {name}: {error}"))))
    }

    /// Panics with the log when the server has ended.
    fn check(&mut self) {
        if let Running::Process(process) = self
            && let Some(status) = process.try_exited()
        {
            panic!("it ended ({status}):\n{}", process.log_tail());
        }
    }
}

/// A client that gives up on a silent server after two seconds.
pub async fn client(url: &str) -> Client {
    let mut options = ClientOptions::parse(url).await.unwrap_or_else(|error| panic!("not a MongoDB URL: {error}"));
    options.server_selection_timeout = Some(SERVER_SELECTION);
    options.connect_timeout = Some(SERVER_SELECTION);
    Client::with_options(options).expect("parsed options are valid")
}

/// `url` with `database` in the place of the one that it names. The old one stays the one that
/// credentials are looked up in, as that is what it means to the driver.
pub fn with_database(url: &str, database: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = address.split_once("://").expect("a URL has a scheme");
    let (hosts, old) = rest.split_once('/').unwrap_or((rest, ""));
    let mut parameters: Vec<String> =
        query.split('&').filter(|parameter| !parameter.is_empty()).map(str::to_owned).collect();
    if hosts.contains('@') && !query.to_lowercase().contains("authsource=") {
        let source = if old.is_empty() { "admin" } else { old };
        parameters.push(format!("authSource={source}"));
    }
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{scheme}://{hosts}/{database}{mark}{}", parameters.join("&"))
}

/// Says once, past the capture of the test's output, what the tests run on.
pub fn announce(what: &str) {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if !said.iter().any(|one| one == what) {
        said.push(what.to_owned());
        let _ = writeln!(std::io::stderr(), "MongoDB in these tests: {what}");
    }
}

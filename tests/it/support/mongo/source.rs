//! Where a MongoDB can be had on this machine.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::support::ports::Port;

/// What to do when there is none.
const WAYS: &str = "No MongoDB can be had here. One of these four will do:
  - HUBBUB_TEST_MONGODB_URL: the URL of one that may be used for tests (those tests that kill
    their server need one of the other three)
  - mongod (MongoDB 6 or newer) on the PATH
  - a running Docker, for its mongo image
  - FerretDB as a stand-in: scripts/build-tool ferretdb builds it, with Go or Python";

/// What a server of a test's own is started from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `mongod` on the PATH, as a replica set of one.
    Mongod,
    /// Docker's `mongo` image, as a replica set of one.
    Docker,
    /// The stand-in built from tools/ferretdb.
    FerretDb(PathBuf),
}

/// The server that whoever runs the tests offers.
pub fn given_url() -> Option<String> {
    std::env::var("HUBBUB_TEST_MONGODB_URL").ok().filter(|url| !url.is_empty())
}

// === impl Source ===

impl Source {
    /// The first that this machine has.
    ///
    /// # Panics
    ///
    /// When there is none: with the ways to change that.
    pub fn find() -> Source {
        static FOUND: OnceLock<Option<Source>> = OnceLock::new();
        FOUND.get_or_init(Source::look).clone().unwrap_or_else(|| panic!("{WAYS}"))
    }

    fn look() -> Option<Source> {
        if answers("mongod", "--version") {
            Some(Source::Mongod)
        } else if answers("docker", "info") {
            Some(Source::Docker)
        } else {
            build_ferretdb().map(Source::FerretDb)
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Mongod => write!(f, "mongod, a replica set of one"),
            Source::Docker => write!(f, "Docker's mongo image, a replica set of one"),
            Source::FerretDb(_) => write!(f, "FerretDB on SQLite, a stand-in"),
        }
    }
}

pub fn mongod(port: &Port, directory: &TempDir) -> Command {
    let mut command = Command::new("mongod");
    command
        .args(["--replSet", "rs0", "--bind_ip", "127.0.0.1"])
        .args(["--port", &port.number().to_string()])
        .arg("--dbpath")
        .arg(directory.path());
    command
}

pub fn ferretdb(binary: &Path, port: &Port, directory: &TempDir) -> Command {
    let mut command = Command::new(binary);
    command.args(["-listen", &port.address(), "-dir"]).arg(directory.path().join("data"));
    command
}

/// The binary, built by the script where it is missing or out of date.
fn build_ferretdb() -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/build-tool");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?;
    let built = Command::new(script)
        .arg("ferretdb")
        .env("CARGO_TARGET_DIR", target)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    let path = String::from_utf8(built.stdout).ok()?;
    built.status.success().then(|| PathBuf::from(path.trim_end()))
}

fn answers(program: &str, argument: &str) -> bool {
    Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

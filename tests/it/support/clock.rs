//! Clocks of processes, to be set while they run. Timers go on as they do when a machine's clock is set.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;

use super::{HubBuilder, RedisOptions, scratch};

/// What stands between a process and the time of day.
const SOURCE: &str = include_str!("clock.c");

/// The clock of those who were given it.
#[derive(Debug)]
pub struct Clock {
    library: &'static Path,
    file: PathBuf,
    _directory: TempDir,
}

// === impl Clock ===

impl Clock {
    /// A clock that is right. `None`, and why is printed, where there is no C compiler to make one with.
    pub fn new() -> Option<Clock> {
        let library = library()?;
        let directory = scratch::directory("clock");
        let clock = Clock { library, file: directory.path().join("offset"), _directory: directory };
        clock.set_off(0);
        Some(clock)
    }

    /// Has a node live by it.
    pub fn of_node(&self, node: HubBuilder) -> HubBuilder {
        self.variables().into_iter().fold(node, |node, (name, value)| node.env(name, &value))
    }

    /// Has a Redis live by it.
    pub fn of_redis(&self, redis: RedisOptions) -> RedisOptions {
        self.variables().into_iter().fold(redis, |redis, (name, value)| redis.env(name, &value))
    }

    /// From now on it is off by so many seconds.
    pub fn set_off(&self, seconds: i64) {
        // Written in place: processes have the file mapped.
        let mut file = fs::File::options().create(true).truncate(false).write(true).open(&self.file);
        let written = file.as_mut().map(|file| std::io::Write::write_all(file, &seconds.to_ne_bytes()));
        written.expect("the target directory can be written to").expect("the target directory can be written to");
    }

    fn variables(&self) -> [(&'static str, String); 2] {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        [("LD_PRELOAD", path(self.library)), ("SET_CLOCK_FILE", path(&self.file))]
    }
}

/// Compiled once by each test process.
fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<(PathBuf, TempDir)>> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| {
        let directory = scratch::directory("clock-library");
        let (source, library) = (directory.path().join("clock.c"), directory.path().join("clock.so"));
        fs::write(&source, SOURCE).expect("the target directory can be written to");
        let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).output();
        match compiled {
            Ok(output) if output.status.success() => Some((library, directory)),
            Ok(output) => panic!("the clock does not compile: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => {
                println!("clocks stay as they are: there is no C compiler: {error}");
                None
            }
        }
    });
    library.as_ref().map(|(library, _)| library.as_path())
}

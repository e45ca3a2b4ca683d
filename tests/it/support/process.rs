//! Child processes that are stopped with their test, and never outlive the test process.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, OnceLock, mpsc},
    thread,
};

use rustix::process::{Pid, Resource, Rlimit, Signal, getppid, kill_process, prlimit, set_parent_process_death_signal};

use super::wait::eventually;

/// How much of a process's log a failed test shows.
const TAIL_LINES: usize = 40;

/// A child process with its log, killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    command: Option<Command>,
    child: Option<Child>,
    log: PathBuf,
    /// Where its standard output goes, if not to the log.
    output: Option<Arc<OwnedFd>>,
}

impl Process {
    /// Starts `command` with all its output appended to `<directory>/<name>.log`.
    pub fn start(name: &str, directory: &Path, command: Command) -> io::Result<Process> {
        Self::start_writing_to(None, name, directory, command)
    }

    /// [`Process::start`] with standard output going elsewhere.
    pub fn start_writing_to(
        output: Option<Arc<OwnedFd>>,
        name: &str,
        directory: &Path,
        mut command: Command,
    ) -> io::Result<Process> {
        tie_to_this_process(&mut command);
        let mut process = Process {
            name: name.to_owned(),
            command: Some(command),
            child: None,
            log: directory.join(format!("{name}.log")),
            output,
        };
        process.start_again()?;
        Ok(process)
    }

    /// Starts the same command again, after [`Process::kill`] or an exit.
    pub fn start_again(&mut self) -> io::Result<()> {
        self.kill();
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = self.command.take().expect("put back after each start");
        match &self.output {
            Some(output) => command.stdout(output.try_clone()?),
            None => command.stdout(log.try_clone()?),
        };
        command.stdin(Stdio::null()).stderr(log);
        let (command, child) = spawn(command);
        self.command = Some(command);
        self.child = Some(child?);
        Ok(())
    }

    /// Sets a variable of its environment, or takes it away, for the next start.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let command = self.command.as_mut().expect("put back after each start");
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }

    /// SIGKILL; returns when the process is gone. Does nothing to one that is gone already.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, and waits for the exit.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.exited().await
    }

    /// SIGHUP, as when its terminal closes.
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    /// Waits until the process exits by itself.
    pub async fn exited(&mut self) -> ExitStatus {
        let what = format!("{} exits", self.name);
        let status = eventually(&what, async || self.try_exited().ok_or_else(|| "it still runs".to_owned())).await;
        self.child = None;
        status
    }

    /// The exit status of a process that has exited by itself.
    pub fn try_exited(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok().flatten()
    }

    /// Whether the process was started and has not ended since.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// No file of the process grows beyond so many bytes; `None` takes the limit away.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(pid, Resource::Fsize, limit).unwrap_or_else(|error| panic!("limiting {}: {error}", self.name));
    }

    /// SIGSTOP: the process keeps its sockets and does nothing.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// The process's id.
    ///
    /// # Panics
    ///
    /// When the process was killed or has exited.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap_or_else(|| panic!("{} does not run", self.name)).id()
    }

    /// The last lines of the log.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// The whole log, of all starts.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a pid is positive"), signal)
            .unwrap_or_else(|error| panic!("{signal:?} to {}: {error}", self.name));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("---- end of the log of {}\n{}\n----", self.name, self.log_tail());
        }
    }
}

type Spawned = (Command, io::Result<Child>);

/// Spawns from one thread that lives as long as this process: the kernel sends the death signal
/// when the *thread* that made a child ends, and a test's thread ends before the servers that tests
/// share.
fn spawn(command: Command) -> Spawned {
    type Job = (Command, mpsc::Sender<Spawned>);
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (jobs, queue) = mpsc::channel::<Job>();
        thread::spawn(move || {
            for (mut command, done) in queue {
                let child = command.spawn();
                let _ = done.send((command, child));
            }
        });
        jobs
    });
    let (done, spawned) = mpsc::channel();
    spawner.send((command, done)).expect("the spawner never ends");
    spawned.recv().expect("the spawner answers")
}

/// Has the kernel kill the child when this process is gone, even by SIGKILL.
fn tie_to_this_process(command: &mut Command) {
    let parent = i32::try_from(std::process::id()).ok().and_then(Pid::from_raw);
    // SAFETY: nothing but two system calls happens between fork and exec.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the line above.
            if getppid() == parent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
        });
    }
}

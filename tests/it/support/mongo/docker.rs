//! MongoDB from Docker's image.

use std::{
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

const IMAGE: &str = "mongo:7";

/// A container on the host's network, removed when dropped.
#[derive(Debug)]
pub struct Container {
    name: String,
    /// A container is no child of this process. This one is: it waits for the end of its input,
    /// which comes however this process ends, and removes the container then.
    keeper: Child,
}

impl Container {
    pub fn start(port: u16) -> Container {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hubbub-test-{}-{number}", std::process::id());
        let keeper = Command::new("sh")
            .args(["-c", "cat; docker rm --force --volumes \"$0\"", &name])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        docker(&["create", "--name", &name, "--network", "host", IMAGE])
            .args(["--replSet", "rs0", "--bind_ip", "127.0.0.1"])
            .args(["--port", &port.to_string()])
            .run();
        let container = Container { name, keeper };
        container.start_again();
        container
    }

    pub fn start_again(&self) {
        docker(&["restart", "--time", "0", &self.name]).run();
    }

    pub fn kill(&self) {
        // One that is dead already is what was asked for.
        let _ = docker(&["kill", &self.name]).0.output();
    }

    pub fn pause(&self) {
        docker(&["pause", &self.name]).run();
    }

    pub fn resume(&self) {
        docker(&["unpause", &self.name]).run();
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

struct Docker(Command);

fn docker(arguments: &[&str]) -> Docker {
    let mut command = Command::new("docker");
    command.args(arguments).stdin(Stdio::null());
    Docker(command)
}

impl Docker {
    fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Docker {
        self.0.args(arguments);
        self
    }

    fn run(mut self) {
        let output = self.0.output().expect("docker answered before");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?}: {complaint}", self.0);
    }
}

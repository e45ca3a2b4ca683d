//! `hubbub health`: whether the hub on this machine may take traffic, for container health checks.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

use super::error::CommandError;
use crate::app::config::Loaded;
use crate::kernel::print;

/// Longer than a hub that works takes, shorter than orchestrators wait.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than any answer of these two paths.
const LONGEST_ANSWER: u64 = 16 * 1024;

/// Ask the hub on this machine whether it may take traffic; fails when not.
///
/// Asks `/readyz` at the configured internal_listen. An image without a shell checks itself this way.
#[derive(Debug, Args)]
pub(super) struct Health {
    /// Only whether it is alive: asks /healthz, which looks at neither Redis nor MongoDB
    #[arg(long)]
    alive: bool,
}

// === impl Health ===

impl Health {
    /// Asks, and prints the answer.
    pub(super) fn run(self, loaded: &Loaded) -> Result<(), CommandError> {
        let address = reachable(loaded.config.transport.listen.internal);
        let path = if self.alive { "/healthz" } else { "/readyz" };
        let answer = ask(address, path)
            .map_err(|error| CommandError::Refused(format!("no hub answers at {address}: {error}")))?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if head.split(' ').nth(1) != Some("200") {
            let status = head.lines().next().unwrap_or_default();
            return Err(CommandError::Refused(format!("{address}{path}: {status}\n{}", body.trim_end())));
        }
        print(&format!("{}\n", body.trim_end()));
        Ok(())
    }
}

/// Where a listener of this machine is reached: one bound to every address, on the loopback.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0: the hub closes after the answer, so that its end needs no looking for.
    // In one piece: whoever answers early must not meet a half-written request.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;
    use crate::app::config::{Sources, load};

    /// A server for one request, and what it will have been asked.
    fn answering(with: &'static str) -> (SocketAddr, JoinHandle<String>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(with.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        (address, asked)
    }

    fn health(alive: bool, address: SocketAddr) -> Result<(), CommandError> {
        let flags = vec![("internal_listen".to_owned(), address.to_string())];
        Health { alive }.run(&load(&Sources { flags, ..Sources::default() }).unwrap())
    }

    #[test]
    fn a_ready_hub_is_healthy() {
        let (address, asked) = answering("HTTP/1.1 200 OK\r\n\r\nready\n");
        health(false, address).unwrap();
        assert!(asked.join().unwrap().starts_with("GET /readyz HTTP/1.0\r\n"));
        let (address, asked) = answering("HTTP/1.1 200 OK\r\n\r\nalive\n");
        health(true, address).unwrap();
        assert!(asked.join().unwrap().starts_with("GET /healthz "));
    }

    #[test]
    fn one_that_is_not_says_why() {
        let (address, _asked) = answering("HTTP/1.1 503 Service Unavailable\r\n\r\ndraining\n");
        let error = health(false, address).unwrap_err().to_string();
        assert!(error.contains("503") && error.contains("draining"), "{error}");
    }

    #[test]
    fn nobody_there_is_not_healthy() {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let error = health(false, free).unwrap_err().to_string();
        assert!(error.contains(&free.to_string()), "{error}");
    }

    #[test]
    fn a_listener_on_every_address_is_asked_on_the_loopback() {
        for (listening, asked) in
            [("0.0.0.0:8081", "127.0.0.1:8081"), ("[::]:81", "[::1]:81"), ("10.0.0.7:1", "10.0.0.7:1")]
        {
            assert_eq!(reachable(listening.parse().unwrap()), asked.parse().unwrap());
        }
    }
}

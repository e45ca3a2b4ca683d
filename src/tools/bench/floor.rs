//! The machine's own floor: a bare write of the same frame to the same number of loopback sockets.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::usage;

/// Writes are repeated over all sockets until so much processor time has gone by.
const MEASURE_FOR: Duration = Duration::from_millis(700);

/// Processor time of one bare write, in microseconds.
///
/// # Errors
/// Loopback sockets cannot be opened: too many open files, most likely.
pub fn microseconds_per_write(sockets: usize, frame: &[u8]) -> io::Result<f64> {
    let pairs = open(sockets)?;
    let (writers, readers): (Vec<TcpStream>, Vec<TcpStream>) = pairs.into_iter().unzip();
    let mut sink = vec![0; 256 * 1024];
    let mut writers = writers;
    let mut readers = readers;
    let mut used = Duration::ZERO;
    let mut writes = 0_u64;
    while used < MEASURE_FOR {
        let before = usage::of_thread();
        for writer in &mut writers {
            writer.write_all(frame)?;
        }
        used += usage::of_thread().saturating_sub(before);
        writes += writers.len() as u64;
        for reader in &mut readers {
            let _ = reader.read(&mut sink)?;
        }
    }
    Ok(used.as_secs_f64() * 1e6 / writes as f64)
}

/// Connected pairs over loopback: who writes, who reads.
///
/// # Errors
/// Too many open files, most likely.
pub fn open(count: usize) -> io::Result<Vec<(TcpStream, TcpStream)>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    (0..count)
        .map(|_| {
            let writer = TcpStream::connect(address)?;
            writer.set_nodelay(true)?;
            let (reader, _) = listener.accept()?;
            Ok((writer, reader))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_write_takes_some_time() {
        assert!(super::microseconds_per_write(4, b"a frame").unwrap() > 0.0);
    }
}

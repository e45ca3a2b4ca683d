//! Ports for servers: free, and nobody else's as long as they are held.

use std::{
    fs::{self, File},
    net::TcpListener,
    ops::Range,
};

use rand::Rng;

/// Below the range that the kernel takes client ports from. A server that was killed must find its
/// port free again, and a client that keeps knocking there must not be handed that very port as its
/// own (on loopback it would then connect to itself, and hold it).
const RANGE: Range<u16> = 15_000..32_000;

/// A port reserved across all test processes of this machine until dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Locked; the lock ends with the process, however that ends.
    _reservation: File,
}

impl Port {
    pub fn reserve() -> Port {
        let mut random = rand::rng();
        std::iter::repeat_with(|| random.random_range(RANGE))
            .take(1_000)
            .find_map(Port::try_reserve)
            .expect("some port is free")
    }

    fn try_reserve(number: u16) -> Option<Port> {
        let directory = std::env::temp_dir().join("hubbub-test-ports");
        fs::create_dir_all(&directory).expect("the temporary directory can be written to");
        let reservation = File::create(directory.join(number.to_string())).ok()?;
        reservation.try_lock().ok()?;
        TcpListener::bind(("127.0.0.1", number)).ok()?;
        Some(Port { number, _reservation: reservation })
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.number)
    }
}

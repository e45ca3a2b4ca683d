//! HTTP towards nodes.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Once;

/// A client that waits for nobody longer than the tests' own patience.
pub fn client() -> reqwest::Client {
    client_from(Ipv4Addr::LOCALHOST)
}

/// The same from another of this machine's loopback addresses (all of 127.0.0.0/8 are).
pub fn client_from(address: Ipv4Addr) -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Refused when one is there already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .timeout(super::wait::PATIENCE)
        .local_address(IpAddr::from(address))
        .build()
        .expect("a client without special settings is valid")
}

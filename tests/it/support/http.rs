//! HTTP towards nodes.

use std::sync::Once;

/// A client that waits for nobody longer than the tests' own patience.
pub fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Refused when one is there already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .timeout(super::wait::PATIENCE)
        .build()
        .expect("a client without special settings is valid")
}

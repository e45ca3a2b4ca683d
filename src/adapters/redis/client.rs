//! Connections to Redis.

use std::path::Path;
use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::ClientLike;
use fred::types::config::{Config, ReconnectPolicy, Server, ServerConfig, TlsConnector, UnresponsiveConfig};
use fred::types::{Builder, ClientState};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::RedisConfig;
use super::reply::{to_connect_error, to_error};
use crate::ports::BackplaneError;

/// Delays between attempts to connect again, in milliseconds: soon, then no more than once a second
/// from each connection.
const FIRST_DELAY: u32 = 50;
const LONGEST_DELAY: u32 = 1_000;

/// Makes connections.
pub(super) struct Connector {
    builder: Builder,
    clustered: bool,
    pub(super) command_timeout: Duration,
}

// === impl Connector ===

impl Connector {
    pub(super) fn new(config: &RedisConfig) -> Result<Self, BackplaneError> {
        // Fails when one is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut parsed = Config::from_url(&config.url).map_err(|error| to_error(&error))?;
        if let (Some(tls), Some(file)) = (&mut parsed.tls, &config.ca_file) {
            tls.connector = trusting(file)?;
        }
        let clustered = parsed.server.is_clustered();
        let mut builder = Builder::from_config(parsed);
        builder.set_policy(ReconnectPolicy::new_exponential(0, FIRST_DELAY, LONGEST_DELAY, 2));
        builder.with_performance_config(|performance| {
            performance.default_command_timeout = config.command_timeout;
        });
        builder.with_connection_config(|connection| {
            connection.connection_timeout = config.connect_timeout;
            connection.internal_command_timeout = config.connect_timeout;
            connection.tcp.nodelay = Some(true);
            // A command whose answer was lost is the caller's to repeat: sent twice unseen, a read
            // would leave what the first one got pending for ever.
            connection.max_command_attempts = 1;
            connection.unresponsive =
                UnresponsiveConfig { max_timeout: Some(config.command_timeout * 2), interval: Duration::from_secs(1) };
        });
        Ok(Self { builder, clustered, command_timeout: config.command_timeout })
    }

    /// Whether keys of different slots need different calls.
    pub(super) fn clustered(&self) -> bool {
        self.clustered
    }

    /// A connected client, or the reason why it cannot be had.
    pub(super) async fn connect_now(&self) -> Result<Client, BackplaneError> {
        let mut builder = self.builder.clone();
        if self.clustered {
            // See `masters`: to make one connection anew is to let all others wait.
            builder.with_connection_config(|connection| connection.unresponsive.max_timeout = None);
        }
        let client = builder.build().map_err(|error| to_error(&error))?;
        match client.init().await {
            Ok(_) => Ok(client),
            Err(error) => {
                // It may be tried many times: nothing of an attempt stays.
                if client.state() != ClientState::Disconnected {
                    tokio::spawn(async move { quit(&client).await });
                }
                Err(to_connect_error(&error))
            }
        }
    }

    /// Whether a server answers on a connection of its own.
    pub(super) async fn is_answered_by(&self, server: &Server) -> bool {
        let mut builder = self.builder.clone();
        builder.with_config(|config| config.server = ServerConfig::Centralized { server: server.clone() });
        let Ok(client) = builder.build() else { return false };
        let asked = async {
            client.init().await?;
            client.ping::<()>(None).await
        };
        let answered = tokio::time::timeout(self.command_timeout, asked).await;
        // Where it does not answer, it does not answer to QUIT either.
        tokio::spawn(async move { quit(&client).await });
        matches!(answered, Ok(Ok(())))
    }

    /// A client that connects in the background, however often that takes.
    pub(super) fn connect_soon(&self) -> Result<Client, BackplaneError> {
        let mut builder = self.builder.clone();
        builder.with_config(|config| config.fail_fast = false);
        let client = builder.build().map_err(|error| to_error(&error))?;
        client.connect();
        Ok(client)
    }
}

/// TLS to servers whose certificates one of these authorities signed.
fn trusting(file: &Path) -> Result<TlsConnector, BackplaneError> {
    let unusable = |why: String| BackplaneError::Unexpected(format!("{}: {why}", file.display()));
    let mut roots = rustls::RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("there is no certificate in it".into()));
    }
    Ok(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth().into())
}

/// Closes a client's connections.
pub(super) async fn quit(client: &Client) {
    if let Err(error) = client.quit().await {
        tracing::debug!(%error, "closing a connection to redis");
    }
}

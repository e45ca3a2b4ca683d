//! The values of all settings, in the components' own structs.

use super::auth::AuthConfig;
use super::process::{LogConfig, ProcessConfig, StorageConfig};
use crate::adapters::BackplaneLimits;
use crate::hub::config::HubConfig;
use crate::identity::accounts::AccountsConfig;
use crate::transport::TransportConfig;

/// Everything that can be set.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The hub itself.
    pub hub: HubConfig,
    /// Listeners, sockets and HTTP.
    pub transport: TransportConfig,
    /// Where what is shared and what must last is kept.
    pub storage: StorageConfig,
    /// How much the backplane keeps.
    pub backplane: BackplaneLimits,
    /// Whose tokens are accepted.
    pub auth: AuthConfig,
    /// Built-in accounts.
    pub accounts: AccountsConfig,
    /// Logs.
    pub log: LogConfig,
    /// The process.
    pub process: ProcessConfig,
}

// === impl Config ===

impl Config {
    /// Takes no more connections than there is room for in this process.
    pub fn limit_connections(&mut self, room: u64) {
        self.hub.max_connections = self.hub.max_connections.min(room);
        self.agree();
    }

    /// Tells each part what is set once for several.
    pub(super) fn agree(&mut self) {
        let (hub, transport) = (&mut self.hub, &mut self.transport);
        hub.cid_window = self.backplane.cid_window;
        transport.admission.max_connections = usize::try_from(hub.max_connections).unwrap_or(usize::MAX);
        transport.websocket.heartbeat = hub.heartbeat;
        transport.websocket.max_message = hub.max_frame;
        transport.http.max_body = hub.max_frame;
    }
}

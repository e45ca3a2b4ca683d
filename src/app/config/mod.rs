//! Configuration: from flags, environment and a file into one typed struct a component.
//!
//! - [`Config`] holds the components' own structs, each defined in its layer, with its defaults.
//! - [`settings`] is the table of all settings: names, meaning, reasons, and where each belongs.
//! - [`Sources`] are the file, the environment and the flags; the later wins.
//! - [`load`] puts them together and reports every mistake at once ([`Mistakes`]).
//! - [`show`] and [`docs`] tell about settings.

mod auth;
mod codec;
pub mod docs;
mod layers;
mod mask;
mod mistakes;
mod process;
mod rules;
mod setting;
mod settings;
pub mod show;

use std::collections::{HashMap, HashSet};

pub use auth::{AccountsMode, AuthConfig, FurtherIssuer, Secret};
pub use layers::{Origin, Sources};
pub use mask::mask_url;
pub use mistakes::{Mistake, Mistakes};
pub use process::{LogConfig, LogFormat, ProcessConfig, StorageConfig};
pub use setting::{Secrecy, Setting};
pub use settings::{Section, sections};

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

/// A configuration without mistakes, and where its values came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The source of every setting that is not at its default, by the setting's name.
    pub origins: HashMap<&'static str, Origin>,
}

/// Puts the sources together. The error holds everything that is wrong with them.
pub fn load(sources: &Sources) -> Result<Loaded, Mistakes> {
    let settings = settings::all();
    let (mut mistakes, mut broken) = (Vec::new(), HashSet::new());
    let mut loaded = Loaded { config: Config::default(), origins: HashMap::new() };
    loaded.config.hub.node = process::default_node_name();
    for given in sources.given(&settings, &mut mistakes) {
        if given.setting.apply(&mut loaded.config, &given.text) {
            loaded.origins.insert(given.setting.name, given.origin);
        } else {
            broken.insert(given.setting.name);
            mistakes.push(Mistake::new(given.place(), unexpected(given.setting, &given.text)));
        }
    }
    loaded.config.agree();
    rules::check(&loaded.config, &broken, &mut mistakes);
    if mistakes.is_empty() { Ok(loaded) } else { Err(Mistakes(mistakes)) }
}

// === impl Config ===

impl Config {
    /// Tells each part what is set once for several.
    fn agree(&mut self) {
        let (hub, transport) = (&mut self.hub, &mut self.transport);
        hub.cid_window = self.backplane.cid_window;
        transport.admission.max_connections = usize::try_from(hub.max_connections).unwrap_or(usize::MAX);
        transport.websocket.heartbeat = hub.heartbeat;
        transport.websocket.max_message = hub.max_frame;
        transport.http.max_body = hub.max_frame;
    }
}

fn unexpected(setting: &Setting, text: &str) -> String {
    match setting.secrecy {
        Secrecy::Open => format!("expected {}, got {text:?}", setting.expected),
        // Also a wrong secret may be nearly the right one.
        _ => format!("expected {}", setting.expected),
    }
}

#[cfg(test)]
mod tests;

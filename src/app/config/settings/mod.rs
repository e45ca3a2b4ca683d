//! The table of all settings, in the order in which they are told.

mod auth;
mod cluster;
mod limits;
mod network;
mod process;

use super::setting::Setting;

/// Settings that belong together.
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// Its settings.
    pub settings: Vec<Setting>,
}

/// All settings by section.
pub fn sections() -> Vec<Section> {
    vec![
        Section { title: "Addresses and names", settings: network::settings() },
        Section { title: "Storage and sharing", settings: cluster::storage() },
        Section { title: "Authentication", settings: auth::tokens() },
        Section { title: "Built-in accounts", settings: auth::accounts() },
        Section { title: "Limits", settings: limits::settings() },
        Section { title: "What people see of each other", settings: limits::people() },
        Section { title: "Times and keeping", settings: cluster::times() },
        Section { title: "Logs and process", settings: process::settings() },
    ]
}

/// All settings.
pub(super) fn all() -> Vec<Setting> {
    sections().into_iter().flat_map(|section| section.settings).collect()
}

/// Whether keys may be fetched from there.
pub(super) fn is_key_set_url(url: &url::Url) -> bool {
    use super::codec::Codec;
    auth::KeySetUrl.parse(url.as_str()).is_some()
}

//! Configuration: from flags, environment and a file into one typed struct a component.
//!
//! - [`Config`] holds the components' own structs, each defined in its layer, with its defaults.
//! - [`settings`] is the table of all settings: names, meaning, reasons, and where each belongs.
//! - [`Sources`] are the file, the environment and the flags; the later wins.
//! - [`load()`] puts them together and reports every mistake at once ([`Mistakes`]).
//! - [`show`] and [`docs`] tell about settings.

mod auth;
mod codec;
pub mod docs;
mod layers;
mod load;
mod mask;
mod mistakes;
mod process;
mod rules;
mod setting;
mod settings;
pub mod show;
mod values;

pub use auth::{AccountsMode, AuthConfig, FurtherIssuer, LOCAL_ISSUER, LOCAL_PREFIX, Secret};
pub use layers::{Origin, Sources};
pub use load::{Loaded, load};
pub use mask::mask_url;
pub use mistakes::{Mistake, Mistakes};
pub use process::{LogConfig, LogFormat, ProcessConfig, StorageConfig};
pub use setting::{Secrecy, Setting};
pub use settings::{Section, sections};
pub use values::Config;

#[cfg(test)]
mod tests;

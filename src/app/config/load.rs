//! From sources to a configuration, or to all that is wrong with them.

use std::collections::{HashMap, HashSet};

use super::layers::{Origin, Sources};
use super::mistakes::{Mistake, Mistakes};
use super::setting::{Secrecy, Setting};
use super::values::Config;
use super::{process, rules, settings};

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

fn unexpected(setting: &Setting, text: &str) -> String {
    match setting.secrecy {
        Secrecy::Open => format!("expected {}, got {text:?}", setting.expected),
        // Also a wrong secret may be nearly the right one.
        _ => format!("expected {}", setting.expected),
    }
}

//! A configuration as a file that would make it, without its secrets.

use std::fmt::Write;

use super::{Loaded, sections};

/// All settings with their values and where those come from, as TOML. Secrets are masked.
pub fn show(loaded: &Loaded) -> String {
    let mut text = String::new();
    for section in sections() {
        let _ = writeln!(text, "# {}", section.title);
        for setting in &section.settings {
            let origin = match loaded.origins.get(setting.name) {
                Some(origin) => origin.to_string(),
                None => "default".to_owned(),
            };
            let _ = match setting.masked(&loaded.config) {
                Some(value) => writeln!(text, "{} = {value}  # {origin}", setting.name),
                None => writeln!(text, "# {} is not set", setting.name),
            };
        }
        text.push('\n');
    }
    text.pop();
    text
}

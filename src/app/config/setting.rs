//! One setting: its names, what it means, and its place in the configuration.

use toml::Value;

use super::codec::Codec;
use super::mask::mask_url;
use super::values::Config;

/// What every variable of the hub begins with.
pub(super) const PREFIX: &str = "HUBBUB_";

/// What must not be shown of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Nothing.
    Open,
    /// The password in a URL.
    UrlPassword,
    /// All of it. Such a setting is no flag either: flags can be seen in the list of processes.
    Whole,
}

/// A setting, with the one name from which all its names are made.
pub struct Setting {
    /// The name in a file: `max_text`.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Why the default is what it is.
    pub reason: &'static str,
    /// What must not be shown.
    pub secrecy: Secrecy,
    /// The default in words, where it depends on the machine.
    pub default_note: Option<&'static str>,
    /// What a value must look like.
    pub expected: String,
    apply: Apply,
    value: Show,
}

/// Reads a text into the field; false when it is not as expected.
type Apply = Box<dyn Fn(&mut Config, &str) -> bool + Send + Sync>;
/// The field as it stands in a file; `None` when unset.
type Show = Box<dyn Fn(&Config) -> Option<Value> + Send + Sync>;
/// The way to a field, to look at and to change.
type Field<T> = (fn(&Config) -> &T, fn(&mut Config) -> &mut T);

/// The pair of functions that lead from a configuration to one of its fields.
macro_rules! field {
    ($($path:ident).+) => {
        (
            |config: &$crate::app::config::Config| &config.$($path).+,
            |config: &mut $crate::app::config::Config| &mut config.$($path).+,
        )
    };
}
pub(super) use field;

// === impl Setting ===

impl Setting {
    /// A setting for a field.
    pub(super) fn new<T: 'static>(name: &'static str, (get, get_mut): Field<T>, codec: impl Codec<T>) -> Self {
        let codec = std::sync::Arc::new(codec);
        let reader = codec.clone();
        Self {
            name,
            about: "",
            reason: "",
            secrecy: Secrecy::Open,
            default_note: None,
            expected: codec.expected(),
            apply: Box::new(move |config, text| match reader.parse(text) {
                Some(value) => {
                    *get_mut(config) = value;
                    true
                }
                None => false,
            }),
            value: Box::new(move |config| codec.show(get(config))),
        }
    }

    pub(super) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    pub(super) fn because(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }

    pub(super) fn secrecy(mut self, secrecy: Secrecy) -> Self {
        self.secrecy = secrecy;
        self
    }

    pub(super) fn default_note(mut self, note: &'static str) -> Self {
        self.default_note = Some(note);
        self
    }

    /// The environment variable: `HUBBUB_MAX_TEXT`.
    pub fn variable(&self) -> String {
        format!("{}{}", PREFIX, self.name.to_ascii_uppercase())
    }

    /// The flag without its dashes, `max-text`; none for secrets.
    pub fn flag(&self) -> Option<String> {
        (self.secrecy != Secrecy::Whole).then(|| self.name.replace('_', "-"))
    }

    /// Sets the field. False when the text is not as expected.
    pub(super) fn apply(&self, config: &mut Config, text: &str) -> bool {
        (self.apply)(config, text)
    }

    /// The value as it stands in a file, without what must not be shown; `None` when unset.
    pub fn masked(&self, config: &Config) -> Option<Value> {
        let value = (self.value)(config)?;
        Some(match (self.secrecy, &value) {
            (Secrecy::Open, _) => value,
            (Secrecy::UrlPassword, Value::String(url)) => Value::String(mask_url(url)),
            _ => Value::String("****".into()),
        })
    }
}

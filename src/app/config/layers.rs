//! Where values come from: a file, the environment, flags; the later wins.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::Value;

use super::mistakes::{Mistake, nearest};
use super::setting::{PREFIX, Setting};
use crate::tools::probe;

/// Names the file; not a setting itself.
const FILE_VARIABLE: &str = "HUBBUB_CONFIG";
/// Read when it exists and no other is named.
const DEFAULT_FILE: &str = "hubbub.toml";
/// Belongs to the test suite, which starts hubs with settings of its own.
const TEST_PREFIX: &str = "HUBBUB_TEST_";

/// Everything that may hold settings, as found.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A file's path and contents.
    pub file: Option<(PathBuf, String)>,
    /// Variables whose names begin with `HUBBUB_`.
    pub environment: Vec<(String, String)>,
    /// Flags by their settings' names.
    pub flags: Vec<(String, String)>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// A variable.
    Variable(String),
    /// A flag.
    Flag(String),
}

/// A value that some source gives to a setting.
pub(super) struct Given<'a> {
    pub(super) setting: &'a Setting,
    pub(super) origin: Origin,
    pub(super) text: String,
}

// === impl Sources ===

impl Sources {
    /// This process's environment and the file that it, the flag `--config` or habit names.
    pub fn of_process(config: Option<&Path>, flags: Vec<(String, String)>) -> Result<Self, Mistake> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
            Some((name, value.to_string_lossy().into_owned()))
        });
        let mut environment: Vec<(String, String)> = variables.collect();
        environment.sort();
        let named = environment.iter().find(|(name, _)| name == FILE_VARIABLE).map(|(_, path)| PathBuf::from(path));
        let named = config.map(Path::to_owned).or(named.filter(|path| !path.as_os_str().is_empty()));
        Ok(Self { file: read(named)?, environment, flags })
    }

    /// All values in the order in which they override each other, and what is wrong with the rest.
    pub(super) fn given<'a>(&self, settings: &'a [Setting], mistakes: &mut Vec<Mistake>) -> Vec<Given<'a>> {
        let mut given = Vec::new();
        if let Some((path, contents)) = &self.file {
            from_file(path, contents, settings, &mut given, mistakes);
        }
        for (name, text) in &self.environment {
            from_variable(name, text, settings, &mut given, mistakes);
        }
        for (name, text) in &self.flags {
            if let Some(setting) = settings.iter().find(|setting| setting.name == name) {
                let origin = Origin::Flag(setting.flag().unwrap_or_default());
                given.push(Given { setting, origin, text: text.clone() });
            }
        }
        given
    }
}

fn read(named: Option<PathBuf>) -> Result<Option<(PathBuf, String)>, Mistake> {
    let must_exist = named.is_some();
    let path = named.unwrap_or_else(|| DEFAULT_FILE.into());
    match std::fs::read_to_string(&path) {
        Ok(contents) => Ok(Some((path, contents))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => Ok(None),
        Err(error) => Err(Mistake::new(path.display().to_string(), format!("cannot be read: {error}"))),
    }
}

fn from_file<'a>(
    path: &Path,
    contents: &str,
    settings: &'a [Setting],
    given: &mut Vec<Given<'a>>,
    mistakes: &mut Vec<Mistake>,
) {
    let table = match contents.parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => {
            let problem = error.to_string().trim_end().replace('\n', "\n    ");
            mistakes.push(Mistake::new(path.display().to_string(), problem));
            return;
        }
    };
    for (name, value) in table {
        match settings.iter().find(|setting| setting.name == name) {
            Some(setting) => {
                given.push(Given { setting, origin: Origin::File(path.to_owned()), text: text_of(value) });
            }
            None => {
                let near = nearest(&name, settings.iter().map(|setting| setting.name));
                mistakes.push(Mistake::new(format!("{}: {name}", path.display()), unknown("setting", near)));
            }
        }
    }
}

/// The value as one would write it in a variable. Tables stay TOML.
fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(items) if !items.iter().any(Value::is_table) => {
            items.into_iter().map(text_of).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

fn from_variable<'a>(
    name: &str,
    text: &str,
    settings: &'a [Setting],
    given: &mut Vec<Given<'a>>,
    mistakes: &mut Vec<Mistake>,
) {
    let known = settings.iter().find(|setting| setting.variable() == name);
    match known {
        // Empty is how compose files and shells write "not set".
        Some(_) if text.is_empty() => {}
        Some(setting) => {
            given.push(Given { setting, origin: Origin::Variable(name.to_owned()), text: text.to_owned() });
        }
        // A token for `hubbub probe` is no setting of the hub.
        None if [FILE_VARIABLE, probe::TOKEN_VARIABLE].contains(&name) => {}
        None if name.starts_with(TEST_PREFIX) || set_by_kubernetes(name, text) => {}
        None => {
            let names: Vec<String> = settings.iter().map(Setting::variable).collect();
            let near = nearest(name, names.iter().map(String::as_str));
            mistakes.push(Mistake::new(name, unknown("variable", near)));
        }
    }
}

/// Kubernetes gives every pod variables that tell of services: one named `hubbub` or `hubbub-redis`
/// would look like settings.
fn set_by_kubernetes(name: &str, text: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.contains("_PORT_")
        || (name.ends_with("_PORT") && (text.starts_with("tcp://") || text.starts_with("udp://")))
}

fn unknown(what: &str, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("no such {what}; did you mean {near}?"),
        None => format!("no such {what}"),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

impl Given<'_> {
    /// The place to name when the value is wrong.
    pub(super) fn place(&self) -> String {
        match &self.origin {
            Origin::File(path) => format!("{}: {}", path.display(), self.setting.name),
            other => other.to_string(),
        }
    }
}

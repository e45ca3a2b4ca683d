//! What is wrong with a configuration: everything at once, each with what was expected.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands: a variable, a flag, a file's key, or the settings that disagree.
    pub place: String,
    /// What is wrong, and what was expected.
    pub problem: String,
}

/// Everything that is wrong. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

// === impl Mistake ===

impl Mistake {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => writeln!(f, "the configuration has a mistake:")?,
            count => writeln!(f, "the configuration has {count} mistakes:")?,
        }
        for mistake in &self.0 {
            writeln!(f, "  {mistake}")?;
        }
        write!(f, "Every setting is told by `hubbub --help`; `hubbub config check` tries again.")
    }
}

impl std::error::Error for Mistakes {}

/// The name most like a wrong one, if any is near enough to be meant.
pub(super) fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR_ENOUGH: f64 = 0.6;
    let rated = names.map(|name| (strsim::normalized_damerau_levenshtein(wrong, name), name));
    let best = rated.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 >= NEAR_ENOUGH).then_some(best.1)
}

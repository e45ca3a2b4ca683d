//! The table of figures.

use std::fmt;

/// One row of it.
pub(super) fn row(f: &mut fmt::Formatter<'_>, name: &str, value: String) -> fmt::Result {
    writeln!(f, "{name:<39}{value}")
}

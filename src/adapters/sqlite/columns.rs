//! What columns hold.

use rusqlite::Row;
use rusqlite::types::Type;

/// Reads a column that holds an id.
pub(super) fn id<T, E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    row: &Row<'_>,
    column: usize,
    parse: impl Fn(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(|error| unreadable(column, error))?;
    parse(text).map_err(|error| unreadable(column, error))
}

/// A column that does not hold what this software writes there.
pub(super) fn unreadable(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

//! For the fuzz targets only: what is pure and private here.

use super::extract::HistoryParams;
use crate::hub::HistoryQuery;

/// How many events a query of the history API asks for; `None` when it is refused.
pub fn page_size(query: &str) -> Option<usize> {
    let uri = format!("/?{query}").parse().ok()?;
    let axum::extract::Query(params) = axum::extract::Query::<HistoryParams>::try_from_uri(&uri).ok()?;
    match params.query().ok()? {
        HistoryQuery::Before(_, size) | HistoryQuery::After(_, size) => Some(size),
        HistoryQuery::Numbered { per_page, .. } => Some(per_page),
    }
}

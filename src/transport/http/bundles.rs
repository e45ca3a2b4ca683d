//! The same page of several groups in one answer.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::message_views::HistoryView;
use crate::domain::GroupId;
use crate::hub::{BundleQuery, HistoryBundle, HistoryPage, HistoryQuery};

/// Of which of the caller's groups.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BundleParams {
    /// The `cursor` of the answer before: for the groups that had no room in it.
    #[param(value_type = Option<String>)]
    cursor: Option<GroupId>,
}

/// The same page of several groups.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HistoriesView {
    /// Newest activity first.
    groups: Vec<HistoryView>,
    /// Whether the caller has more groups than those of this answer and the ones before it.
    more: bool,
    /// There where there are more: give it as `cursor` for the next of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cursor: Option<GroupId>,
}

// === impl BundleParams ===

impl BundleParams {
    /// What is asked of those groups.
    pub(super) fn query(self, page: HistoryQuery) -> BundleQuery {
        BundleQuery { page, after: self.cursor }
    }
}

// === impl HistoriesView ===

impl HistoriesView {
    /// The pages, each as it is seen.
    pub(super) fn of(bundle: HistoryBundle, seen: impl Fn(HistoryPage) -> HistoryView) -> Self {
        let HistoryBundle { pages, more_after } = bundle;
        let groups = pages.into_iter().map(seen).collect();
        Self { groups, more: more_after.is_some(), cursor: more_after }
    }
}

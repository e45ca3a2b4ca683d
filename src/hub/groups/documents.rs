//! Documents of groups, at hand or from the store.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Group, GroupId};
use crate::hub::local::LocalGroup;
use crate::ports::{GroupStore, StoreError};

/// Finds documents.
pub(crate) struct Documents {
    documents: Arc<dyn GroupStore>,
}

// === impl Documents ===

impl Documents {
    pub(crate) fn new(documents: Arc<dyn GroupStore>) -> Self {
        Self { documents }
    }

    /// The group's document, from the node's hold of it or from the store.
    pub(crate) async fn one(&self, group: &LocalGroup) -> Result<Option<Arc<Group>>, StoreError> {
        if let Some(document) = group.state.lock().document.clone() {
            return Ok(Some(document));
        }
        let Some(document) = self.documents.group(&group.id).await? else { return Ok(None) };
        Ok(Some(keep_document(group, document)))
    }

    /// Documents of several groups with one call to the store for those not at hand.
    pub(crate) async fn several(&self, groups: &[Arc<LocalGroup>]) -> Result<HashMap<GroupId, Arc<Group>>, StoreError> {
        let mut found = HashMap::with_capacity(groups.len());
        let mut unknown = Vec::new();
        for group in groups {
            match group.state.lock().document.clone() {
                Some(document) => drop(found.insert(group.id.clone(), document)),
                None => unknown.push(group),
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let ids: Vec<_> = unknown.iter().map(|group| group.id.clone()).collect();
        let mut stored: HashMap<_, _> =
            self.documents.groups(&ids).await?.into_iter().map(|group| (group.id.clone(), group)).collect();
        for group in unknown {
            if let Some(document) = stored.remove(&group.id) {
                found.insert(group.id.clone(), keep_document(group, document));
            }
        }
        Ok(found)
    }
}

fn keep_document(group: &LocalGroup, document: Group) -> Arc<Group> {
    let mut state = group.state.lock();
    match &state.document {
        Some(kept) if kept.version >= document.version => kept.clone(),
        _ => {
            let kept = Arc::new(document);
            state.document = Some(kept.clone());
            kept
        }
    }
}

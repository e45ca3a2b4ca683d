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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::local::LocalGroups;
    use crate::hub::testing::{Bed, MemoryStore, group, until};

    fn fresh(groups: &LocalGroups, id: &GroupId) -> Arc<LocalGroup> {
        groups.pin(id, 1)
    }

    #[tokio::test(start_paused = true)]
    async fn an_older_document_that_comes_late_takes_no_newer_ones_place() {
        let id = GroupId::random();
        let bed = Bed::new(MemoryStore::of(&id, &["anna"], []));
        let here = fresh(&bed.groups, &id);
        bed.store.link.be_slow(true);
        let (documents, asked) = (bed.documents.clone(), here.clone());
        let late = tokio::spawn(async move { documents.one(&asked).await });
        tokio::task::yield_now().await;
        let newer = Group { version: 5, ..group(&id, &["anna", "bob"]) };
        here.state.lock().document = Some(Arc::new(newer.clone()));
        bed.store.link.be_slow(false);
        assert_eq!(*late.await.unwrap().unwrap().unwrap(), newer);
        assert_eq!(here.state.lock().document.as_deref(), Some(&newer));
        until(|| Arc::strong_count(&here) == 2).await;
    }

    #[tokio::test]
    async fn those_not_at_hand_are_asked_for_with_one_call_and_kept() {
        let ids: Vec<_> = (0..4).map(|_| GroupId::random()).collect();
        let bed = Bed::new(MemoryStore::default());
        ids[..3].iter().for_each(|id| bed.store.put_group(group(id, &["anna"])));
        let groups: Vec<_> = ids.iter().map(|id| fresh(&bed.groups, id)).collect();
        let found = bed.documents.several(&groups).await.unwrap();
        assert_eq!((found.len(), found.contains_key(&ids[3]), bed.store.calls("groups")), (3, false, 1));
        bed.store.be_silent(true);
        assert_eq!(bed.documents.several(&groups[..3]).await.unwrap().len(), 3, "they are at hand");
        assert!(bed.documents.one(&groups[0]).await.unwrap().is_some());
        assert!(bed.documents.several(&groups).await.is_err() && bed.documents.one(&groups[3]).await.is_err());
    }
}

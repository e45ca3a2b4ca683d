//! Stored events, read in pages that the followers of this node share.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

use crate::domain::{Event, GroupId, Seq};
use crate::ports::{MessageStore, Page, StoreError};

/// Events of a page at most.
pub(super) const PAGE: usize = 250;
/// Pages that are kept for who comes next.
const KEPT: usize = 32;
/// A page is kept for so long: followers of one node hear of a move in the same second.
const KEPT_FOR: Duration = Duration::from_secs(3);
/// Reads at once, of all followers of this node: delivery has the store for itself otherwise.
const READS: usize = 8;

/// A page that is read, or being read.
type Shared = Arc<OnceCell<Arc<[Event]>>>;

/// Reads pages.
pub(super) struct Pages {
    messages: Arc<dyn MessageStore>,
    kept: Mutex<VecDeque<Kept>>,
    reads: Semaphore,
    /// Whether there is more than one follower that may want the same page.
    shared: bool,
}

struct Kept {
    group: GroupId,
    after: Seq,
    read: Instant,
    page: Shared,
}

/// Why a page could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum PageError {
    /// The store did not answer as asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event is missing.
    #[error("nothing is stored under seq {0}")]
    Hole(Seq),
}

// === impl Pages ===

impl Pages {
    pub(super) fn new(messages: Arc<dyn MessageStore>, shared: bool) -> Self {
        Self { messages, kept: Mutex::default(), reads: Semaphore::new(READS), shared }
    }

    /// The oldest events of a group in `after..=upto`, one at least, ascending and without a hole.
    pub(super) async fn read(&self, group: &GroupId, after: Seq, upto: Seq) -> Result<Vec<Event>, PageError> {
        if self.shared {
            let page = self.kept(group, after);
            let events = page.get_or_try_init(|| self.fetch(group, after)).await?;
            if let Ok(events) = fitting(events, after, upto) {
                return Ok(events);
            }
            // It may have been read before what is wanted was stored.
            self.forget(&page);
        }
        fitting(&self.fetch(group, after).await?, after, upto)
    }

    async fn fetch(&self, group: &GroupId, after: Seq) -> Result<Arc<[Event]>, StoreError> {
        let _turn = self.reads.acquire().await;
        Ok(self.messages.page(group, Page::After(after, PAGE)).await?.into())
    }

    fn kept(&self, group: &GroupId, after: Seq) -> Shared {
        let now = Instant::now();
        let mut kept = self.kept.lock();
        kept.retain(|page| now - page.read < KEPT_FOR);
        if let Some(page) = kept.iter().find(|page| page.after == after && page.group == *group) {
            return page.page.clone();
        }
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        let page = Shared::default();
        kept.push_back(Kept { group: group.clone(), after, read: now, page: page.clone() });
        page
    }

    fn forget(&self, page: &Shared) {
        self.kept.lock().retain(|kept| !Arc::ptr_eq(&kept.page, page));
    }
}

/// The events of a page that lie in `after..=upto`, where none is missing.
fn fitting(events: &[Event], after: Seq, upto: Seq) -> Result<Vec<Event>, PageError> {
    let wanted = (after + 1..=upto).take(PAGE);
    let mut fitting = Vec::new();
    for (i, seq) in wanted.enumerate() {
        match events.get(i) {
            Some(event) if event.seq == seq => fitting.push(event.clone()),
            _ if fitting.is_empty() => return Err(PageError::Hole(seq)),
            // What comes before the hole can be worked on.
            _ => break,
        }
    }
    Ok(fitting)
}

#[cfg(test)]
mod tests {
    use futures::future::join;

    use super::*;
    use crate::hub::testing::{MemoryStore, text};

    fn seqs(page: Result<Vec<Event>, PageError>) -> Vec<Seq> {
        page.unwrap().iter().map(|event| event.seq).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_is_read_once_for_all_and_again_where_it_is_too_old() {
        let id = GroupId::random();
        let store = Arc::new(MemoryStore::of(&id, &["anna"], (1..=3).map(|seq| text(&id, seq, "anna"))));
        let pages = Pages::new(store.clone(), true);
        let (one, other) = join(pages.read(&id, 1, 3), pages.read(&id, 1, 2)).await;
        assert_eq!((seqs(one), seqs(other)), (vec![2, 3], vec![2]));
        store.be_silent(true);
        assert_eq!(seqs(pages.read(&id, 1, 3).await), [2, 3], "it is kept");
        store.be_silent(false);
        store.put([text(&id, 4, "anna")]);
        assert_eq!(seqs(pages.read(&id, 3, 4).await), [4]);
        store.put([text(&id, 5, "anna")]);
        assert_eq!(seqs(pages.read(&id, 4, 5).await), [5]);
        assert_eq!(seqs(pages.read(&id, 3, 5).await), [4], "as far as it goes");
        tokio::time::advance(KEPT_FOR).await;
        store.be_silent(true);
        assert!(matches!(pages.read(&id, 1, 3).await, Err(PageError::Store(_))));
    }

    #[tokio::test]
    async fn a_hole_is_never_passed_over() {
        let id = GroupId::random();
        let store = MemoryStore::of(&id, &["anna"], [1, 2, 4].map(|seq| text(&id, seq, "anna")));
        let pages = Pages::new(Arc::new(store), false);
        assert_eq!(seqs(pages.read(&id, 0, 4).await), [1, 2]);
        assert!(matches!(pages.read(&id, 2, 4).await, Err(PageError::Hole(3))));
        assert!(matches!(pages.read(&id, 4, 5).await, Err(PageError::Hole(5))));
    }
}

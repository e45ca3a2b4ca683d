//! What other nodes tell this one: read from its inbox, and told to those whom it concerns.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::now_ms;
use crate::hub::codec::{PeerEvent, PeerMessage};
use crate::hub::metrics::Stage;
use crate::hub::node::NodeState;
use crate::hub::pipeline::metrics::PipelineMetrics;
use crate::hub::upcalls::{Upcall, Upcalls};
use crate::ports::{InboxPosition, Inboxes};

/// A blocking read of the inbox ends after this long, to see whether the node goes on.
const READ_WAIT: Duration = Duration::from_secs(2);

/// Reads this node's inbox.
pub(crate) struct Inbox {
    inboxes: Arc<dyn Inboxes>,
    node: Arc<NodeState>,
    upcalls: Arc<dyn Upcalls>,
    metrics: PipelineMetrics,
}

// === impl Inbox ===

impl Inbox {
    pub(crate) fn new(
        inboxes: Arc<dyn Inboxes>,
        node: Arc<NodeState>,
        upcalls: Arc<dyn Upcalls>,
        metrics: PipelineMetrics,
    ) -> Self {
        Self { inboxes, node, upcalls, metrics }
    }

    /// Reads this node's inbox for as long as the node runs.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut name = self.node.name();
        let mut after = InboxPosition::default();
        let mut broken = false;
        loop {
            let present = self.node.name();
            if present != name {
                (name, after) = (present, InboxPosition::default());
            }
            match self.inboxes.read_inbox(&name, after, READ_WAIT).await {
                Ok(read) => {
                    if read.lossy || broken {
                        self.upcalls.tell(Upcall::Peer(PeerEvent::Missed));
                    }
                    broken = false;
                    for entry in read.entries {
                        after = entry.position;
                        self.metrics.common.took(Stage::InboxWait, (now_ms() - entry.time) as f64 / 1e3);
                        self.open(&entry.payload);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "the inbox cannot be read");
                    broken = true;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    fn open(&self, payload: &[u8]) {
        match PeerMessage::decode(payload) {
            Some(peer_message) => {
                if peer_message.unknown > 0 {
                    tracing::debug!(
                        items = peer_message.unknown,
                        "items of a later version were left aside, as may be while nodes are upgraded"
                    );
                }
                peer_message.items.into_iter().for_each(|item| self.upcalls.tell(Upcall::Peer(item)));
            }
            None => {
                tracing::warn!("a peer message of a later version was left unread, as may be while nodes are upgraded")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::domain::GroupId;
    use crate::hub::node::tests::record;
    use crate::hub::tasks::Tasks;
    use crate::hub::testing::{MemoryInboxes, Told, metrics, node, until, user};
    use crate::ports::{BackplaneError, InboxEntry, InboxRead};

    /// An inbox that is read by `a.1`.
    fn reading() -> (Arc<MemoryInboxes>, Arc<NodeState>, Arc<Told>, Tasks) {
        let (inboxes, node, told) = (Arc::<MemoryInboxes>::default(), node(), Arc::<Told>::default());
        node.begin_life(record("a.1").node);
        (inboxes, node, told, Tasks::default())
    }

    fn read(inboxes: &Arc<MemoryInboxes>, node: &Arc<NodeState>, told: &Arc<Told>, tasks: &Tasks) {
        let inbox = Inbox::new(inboxes.clone(), node.clone(), told.clone(), metrics().pipeline);
        tasks.spawn(Arc::new(inbox).run());
    }

    fn entry(at: u64, payload: Bytes) -> InboxEntry {
        InboxEntry { position: InboxPosition(at, 0), payload, time: now_ms() }
    }

    fn typing(name: &str) -> PeerEvent {
        PeerEvent::Typing { group: GroupId::random(), user: user(name) }
    }

    /// The names of what was told.
    fn names(told: &Told) -> Vec<&'static str> {
        let known = ["Missed", "anna", "bob", "cleo"];
        let name = |told: String| known.into_iter().find(|name| told.contains(name)).unwrap_or("else");
        told.take().into_iter().map(name).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_is_told_in_its_order_and_read_once() {
        let (inboxes, node, told, tasks) = reading();
        let entries = vec![
            entry(3, PeerMessage::encode(&[typing("anna"), typing("bob")])),
            entry(4, Bytes::from_static(b"of a later version")),
            entry(5, PeerMessage::encode(&[typing("cleo")])),
        ];
        inboxes.reads.lock().push_back(Ok(InboxRead { entries, lossy: false }));
        read(&inboxes, &node, &told, &tasks);
        until(|| inboxes.read.lock().len() == 2).await;
        assert_eq!(names(&told), ["anna", "bob", "cleo"]);
        let read = inboxes.read.lock().clone();
        assert_eq!(read, [("a.1".into(), InboxPosition(0, 0)), ("a.1".into(), InboxPosition(5, 0))]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_been_lost_is_told_before_what_comes_behind_it() {
        let (inboxes, node, told, tasks) = reading();
        let of =
            |name: &str, lossy| Ok(InboxRead { entries: vec![entry(1, PeerMessage::encode(&[typing(name)]))], lossy });
        let silent = || Err(BackplaneError::Unreachable("silent".into()));
        inboxes.reads.lock().extend([of("anna", true), silent(), silent(), of("bob", false), of("cleo", false)]);
        read(&inboxes, &node, &told, &tasks);
        until(|| inboxes.read.lock().len() == 6).await;
        assert_eq!(names(&told), ["Missed", "anna", "Missed", "bob", "cleo"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_life_reads_its_own_inbox_from_the_beginning() {
        let (inboxes, node, told, tasks) = reading();
        let entries = vec![entry(9, PeerMessage::encode(&[typing("anna")]))];
        inboxes.reads.lock().push_back(Ok(InboxRead { entries, lossy: false }));
        read(&inboxes, &node, &told, &tasks);
        until(|| inboxes.read.lock().len() == 2).await;
        node.begin_life(record("a.2").node);
        until(|| inboxes.read.lock().len() == 3).await;
        assert_eq!(inboxes.read.lock()[2], ("a.2".into(), InboxPosition::default()));
    }
}

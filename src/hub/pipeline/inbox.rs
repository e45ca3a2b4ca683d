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

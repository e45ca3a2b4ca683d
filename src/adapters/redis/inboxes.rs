//! [`Inboxes`] in Redis: a stream a node life.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::try_join_all;

use super::RedisBackplane;
use super::script::{Call, POST};
use crate::domain::NodeName;
use crate::ports::{BackplaneError, InboxPosition, InboxRead, Inboxes};

#[async_trait]
impl Inboxes for RedisBackplane {
    async fn open_inbox(&self, node: &NodeName) -> Result<(), BackplaneError> {
        self.inbox_reader.make_inbox(node, InboxPosition::default()).await.map(|_| ())
    }

    async fn post(&self, posts: &[(NodeName, Bytes)]) -> Result<(), BackplaneError> {
        let mut by_node: HashMap<&NodeName, Vec<Bytes>> = HashMap::new();
        for (node, payload) in posts {
            by_node.entry(node).or_default().push(payload.clone());
        }
        try_join_all(by_node.into_iter().map(|(node, payloads)| self.post_to(node, payloads))).await.map(|_| ())
    }

    async fn read_inbox(
        &self,
        node: &NodeName,
        after: InboxPosition,
        wait: Duration,
    ) -> Result<InboxRead, BackplaneError> {
        self.inbox_reader.read(node, after, wait).await
    }
}

impl RedisBackplane {
    async fn post_to(&self, node: &NodeName, payloads: Vec<Bytes>) -> Result<(), BackplaneError> {
        let keys = [self.keys.inbox(node), self.keys.full_inbox(node)];
        let mut call = Call::keys(keys).number(self.limits.inbox_cap);
        for payload in payloads {
            call.push(payload);
        }
        POST.run(&self.client, call).await.map(|_| ())
    }
}

//! A connection as the hub sees it.

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::state::{Conn, Stage};
use crate::domain::Ending;
use crate::ports::{Offered, Outbound};

impl Outbound for Conn {
    fn offer(&self, frames: &Bytes) -> Offered {
        let mut out = self.out.lock();
        if out.stage != Stage::Open {
            return Offered::Closed;
        }
        let waiting = out.queue.bytes();
        let offered = self.transmit(&mut out, frames);
        // One piece may be of any size: a reader who keeps up is not slow.
        if waiting > 0 && out.queue.bytes() > self.node.config.max_queue {
            self.overflow(&mut out);
            return Offered::Closed;
        }
        offered
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        async {
            loop {
                let drained = self.drained.notified();
                {
                    let out = self.out.lock();
                    if out.queue.is_empty() || out.stage != Stage::Open {
                        return;
                    }
                }
                drained.await;
            }
        }
        .boxed()
    }

    fn close(&self, ending: Ending) {
        let mut out = self.out.lock();
        if out.stage == Stage::Open {
            self.begin_close(&mut out, &ending);
        }
    }
}

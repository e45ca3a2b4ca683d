//! A blocking read under way on a connection of its own. It goes on when the caller that began it
//! gives up, so that what it brings is not lost.

use std::time::Duration;

use fred::clients::Client;
use fred::error::ErrorKind;
use fred::interfaces::{ClientInterface, ClientLike};
use fred::types::ClientUnblockFlag;
use fred::types::Value;
use fred::types::config::Options;
use tokio::task::JoinHandle;

/// What a blocking read answered: nil when nothing came in time.
pub(super) type Landed = Result<Value, fred::error::Error>;

pub(super) struct PendingRead {
    client: Client,
    task: JoinHandle<Landed>,
}

/// BLOCK of 0 would mean for ever.
pub(super) fn block_ms(wait: Duration) -> u64 {
    wait.as_millis().max(1) as u64
}

/// Options of a read that may block for `wait`.
pub(super) fn read_options(wait: Duration, command_timeout: Duration) -> Options {
    Options { timeout: Some(wait + command_timeout), ..Options::default() }
}

// === impl PendingRead ===

impl PendingRead {
    pub(super) fn start(client: &Client, read: impl Future<Output = Landed> + Send + 'static) -> Self {
        let silent = client.clone();
        let task = tokio::spawn(async move {
            let landed = read.await;
            // The client holds a blocked connection for healthy however long it is silent.
            let timed_out = landed.as_ref().is_err_and(|error| *error.kind() == ErrorKind::Timeout);
            if timed_out && silent.is_connected() {
                tokio::spawn(async move { silent.force_reconnection().await });
            }
            landed
        });
        Self { client: client.clone(), task }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits for the end. May be given up and called again.
    pub(super) async fn landed(&mut self) -> Landed {
        (&mut self.task).await.unwrap_or_else(|_| Err(fred::error::Error::new(ErrorKind::Canceled, "read cancelled")))
    }

    /// Ends the read early, and waits for what it brought before.
    pub(super) async fn land_now(mut self) -> Landed {
        loop {
            // Not heard when the command has not reached Redis yet; then once more.
            let _ = self.client.unblock_self(Some(ClientUnblockFlag::Timeout)).await;
            if let Ok(landed) = tokio::time::timeout(Duration::from_millis(20), self.landed()).await {
                return landed;
            }
        }
    }
}

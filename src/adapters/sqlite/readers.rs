//! Read connections, each used by one query at a time.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::errors::store_error;
use crate::ports::StoreError;

/// A bounded pool: as many queries run at once as there are connections, the others wait in turn.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

// === impl Readers ===

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let turns = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Arc::new(Mutex::new(connections)), turns }
    }

    /// Runs a query on a blocking thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|_| StoreError::Unreachable("the store is closed".into()))?;
        let idle = self.idle.clone();
        let task = tokio::task::spawn_blocking(move || {
            let Some(db) = idle.lock().pop() else {
                return Err(StoreError::Unreachable("no read connection is left".into()));
            };
            let answer = query(&db).map_err(store_error);
            idle.lock().push(db);
            drop(turn);
            answer
        });
        task.await.unwrap_or_else(|error| Err(StoreError::Unreachable(error.to_string())))
    }
}

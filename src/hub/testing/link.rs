//! How a fake answers: at once, late, or not at all.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::Semaphore;

use crate::ports::{BackplaneError, StoreError};

/// More calls than ever wait.
const ALL: usize = 1_000;

/// The link to something outside, as a test has it.
pub(crate) struct Link {
    silent: AtomicBool,
    slow: AtomicBool,
    /// Slow calls that may be answered.
    turns: Semaphore,
}

// === impl Link ===

impl Default for Link {
    fn default() -> Self {
        Self { silent: AtomicBool::new(false), slow: AtomicBool::new(false), turns: Semaphore::new(0) }
    }
}

impl Link {
    /// From now on every call fails, or none does.
    pub(crate) fn be_silent(&self, silent: bool) {
        self.silent.store(silent, Relaxed);
    }

    /// From now on no call that may come late is answered, until this is taken back: then those that wait are, with
    /// what was so when they asked.
    pub(crate) fn be_slow(&self, slow: bool) {
        self.slow.store(slow, Relaxed);
        match slow {
            true => drop(self.turns.forget_permits(ALL)),
            false => self.turns.add_permits(ALL),
        }
    }

    /// Has so many slow calls answered.
    pub(crate) fn let_pass(&self, calls: usize) {
        self.turns.add_permits(calls);
    }

    /// Waits for its turn while the link is slow.
    pub(super) async fn pass(&self) {
        if self.slow.load(Relaxed) {
            self.turns.acquire().await.expect("it is never closed").forget();
        }
    }

    /// The answer of a store.
    pub(super) fn stored<T>(&self, answer: T) -> Result<T, StoreError> {
        if self.silent.load(Relaxed) { Err(StoreError::Unreachable("silent".into())) } else { Ok(answer) }
    }

    /// The answer of a backplane.
    pub(super) fn shared<T>(&self, answer: T) -> Result<T, BackplaneError> {
        if self.silent.load(Relaxed) { Err(BackplaneError::Unreachable("silent".into())) } else { Ok(answer) }
    }

    /// Whether a call does anything at all.
    pub(super) fn answers(&self) -> Result<(), BackplaneError> {
        self.shared(())
    }
}

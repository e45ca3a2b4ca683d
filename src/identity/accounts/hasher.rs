//! Hashing passwords without holding up anything else.

use std::sync::Arc;

use argon2::Params;
use argon2::password_hash::Error;
use tokio::sync::Semaphore;

use super::argon::Memory;
use super::config::{AccountsConfig, HashCost};
use crate::domain::{Code, Refusal};

/// Hashes on blocking threads, a few at once, with a bounded queue before them.
pub(super) struct Hasher {
    params: Params,
    memory: Arc<Memory>,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// A hash of the same cost as any, for users who have none.
    decoy: Arc<str>,
}

// === impl Hasher ===

impl Hasher {
    pub(super) fn new(config: &AccountsConfig) -> Result<Self, Refusal> {
        let (params, memory) = (params(config.cost)?, Arc::new(Memory::default()));
        let at_once = config.hashes_at_once.max(1);
        Ok(Self {
            decoy: memory.hash(&params, "nobody's password").map_err(failed)?.into(),
            params,
            memory,
            admitted: Arc::new(Semaphore::new(at_once + config.hash_queue)),
            running: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// The password's hash as it is stored.
    pub(super) async fn hash(&self, password: &str) -> Result<String, Refusal> {
        let (params, memory, password) = (self.params.clone(), self.memory.clone(), password.to_owned());
        self.run(move || memory.hash(&params, &password).map_err(failed)).await?
    }

    /// Whether the password is the one hashed; `internal` when the hash cannot be read. Takes as long
    /// when there is none.
    pub(super) async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Refusal> {
        let (memory, password) = (self.memory.clone(), password.to_owned());
        let known = stored.is_some();
        let stored: Arc<str> = stored.map_or_else(|| self.decoy.clone(), Into::into);
        self.run(move || Ok(memory.verify(&stored, &password).map_err(|_| unreadable())? && known)).await?
    }

    /// The permits go with the work: who hangs up makes no room while the work still runs.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let full = |_| Refusal::overloaded("too many are logging in at this moment; try again");
        let admitted = self.admitted.clone().try_acquire_owned().map_err(full)?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| closed())?;
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((running, admitted));
            result
        });
        task.await.map_err(|_| closed())
    }
}

/// The password's hash, computed here and now: for commands, not for the running hub.
pub fn hash_password(password: &str) -> Result<String, Refusal> {
    super::Credentials::check_password(password)?;
    Memory::default().hash(&params(HashCost::default())?, password).map_err(failed)
}

fn params(cost: HashCost) -> Result<Params, Refusal> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, None);
    params.map_err(|_| Refusal::new(Code::Internal, "the cost of password hashes is out of range"))
}

fn failed(_: Error) -> Refusal {
    Refusal::new(Code::Internal, "the password cannot be hashed")
}

fn unreadable() -> Refusal {
    Refusal::new(Code::Internal, "this account needs a new password; ask the operator")
}

fn closed() -> Refusal {
    Refusal::new(Code::Unavailable, "the hub is shutting down; try again").retry_after(1_000)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_crowd_beyond_the_queue_is_told_so() {
        let cost = HashCost { memory_kib: 8, passes: 1 };
        let config = AccountsConfig { hashes_at_once: 1, hash_queue: 1, cost, ..AccountsConfig::default() };
        let hasher = Hasher::new(&config).unwrap();
        let (release, held) = mpsc::channel::<()>();
        let running = hasher.run(move || held.recv().is_ok());
        let waiting = hasher.hash("waits for the first");
        let (third, fourth) = (hasher.hash("one too many"), hasher.verify("another", None));
        // Polled in this order; the first two stay pending until the first is released.
        let refused = async {
            let refused = (third.await, fourth.await);
            release.send(()).unwrap();
            refused
        };
        let (ran, waited, refused) = tokio::join!(running, waiting, refused);
        assert!(ran.unwrap() && waited.is_ok());
        for code in [refused.0.unwrap_err().code, refused.1.unwrap_err().code] {
            assert_eq!(code, Code::Overloaded);
        }
        assert!(hasher.hash("room again").await.is_ok());
    }

    #[tokio::test]
    async fn who_hangs_up_makes_no_room_while_the_work_runs() {
        let cost = HashCost { memory_kib: 8, passes: 1 };
        let config = AccountsConfig { hashes_at_once: 1, hash_queue: 0, cost, ..AccountsConfig::default() };
        let hasher = Hasher::new(&config).unwrap();
        let (release, held) = mpsc::channel::<()>();
        let mut abandoned = Box::pin(hasher.run(move || held.recv().is_ok()));
        assert!(futures::poll!(&mut abandoned).is_pending());
        drop(abandoned);
        assert_eq!(hasher.hash("no room").await.unwrap_err().code, Code::Overloaded);
        release.send(()).unwrap();
        while hasher.hash("room again").await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}

//! Where a node's calls are stopped and made to fail, at a chosen one.

use std::collections::HashMap;
use std::sync::Arc;

use hubbub::ports::{BackplaneError, CommitError, StartError, StoreError};
use parking_lot::Mutex;
use tokio::sync::watch;

/// On which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The call has not been made.
    Before,
    /// It was made, and its answer is not there yet.
    After,
}

/// What all calls of one node to its store and backplane pass through.
#[derive(Clone)]
pub struct Gates {
    rules: Arc<Mutex<Vec<Rule>>>,
    calls: Arc<Mutex<HashMap<&'static str, usize>>>,
    frozen: watch::Sender<Frozen>,
}

/// A call that is held, from the moment that it comes until this is released or dropped.
pub struct Held {
    state: watch::Sender<Stage>,
}

struct Rule {
    call: &'static str,
    side: Side,
    deed: Deed,
}

enum Deed {
    /// Holds the next call, once.
    Hold(watch::Sender<Stage>),
    /// Fails so many calls.
    Fail(Failure, usize),
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Whoever is called is out of reach.
    OutOfReach,
    /// What is asked is refused, now and always.
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frozen {
    No,
    All,
    AllBut(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Awaited,
    Reached,
    Released,
}

/// An answer that says so.
pub trait Failed {
    fn failed(how: Failure) -> Self;
}

// === impl Gates ===

impl Default for Gates {
    fn default() -> Self {
        Self { rules: Arc::default(), calls: Arc::default(), frozen: watch::channel(Frozen::No).0 }
    }
}

impl Gates {
    /// Holds the next call of this name.
    pub fn hold(&self, side: Side, call: &'static str) -> Held {
        let (state, _) = watch::channel(Stage::Awaited);
        self.rules.lock().push(Rule { call, side, deed: Deed::Hold(state.clone()) });
        Held { state }
    }

    /// Fails the next `times` calls of this name.
    pub fn fail(&self, side: Side, call: &'static str, times: usize) {
        self.rules.lock().push(Rule { call, side, deed: Deed::Fail(Failure::OutOfReach, times) });
    }

    /// Lets all calls of this name through again.
    pub fn stop_failing(&self, call: &str) {
        self.rules.lock().retain(|rule| rule.call != call || matches!(rule.deed, Deed::Hold(_)));
    }

    /// Refuses all calls of this name.
    pub fn refuse(&self, call: &'static str) {
        self.rules.lock().push(Rule { call, side: Side::Before, deed: Deed::Fail(Failure::Refused, usize::MAX) });
    }

    /// Every call stands still from now on: the process is stopped, as far as others can tell.
    pub fn freeze(&self) {
        self.frozen.send_replace(Frozen::All);
    }

    /// As [`Gates::freeze`], but for calls of this name.
    pub fn freeze_but(&self, call: &'static str) {
        self.frozen.send_replace(Frozen::AllBut(call));
    }

    /// The process goes on where it stood.
    pub fn thaw(&self) {
        self.frozen.send_replace(Frozen::No);
    }

    /// Whether rules are left that nothing has run into.
    pub fn all_used(&self) -> bool {
        self.rules.lock().is_empty()
    }

    /// The names of all calls that have come.
    pub fn called(&self) -> Vec<&'static str> {
        self.calls.lock().keys().copied().collect()
    }

    /// How many calls of this name have come.
    pub fn calls(&self, call: &str) -> usize {
        self.calls.lock().get(call).copied().unwrap_or(0)
    }

    /// One call comes by; how it is to fail, if it is.
    pub async fn pass(&self, side: Side, call: &'static str) -> Option<Failure> {
        if side == Side::Before {
            *self.calls.lock().entry(call).or_default() += 1;
        }
        let mut fails = None;
        let mut held = None;
        {
            let mut rules = self.rules.lock();
            if let Some(at) = rules.iter().position(|rule| rule.call == call && rule.side == side) {
                match &mut rules[at].deed {
                    Deed::Hold(state) => held = Some(state.clone()),
                    Deed::Fail(how, times) => {
                        fails = Some(*how);
                        *times -= 1;
                    }
                }
                if !matches!(rules[at].deed, Deed::Fail(_, 1..)) {
                    rules.remove(at);
                }
            }
        }
        if let Some(state) = held {
            state.send_if_modified(|stage| {
                let reached = *stage == Stage::Awaited;
                if reached {
                    *stage = Stage::Reached;
                }
                reached
            });
            until(&state, |stage| *stage == Stage::Released).await;
        }
        until(&self.frozen, |frozen| match frozen {
            Frozen::No => true,
            Frozen::All => false,
            Frozen::AllBut(free) => *free == call,
        })
        .await;
        fails
    }
}

// === impl Held ===

impl Held {
    /// Waits until the call has come.
    pub async fn reached(&self) {
        let reached = until(&self.state, |stage| *stage != Stage::Awaited);
        tokio::time::timeout(crate::support::wait::PATIENCE, reached).await.expect("the call that is to be held comes");
    }

    /// Lets the call go on.
    pub fn release(self) {}
}

impl Drop for Held {
    fn drop(&mut self) {
        self.state.send_replace(Stage::Released);
    }
}

async fn until<T>(sender: &watch::Sender<T>, condition: impl FnMut(&T) -> bool) {
    // Cannot fail: the sender is held here.
    let _ = sender.subscribe().wait_for(condition).await;
}

// === impl Failed ===

const WHY: &str = "the test says so";

impl<T> Failed for Result<T, BackplaneError> {
    fn failed(how: Failure) -> Self {
        Err(match how {
            Failure::OutOfReach => BackplaneError::Unreachable(WHY.into()),
            Failure::Refused => BackplaneError::Unexpected(WHY.into()),
        })
    }
}

impl<T> Failed for Result<T, StoreError> {
    fn failed(how: Failure) -> Self {
        Err(match how {
            Failure::OutOfReach => StoreError::Unreachable(WHY.into()),
            Failure::Refused => StoreError::Refused(WHY.into()),
        })
    }
}

impl<T> Failed for Result<T, CommitError> {
    fn failed(how: Failure) -> Self {
        Result::<T, BackplaneError>::failed(how).map_err(CommitError::from)
    }
}

impl<T> Failed for Result<T, StartError> {
    fn failed(how: Failure) -> Self {
        Err(match how {
            Failure::OutOfReach => StartError::NotYet(WHY.into()),
            Failure::Refused => StartError::Never(WHY.into()),
        })
    }
}

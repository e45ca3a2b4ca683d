//! The parts that the hub stands on, as the hub holds them: each call that fails is counted and told of here, and nowhere
//! else.
//!
//! - `store`, `backplane`: a row for each call of the ports; `metrics`: what they count.

mod backplane;
mod metrics;
mod store;

use std::fmt::Display;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::IntCounter;
use tokio::time::Instant;

pub(crate) use backplane::CountedBackplane;
pub(crate) use metrics::PartMetrics;
pub(crate) use store::CountedStore;

use crate::ports::{BackplaneError, CommitError, StartError, StoreError};

/// While a part is out of reach everything fails that is asked of it: a line says enough for so long.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What went wrong with one part.
struct Faults {
    part: &'static str,
    count: IntCounter,
    /// When a line was written, and how many faults there were since.
    told: Mutex<(Option<Instant>, u64)>,
}

/// An error of a port.
trait Fault: Display {
    /// Whether the part failed. Otherwise it answered, and the error is what the caller had to expect.
    fn is_fault(&self) -> bool {
        true
    }
}

// === impl Faults ===

impl Faults {
    fn new(part: &'static str, count: IntCounter) -> Self {
        Self { part, count, told: Mutex::default() }
    }

    fn see<T>(&self, call: &'static str, answer: &Result<T, impl Fault>) {
        if let Err(error) = answer
            && error.is_fault()
        {
            self.note(call, error);
        }
    }

    fn note(&self, call: &'static str, error: &impl Display) {
        self.count.inc();
        match self.due(Instant::now()) {
            Some(more) => tracing::warn!(call, %error, more, "a call to the {} failed", self.part),
            None => tracing::debug!(call, %error, "a call to the {} failed", self.part),
        }
    }

    /// How many were passed over since the last line, where one is due.
    fn due(&self, now: Instant) -> Option<u64> {
        let mut told = self.told.lock();
        if told.0.is_some_and(|at| now - at < TELL_EVERY) {
            told.1 += 1;
            return None;
        }
        told.0 = Some(now);
        Some(std::mem::take(&mut told.1))
    }
}

// === impl Fault ===

impl Fault for StoreError {}

impl Fault for BackplaneError {}

impl Fault for CommitError {
    fn is_fault(&self) -> bool {
        matches!(self, CommitError::Backplane(_))
    }
}

impl Fault for StartError {
    /// What keeps a node from starting is told by whoever starts it.
    fn is_fault(&self) -> bool {
        false
    }
}

/// Forwards the calls of a port to `self.inner`, and has `self.faults` see their answers: a row a call. A method named
/// behind an arrow sees the answer as well.
macro_rules! forward {
    ($port:ident of $counted:ty {
        $($call:ident($($name:ident: $of:ty),* $(,)?) -> $answer:ty $(=> $see:ident)?;)*
    }) => {
        #[async_trait::async_trait]
        impl $port for $counted {
            $(async fn $call(&self, $($name: $of),*) -> $answer {
                let answer = self.inner.$call($($name),*).await;
                self.faults.see(stringify!($call), &answer);
                $(self.$see(&answer);)?
                answer
            })*
        }
    };
}
use forward;

#[cfg(test)]
mod tests {
    use super::*;

    #[async_trait::async_trait]
    trait Part {
        async fn ask(&self, words: &[&str], wanted: Option<CommitError>) -> Result<usize, CommitError>;
    }

    struct Inner;

    #[async_trait::async_trait]
    impl Part for Inner {
        async fn ask(&self, words: &[&str], wanted: Option<CommitError>) -> Result<usize, CommitError> {
            wanted.map_or(Ok(words.len()), Err)
        }
    }

    struct Counted {
        inner: Inner,
        faults: Faults,
    }

    forward!(Part of Counted {
        ask(words: &[&str], wanted: Option<CommitError>) -> Result<usize, CommitError>;
    });

    fn faults() -> Faults {
        Faults::new("part", IntCounter::new("faults", "faults").unwrap())
    }

    #[tokio::test]
    async fn answers_pass_through_and_failures_of_the_part_alone_are_counted() {
        let counted = Counted { inner: Inner, faults: faults() };
        assert_eq!(counted.ask(&["a", "b"], None).await.unwrap(), 2);
        assert!(matches!(counted.ask(&[], Some(CommitError::LeaseLost)).await, Err(CommitError::LeaseLost)));
        assert_eq!(counted.faults.count.get(), 0);
        let failed = counted.ask(&[], Some(BackplaneError::OutOfMemory.into())).await;
        assert!(matches!(failed, Err(CommitError::Backplane(BackplaneError::OutOfMemory))));
        assert_eq!(counted.faults.count.get(), 1);
    }

    #[test]
    fn a_line_a_second_says_how_many_it_speaks_for() {
        let (faults, now) = (faults(), Instant::now());
        let told = [0, 10, 999, 1_000, 2_500].map(|ms| faults.due(now + Duration::from_millis(ms)));
        assert_eq!(told, [Some(0), None, None, Some(2), Some(0)]);
    }
}

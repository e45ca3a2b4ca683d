//! The only place in the tests that waits.

use std::{fmt::Display, future::Future, panic::Location, time::Duration};

use tokio::time::{Instant, sleep, timeout};

/// Long enough for a loaded machine of two cores; a test that passes never waits for all of it.
pub const PATIENCE: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(20);

/// Tries until `attempt` succeeds, for [`PATIENCE`], and returns what it returned.
///
/// # Panics
///
/// When the time is over: with `what`, the last error and the caller's place.
#[track_caller]
pub fn eventually<T, E: Display>(what: &str, attempt: impl AsyncFnMut() -> Result<T, E>) -> impl Future<Output = T> {
    eventually_within(PATIENCE, what, attempt)
}

/// [`eventually`] with a deadline of its own. An attempt that hangs is cut off at the deadline.
#[track_caller]
pub fn eventually_within<T, E: Display>(
    within: Duration,
    what: &str,
    attempt: impl AsyncFnMut() -> Result<T, E>,
) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        match poll(within, attempt).await {
            Ok(value) => value,
            Err(last) => panic!("{what}: not within {within:?} (asked at {caller}): {last}"),
        }
    }
}

/// [`eventually_within`] that returns the last error instead of panicking with it.
pub async fn poll<T, E: Display>(
    within: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, String> {
    let deadline = Instant::now() + within;
    let mut last = "no attempt came to an end".to_owned();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match timeout(left, attempt()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => return Err(last),
        }
        if Instant::now() >= deadline {
            return Err(last);
        }
        sleep(PAUSE).await;
    }
}

//! Waiting, at the start, for what the hub stands on.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::IntGaugeVec;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::kernel::Backoff;
use crate::ports::StartError;

/// The parts, as people call them.
pub(super) const REDIS: &str = "Redis";
pub(super) const MONGODB: &str = "MongoDB";
pub(super) const NODES: &str = "nodes";

/// Between two tries.
const RETRY: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
/// A try that hangs, on a name or a silent server, is given up after so long.
const LONGEST_TRY: Duration = Duration::from_secs(15);
/// What is told before a part was found missing.
const STARTING: &str = "starting";

/// Tries again and again, and tells what is waited for.
pub(super) struct Waiting {
    begun: Instant,
    /// How long; `None` for ever.
    patience: Option<Duration>,
    missing: Mutex<BTreeMap<&'static str, String>>,
    told: watch::Sender<String>,
    gauge: IntGaugeVec,
}

// === impl Waiting ===

impl Waiting {
    /// Waits for so long, from now on.
    pub(super) fn new(patience: Option<Duration>, gauge: IntGaugeVec) -> Self {
        for part in [REDIS, MONGODB, NODES] {
            gauge.with_label_values(&[label(part).as_str()]).set(0);
        }
        let told = watch::Sender::new(STARTING.to_owned());
        Self { begun: Instant::now(), patience, missing: Mutex::default(), told, gauge }
    }

    /// What is waited for, as a sentence.
    pub(super) fn sentence(&self) -> watch::Receiver<String> {
        self.told.subscribe()
    }

    /// Tries until it works. The error is what no waiting mends, or that the time is up.
    pub(super) async fn until<T>(
        &self,
        part: &'static str,
        attempt: impl AsyncFn() -> Result<T, StartError>,
    ) -> Result<T, StartError> {
        let gauge = self.gauge.with_label_values(&[label(part).as_str()]);
        let mut retry = RETRY;
        loop {
            let why = match timeout(LONGEST_TRY, attempt()).await {
                Ok(Ok(had)) => {
                    if self.tell(part, None) {
                        gauge.set(0);
                        tracing::info!("{part} is there");
                    }
                    return Ok(had);
                }
                Ok(Err(StartError::Never(why))) => return Err(StartError::Never(about(part, &why))),
                Ok(Err(StartError::NotYet(why))) => why,
                Err(_) => format!("no answer in {} s", LONGEST_TRY.as_secs()),
            };
            let left = self.patience.map(|patience| patience.saturating_sub(self.begun.elapsed()));
            if left == Some(Duration::ZERO) {
                let why = about(part, &why);
                return Err(StartError::NotYet(format!("{why} (not waited for any longer: start_timeout)")));
            }
            let chosen = jittered(retry.take()).min(left.unwrap_or(Duration::MAX));
            let why = about(part, &why);
            tracing::warn!("waiting for {why}; next try in {:.1} s", chosen.as_secs_f64());
            self.tell(part, Some(why));
            gauge.set(1);
            sleep(chosen).await;
        }
    }

    /// Notes why a part is missing, or that it is not. Whether it was.
    fn tell(&self, part: &'static str, why: Option<String>) -> bool {
        let mut missing = self.missing.lock();
        let was = match why {
            Some(why) => missing.insert(part, why),
            None => missing.remove(part),
        };
        let reasons: Vec<_> = missing.values().map(String::as_str).collect();
        let sentence = match reasons.is_empty() {
            true => STARTING.to_owned(),
            false => format!("{STARTING}: waits for {}", reasons.join("; and for ")),
        };
        self.told.send_if_modified(|told| {
            let differs = *told != sentence;
            *told = sentence;
            differs
        });
        was.is_some()
    }
}

fn label(part: &str) -> String {
    part.to_ascii_lowercase()
}

/// The reason with the part's name before it, where it does not say it itself.
fn about(part: &str, why: &str) -> String {
    if why.starts_with(part) { why.to_owned() } else { format!("{part}: {why}") }
}

/// Between half of a pause and all of it: nodes that started together do not come together.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use prometheus::Opts;

    use super::*;

    fn waiting(patience: Option<Duration>) -> Waiting {
        Waiting::new(patience, IntGaugeVec::new(Opts::new("waiting", "waiting"), &["part"]).unwrap())
    }

    /// Fails so many times, and notes when it was tried.
    #[derive(Default)]
    struct Part {
        failures: AtomicU32,
        tries: Mutex<Vec<Instant>>,
    }

    impl Part {
        fn failing(times: u32) -> Self {
            Self { failures: times.into(), tries: Mutex::default() }
        }

        fn try_once(&self) -> Result<&'static str, StartError> {
            self.tries.lock().push(Instant::now());
            let left = self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            if left.is_ok() { Err(StartError::NotYet("refused".into())) } else { Ok("connected") }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_bound_and_are_never_all_the_same() {
        let (waiting, part) = (waiting(None), Part::failing(40));
        assert_eq!(waiting.until("Redis", async || part.try_once()).await, Ok("connected"));
        let tries = part.tries.lock();
        let pauses: Vec<Duration> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(pauses.len(), 40);
        let slack = Duration::from_millis(2);
        let mut retry = RETRY;
        for pause in &pauses {
            let full = retry.take();
            assert!((full / 2..=full + slack).contains(pause), "{pauses:?}");
        }
        assert!(pauses[5..].iter().any(|pause| *pause != pauses[5]), "{pauses:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_when_its_time_is_up_and_says_so() {
        for (patience, least) in [(Duration::ZERO, 1), (Duration::from_secs(60), 8)] {
            let (waiting, part) = (waiting(Some(patience)), Part::failing(u32::MAX));
            let begun = Instant::now();
            let error = waiting.until("Redis", async || part.try_once()).await.unwrap_err().to_string();
            assert!(error.contains("refused") && error.contains("start_timeout"), "{error}");
            assert!(part.tries.lock().len() >= least);
            assert_eq!(begun.elapsed().as_secs(), patience.as_secs());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_mistake_ends_it_at_once() {
        let waiting = waiting(None);
        let wrong = async || Err::<(), _>(StartError::Never("WRONGPASS".into()));
        assert_eq!(waiting.until("Redis", wrong).await, Err(StartError::Never("Redis: WRONGPASS".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_that_hangs_is_one_that_failed() {
        let waiting = waiting(Some(Duration::from_secs(60)));
        let hangs = async || std::future::pending::<Result<(), StartError>>().await;
        let error = waiting.until("MongoDB", hangs).await.unwrap_err().to_string();
        assert!(error.contains("no answer in 15 s"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_waited_for_is_told_until_it_is_there() {
        let waiting = waiting(None);
        let (redis, mongodb) = (Part::failing(3), Part::failing(6));
        let told = waiting.sentence();
        assert_eq!(*told.borrow(), "starting");
        let mut heard = told.clone();
        let listening = tokio::spawn(async move {
            let mut all = Vec::new();
            while heard.changed().await.is_ok() {
                all.push(heard.borrow_and_update().clone());
            }
            all
        });
        let both = futures::future::try_join(
            waiting.until("Redis", async || redis.try_once()),
            waiting.until("MongoDB", async || mongodb.try_once()),
        );
        both.await.unwrap();
        assert_eq!(*told.borrow(), "starting");
        drop(waiting);
        let all = listening.await.unwrap();
        assert!(all.contains(&"starting: waits for MongoDB: refused; and for Redis: refused".to_owned()), "{all:?}");
        assert!(all.contains(&"starting: waits for MongoDB: refused".to_owned()), "{all:?}");
    }
}

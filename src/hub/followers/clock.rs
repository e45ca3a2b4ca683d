//! The backplane's clock, as far as it is known without asking: each move is numbered by it.

use std::time::Duration;

use tokio::sync::watch;

use crate::domain::Millis;

/// A time that the backplane's clock has reached.
#[derive(Debug)]
pub(crate) struct BackplaneClock {
    micros: watch::Sender<u64>,
}

// === impl BackplaneClock ===

impl Default for BackplaneClock {
    fn default() -> Self {
        Self { micros: watch::Sender::new(0) }
    }
}

impl BackplaneClock {
    /// A move has this number, which is its time in microseconds or somewhat later.
    pub(crate) fn heard(&self, number: u64) {
        self.micros.send_if_modified(|micros| {
            let later = number > *micros;
            *micros = number.max(*micros);
            later
        });
    }

    /// The time that it has reached, in Unix milliseconds; 0 before anything moved.
    pub(crate) fn reached(&self) -> Millis {
        in_millis(*self.micros.borrow())
    }

    /// Whether it reaches a time before a while is over.
    pub(crate) async fn reaches(&self, time: Millis, within: Duration) -> bool {
        let mut micros = self.micros.subscribe();
        tokio::time::timeout(within, micros.wait_for(|micros| in_millis(*micros) >= time)).await.is_ok()
    }
}

fn in_millis(micros: u64) -> Millis {
    Millis::try_from(micros / 1_000).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_never_goes_back_and_is_waited_for() {
        let clock = BackplaneClock::default();
        clock.heard(7_500);
        clock.heard(3_000);
        assert_eq!(clock.reached(), 7);
        let second = Duration::from_secs(1);
        assert!(clock.reaches(7, second).await);
        assert!(!clock.reaches(8, second).await);
        let (reached, ()) = tokio::join!(clock.reaches(8, second), async {
            tokio::time::sleep(second / 2).await;
            clock.heard(8_000);
        });
        assert!(reached);
    }
}

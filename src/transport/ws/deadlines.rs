//! What is due on a connection: pings, and the reasons to close that time brings.

use crate::domain::Ending;
use crate::transport::config::WebSocketConfig;

/// What is known of a connection's times, in milliseconds of the node's wheel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// When it was opened.
    pub opened: u64,
    /// When anything was heard last.
    pub heard: u64,
    /// Since when nothing of what waits for it has left; `None` while nothing waits.
    pub stuck: Option<u64>,
    /// When it was pinged last; 0 when never.
    pub pinged: u64,
    /// When its token runs out; `None` before its hello.
    pub expires: Option<u64>,
    /// It is closing, and must be gone by then.
    pub gone_by: Option<u64>,
}

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing, until then.
    Nothing,
    /// It has been silent: ping it.
    Ping,
    /// Close it.
    Close(Ending),
    /// It reads nothing, whatever it says: close it, and keep nothing for it.
    SendAway,
    /// It had its time to close: cut it off.
    Abort,
}

// === impl Facts ===

impl Facts {
    /// What is due at `now`, and when to look again.
    pub fn decide(&self, now: u64, config: &WebSocketConfig) -> (Due, u64) {
        if let Some(gone_by) = self.gone_by {
            return (if now >= gone_by { Due::Abort } else { Due::Nothing }, gone_by);
        }
        let idle_at = self.heard + config.idle.as_millis() as u64;
        let (ends_at, ending) = match self.expires {
            None => (self.opened + config.hello_deadline.as_millis() as u64, Ending::HelloLate),
            Some(at) => (at, Ending::TokenExpired),
        };
        if now >= ends_at {
            return (Due::Close(ending), now);
        }
        if now >= idle_at {
            return (Due::Close(Ending::Idle), now);
        }
        let stuck_at = self.stuck.map_or(u64::MAX, |since| since + config.idle.as_millis() as u64);
        if now >= stuck_at {
            return (Due::SendAway, now);
        }
        let heartbeat = config.heartbeat.as_millis() as u64;
        let ping_at = self.heard.max(self.pinged) + heartbeat;
        let (due, ping_at) = if now >= ping_at { (Due::Ping, now + heartbeat) } else { (Due::Nothing, ping_at) };
        (due, ping_at.min(ends_at).min(idle_at).min(stuck_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts { opened: 0, heard: 0, stuck: None, pinged: 0, expires: Some(1_000_000), gone_by: None };

    fn decide(facts: Facts, now: u64) -> (Due, u64) {
        facts.decide(now, &WebSocketConfig::default())
    }

    #[test]
    fn the_silent_are_pinged_each_heartbeat_and_then_closed() {
        assert_eq!(decide(FACTS, 4_999), (Due::Nothing, 5_000));
        assert_eq!(decide(FACTS, 5_000), (Due::Ping, 10_000));
        assert_eq!(decide(Facts { pinged: 5_000, ..FACTS }, 5_000), (Due::Nothing, 10_000));
        assert_eq!(decide(Facts { pinged: 25_000, ..FACTS }, 29_999), (Due::Nothing, 30_000));
        assert_eq!(decide(FACTS, 30_000).0, Due::Close(Ending::Idle));
        assert_eq!(decide(Facts { heard: 29_000, ..FACTS }, 30_000), (Due::Nothing, 34_000));
    }

    #[test]
    fn hello_and_token_have_their_time() {
        let stranger = Facts { expires: None, heard: 4_000, ..FACTS };
        assert_eq!(decide(stranger, 4_999), (Due::Nothing, 5_000));
        assert_eq!(decide(stranger, 5_000).0, Due::Close(Ending::HelloLate));
        let expiring = Facts { expires: Some(3_000), ..FACTS };
        assert_eq!(decide(expiring, 2_999), (Due::Nothing, 3_000));
        assert_eq!(decide(expiring, 3_000).0, Due::Close(Ending::TokenExpired));
    }

    #[test]
    fn who_talks_and_reads_nothing_is_sent_away() {
        let stuck = Facts { heard: 39_000, stuck: Some(10_000), ..FACTS };
        assert_eq!(decide(stuck, 39_999), (Due::Nothing, 40_000));
        assert_eq!(decide(stuck, 40_000).0, Due::SendAway);
        assert_eq!(decide(Facts { stuck: Some(10_001), ..stuck }, 40_000), (Due::Nothing, 40_001));
        assert_eq!(decide(Facts { stuck: None, ..stuck }, 40_000), (Due::Nothing, 44_000));
        assert_eq!(decide(Facts { heard: 10_000, ..stuck }, 40_000).0, Due::Close(Ending::Idle));
    }

    #[test]
    fn a_closing_connection_is_only_waited_for() {
        let closing = Facts { gone_by: Some(2_000), expires: Some(1), ..FACTS };
        assert_eq!(decide(closing, 1_999), (Due::Nothing, 2_000));
        assert_eq!(decide(closing, 2_000).0, Due::Abort);
    }
}

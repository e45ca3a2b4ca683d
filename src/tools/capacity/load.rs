//! What people do.

use serde::Serialize;

/// What people do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    /// Users of a day.
    pub users: f64,
    /// Messages that each of them sends in a day.
    pub messages_per_day: f64,
    /// The share of them that is connected at the busiest time.
    pub online: f64,
    /// Connections of each user who is connected.
    pub devices: f64,
    /// Connected sessions that a message goes to, the sender's own included.
    pub recipients: f64,
    /// The busiest second's messages, as a multiple of the mean.
    pub peak: f64,
    /// Bytes of a text.
    pub text: f64,
    /// Groups of each user.
    pub groups_per_user: f64,
    /// Members of a group.
    pub members: f64,
    /// Days that messages are kept.
    pub retention_days: f64,
    /// Hours that sends are remembered (`cid_window`).
    pub cid_window_hours: f64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            users: 500.0,
            messages_per_day: 100.0,
            online: 0.25,
            devices: 1.2,
            recipients: 10.0,
            peak: 3.0,
            text: 100.0,
            groups_per_user: 10.0,
            members: 20.0,
            retention_days: 365.0,
            cid_window_hours: 24.0,
        }
    }
}

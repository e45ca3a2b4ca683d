//! What keeps a probe from its message.

use std::error::Error;
use std::time::Duration;

use url::Url;

pub use crate::tools::frame_scan::Ending;
use crate::tools::own_fault::lack_within;

/// Why a probe failed.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nobody answers there.
    #[error("no hub answers at {url}: {why}")]
    Unreachable {
        /// Where it was looked for.
        url: Url,
        /// What happened.
        why: String,
    },
    /// Somebody answers who does not speak the protocol.
    #[error("{url} is no hub's: it does not answer as a hub does; check the URL")]
    NoHub {
        /// Who was asked.
        url: Url,
    },
    /// The token is not accepted.
    #[error(
        "{url} does not accept the token{}; give another with --token or HUBBUB_PROBE_TOKEN, or set jwt_secret to the hub's",
        if detail.is_empty() { String::new() } else { format!(" ({detail})") }
    )]
    Token {
        /// Who was asked.
        url: Url,
        /// The hub's words.
        detail: String,
    },
    /// The hub refuses for another reason, such as being full.
    #[error("{url} refuses: {what}")]
    Refused {
        /// Who was asked.
        url: Url,
        /// The hub's words.
        what: String,
    },
    /// The connection ended.
    #[error("the connection ended before {before}: {why}")]
    Ended {
        /// What was waited for.
        before: &'static str,
        /// What happened.
        why: String,
    },
    /// The hub ended the connection and said not to come back.
    #[error("{}", ending.sentence())]
    SentAway {
        /// How.
        ending: Ending,
    },
    /// This machine cannot connect, wherever to.
    #[error("nothing can be said of the hub: {lack}")]
    Lack {
        /// What it lacks.
        lack: &'static str,
    },
    /// An answer did not come.
    #[error("{what} did not come within {} s", within.as_secs())]
    Late {
        /// What was waited for.
        what: &'static str,
        /// How long.
        within: Duration,
    },
    /// The hub answered with an error frame.
    #[error("the hub answered {code}: {message}")]
    Denied {
        /// The protocol's code.
        code: String,
        /// The hub's words.
        message: String,
    },
}

// === impl ProbeError ===

impl ProbeError {
    pub(super) fn unreachable(url: &Url, error: &reqwest::Error) -> Self {
        if let Some(lack) = lack_within(error) {
            return ProbeError::Lack { lack };
        }
        // The innermost says what happened ("Connection refused"), the others what was tried.
        let mut innermost: &dyn Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        ProbeError::Unreachable { url: url.clone(), why: innermost.to_string() }
    }

    pub(super) fn no_hub(url: &Url) -> Self {
        ProbeError::NoHub { url: url.clone() }
    }

    /// An error frame, as it was received.
    pub(super) fn denied(frame: &str) -> Self {
        let read: serde_json::Value = serde_json::from_str(frame).unwrap_or_default();
        let text = |field: &str| read[field].as_str().unwrap_or_default().to_owned();
        ProbeError::Denied { code: text("code"), message: text("message") }
    }

    /// Whether trying again would come to the same: the URL or the token is wrong.
    pub fn is_mistake(&self) -> bool {
        matches!(self, ProbeError::NoHub { .. } | ProbeError::Token { .. } | ProbeError::SentAway { .. })
    }

    /// Whether the hub's own word is that this probe stay away. Without a word of it, a page in front of a
    /// hub that is down may have refused.
    pub fn is_final(&self) -> bool {
        match self {
            ProbeError::SentAway { .. } => true,
            ProbeError::Token { detail, .. } => !detail.is_empty(),
            _ => false,
        }
    }

    /// Whether it says nothing about the hub: the probe was not told right, or cannot work where it is.
    pub fn is_own(&self) -> bool {
        self.is_mistake() || matches!(self, ProbeError::Lack { .. })
    }
}

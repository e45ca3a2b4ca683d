//! What keeps a node from starting.

/// Why a part cannot serve the hub, in a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// It cannot be had now; waiting may help.
    #[error("{0}")]
    NotYet(String),
    /// It is not what is needed: somebody has to change something.
    #[error("{0}")]
    Never(String),
}

// === impl StartError ===

impl StartError {
    /// The same with a sentence made of this one.
    pub fn map(self, sentence: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::NotYet(why) => Self::NotYet(sentence(why)),
            Self::Never(why) => Self::Never(sentence(why)),
        }
    }
}

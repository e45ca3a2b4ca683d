//! Tokens that are laid down before.

use std::collections::HashMap;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::user;
use crate::domain::{Millis, Profile};
use crate::ports::{Identity, TokenError, Tokens};

/// What each token says; all others are not valid.
#[derive(Default)]
pub(crate) struct MemoryTokens(Mutex<HashMap<String, Result<Identity, TokenError>>>);

// === impl MemoryTokens ===

impl MemoryTokens {
    pub(crate) fn put(&self, token: &str, says: Result<Identity, TokenError>) {
        self.0.lock().insert(token.into(), says);
    }
}

#[async_trait]
impl Tokens for MemoryTokens {
    async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        self.0.lock().get(token).cloned().unwrap_or(Err(TokenError::Invalid("unknown")))
    }
}

/// Somebody who has proven who they are, until then.
pub(crate) fn identity(name: &str, expires: Millis) -> Identity {
    let profile = Profile { username: name.into(), name: name.into() };
    Identity { user: user(name), profile, expires, proven: 0 }
}

//! Who somebody is.

use async_trait::async_trait;

use crate::domain::{Millis, Profile, UserId};

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub user: UserId,
    /// Profile fields that the token carries, for a user seen for the first time.
    pub profile: Profile,
    /// When the token runs out, in Unix milliseconds.
    pub expires: Millis,
    /// When the user proved who they are, in Unix milliseconds, to the second below; 0 when the token does
    /// not say. A renewed token keeps that of the first.
    pub proven: Millis,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It ran out.
    #[error("the token has expired; get a new one")]
    Expired,
    /// Not one of ours: signature, algorithm, issuer, audience or form are wrong.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// The keys cannot be had now.
    #[error("the token cannot be checked now; try again")]
    Unavailable,
}

/// Checks tokens.
#[async_trait]
pub trait Tokens: Send + Sync + 'static {
    /// Who the bearer of this token is. Fails closed.
    async fn verify(&self, token: &str) -> Result<Identity, TokenError>;
}

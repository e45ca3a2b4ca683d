//! Who may come in, and how often.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::domain::{Code, Ending, Refusal, User, UserId};
use crate::hub::config::Rate;
use crate::hub::limits::{TokenBucket, UserRates};
use crate::ports::{Identity, TokenError, Tokens};

/// A refusal with how the connection ends.
pub(crate) type Refused = (Refusal, Ending);

/// Checks tokens and rates.
pub(crate) struct Admission {
    tokens: Arc<dyn Tokens>,
    /// Requests of each user.
    rates: UserRates,
    /// Hellos of each user: the dearest request, and one that a new connection costs nobody else.
    hellos: UserRates,
}

/// Whether whoever shows a good token may come in, by what the store knows of them.
///
/// # Errors
/// `forbidden` for the banned; `unauthorized`, as if the token had run out, where its login counts no more.
pub(crate) fn check_standing(identity: &Identity, user: &User) -> Result<(), Refused> {
    if user.banned {
        return Err((Refusal::forbidden("you are banned from this hub"), Ending::Banned));
    }
    if identity.proven < user.not_before {
        let why = "the password was changed, or the sessions were ended, after this login: log in again";
        return Err((Refusal::new(Code::Unauthorized, why), Ending::TokenExpired));
    }
    Ok(())
}

// === impl Admission ===

impl Admission {
    pub(crate) fn new(tokens: Arc<dyn Tokens>, user_rate: Rate, hello_rate: Rate) -> Self {
        Self { tokens, rates: UserRates::new(user_rate), hellos: UserRates::new(hello_rate) }
    }

    /// Who the bearer of a token is; banned users are refused.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<Identity, Refusal> {
        self.identify(token).await.map_err(|(refusal, _)| refusal)
    }

    pub(crate) async fn identify(&self, token: &str) -> Result<Identity, Refused> {
        self.tokens.verify(token).await.map_err(|error| {
            let (code, ending) = match error {
                TokenError::Expired => (Code::Unauthorized, Ending::TokenExpired),
                TokenError::Invalid(_) => (Code::Unauthorized, Ending::NoHello),
                TokenError::Unavailable => (Code::Unavailable, Ending::Unavailable),
            };
            (Refusal::new(code, error.to_string()), ending)
        })
    }

    /// Takes a hello from the user's bucket: each costs the hub a look at all of the user's groups,
    /// and the client a few bytes.
    pub(crate) fn admit(&self, identity: &Identity) -> Result<(), Refused> {
        let waited = self.hellos.of(&identity.user).lock().take();
        waited.map_err(|wait| {
            let refusal = Refusal::rate_limited("you come back too often; wait before the next hello", wait);
            (refusal, Ending::Unavailable)
        })
    }

    /// Counts a call of a user against their rate, which their sessions share.
    ///
    /// # Errors
    /// `rate_limited`, with the time after which there is room again.
    pub(crate) fn count_call(&self, user: &UserId) -> Result<(), Refusal> {
        let waited = self.rates.of(user).lock().take();
        waited.map_err(|wait| Refusal::rate_limited("too many requests; slow down", wait))
    }

    /// The bucket that a user's sessions and calls share.
    pub(crate) fn bucket_of(&self, user: &UserId) -> Arc<Mutex<TokenBucket>> {
        self.rates.of(user)
    }
}

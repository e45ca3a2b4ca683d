//! Tokens for those whom the tools play.

use std::error::Error;
use std::time::Duration;

use crate::domain::Profile;

/// Makes a token for a user (by id) that is good for so long, with a key that the hub accepts.
pub type Mint = Box<dyn Fn(&str, &Profile, Duration) -> Result<String, NoToken> + Send + Sync>;

/// Why no token can be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoToken(#[source] pub Box<dyn Error + Send + Sync>);

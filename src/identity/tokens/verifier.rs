//! The port's adapter: from a token to its issuer.

use async_trait::async_trait;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::decode_header;
use serde::Deserialize;

use super::issuer::Issuer;
use crate::ports::{Identity, TokenError, Tokens};

/// Longest token that is looked at: far beyond any real one, and little to hash.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Checks JSON Web Tokens of one or several issuers.
pub struct JwtTokens {
    issuers: Vec<Issuer>,
}

/// The one claim that is read before the signature is checked: it only selects whose keys must
/// have signed the token.
#[derive(Deserialize)]
struct IssuerClaim {
    iss: Option<String>,
}

// === impl JwtTokens ===

impl JwtTokens {
    /// The first issuer is the main one: its subjects are user ids as they are. Each further one
    /// has a name and a prefix of its own.
    pub fn new(issuers: Vec<Issuer>) -> Self {
        Self { issuers }
    }

    /// The issuer named by the token, else the one that takes tokens of any name.
    fn issuer(&self, token: &str) -> Result<&Issuer, TokenError> {
        let claim: IssuerClaim =
            insecure_decode_claims(token).map_err(|_| TokenError::Invalid("its claims cannot be read"))?;
        let named = |issuer: &&Issuer| issuer.name.is_some() && issuer.name == claim.iss;
        let any = |issuer: &&Issuer| issuer.name.is_none();
        let main = self.issuers.first().filter(|_| claim.iss.is_none());
        self.issuers
            .iter()
            .find(named)
            .or_else(|| self.issuers.iter().find(any))
            .or(main)
            .ok_or(TokenError::Invalid("its issuer is not accepted here"))
    }

    /// Whether a main issuer's subject looks like a user of a further issuer.
    fn poses_as_another(&self, issuer: &Issuer, identity: &Identity) -> bool {
        let prefix = identity.user.as_str().split_once('|').map(|(prefix, _)| prefix);
        issuer.prefix.is_none()
            && prefix.is_some()
            && self.issuers.iter().any(|other| other.prefix.as_deref() == prefix)
    }
}

#[async_trait]
impl Tokens for JwtTokens {
    async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid("it is too long"));
        }
        // The library knows no `none`, so such a token has no readable header.
        let header = decode_header(token).map_err(|_| TokenError::Invalid("it is not a signed JWT"))?;
        if header.crit.is_some() {
            return Err(TokenError::Invalid("it demands extensions that are unknown here"));
        }
        let issuer = self.issuer(token)?;
        let identity = issuer.verify(token, &header).await?;
        if self.poses_as_another(issuer, &identity) {
            return Err(TokenError::Invalid("its subject belongs to another issuer"));
        }
        Ok(identity)
    }
}

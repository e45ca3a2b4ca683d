//! Who somebody is, by JSON Web Tokens.
//!
//! - [`JwtTokens`] is the port's adapter: it finds the token's issuer and lets it check.
//! - [`Issuer`] says whose tokens are accepted: name, audience, keys, and a prefix for its users.
//! - [`VerifyingKey`] is a key with the one algorithm that it may be used with; what the token's
//!   header says is compared with it and never chosen from.
//! - [`SigningKey`] makes the hub's own tokens.
//! - [`provide`] has all of it stand on the cryptography that TLS brings along.
//! - [`Jwks`] holds the keys that an identity provider publishes, and follows their rotation.

mod cache;
mod claims;
mod crypto;
mod issuer;
mod jwks;
mod keys;
mod signing;
mod verifier;

pub use crypto::provide;
pub use issuer::{Issuer, KeySource};
pub use jwks::{Jwks, JwksError, JwksTimes};
pub use keys::{KeyError, MIN_SECRET_BYTES, VerifyingKey};
pub use signing::{Minted, SigningKey};
pub use verifier::{JwtTokens, MAX_TOKEN_BYTES};

#[cfg(test)]
mod tests;

//! The cryptography of tokens: what `jsonwebtoken` asks for, done by *ring*, which TLS brings along.
//!
//! It takes RSA (RS and PS) with 2048 to 8192 bits, P-256, Ed25519 and HMAC. *ring* blinds private RSA operations, so their
//! time tells nothing of the key.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::jwk::EllipticCurve;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents};
use signature_traits::{Error, Signer, Verifier};
use simple_asn1::ASN1Block;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(PrivateKey::new(*algorithm, key)?)),
    verifier_factory: |algorithm, key| Ok(Box::new(PublicKey::new(*algorithm, key)?)),
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |der| {
            let pair = RsaKeyPair::from_der(der).map_err(|why| ErrorKind::InvalidRsaKey(why.to_string()))?;
            let components = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
            Ok((components.n, components.e))
        },
        rsa_pub_components_from_public_key: rsa_components,
        ec_pub_components_from_private_key: |der, algorithm| match algorithm {
            Algorithm::ES256 => {
                let pair = p256(der)?;
                // An uncompressed point: a byte that says so, and two coordinates.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                Ok((EllipticCurve::P256, x.to_vec(), y.to_vec()))
            }
            _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
        },
        ed_pub_components_from_private_key: |der, _| Ok(ed25519(der)?.public_key().as_ref().to_vec()),
        // Thumbprints of keys are nobody's business here.
        compute_digest: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    },
};

/// Has `jsonwebtoken` use this cryptography in this process. Keys of this room do it by themselves.
pub fn provide() {
    // Whoever comes later finds it there.
    let _ = PROVIDER.install_default();
}

/// A key that signs.
struct PrivateKey {
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Hmac(hmac::Key),
    Rsa(RsaKeyPair, &'static dyn signature::RsaEncoding),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A key that checks signatures.
struct PublicKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

// === impl PrivateKey ===

impl PrivateKey {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self> {
        if key.family() != algorithm.family() {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        let bytes = key.as_bytes();
        let pair = match algorithm.family() {
            AlgorithmFamily::Hmac => Pair::Hmac(hmac::Key::new(hmac_of(algorithm)?, bytes)),
            AlgorithmFamily::Rsa => {
                let pair = RsaKeyPair::from_der(bytes).map_err(|why| ErrorKind::InvalidRsaKey(why.to_string()))?;
                Pair::Rsa(pair, rsa_encoding(algorithm)?)
            }
            AlgorithmFamily::Ec if algorithm == Algorithm::ES256 => Pair::P256(p256(bytes)?),
            AlgorithmFamily::Ec => return Err(ErrorKind::UnsupportedAlgorithm.into()),
            AlgorithmFamily::Ed => Pair::Ed25519(ed25519(bytes)?),
        };
        Ok(Self { algorithm, pair })
    }
}

impl Signer<Vec<u8>> for PrivateKey {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        match &self.pair {
            Pair::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Pair::Rsa(pair, encoding) => {
                let mut signed = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signed).map_err(|_| Error::new())?;
                Ok(signed)
            }
            Pair::P256(pair) => {
                let signed = pair.sign(&SystemRandom::new(), message).map_err(|_| Error::new())?;
                Ok(signed.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

impl JwtSigner for PrivateKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

// === impl PublicKey ===

impl PublicKey {
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self> {
        if key.family() != algorithm.family() {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        Ok(Self { algorithm, key: key.clone() })
    }

    fn check(&self, message: &[u8], signed: &[u8]) -> Result<()> {
        let wrong = |_| ErrorKind::InvalidSignature;
        match (self.algorithm, self.key.kind()) {
            (Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512, DecodingKeyKind::SecretOrDer(secret)) => {
                hmac::verify(&hmac::Key::new(hmac_of(self.algorithm)?, secret), message, signed).map_err(wrong)?;
            }
            (algorithm, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                // Some key sets write a sign byte before the modulus, which is none of its digits.
                let n = &n[n.iter().take_while(|byte| **byte == 0).count()..];
                RsaPublicKeyComponents { n, e }.verify(rsa_parameters(algorithm)?, message, signed).map_err(wrong)?;
            }
            (algorithm, DecodingKeyKind::SecretOrDer(key)) => {
                let how: &dyn signature::VerificationAlgorithm = match algorithm {
                    Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Algorithm::EdDSA => &signature::ED25519,
                    algorithm => rsa_parameters(algorithm)?,
                };
                signature::UnparsedPublicKey::new(how, key).verify(message, signed).map_err(wrong)?;
            }
        }
        Ok(())
    }
}

impl Verifier<Vec<u8>> for PublicKey {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> std::result::Result<(), Error> {
        self.check(message, signed).map_err(|_| Error::new())
    }
}

impl JwtVerifier for PublicKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

// === keys and algorithms ===

fn p256(der: &[u8]) -> Result<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new())
        .map_err(|_| ErrorKind::InvalidEcdsaKey.into())
}

/// OpenSSL writes such a key without its public part.
fn ed25519(der: &[u8]) -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| ErrorKind::InvalidEddsaKey.into())
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017, A.1.1).
fn rsa_components(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let invalid = || ErrorKind::InvalidRsaKey("expected a modulus and an exponent".to_owned());
    let blocks = simple_asn1::from_der(der).map_err(|_| invalid())?;
    let [ASN1Block::Sequence(_, parts)] = blocks.as_slice() else { return Err(invalid().into()) };
    let [ASN1Block::Integer(_, n), ASN1Block::Integer(_, e)] = parts.as_slice() else { return Err(invalid().into()) };
    Ok((n.to_bytes_be().1, e.to_bytes_be().1))
}

fn hmac_of(algorithm: Algorithm) -> Result<hmac::Algorithm> {
    match algorithm {
        Algorithm::HS256 => Ok(hmac::HMAC_SHA256),
        Algorithm::HS384 => Ok(hmac::HMAC_SHA384),
        Algorithm::HS512 => Ok(hmac::HMAC_SHA512),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn rsa_encoding(algorithm: Algorithm) -> Result<&'static dyn signature::RsaEncoding> {
    match algorithm {
        Algorithm::RS256 => Ok(&signature::RSA_PKCS1_SHA256),
        Algorithm::RS384 => Ok(&signature::RSA_PKCS1_SHA384),
        Algorithm::RS512 => Ok(&signature::RSA_PKCS1_SHA512),
        Algorithm::PS256 => Ok(&signature::RSA_PSS_SHA256),
        Algorithm::PS384 => Ok(&signature::RSA_PSS_SHA384),
        Algorithm::PS512 => Ok(&signature::RSA_PSS_SHA512),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Result<&'static signature::RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Ok(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Ok(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Ok(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Ok(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Ok(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Ok(&signature::RSA_PSS_2048_8192_SHA512),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

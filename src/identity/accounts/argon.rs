//! argon2id in memory that is used again: allocators keep what a thread has freed for that thread,
//! so hashes on many threads would in time hold the memory of many.

use argon2::password_hash::{Error, Ident, Output, ParamsString, PasswordHash, Result, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::Mutex;

/// The memory of hashes that are not being computed. As many hold as were ever computed at once.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Vec<Block>>>);

// === impl Memory ===

impl Memory {
    /// The password's hash in the PHC format, with a salt of its own.
    pub(super) fn hash(&self, params: &Params, password: &str) -> Result<String> {
        let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        let argon = Argon2::new(algorithm, version, params.clone());
        let hash = self.compute(&argon, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
        let hash = PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(params)?,
            salt: Some(salt.as_salt()),
            hash: Some(hash),
        };
        Ok(hash.to_string())
    }

    /// Whether a hash in the PHC format is this password's. Takes the same time either way.
    pub(super) fn verify(&self, stored: &str, password: &str) -> Result<bool> {
        let stored = PasswordHash::new(stored)?;
        let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else { return Err(Error::PhcStringField) };
        let algorithm = Algorithm::try_from(Ident::new(stored.algorithm.as_str())?)?;
        let version = stored.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let argon = Argon2::new(algorithm, version, Params::try_from(&stored)?);
        let salt = SaltString::from_b64(salt.as_str())?;
        Ok(self.compute(&argon, password, &salt, expected.len())? == expected)
    }

    fn compute(&self, argon: &Argon2<'_>, password: &str, salt: &SaltString, length: usize) -> Result<Output> {
        let mut buffer = [0; argon2::password_hash::Salt::MAX_LENGTH];
        let salt = salt.decode_b64(&mut buffer)?;
        let blocks = argon.params().block_count();
        let mut memory = self.0.lock().pop().unwrap_or_default();
        if memory.len() < blocks {
            memory.resize(blocks, Block::default());
        }
        let computed = Output::init_with(length, |out| {
            Ok(argon.hash_password_into_with_memory(password.as_bytes(), salt, out, &mut memory[..blocks])?)
        });
        self.0.lock().push(memory);
        computed
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    fn params(memory_kib: u32) -> Params {
        Params::new(memory_kib, 1, 1, None).unwrap()
    }

    #[test]
    fn hashes_are_those_of_the_library_and_memory_is_used_again() {
        let memory = Memory::default();
        for memory_kib in [64, 8, 32] {
            let theirs = Argon2::from(params(memory_kib));
            let salt = SaltString::encode_b64(b"sixteen bytes of").unwrap();
            let hash = theirs.hash_password(b"secret", &salt).unwrap().to_string();
            assert!(memory.verify(&hash, "secret").unwrap());
            assert!(!memory.verify(&hash, "Secret").unwrap());
            let own = memory.hash(&params(memory_kib), "secret").unwrap();
            let parsed = PasswordHash::new(&own).unwrap();
            assert!(theirs.verify_password(b"secret", &parsed).is_ok());
            assert!(theirs.verify_password(b"Secret", &parsed).is_err());
        }
        let held = memory.0.lock();
        assert_eq!((held.len(), held[0].len()), (1, 64));
    }

    #[test]
    fn what_is_no_hash_is_an_error() {
        for text in ["", "$argon2id$v=19$m=8,t=1,p=1", "$pbkdf2$i=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo"] {
            assert!(Memory::default().verify(text, "secret").is_err(), "{text}");
        }
    }
}

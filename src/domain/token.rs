//! Random texts: the one place that says how long they are, and in which letters.
//!
//! All are lower-case base32 ([`base32`]): they stand in paths, file names and cids as they are, and nobody who reads
//! one aloud has to say which letters are capitals.

use data_encoding::{BASE32_NOPAD, Specification};

/// Bytes of a token: nobody guesses 128 bits, and no two are ever the same.
const TOKEN_BYTES: usize = 16;
/// Bytes of a password that people copy by hand: tries at a password are few and slow.
const PASSWORD_BYTES: usize = 10;

/// A new text that is nobody else's and that nobody can guess: 128 random bits in 26 characters of a–z and 2–7.
pub fn random_token() -> String {
    base32(&rand::random::<[u8; TOKEN_BYTES]>())
}

/// A new password to be given to somebody: 80 random bits in 16 characters of a–z and 2–7.
pub fn random_password() -> String {
    base32(&rand::random::<[u8; PASSWORD_BYTES]>())
}

/// Lower-case base32 without padding.
pub(crate) fn base32(bytes: &[u8]) -> String {
    static ENCODING: std::sync::OnceLock<data_encoding::Encoding> = std::sync::OnceLock::new();
    let encoding = ENCODING.get_or_init(|| {
        let mut spec: Specification = BASE32_NOPAD.specification();
        spec.symbols.make_ascii_lowercase();
        spec.encoding().expect("a valid alphabet stays valid in lower case")
    });
    encoding.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_plain(text: &str) -> bool {
        text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
    }

    #[test]
    fn tokens_are_long_plain_and_all_different() {
        let tokens: std::collections::HashSet<String> = (0..1_000).map(|_| random_token()).collect();
        assert_eq!(tokens.len(), 1_000);
        assert!(tokens.iter().all(|token| token.len() == 26 && is_plain(token)));
        let password = random_password();
        assert!(password.len() == 16 && is_plain(&password), "{password}");
    }

    #[test]
    fn the_alphabet_is_that_of_the_ids_that_are_stored() {
        assert_eq!(base32(b"hubbub"), "nb2weytvmi");
    }
}

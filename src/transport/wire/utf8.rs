//! UTF-8 checked piece by piece.

use super::Violation;

/// A check of text that arrives in pieces: what is wrong is found in the piece in which it becomes
/// certain, a character cut in two by a piece's end is not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character whose end has not arrived.
    open: [u8; 4],
    length: u8,
}

// === impl Utf8 ===

impl Utf8 {
    /// Takes the next piece.
    pub fn feed(&mut self, mut piece: &[u8]) -> Result<(), Violation> {
        while self.length > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            self.open[usize::from(self.length)] = byte;
            self.length += 1;
            piece = rest;
            match std::str::from_utf8(&self.open[..usize::from(self.length)]) {
                Ok(_) => self.length = 0,
                // A character has four bytes at most: a fourth that leaves it open is an error.
                Err(error) if error.error_len().is_none() && self.length < 4 => {}
                Err(_) => return Err(Violation::InvalidUtf8),
            }
        }
        if let Err(error) = std::str::from_utf8(piece) {
            let open = &piece[error.valid_up_to()..];
            if error.error_len().is_some() || open.len() > 3 {
                return Err(Violation::InvalidUtf8);
            }
            self.open[..open.len()].copy_from_slice(open);
            self.length = open.len() as u8;
        }
        Ok(())
    }

    /// Ends the text: it may not end inside a character. Ready for the next text afterwards.
    pub fn finish(&mut self) -> Result<(), Violation> {
        let whole = self.length == 0;
        self.length = 0;
        if whole { Ok(()) } else { Err(Violation::InvalidUtf8) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], cut: usize) -> Result<(), Violation> {
        let mut utf8 = Utf8::default();
        for piece in bytes.chunks(cut.max(1)) {
            utf8.feed(piece)?;
        }
        utf8.finish()
    }

    #[test]
    fn an_impossible_beginning_is_found_before_its_end() {
        for bad in [&b"\xf4\x90"[..], b"\xed\xa0", b"\xc0", b"\xf5", b"a\xe0\x80"] {
            let mut utf8 = Utf8::default();
            let found = bad.iter().any(|byte| utf8.feed(&[*byte]).is_err());
            assert!(found, "{bad:x?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn pieces_are_judged_like_the_whole(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..12), cut in 1usize..5) {
            proptest::prop_assert_eq!(check(&bytes, cut).is_ok(), std::str::from_utf8(&bytes).is_ok());
        }

        #[test]
        fn text_passes_wherever_it_is_cut(text in "\\PC{0,20}", cut in 1usize..5) {
            proptest::prop_assert!(check(text.as_bytes(), cut).is_ok());
        }
    }
}

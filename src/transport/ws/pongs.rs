//! Answers to pings.

use bytes::Bytes;

use crate::transport::wire::push_pong;

/// Pings that arrive together are all answered up to so many; beyond, only the newest is, as
/// RFC 6455 allows: answers stay bounded however fast the pings come.
const MOST: usize = 16;

/// The pongs owed for what was read last.
#[derive(Debug, Default)]
pub(super) struct Pongs {
    frames: Vec<u8>,
    count: usize,
    last: usize,
}

// === impl Pongs ===

impl Pongs {
    /// Owes one more.
    pub fn owe(&mut self, payload: &[u8]) {
        if self.count == MOST {
            self.frames.truncate(self.last);
        } else {
            self.count += 1;
            self.last = self.frames.len();
        }
        push_pong(&mut self.frames, payload);
    }

    /// The frames owed, if any; nothing is owed afterwards.
    pub fn take(&mut self) -> Option<Bytes> {
        let owed = std::mem::take(self);
        (owed.count > 0).then(|| owed.frames.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_pings_are_all_answered_and_of_many_the_newest() {
        let mut pongs = Pongs::default();
        assert_eq!(pongs.take(), None);
        (0..3).for_each(|ping| pongs.owe(&[ping]));
        assert_eq!(&pongs.take().unwrap()[..], [0x8a, 1, 0, 0x8a, 1, 1, 0x8a, 1, 2]);
        (0..100).for_each(|ping| pongs.owe(&[ping]));
        let frames = pongs.take().unwrap();
        assert_eq!(frames.len(), 3 * MOST);
        assert_eq!(frames[frames.len() - 1], 99);
    }
}

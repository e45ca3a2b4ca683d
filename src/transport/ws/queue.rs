//! What waits for a socket.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Prepared frames in their order. Empty, it owns no memory.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<Bytes>,
    bytes: usize,
    /// Whether part of the front piece has left already.
    begun: bool,
}

// === impl Queue ===

impl Queue {
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes in it.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        self.pieces.push_back(piece);
    }

    /// Adds, to an empty queue, what is left of a piece of which a part has left.
    pub fn push_rest(&mut self, rest: Bytes) {
        self.begun = true;
        self.push(rest);
    }

    /// The front pieces, as many as there are slices; how many.
    pub fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pairs = slices.iter_mut().zip(&self.pieces);
        pairs.map(|(slice, piece)| *slice = IoSlice::new(piece)).count()
    }

    /// `count` bytes from the front have left.
    pub fn advance(&mut self, mut count: usize) {
        self.bytes -= count;
        while count > 0 {
            let Some(front) = self.pieces.front_mut() else { return };
            if front.len() > count {
                front.advance(count);
                self.begun = true;
                return;
            }
            count -= front.len();
            self.pieces.pop_front();
            self.begun = false;
        }
        if self.pieces.is_empty() {
            self.pieces = VecDeque::new();
        }
    }

    /// Drops everything but a front piece that is under way: its frame must be finished for the
    /// next one to be readable.
    pub fn keep_begun(&mut self) {
        self.pieces.truncate(usize::from(self.begun));
        self.bytes = self.pieces.iter().map(Bytes::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gathered(queue: &Queue) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 100];
        let count = queue.gather(&mut slices);
        slices[..count].iter().flat_map(|slice| slice.to_vec()).collect()
    }

    proptest! {
        #[test]
        fn bytes_leave_once_and_in_order(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..20), 1..20),
            steps in proptest::collection::vec(1usize..50, 1..20),
        ) {
            let mut queue = Queue::default();
            pieces.iter().for_each(|piece| queue.push(piece.clone().into()));
            let all = pieces.concat();
            let mut left = 0;
            for step in steps {
                prop_assert_eq!(queue.bytes(), all.len() - left);
                prop_assert_eq!(&gathered(&queue), &all[left..]);
                let step = step.min(queue.bytes());
                queue.advance(step);
                left += step;
            }
            queue.advance(queue.bytes());
            prop_assert!(queue.is_empty() && queue.pieces.capacity() == 0);
        }
    }

    #[test]
    fn what_is_begun_is_kept() {
        let mut queue = Queue::default();
        queue.push(Bytes::from_static(b"abc"));
        queue.push(Bytes::from_static(b"def"));
        queue.advance(1);
        queue.keep_begun();
        assert_eq!((gathered(&queue), queue.bytes()), (b"bc".to_vec(), 2));
        queue.advance(2);
        queue.push(Bytes::from_static(b"ghi"));
        queue.keep_begun();
        assert!(queue.is_empty());
    }

    /// Every sequence of steps, up to six: what leaves is whole frames in their order, and only
    /// whole frames are ever dropped.
    #[test]
    fn frames_are_never_torn() {
        #[derive(Debug, Clone, Copy)]
        enum Step {
            Push(usize),
            PushRest,
            Leave(usize),
            KeepBegun,
        }
        const STEPS: [Step; 6] =
            [Step::Push(2), Step::Push(3), Step::PushRest, Step::Leave(1), Step::Leave(4), Step::KeepBegun];
        for number in 0..STEPS.len().pow(6) {
            let steps = (0..6).map(|at| STEPS[number / STEPS.len().pow(at) % STEPS.len()]);
            let (mut queue, mut left, mut frame) = (Queue::default(), Vec::new(), 0_u8);
            let mut next = |length: usize| {
                frame += 1;
                (0..length as u8).map(|at| frame << 4 | (length as u8 - 1 - at)).collect::<Vec<u8>>()
            };
            for step in steps.clone() {
                match step {
                    Step::Push(length) => queue.push(next(length).into()),
                    // Its first byte left without waiting in the queue.
                    Step::PushRest if queue.is_empty() && left.last().is_none_or(|byte| byte & 0xf == 0) => {
                        let bytes = next(3);
                        left.push(bytes[0]);
                        queue.push_rest(bytes[1..].to_vec().into());
                    }
                    Step::PushRest => {}
                    Step::Leave(count) => {
                        let count = count.min(queue.bytes());
                        left.extend(&gathered(&queue)[..count]);
                        queue.advance(count);
                    }
                    Step::KeepBegun => queue.keep_begun(),
                }
            }
            left.extend(gathered(&queue));
            // Each byte counts down to the end of its frame.
            let torn = left.windows(2).any(|pair| match pair[0] & 0xf {
                0 => pair[1] >> 4 <= pair[0] >> 4,
                _ => pair[1] != pair[0] - 1,
            });
            let whole = left.last().is_none_or(|byte| byte & 0xf == 0);
            assert!(!torn && whole, "{left:x?} after {:?}", steps.collect::<Vec<_>>());
        }
    }
}

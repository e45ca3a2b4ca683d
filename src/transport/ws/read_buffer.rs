//! Read buffers, held only while there is something to read.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Room for hundreds of small messages, or a large one in a few reads.
const SIZE: usize = 16 * 1024;
/// A connection that waits for the store keeps its buffer: more than these are rarely out at once.
const KEPT: usize = 8;

thread_local! {
    static FREE: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// A read buffer out of the thread's few; it goes back when dropped. Its contents are whatever was
/// read last.
pub(super) struct ReadBuffer(Option<Box<[u8]>>);

// === impl ReadBuffer ===

impl ReadBuffer {
    /// Takes a buffer, making one when none is free.
    pub fn take() -> Self {
        let free = FREE.with_borrow_mut(Vec::pop);
        Self(Some(free.unwrap_or_else(|| vec![0; SIZE].into_boxed_slice())))
    }
}

impl Drop for ReadBuffer {
    fn drop(&mut self) {
        let Some(buffer) = self.0.take() else { return };
        // While the thread ends there is nowhere to put it back.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < KEPT {
                free.push(buffer);
            }
        });
    }
}

impl Deref for ReadBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl DerefMut for ReadBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.0.as_deref_mut().unwrap_or_default()
    }
}

//! Who takes frames, type by type.

use crate::domain::Refusal;

/// Handles frames of one type.
///
/// Whoever handles each type can be given any frame, by [`ClientFrame::give_to`](super::ClientFrame::give_to): so a type
/// that nobody handles does not compile.
pub trait Handle<Frame> {
    /// Does what the frame asks.
    ///
    /// # Errors
    /// Why it is not done.
    fn handle(self, frame: Frame) -> impl Future<Output = Result<(), Refusal>> + Send;
}

//! What each frame's file does.

use serde::de::DeserializeOwned;

use crate::domain::Refusal;
use crate::protocol::form::Described;

/// A frame that a client may send.
pub(super) trait Request: Sized {
    /// Its fields as they come, with its form.
    type Fields: DeserializeOwned + Described;

    /// Checks what the types of the fields cannot say.
    fn check(fields: Self::Fields) -> Result<Self, Refusal>;
}

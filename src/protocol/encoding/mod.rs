//! How frames look as bytes, whatever carries them.
//!
//! - `json`, `msgpack`: one encoding a file, each with its `read` and `write`.

mod json;
mod msgpack;
mod unreadable;

use serde::Serialize;
use serde::de::Deserialize;

pub(crate) use unreadable::Unreadable;

/// An encoding of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// One JSON object a frame.
    Json,
    /// One MessagePack map a frame.
    MsgPack,
}

// === impl Encoding ===

impl Encoding {
    /// Every encoding, in the order of [`Encoding::index`].
    pub const ALL: [Encoding; 2] = [Encoding::Json, Encoding::MsgPack];

    /// A small number for tables by encoding.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The encoding's name, for metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Json => "json",
            Encoding::MsgPack => "msgpack",
        }
    }

    /// Whether its bytes are text (otherwise binary).
    pub fn is_text(self) -> bool {
        self == Encoding::Json
    }

    /// Appends a value. It cannot fail: the sink is memory, and frames hold only strings, numbers, lists and maps
    /// with string keys.
    pub(crate) fn write<T: Serialize>(self, value: &T, buffer: &mut Vec<u8>) {
        match self {
            Encoding::Json => json::write(value, buffer),
            Encoding::MsgPack => msgpack::write(value, buffer),
        }
    }

    /// Reads a map. A list of the fields' values, which serde would take as well, is refused.
    pub(crate) fn read<'de, T: Deserialize<'de>>(self, bytes: &'de [u8]) -> Result<T, Unreadable> {
        match self {
            Encoding::Json => json::read(bytes),
            Encoding::MsgPack => msgpack::read(bytes),
        }
    }
}

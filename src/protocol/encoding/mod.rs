//! How frames look as bytes, whatever carries them.
//!
//! - `json`, `msgpack`: one encoding a file, each with its `read` and `write`.

mod json;
mod msgpack;

use serde::Serialize;
use serde::de::Deserialize;

/// An encoding of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// One JSON object a frame.
    Json,
    /// One MessagePack map a frame.
    MsgPack,
}

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is no map")]
    NoMap,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    MsgPack(#[from] rmp_serde::decode::Error),
    #[error("bytes after the end of the map")]
    TooLong,
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

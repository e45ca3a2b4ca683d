//! Frames as JSON.

use serde::{Deserialize, Serialize};

use super::unreadable::Unreadable;

pub(super) fn write<T: Serialize>(value: &T, buffer: &mut Vec<u8>) {
    serde_json::to_writer(buffer, value).expect("plain data with string keys, written to memory");
}

pub(super) fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Unreadable> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Unreadable::NoMap);
    }
    // serde_json stops at a depth of 128 by itself, and passes over unknown fields without going down.
    Ok(serde_json::from_slice(bytes)?)
}

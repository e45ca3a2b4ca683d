//! Frames as MessagePack.

use serde::{Deserialize, Serialize};

use super::unreadable::Unreadable;

/// Nesting beyond this is refused: nobody means it, and it costs stack.
const MAX_DEPTH: usize = 64;

pub(super) fn write<T: Serialize>(value: &T, buffer: &mut Vec<u8>) {
    let mut serializer = rmp_serde::Serializer::new(buffer).with_struct_map();
    value.serialize(&mut serializer).expect("plain data with string keys, written to memory");
}

pub(super) fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Unreadable> {
    // The three ways in which MessagePack begins a map.
    if !matches!(bytes.first(), Some(0x80..=0x8f | 0xde | 0xdf)) {
        return Err(Unreadable::NoMap);
    }
    let mut rest = bytes;
    let mut decoder = rmp_serde::Deserializer::new(&mut rest);
    decoder.set_max_depth(MAX_DEPTH);
    let value = T::deserialize(&mut decoder)?;
    if rest.is_empty() { Ok(value) } else { Err(Unreadable::TooLong) }
}

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
    // Over the bytes in place: nothing of a text is copied that is only passed over.
    let mut decoder = rmp_serde::Deserializer::from_read_ref(bytes);
    decoder.set_max_depth(MAX_DEPTH);
    let value = T::deserialize(&mut decoder)?;
    // Behind the last byte not even the marker of a value can be read.
    match bool::deserialize(&mut decoder) {
        Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) => Ok(value),
        _ => Err(Unreadable::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_comes_behind_the_map_is_too_much() {
        for behind in [&b"\x80"[..], b"\xc0", b"\xc1", b"\x91", b"\xc3", b"\xdd"] {
            let bytes = [&b"\x80"[..], behind].concat();
            assert!(matches!(read::<serde::de::IgnoredAny>(&bytes), Err(Unreadable::TooLong)), "{behind:x?}");
        }
        assert!(read::<serde::de::IgnoredAny>(b"\x80").is_ok());
    }
}

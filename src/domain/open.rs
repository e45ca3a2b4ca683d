//! Open sets of names: of what a later version adds, the name is kept.
//!
//! While nodes of two versions run side by side, the older one reads and writes back what the newer one made. What it
//! does not know it treats as whatever allows least, and never as an error; it keeps the name for those that know it.

use std::fmt;

use super::InvalidId;

/// The longest such name, in bytes. So short that it stands in each member of a group at no cost of its own.
const NAME_MAX: usize = 14;

/// A name that a later version made. Kept in place, so that it costs no allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaterName {
    length: u8,
    bytes: [u8; NAME_MAX],
}

// === impl LaterName ===

impl LaterName {
    /// Reads a name: `a-z`, then `a-z 0-9 _`, 2 to 14 in all.
    pub(super) fn parse(name: &str, what: &'static str) -> Result<Self, InvalidId> {
        let form = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !form || !(2..=NAME_MAX).contains(&name.len()) {
            return Err(InvalidId { what, rule: "a-z and then a-z 0-9 _, 2 to 14 in all" });
        }
        let mut bytes = [0; NAME_MAX];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        Ok(Self { length: name.len() as u8, bytes })
    }

    pub(super) fn as_str(&self) -> &str {
        // Only ASCII is let in.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for LaterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// Gives an enum with a variant `Other(LaterName)` its names, by which it is read and written everywhere.
macro_rules! open_names {
    ($type:ident, $what:literal, $($variant:ident = $name:literal),+ $(,)?) => {
        impl $type {
            /// Reads a name; one that this version does not know is kept.
            pub fn parse(name: &str) -> Result<Self, super::InvalidId> {
                match Self::known(name) {
                    Some(known) => Ok(known),
                    None => LaterName::parse(name, $what).map(Self::Other),
                }
            }

            /// The one that this version knows by a name: what requests may ask for.
            pub fn known(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// Its name.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(name) => name.as_str(),
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&name).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(super) use open_names;

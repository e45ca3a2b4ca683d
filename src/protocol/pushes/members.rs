//! The members of a group, as all who join it are shown them.

use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::{Role, UserId};

/// A member as others see them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberView {
    /// Who.
    pub id: UserId,
    /// The name to show.
    pub name: Arc<str>,
    /// What they may do.
    pub role: Role,
}

/// A list of members that is shown to many. As JSON, where names must be looked through for what is to be escaped, it
/// is encoded once; in MessagePack names are only copied.
#[derive(Debug)]
pub struct MemberList {
    members: Box<[MemberView]>,
    json: OnceLock<Option<Box<RawValue>>>,
}

// === impl MemberList ===

impl MemberList {
    /// How many members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl FromIterator<MemberView> for MemberList {
    fn from_iter<I: IntoIterator<Item = MemberView>>(members: I) -> Self {
        Self { members: members.into_iter().collect(), json: OnceLock::new() }
    }
}

impl Serialize for MemberList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let encoded = || serde_json::value::to_raw_value(&self.members).ok();
        // Of the encodings only JSON is for people to read.
        let json = if serializer.is_human_readable() { self.json.get_or_init(encoded).as_ref() } else { None };
        match json {
            Some(json) => json.serialize(serializer),
            None => self.members.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::GroupId;
    use crate::protocol::pushes::Group;
    use crate::protocol::{Encoding, ServerFrame, encode};

    fn list(names: &[String]) -> MemberList {
        let member = |(at, name): (usize, &String)| MemberView {
            id: UserId::parse(&format!("user-{at}")).unwrap(),
            name: name.as_str().into(),
            role: if at == 0 { Role::Admin } else { Role::Member },
        };
        names.iter().enumerate().map(member).collect()
    }

    /// What a client reads in a frame with these members, in this encoding.
    fn shown(members: &MemberList, encoding: Encoding) -> serde_json::Value {
        let id = GroupId::random();
        let group = Group { members: Some(members), ..Group::gone(None, &id) };
        let bytes = encode(&ServerFrame::Group(group), encoding);
        let payload = match bytes[1] {
            126 => &bytes[4..],
            127 => &bytes[10..],
            _ => &bytes[2..],
        };
        match encoding {
            Encoding::Json => serde_json::from_slice(payload).unwrap(),
            Encoding::MsgPack => rmp_serde::from_slice(payload).unwrap(),
        }
    }

    proptest! {
        #[test]
        fn every_reader_in_every_encoding_is_shown_the_same(names in prop::collection::vec(".*", 0..40)) {
            let members = list(&names);
            let plain = serde_json::to_value(&*members.members).unwrap();
            for encoding in [Encoding::Json, Encoding::MsgPack, Encoding::Json] {
                prop_assert_eq!(&shown(&members, encoding)["members"], &plain);
            }
        }
    }
}

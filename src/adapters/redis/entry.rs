//! Log entries as they stand in the stream. Scripts write them; this reads them.

use bytes::Bytes;
use fred::types::Value;

use super::reply::Reply;
use crate::domain::{
    Access, Cid, GroupId, InvalidId, Kind, Member, Millis, NodeName, Pinning, Role, RulesChange, Traits, UserId,
};
use crate::ports::{BackplaneError, EntryId, LogEntry, LogRead};

/// Version of entries that this reads.
const VERSION: u64 = 2;

/// A role as scripts and entries have it: a letter, or the name of one of a later version.
pub(super) fn role_token(role: &Role) -> &str {
    match role {
        Role::Admin => "a",
        Role::Member => "m",
        Role::Other(_) => role.as_str(),
    }
}

/// The role that a token stands for.
pub(super) fn role_of(token: &str) -> Result<Role, InvalidId> {
    match token {
        "a" => Ok(Role::Admin),
        "m" => Ok(Role::Member),
        name => Role::parse(name),
    }
}

/// A member as the member set has them: a letter for what they may do, the seq by which they joined, and the name
/// of a role that is none of the letters'. Scripts write it too, in admins.lua.
pub(super) fn member_value(member: &Member) -> String {
    match &member.role {
        Role::Other(_) => format!("m{} {}", member.since, member.role),
        known => format!("{}{}", role_token(known), member.since),
    }
}

/// The role in what [`member_value`] wrote.
pub(super) fn role_of_member(value: &str) -> Result<Role, InvalidId> {
    match value.split_once(' ') {
        Some((_, name)) => Role::parse(name),
        None => role_of(value.get(..1).unwrap_or_default()),
    }
}

/// What a change sets in a group's state, as scripts and entries have it (rules.lua).
pub(super) fn rules_text(rules: &RulesChange) -> String {
    let access = rules.access.map(|access| format!("a={access}"));
    let pinning = rules.pinning.map(|pinning| format!("p={pinning}"));
    let archived = rules.archived.map(|archived| format!("z={}", u8::from(archived)));
    [access, pinning, archived].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Reads what [`rules_text`] wrote, as far as it is known here.
fn rules_of(text: &str) -> Result<RulesChange, InvalidId> {
    let mut rules = RulesChange::default();
    for (field, value) in text.split(' ').filter_map(|change| change.split_once('=')) {
        match field {
            "a" => rules.access = Some(Access::parse(value)?),
            "p" => rules.pinning = Some(Pinning::parse(value)?),
            "z" => rules.archived = Some(value == "1"),
            _ => {}
        }
    }
    Ok(rules)
}

/// `ms-n` of a stream's entry.
pub(super) fn stream_id(value: &Value) -> Result<(u64, u64), BackplaneError> {
    value.parsed(|text| {
        let (ms, n) = text.split_once('-').ok_or(())?;
        Ok::<_, ()>((ms.parse().map_err(|_| ())?, n.parse().map_err(|_| ())?))
    })
}

/// An entry of any stream.
pub(super) struct StreamEntry {
    pub(super) id: (u64, u64),
    /// Names and values, alternating.
    pub(super) fields: Vec<Value>,
}

/// Stream entries as XRANGE and its like answer them.
pub(super) fn stream_entries(value: Value) -> Result<Vec<StreamEntry>, BackplaneError> {
    let entry = |value: Value| {
        let [id, fields] = value.tuple()?;
        Ok(StreamEntry { id: stream_id(&id)?, fields: fields.list()? })
    };
    value.list()?.into_iter().map(entry).collect()
}

/// Adds the log entries of an answer to a read. One that cannot be read keeps the others from nobody.
pub(super) fn add_log_entries(read: &mut LogRead, value: Value) -> Result<(), BackplaneError> {
    for entry in stream_entries(value)? {
        let id = EntryId(entry.id.0, entry.id.1);
        match log_entry(entry) {
            Ok(entry) => read.entries.push(entry),
            Err(error) => read.unreadable.push((id, error)),
        }
    }
    Ok(())
}

fn log_entry(entry: StreamEntry) -> Result<LogEntry, BackplaneError> {
    let id = EntryId(entry.id.0, entry.id.1);
    let mut fields = Fields(entry.fields);
    let version = fields.take("v")?.number()?;
    if version != VERSION {
        return Err(BackplaneError::Unexpected(format!("log entry of version {version}")));
    }
    let kind = fields.take("k")?.parsed(Kind::parse)?;
    let (users, role) = if kind.is_membership() {
        (fields.take("u")?.parsed(users)?, fields.take("r")?.parsed(role_of)?)
    } else {
        (Vec::new(), Role::Member)
    };
    let rules = fields.take("q").ok().map(|rules| rules.parsed(rules_of)).transpose()?;
    Ok(LogEntry {
        id,
        group: fields.take("g")?.parsed(GroupId::parse)?,
        seq: fields.take("s")?.number()?,
        n: fields.take("n")?.number()?,
        shown: fields.take("w")?.number()?,
        time: id.0 as Millis,
        stored: fields.take("h")?.number()?,
        origin: fields.take("o")?.parsed(NodeName::parse)?,
        from: fields.take("f")?.parsed(UserId::stored)?,
        cid: fields.take("c")?.parsed(Cid::stored)?,
        kind,
        traits: Traits::from_bits(fields.take("x")?.number()? as u32),
        users,
        role,
        rules: rules.unwrap_or_default(),
        body: own(fields.take("b")?.bytes()?),
    })
}

/// Apart from the read buffer, which it would otherwise keep alive as long as the event lives.
fn own(bytes: Bytes) -> Bytes {
    Bytes::copy_from_slice(&bytes)
}

fn users(text: &str) -> Result<Vec<UserId>, crate::domain::InvalidId> {
    text.split(' ').filter(|user| !user.is_empty()).map(UserId::stored).collect()
}

/// Names and values of an entry, alternating.
struct Fields(Vec<Value>);

impl Fields {
    fn take(&mut self, name: &str) -> Result<Value, BackplaneError> {
        let at = self.0.chunks_exact(2).position(|pair| pair[0].as_bytes() == Some(name.as_bytes()));
        match at {
            Some(at) => Ok(std::mem::replace(&mut self.0[2 * at + 1], Value::Null)),
            None => Err(BackplaneError::Unexpected(format!("log entry without {name:?}"))),
        }
    }
}

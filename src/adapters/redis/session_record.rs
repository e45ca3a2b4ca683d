//! Sessions as they stand in keys.

use fred::types::Value;

use super::reply::Reply;
use crate::domain::{DeviceName, NodeName, SessionId, UserId};
use crate::ports::{BackplaneError, SessionRecord};

/// What stands in a node's index of its sessions.
pub(super) fn index_entry(user: &UserId, session: &SessionId) -> String {
    format!("{session} {user}")
}

/// The session and user of an index entry.
pub(super) fn parse_index_entry(text: &str) -> Result<(SessionId, UserId), ()> {
    let (session, user) = text.split_once(' ').ok_or(())?;
    Ok((SessionId::parse(session).map_err(|_| ())?, UserId::stored(user).map_err(|_| ())?))
}

/// A session with its node, and with its device where it has one: what cannot be read of that is none.
pub(super) fn session_record(
    session: &Value,
    node: &Value,
    device: Option<&Value>,
) -> Result<SessionRecord, BackplaneError> {
    Ok(SessionRecord {
        session: session.parsed(SessionId::parse)?,
        node: node.parsed(NodeName::parse)?,
        device: device.and_then(|device| device.parsed(DeviceName::parse).ok()),
    })
}

//! Reading what Redis answered.

use bytes::Bytes;
use fred::error::{Error, ErrorKind};
use fred::types::Value;

use crate::domain::{Head, Millis, NodeName};
use crate::ports::BackplaneError;

/// Errors with which Redis says that it cannot serve now, or no longer here.
const NOT_NOW: [&str; 10] = [
    "BUSY",
    "CLUSTERDOWN",
    "FAILOVER",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "READONLY",
    "TRYAGAIN",
    "UNBLOCKED",
];

/// What an error of the client means to the hub.
pub(super) fn to_error(error: &Error) -> BackplaneError {
    let first_word = error.details().split(' ').next().unwrap_or_default();
    if first_word == "OOM" {
        return BackplaneError::OutOfMemory;
    }
    let from_redis = first_word.len() > 2 && first_word.bytes().all(|b| b.is_ascii_uppercase());
    let misread = matches!(
        error.kind(),
        ErrorKind::Parse
            | ErrorKind::Protocol
            | ErrorKind::InvalidArgument
            | ErrorKind::InvalidCommand
            | ErrorKind::NotFound
            | ErrorKind::Config
            | ErrorKind::Url
    );
    if misread || (from_redis && !NOT_NOW.contains(&first_word)) {
        BackplaneError::Unexpected(error.to_string())
    } else {
        BackplaneError::Unreachable(error.to_string())
    }
}

/// What it means that no connection can be had.
pub(super) fn to_connect_error(error: &Error) -> BackplaneError {
    // A Cluster whose servers have not found each other yet.
    if *error.kind() == ErrorKind::Protocol && error.details().contains("cluster state") {
        return BackplaneError::Unreachable(error.to_string());
    }
    match to_error(error) {
        // No waiting mends a certificate that does not hold.
        BackplaneError::Unreachable(why) if why.contains("InvalidCertificate") => BackplaneError::Unexpected(why),
        other => other,
    }
}

/// An answer of another form than the script promises.
pub(super) fn unexpected(what: &str, value: &Value) -> BackplaneError {
    BackplaneError::Unexpected(format!("{what} expected, got {:?}", value.kind()))
}

/// Takes an answer apart.
pub(super) trait Reply: Sized {
    /// An array's elements.
    fn list(self) -> Result<Vec<Value>, BackplaneError>;
    /// The elements of an array of exactly this length.
    fn tuple<const N: usize>(self) -> Result<[Value; N], BackplaneError>;
    /// A number that is not negative.
    fn number(&self) -> Result<u64, BackplaneError>;
    /// Text that is parsed as a `T`.
    fn parsed<T, E>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, BackplaneError>;
    /// Bytes as they are.
    fn bytes(self) -> Result<Bytes, BackplaneError>;
    /// `None` for nil.
    fn present(self) -> Option<Self>;
}

impl Reply for Value {
    fn list(self) -> Result<Vec<Value>, BackplaneError> {
        match self {
            Value::Array(values) => Ok(values),
            other => Err(unexpected("an array", &other)),
        }
    }

    fn tuple<const N: usize>(self) -> Result<[Value; N], BackplaneError> {
        let values = self.list()?;
        <[Value; N]>::try_from(values)
            .map_err(|values| BackplaneError::Unexpected(format!("{N} values expected, got {}", values.len())))
    }

    fn number(&self) -> Result<u64, BackplaneError> {
        self.as_u64().ok_or_else(|| unexpected("a number", self))
    }

    fn parsed<T, E>(&self, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, BackplaneError> {
        let text = self.as_bytes_str().ok_or_else(|| unexpected("text", self))?;
        parse(&text).map_err(|_| BackplaneError::Unexpected(format!("{text:?} is not what was expected")))
    }

    fn bytes(self) -> Result<Bytes, BackplaneError> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            Value::String(text) => Ok(text.into_inner()),
            other => Err(unexpected("bytes", &other)),
        }
    }

    fn present(self) -> Option<Self> {
        if self.is_null() { None } else { Some(self) }
    }
}

/// Names of nodes.
pub(super) fn node_names(value: Value) -> Result<Vec<NodeName>, BackplaneError> {
    value.list()?.iter().map(|name| name.parsed(NodeName::parse)).collect()
}

/// A head of four numbers.
pub(super) fn head(values: &[Value]) -> Result<Head, BackplaneError> {
    match values {
        [seq, n, shown, time, ..] => {
            let [seq, n, shown] = [seq.number()?, n.number()?, shown.number()?];
            Ok(Head { seq, n, shown, time: time.number()? as Millis })
        }
        _ => Err(BackplaneError::Unexpected("a head without its numbers".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waiting_may_mend_is_told_from_mistakes() {
        let meant = |kind, details: &'static str| to_connect_error(&Error::new(kind, details));
        for (kind, details) in [
            (ErrorKind::IO, "Os { code: 111, kind: ConnectionRefused }"),
            (ErrorKind::Timeout, "Request timed out."),
            (ErrorKind::Protocol, "Invalid or missing cluster state."),
            (ErrorKind::Cluster, "CLUSTERDOWN The cluster is down"),
            (ErrorKind::Unknown, "LOADING Redis is loading the dataset in memory"),
            (ErrorKind::Sentinel, "Failed to read sentinel node port."),
        ] {
            assert!(matches!(meant(kind, details), BackplaneError::Unreachable(_)), "{details}");
        }
        for (kind, details) in [
            (ErrorKind::Auth, "WRONGPASS invalid username-password pair"),
            (ErrorKind::Auth, "NOAUTH Authentication required."),
            (ErrorKind::IO, "Custom { kind: InvalidData, error: InvalidCertificate(UnknownIssuer) }"),
            (ErrorKind::Config, "ERR This instance has cluster support disabled"),
        ] {
            assert!(matches!(meant(kind, details), BackplaneError::Unexpected(_)), "{details}");
        }
    }
}

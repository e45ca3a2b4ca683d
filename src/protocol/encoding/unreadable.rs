//! What may be wrong with bytes.

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

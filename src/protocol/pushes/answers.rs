//! Answers that say how a request went.

use serde::Serialize;

use crate::domain::{Cid, GroupId, Millis, Seq};
use crate::protocol::RequestId;
use crate::protocol::form::frame;

frame! {
    /// A `send` is stored.
    #[frame("ack")]
    #[derive(Debug, Serialize)]
    pub struct Ack<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// The group.
        pub group: &'a GroupId,
        /// The sender's id of it.
        pub cid: &'a Cid,
        /// Its place.
        pub seq: Seq,
        /// Its time.
        pub time: Millis,
    }
}

frame! {
    /// A request was not carried out.
    #[frame("error")]
    #[derive(Debug, Serialize)]
    pub struct Refused<'a> {
        /// The request, where it could be read.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
        /// For programs: one of the codes below.
        pub code: &'static str,
        /// What to do, for people.
        pub message: &'a str,
        /// Milliseconds to wait before another try.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub retry_after: Option<u64>,
    }
}

frame! {
    /// Done.
    #[frame("ok")]
    #[derive(Debug, Serialize)]
    pub struct Done<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
    }
}

frame! {
    /// The answer to a `ping`.
    #[frame("pong")]
    #[derive(Debug, Serialize)]
    pub struct Pong<'a> {
        /// The request that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub re: Option<&'a RequestId>,
    }
}

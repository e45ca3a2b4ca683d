//! Sends: checked, packed, and given to the pipeline.
//!
//! - `effects`: what a send would do to others is asked at the door; `handler`: limits, groups made on demand.

mod effects;
mod handler;

pub(crate) use effects::EffectDoor;
pub(crate) use handler::{SendLimits, Sending};

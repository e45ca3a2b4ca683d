//! What is left beside messages that were deleted is removed: a follower that does what was planned where they were.

mod cleaner;

pub(crate) use cleaner::Cleaner;

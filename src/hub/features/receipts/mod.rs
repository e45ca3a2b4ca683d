//! Read marks: raised, kept, and shown to the others. They never go back.

mod handler;

pub(crate) use handler::Receipts;

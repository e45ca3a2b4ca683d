//! The integration tests: one binary, so that everything is linked once.
//!
//! - [`support`] starts the real servers and nodes that tests talk to
//! - [`harness`] tests that support
//! - [`house`] holds the sources to the one-way order of imports and to their size
//! - [`store_suite`] holds every store to the one contract
//! - [`hub_core`] holds the use cases to the protocol, over the embedded parts

mod harness;
mod house;
mod hub_core;
mod store_suite;
mod support;

//! Tests of the parts together, against real servers and real sockets.

mod hub_core;
mod store_suite;

//! Tests of the parts together, against real servers and real sockets.

mod store_suite;

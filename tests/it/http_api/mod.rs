//! Both HTTP APIs over real sockets: every operation that is described is asked and answers as
//! described.

mod caller;
mod descriptions;
mod internal;
mod public;
mod renewal;

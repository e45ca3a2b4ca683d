//! What the tests stand on: real servers on free ports, nodes, and the one way of waiting.
//!
//! - [`wait`]: `eventually`, the only place that waits
//! - [`scratch`]: directories that a later run sweeps away
//! - [`clock`]: clocks of processes, to be set
//! - [`ports`]: ports that no other test uses meanwhile
//! - [`process`]: child processes that never outlive the test process
//! - [`redis`], [`redis_cluster`], [`redis_sentinel`], [`mongo`]: servers to kill, pause and restart
//! - [`proxy`]: a way to a server that tests cut
//! - [`shared`]: a clean place on servers that all tests of a run share
//! - [`docs`]: tables of the docs, held to the code
//! - [`http`]: a client for what nodes serve
//! - [`raw`]: a WebSocket client that breaks the rules
//! - [`hub`]: nodes, as real `hubbub` processes
#![allow(dead_code, unused_imports, reason = "the harness is a library: not every part of it is used at every time")]

pub mod clock;
pub mod docs;
pub mod http;
pub mod hub;
pub mod mongo;
pub mod ports;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod redis;
pub mod redis_cluster;
pub mod redis_sentinel;
pub mod scratch;
pub mod shared;
pub mod wait;

pub use hub::{Hub, HubBuilder};
pub use mongo::MongoServer;
pub use redis::{RedisOptions, RedisServer};
pub use redis_cluster::RedisCluster;
pub use redis_sentinel::RedisSentinel;
pub use wait::{eventually, eventually_within};

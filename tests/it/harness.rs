//! The harness itself: what it starts, answers, dies and comes back.

mod hub;
mod mongo;
mod processes;
mod redis;
mod redis_cluster;
mod redis_sentinel;
mod waiting;

//! The integration tests: one binary, so that everything is linked once.
//!
//! - [`backplane_suite`] holds every backplane to the one contract
//! - [`support`] starts the real servers and nodes that tests talk to
//! - [`harness`] tests that support
//! - [`store_suite`] holds every store to the one contract
//! - [`people`] are clients of a hub in the test's own process
//! - [`hub_core`] holds the use cases to the protocol, over the embedded parts
//! - [`deletions`] ends groups and begins them anew
//! - [`devices`] has one user on several, each with a mark of its own
//! - [`open_kinds`] sends what this version does not know; [`kinds`] holds the docs to the table of kinds,
//!   [`close_codes`] to that of close codes, [`forms`] to the forms of frames
//! - [`pins`] pins messages and takes pins back; [`edits`] has texts say something else, [`erasures`] has messages deleted
//! - [`node_probe`] watches nodes send messages to themselves
//! - [`node_roles`] runs nodes that share the roles among them
//! - [`probe_command`] looks at hubs from outside, [`bench_command`] loads them
//! - [`protocol`] is every frame, code and close code over real sockets, in both encodings
//! - [`http_api`] is every operation of both HTTP APIs, held to their descriptions
//! - [`doors`] tries every door with every input that is wrong
//! - [`contract`] is clients that behave, and the record of what happens to them
//! - [`faults`] kills and pauses what a cluster stands on, and holds the record to the contract
//! - [`followers`] holds what follows stored events against the store
//! - [`torture`] does that at random for as long as one likes, with everything at once
//! - [`interleavings`] stops nodes of one process at a chosen call and forces what may happen between
//! - [`hostile`] is clients that attack, beside others that must not notice
//! - [`commands`] types what operators type
//! - [`logs`] reads what a node wrote
//! - [`output`] has nobody read what a node writes
//! - [`starting`] starts nodes before what they stand on

mod backplane_suite;
mod bench_command;
mod close_codes;
mod commands;
mod contract;
mod deletions;
mod devices;
mod doors;
mod edits;
mod erasures;
mod faults;
mod features;
mod followers;
mod forms;
mod group_settings;
mod harness;
mod hostile;
mod http_api;
mod hub_core;
mod interleavings;
mod kinds;
mod logs;
mod node_probe;
mod node_roles;
mod open_kinds;
mod output;
mod people;
mod pins;
mod probe_command;
mod protocol;
mod reach;
mod signals;
mod starting;
mod store_suite;
mod stored_data;
mod support;
mod torture;

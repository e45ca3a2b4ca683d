//! What each door checks: one table of sorts of input, one of the fields of all doors, and every input of each sort tried at
//! every door that has such a field.
//!
//! - [`sorts`]: what is refused of each sort, and what is not
//! - [`fields`]: which sort each field is of; [`definitions`]: the fields as the code defines them
//! - [`asking`]: how an input goes through a door; `refused`: all of them, through all doors
//! - [`names`]: names that people see; `reserved`: what is the hub's own
//! - `bodies`: what is wrong with a frame or a body as a whole
//! - `more`: ends of lists, and caps that are told; `repeated`: answers to what is asked again

mod asking;
mod bodies;
mod definitions;
mod fields;
mod more;
mod names;
mod refused;
mod repeated;
mod reserved;
mod sorts;

//! The `hubbub` command.

use std::process::ExitCode;

/// Messages are many small pieces of memory, freed on other threads than they were made on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hubbub::app::cli::run(std::env::args_os())
}

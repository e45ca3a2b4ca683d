//! The `hubbub` command.

use std::process::ExitCode;

/// A connection's memory is many small pieces that come and go together with thousands of others: of what such a
/// storm needed, this allocator gives back more than the C library's, and it takes less time.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    hubbub::app::cli::run(std::env::args_os())
}

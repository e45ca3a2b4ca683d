//! The `hubbub` command.

use std::process::ExitCode;

/// A connection's memory is many small pieces that come and go together with thousands of others: of what such a
/// storm needed, this allocator gives back more than the C library's, and it takes less time.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Read by the allocator when it starts. What a storm of reconnects needed is given back within half a second, not ten;
/// two arenas leave fewer half-filled pages than four a core; threads keep small pieces only, not whole welcomes.
#[cfg(not(target_env = "msvc"))]
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static ALLOCATOR_SETTINGS: &[u8] = b"narenas:2,dirty_decay_ms:500,muzzy_decay_ms:0,lg_tcache_max:12\0";

fn main() -> ExitCode {
    hubbub::app::cli::run(std::env::args_os())
}

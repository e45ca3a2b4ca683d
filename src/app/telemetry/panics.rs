//! What a panic says goes where everything else goes: the standard library would have the thread wait for standard error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::thread;

use super::last_words::to_standard_error;

/// From here on panics of all threads are errors in the log.
pub(super) fn log_them() {
    panic::set_hook(Box::new(|panic| {
        let said = sentence(panic);
        if tracing::enabled!(tracing::Level::ERROR) {
            tracing::error!("{said}");
        } else {
            // Not wanted in the log, or it came from the midst of it. Nothing more can be done where this fails.
            let _ = to_standard_error(&said);
        }
    }));
}

/// Who panicked, where and with which words; and how it came there, with `RUST_BACKTRACE=1`.
fn sentence(panic: &PanicHookInfo<'_>) -> String {
    let thread = thread::current();
    let said = format!("thread {:?} {panic}", thread.name().unwrap_or("<unnamed>"));
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => format!("{said}\n{backtrace}"),
        _ => said,
    }
}

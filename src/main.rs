//! The `hubbub` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    hubbub::app::cli::run(std::env::args_os())
}

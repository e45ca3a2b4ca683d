//! Standard output.

use std::io::Write;

/// Prints to standard output; a reader that went away (`| head`) is no mistake.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

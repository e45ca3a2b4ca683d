//! What is said when there is no log: a sentence on standard error.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use prometheus::IntCounter;

use super::outlet::Outlet;

/// The last lines may take so long at the end: whoever reads is there, or is not.
pub(super) const LAST_LINES: Duration = Duration::from_secs(2);

/// Says a last sentence on standard error. Whoever does not take it within two seconds does not get it.
pub fn last_words(sentence: &str) {
    if let Ok(words) = to_standard_error(sentence) {
        words.finish(Instant::now() + LAST_LINES);
    }
}

pub(super) fn to_standard_error(sentence: &str) -> io::Result<Outlet> {
    let error = io::stderr().as_fd().try_clone_to_owned()?;
    // Where standard error is stuck nobody is left who could be told.
    let uncounted = IntCounter::new("uncounted", "uncounted").map_err(io::Error::other)?;
    let outlet = Outlet::open("standard error", File::from(error), uncounted)?;
    outlet.push(format!("{sentence}\n").as_bytes());
    Ok(outlet)
}

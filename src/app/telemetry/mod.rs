//! What the process tells of itself: log lines on standard output, and in files if wanted.
//!
//! - [`lines`]: how they look; [`outlet`]: how they get out without anybody waiting; [`panics`]: what panics say;
//!   [`mod@last_words`]: what is said where there is no log.

mod last_words;
mod lines;
mod outlet;
mod panics;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Instant;

use last_words::LAST_LINES;
use lines::{BareLine, JsonLine};
use outlet::Outlet;
use prometheus::IntCounterVec;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub use last_words::last_words;

use super::config::{LogConfig, LogFormat};
use crate::transport::REQUESTS;

/// Two weeks of daily files.
const FILES_KEPT: usize = 14;

/// Why logs cannot be written as asked.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("log: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// A file in the directory cannot be written.
    #[error("log_dir: {0}")]
    Directory(#[from] InitError),
    /// The directory cannot be made.
    #[error("log_dir: {0}")]
    NoDirectory(#[source] io::Error),
    /// Standard output cannot be had, or no thread that writes.
    #[error("log: {0}")]
    NoWriter(#[source] io::Error),
    /// Something has set up logs already.
    #[error("logs are set up already")]
    Twice,
}

/// Writes what is left when dropped, as far as somebody takes it: keep it until the end of `main`.
#[must_use = "dropping it ends the log"]
pub struct Telemetry {
    outlets: Vec<Outlet>,
    dropped: IntCounterVec,
}

/// Sets up logs for the whole process, panics included. Nobody waits for who reads them: lines that cannot be written are
/// counted in `dropped`, by log.
pub fn start(config: &LogConfig, dropped: &IntCounterVec) -> Result<Telemetry, TelemetryError> {
    // Not through the library's own lock and buffer: whoever is stuck with these would hold up all others.
    let out = io::stdout().as_fd().try_clone_to_owned().map_err(TelemetryError::NoWriter)?;
    let (subscriber, telemetry) = build(config, File::from(out), dropped)?;
    subscriber.try_init().map_err(|_| TelemetryError::Twice)?;
    panics::log_them();
    Ok(telemetry)
}

fn build(
    config: &LogConfig,
    out: impl io::Write + Send + 'static,
    dropped: &IntCounterVec,
) -> Result<(impl Subscriber + Send + Sync, Telemetry), TelemetryError> {
    let mut telemetry = Telemetry { outlets: Vec::new(), dropped: dropped.clone() };
    let wanted = EnvFilter::try_new(&config.filter)?;
    let out = telemetry.outlet("stdout", out)?;
    let mut layers = vec![match config.format {
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_ansi(is_terminal())
            .log_internal_errors(false)
            .with_writer(out)
            .with_filter(wanted.clone())
            .boxed(),
        LogFormat::Json => json_layer(out).with_filter(wanted.clone()).boxed(),
    }];
    if let Some(directory) = &config.directory {
        // Absolute, so that the links to the newest files lead there from anywhere.
        let directory = std::fs::create_dir_all(directory).and_then(|()| directory.canonicalize());
        let directory = &directory.map_err(TelemetryError::NoDirectory)?;
        let mut daily = |name| telemetry.outlet(name, daily(directory, name)?);
        layers.push(json_layer(daily("combined")?).with_filter(wanted.clone()).boxed());
        let errors = json_layer(daily("error")?).with_filter(wanted);
        layers.push(errors.with_filter(LevelFilter::ERROR).boxed());
        layers.push(request_layer(daily("requests")?));
    }
    Ok((tracing_subscriber::registry().with(layers), telemetry))
}

/// Every request, whatever else is logged.
fn request_layer(writer: Outlet) -> Box<dyn Layer<Registry> + Send + Sync> {
    let requests = Targets::new().with_target(REQUESTS, LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer().event_format(BareLine).log_internal_errors(false);
    lines.with_writer(writer).with_filter(requests).boxed()
}

fn is_terminal() -> bool {
    use std::io::IsTerminal;
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Today's file is `<name>.<date>.log`; the newest is also found under `<name>.log`.
fn daily(directory: &Path, name: &str) -> Result<RollingFileAppender, InitError> {
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(name)
        .filename_suffix("log")
        .latest_symlink(format!("{name}.log"))
        .max_log_files(FILES_KEPT)
        .build(directory)
}

fn json_layer<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().fmt_fields(JsonFields::default()).event_format(JsonLine);
    lines.log_internal_errors(false).with_writer(writer)
}

// === impl Telemetry ===

impl Telemetry {
    fn outlet(&mut self, name: &'static str, sink: impl io::Write + Send + 'static) -> Result<Outlet, TelemetryError> {
        let outlet = Outlet::open(name, sink, self.dropped.with_label_values(&[name]));
        let outlet = outlet.map_err(TelemetryError::NoWriter)?;
        self.outlets.push(outlet.clone());
        Ok(outlet)
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let until = Instant::now() + LAST_LINES;
        for outlet in &self.outlets {
            outlet.finish(until);
        }
    }
}

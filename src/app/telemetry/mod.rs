//! What the process tells of itself: log lines on standard output, and in files if wanted.

mod lines;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;

use lines::{BareLine, JsonLine};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

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
    /// Something has set up logs already.
    #[error("logs are set up already")]
    Twice,
}

/// Writes what is left when dropped: keep it until the end of `main`.
#[must_use = "dropping it ends the log files"]
pub struct Telemetry {
    _files: Vec<WorkerGuard>,
}

/// Sets up logs for the whole process.
pub fn start(config: &LogConfig) -> Result<Telemetry, TelemetryError> {
    let (subscriber, telemetry) = build(config, io::stdout)?;
    subscriber.try_init().map_err(|_| TelemetryError::Twice)?;
    Ok(telemetry)
}

fn build<W>(config: &LogConfig, out: W) -> Result<(impl Subscriber + Send + Sync, Telemetry), TelemetryError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let wanted = EnvFilter::try_new(&config.filter)?;
    let mut layers = vec![match config.format {
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_ansi(is_terminal())
            .with_writer(out)
            .with_filter(wanted.clone())
            .boxed(),
        LogFormat::Json => json_layer(out).with_filter(wanted.clone()).boxed(),
    }];
    let mut files = Vec::new();
    if let Some(directory) = &config.directory {
        // Absolute, so that the links to the newest files lead there from anywhere.
        let directory = std::fs::create_dir_all(directory).and_then(|()| directory.canonicalize());
        let directory = &directory.map_err(TelemetryError::NoDirectory)?;
        layers.push(json_layer(daily(directory, "combined", &mut files)?).with_filter(wanted.clone()).boxed());
        let errors = json_layer(daily(directory, "error", &mut files)?).with_filter(wanted);
        layers.push(errors.with_filter(LevelFilter::ERROR).boxed());
        layers.push(request_layer(daily(directory, "requests", &mut files)?));
    }
    Ok((tracing_subscriber::registry().with(layers), Telemetry { _files: files }))
}

/// Every request, whatever else is logged.
fn request_layer(writer: NonBlocking) -> Box<dyn Layer<Registry> + Send + Sync> {
    let requests = Targets::new().with_target(REQUESTS, LevelFilter::DEBUG);
    tracing_subscriber::fmt::layer().event_format(BareLine).with_writer(writer).with_filter(requests).boxed()
}

fn is_terminal() -> bool {
    use std::io::IsTerminal;
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Today's file is `<name>.<date>.log`; the newest is also found under `<name>.log`.
fn daily(directory: &Path, name: &str, files: &mut Vec<WorkerGuard>) -> Result<NonBlocking, InitError> {
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(name)
        .filename_suffix("log")
        .latest_symlink(format!("{name}.log"))
        .max_log_files(FILES_KEPT)
        .build(directory)?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    files.push(guard);
    Ok(writer)
}

fn json_layer<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().fmt_fields(JsonFields::default()).event_format(JsonLine).with_writer(writer)
}

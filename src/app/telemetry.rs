//! What the process tells of itself: log lines on standard output, and in files if wanted.

use std::fmt;
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::config::{LogConfig, LogFormat};

/// Two weeks of daily files.
const FILES_KEPT: usize = 14;
const SERVICE: &str = "hubbub";

/// Why logs cannot be written as asked.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("log: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The directory or a file in it cannot be written.
    #[error("log_dir: {0}")]
    Directory(#[from] InitError),
    /// Something has set up logs already.
    #[error("logs are set up already")]
    Twice,
}

/// Writes what is left when dropped: keep it until the end of `main`.
#[must_use = "dropping it ends the log files"]
pub struct Telemetry {
    _files: Vec<tracing_appender::non_blocking::WorkerGuard>,
}

/// Sets up logs for the whole process.
pub fn start(config: &LogConfig) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&config.filter)?;
    let mut files = Vec::new();
    let mut layers = vec![match config.format {
        LogFormat::Text => tracing_subscriber::fmt::layer().with_target(true).with_ansi(is_terminal()).boxed(),
        LogFormat::Json => json_layer(io::stdout).boxed(),
    }];
    if let Some(directory) = &config.directory {
        let (combined, guard) = tracing_appender::non_blocking(daily(directory, "combined")?);
        files.push(guard);
        let (errors, guard) = tracing_appender::non_blocking(daily(directory, "error")?);
        files.push(guard);
        layers.push(json_layer(combined).boxed());
        layers.push(json_layer(errors).with_filter(LevelFilter::ERROR).boxed());
    }
    let subscriber = tracing_subscriber::registry().with(layers).with(filter);
    subscriber.try_init().map_err(|_| TelemetryError::Twice)?;
    Ok(Telemetry { _files: files })
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
    W: for<'writer> tracing_subscriber::fmt::MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().fmt_fields(JsonFields::default()).event_format(JsonLine).with_writer(writer)
}

/// One JSON object a line: `timestamp`, `level`, `service`, `target`, `message`, then the fields
/// of the event and of the spans around it.
struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let mut line = Map::new();
        line.insert("timestamp".into(), json!(timestamp()?));
        line.insert("level".into(), json!(metadata.level().as_str().to_ascii_lowercase()));
        line.insert("service".into(), json!(SERVICE));
        line.insert("target".into(), json!(metadata.target()));
        line.insert("message".into(), json!(""));
        event.record(&mut Fields(&mut line));
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let fields = extensions.get::<tracing_subscriber::fmt::FormattedFields<N>>();
            let fields = fields.and_then(|fields| serde_json::from_str::<Map<String, Value>>(fields).ok());
            for (name, value) in fields.into_iter().flatten() {
                line.entry(name).or_insert(value);
            }
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// Now, as RFC 3339 has it, in UTC.
fn timestamp() -> Result<String, fmt::Error> {
    let mut text = String::new();
    SystemTime.format_time(&mut Writer::new(&mut text))?;
    Ok(text)
}

/// Adds an event's fields to its line; the fixed ones stay what they are.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: Value) {
        match field.name() {
            "timestamp" | "level" | "service" | "target" => {}
            name => {
                self.0.insert(name.to_owned(), value);
            }
        }
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, json!(value));
    }
}

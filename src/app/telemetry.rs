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
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
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
    _files: Vec<tracing_appender::non_blocking::WorkerGuard>,
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
    let filter = EnvFilter::try_new(&config.filter)?;
    let mut files = Vec::new();
    let mut layers = vec![match config.format {
        LogFormat::Text => tracing_subscriber::fmt::layer().with_ansi(is_terminal()).with_writer(out).boxed(),
        LogFormat::Json => json_layer(out).boxed(),
    }];
    if let Some(directory) = &config.directory {
        // Absolute, so that the links to the newest files lead there from anywhere.
        let directory = std::fs::create_dir_all(directory).and_then(|()| directory.canonicalize());
        let directory = &directory.map_err(TelemetryError::NoDirectory)?;
        let (combined, guard) = tracing_appender::non_blocking(daily(directory, "combined")?);
        files.push(guard);
        let (errors, guard) = tracing_appender::non_blocking(daily(directory, "error")?);
        files.push(guard);
        layers.push(json_layer(combined).boxed());
        layers.push(json_layer(errors).with_filter(LevelFilter::ERROR).boxed());
    }
    Ok((tracing_subscriber::registry().with(layers).with(filter), Telemetry { _files: files }))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    /// What was written.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(config: &LogConfig, events: impl FnOnce()) -> String {
        let paper = Paper::default();
        let writer = paper.clone();
        let (subscriber, telemetry) = build(config, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, events);
        drop(telemetry);
        String::from_utf8(paper.0.lock().clone()).unwrap()
    }

    fn lines(text: &str) -> Vec<Map<String, Value>> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_json_line_has_level_message_service_and_timestamp() {
        let config = LogConfig { format: LogFormat::Json, ..LogConfig::default() };
        let text = logged(&config, || {
            let span = tracing::info_span!("connection", session = "s1", user = tracing::field::Empty);
            span.record("user", "anna");
            let _inside = span.enter();
            tracing::info!(count = 3, ok = true, "two\nlines");
            tracing::warn!(level = "forged", service = "forged", error = %io::Error::other("broken"), "failed");
            tracing::debug!("not at this level");
        });
        let lines = lines(&text);
        assert_eq!(lines.len(), 2, "{text}");
        for line in &lines {
            assert_eq!(line["service"], "hubbub");
            assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line:?}");
            assert_eq!((&line["session"], &line["user"]), (&json!("s1"), &json!("anna")));
        }
        assert_eq!((&lines[0]["level"], &lines[0]["message"]), (&json!("info"), &json!("two\nlines")));
        assert_eq!((&lines[0]["count"], &lines[0]["ok"]), (&json!(3), &json!(true)));
        assert_eq!((&lines[1]["level"], &lines[1]["error"]), (&json!("warn"), &json!("broken")));
    }

    #[test]
    fn text_is_for_people() {
        let text = logged(&LogConfig::default(), || tracing::info!(count = 3, "started"));
        assert!(text.contains("INFO") && text.contains("started") && text.contains("count=3"), "{text}");
    }

    #[test]
    fn a_directory_gets_everything_and_the_errors_apart() {
        let directory = tempfile::tempdir().unwrap();
        let config = LogConfig { directory: Some(directory.path().join("logs")), ..LogConfig::default() };
        logged(&config, || {
            tracing::info!("well");
            tracing::error!("ill");
        });
        let read = |name: &str| std::fs::read_to_string(directory.path().join("logs").join(name)).unwrap();
        let messages =
            |name: &str| -> Vec<Value> { lines(&read(name)).into_iter().map(|line| line["message"].clone()).collect() };
        assert_eq!(messages("combined.log"), ["well", "ill"]);
        assert_eq!(messages("error.log"), ["ill"]);
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let config = LogConfig { directory: Some("/proc/nowhere".into()), ..LogConfig::default() };
        assert!(matches!(build(&config, io::sink), Err(TelemetryError::NoDirectory(_))));
        let config = LogConfig { filter: "no=such=filter".into(), ..LogConfig::default() };
        assert!(matches!(build(&config, io::sink), Err(TelemetryError::Filter(_))));
    }
}

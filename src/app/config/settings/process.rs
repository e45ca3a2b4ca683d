//! What the process tells and takes.

use std::time::Duration;

use tracing_subscriber::EnvFilter;

use crate::app::config::codec::{OneOf, Optional, Path, Span, Text, Whole};
use crate::app::config::process::LogFormat;
use crate::app::config::setting::{Setting, field};

const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn settings() -> Vec<Setting> {
    const FORMATS: OneOf<LogFormat> = OneOf(&[("text", LogFormat::Text), ("json", LogFormat::Json)]);
    const FILTER: Text =
        Text("a filter such as info or warn,hubbub_hub=debug", |text| EnvFilter::try_new(text).is_ok());
    vec![
        Setting::new("log", field!(log.filter), FILTER)
            .about("Which events are logged: error, warn, info, debug or trace, for all or by module.")
            .because("What an operator wants to know, and nothing for each message."),
        Setting::new("log_format", field!(log.format), FORMATS)
            .about("How log lines look: text for people, json for programs.")
            .because("The first reader is a person."),
        Setting::new("log_dir", field!(log.directory), Optional(Path, ""))
            .about(
                "Also write requests.log (HTTP requests and handshakes, in Apache's combined format), combined.log and \
                 error.log (JSON) to this directory, a file a day, for two weeks.",
            )
            .because("Standard output is enough where something collects it."),
        Setting::new("start_timeout", field!(process.start_timeout), Optional(Span(Duration::ZERO, DAY), "never"))
            .about(
                "How long a hub that starts waits for Redis and MongoDB before it gives up: never, or a time; with 0s it tries \
                 once. Mistakes such as a wrong password end it at once.",
            )
            .because(
                "It tries again at least every 10 s and says so in the log and at /readyz; to end and be started again would \
                 do no more.",
            ),
        Setting::new("journal", field!(process.journal), Optional(Path, ""))
            .about(
                "Write a line of JSON for each event that is stored to this directory, without its text: group, seq, kind, \
                 sender, time; a file for each life of the process. An audit trail.",
            )
            .because("Who does not need one saves the disk. Set on all nodes, all that is stored is written, once or more."),
        Setting::new("worker_threads", field!(process.worker_threads), Optional(Whole(1, 1024), "auto"))
            .about("Threads that do the work.")
            .because("auto: as many as there are cores. With 1 everything runs on one thread, which costs least where several nodes share a machine."),
    ]
}

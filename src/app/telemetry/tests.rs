use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::IntCounter;
use serde_json::{Map, Value, json};

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
    let (subscriber, telemetry) = build(config, paper.clone(), &counters()).unwrap();
    tracing::subscriber::with_default(subscriber, events);
    drop(telemetry);
    String::from_utf8(paper.0.lock().clone()).unwrap()
}

fn counters() -> IntCounterVec {
    IntCounterVec::new(prometheus::Opts::new("dropped", "dropped"), &["log"]).unwrap()
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
fn requests_have_a_file_of_their_own_whatever_else_is_logged() {
    let directory = tempfile::tempdir().unwrap();
    let config =
        LogConfig { filter: "error".into(), directory: Some(directory.path().into()), format: LogFormat::Json };
    let out = logged(&config, || {
        tracing::debug!(target: REQUESTS, "127.0.0.1 - - [x] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"");
        tracing::info!("well");
        tracing::error!("ill");
    });
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(read("requests.log"), "127.0.0.1 - - [x] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n");
    assert_eq!(lines(&read("combined.log")).len(), 1);
    assert_eq!(lines(&out).len(), 1);
}

#[test]
fn where_something_collects_standard_output_requests_can_go_there() {
    let filter = format!("info,{REQUESTS}=debug");
    let text = logged(&LogConfig { filter, format: LogFormat::Json, ..LogConfig::default() }, || {
        tracing::debug!(target: REQUESTS, "a request");
    });
    assert_eq!(lines(&text)[0]["message"], "a request");
}

#[test]
fn what_cannot_be_written_is_told() {
    let config = LogConfig { directory: Some("/proc/nowhere".into()), ..LogConfig::default() };
    assert!(matches!(build(&config, io::sink(), &counters()), Err(TelemetryError::NoDirectory(_))));
    let config = LogConfig { filter: "no=such=filter".into(), ..LogConfig::default() };
    assert!(matches!(build(&config, io::sink(), &counters()), Err(TelemetryError::Filter(_))));
}

/// Takes nothing until it is told to; holds up whoever writes.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, parking_lot::Condvar)>, Paper);

// === impl Gate ===

impl Gate {
    fn open(&self) {
        *self.0.0.lock() = true;
        self.0.1.notify_all();
    }
}

impl io::Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut open = self.0.0.lock();
        self.0.1.wait_while(&mut open, |open| !*open);
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes so many bytes, then none until there is room again, as a disk does.
#[derive(Clone)]
struct Disk(Arc<Mutex<usize>>, Paper);

impl io::Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.0.lock();
        let taken = bytes.len().min(*room);
        *room -= taken;
        if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { self.1.write(&bytes[..taken]) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[test]
fn who_logs_does_not_wait_for_a_reader_and_what_is_dropped_is_counted() {
    let (gate, counted) = (Gate::default(), IntCounter::new("dropped", "dropped").unwrap());
    let outlet = Outlet::open("stdout", gate.clone(), counted.clone()).unwrap();
    let line = [&[b'x'; 1_023][..], b"\n"].concat();
    let (fitting, pushed) = ((outlet::ROOM / line.len()) as u64, 3 * (outlet::ROOM / line.len()) as u64);
    for _ in 0..pushed {
        outlet.push(&line);
    }
    let kept = pushed - counted.get();
    assert!((fitting..=2 * fitting).contains(&kept), "what is in hand, and what waits: {kept}");
    assert!(!outlet.finish(Instant::now()), "nobody has taken anything yet");
    gate.open();
    assert!(outlet.finish(soon()));
    assert_eq!(gate.1.0.lock().len() as u64, kept * line.len() as u64);
}

#[test]
fn what_cannot_be_written_is_counted_and_the_next_line_stands_alone() {
    let (disk, counted) =
        (Disk(Arc::new(Mutex::new(9)), Paper::default()), IntCounter::new("dropped", "dropped").unwrap());
    let outlet = Outlet::open("stdout", disk.clone(), counted.clone()).unwrap();
    outlet.push(b"one\ntwo\nthree\nfour\n");
    outlet.settled(soon());
    assert_eq!(counted.get(), 2);
    outlet.push(b"five\n");
    outlet.settled(soon());
    assert_eq!(counted.get(), 3);
    *disk.0.lock() = 1_000;
    outlet.push(b"six\n");
    assert!(outlet.finish(soon()));
    assert_eq!(String::from_utf8(disk.1.0.lock().clone()).unwrap(), "one\ntwo\nt\nsix\n");
}

#[test]
fn a_reader_that_was_told_not_to_block_is_waited_for() {
    let (mut read, write) = std::os::unix::net::UnixStream::pair().unwrap();
    write.set_nonblocking(true).unwrap();
    let counted = IntCounter::new("dropped", "dropped").unwrap();
    let outlet = Outlet::open("stdout", write, counted.clone()).unwrap();
    let text = "a line that comes again and again\n".repeat(30_000);
    outlet.push(text.as_bytes());
    let reader = std::thread::spawn(move || {
        let mut all = String::new();
        io::Read::read_to_string(&mut read, &mut all).unwrap();
        all
    });
    assert!(outlet.finish(soon()));
    assert_eq!((reader.join().unwrap(), counted.get()), (text, 0));
}

//! What nodes share and what lasts, and for how long.

use std::time::Duration;

use crate::app::config::codec::{Optional, Path, Span, Switch, Text, Whole};
use crate::app::config::setting::{Secrecy, Setting, field};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn storage() -> Vec<Setting> {
    vec![
        Setting::new("data_dir", field!(storage.data_dir), Path)
            .about("The directory of the embedded store, and of the signing key that the hub makes for itself.")
            .because("Beside where it is started: nothing to prepare for a first try."),
        Setting::new("redis_url", field!(storage.redis_url), Optional(REDIS, ""))
            .secrecy(Secrecy::UrlPassword)
            .about("Redis 7.0 or later, through which several nodes work together.")
            .because(
                "Unset, one node keeps in memory what nodes would share. With Redis, MongoDB is needed too: nodes with \
                 a SQLite each would have a history each.",
            ),
        Setting::new("redis_ca_file", field!(storage.redis_ca_file), Optional(Path, ""))
            .about("Certificates (PEM) of the authorities that sign those of Redis, for rediss:// URLs.")
            .because("Unset, the system's authorities are trusted."),
        Setting::new("redis_prefix", field!(storage.redis_prefix), PREFIX)
            .about("What every key in Redis begins with. Fixed for a deployment once it has started.")
            .because("The project's name; deployments that share one Redis each need their own."),
        Setting::new("mongodb_url", field!(storage.mongodb_url), Optional(MONGODB, ""))
            .secrecy(Secrecy::UrlPassword)
            .about("MongoDB 6 or later (a replica set), which holds users, groups and messages.")
            .because("Unset, SQLite in the data directory holds them."),
        Setting::new("mongodb_database", field!(storage.mongodb_database), DATABASE)
            .about("The database in MongoDB.")
            .because("The project's name."),
    ]
}

const REDIS: Text = Text(
    "a URL that begins with redis://, rediss:// (TLS), redis-cluster://, rediss-cluster://, redis-sentinel:// or \
     rediss-sentinel://",
    |text| text.starts_with("redis") && fred::types::config::Config::from_url(text).is_ok(),
);

const PREFIX: Text = Text("1 to 40 characters of A-Z a-z 0-9 _ - . :", |text| {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    (1..=40).contains(&text.len()) && text.bytes().all(allowed)
});

const MONGODB: Text = Text("a URL that begins with mongodb:// or mongodb+srv://", |text| {
    mongodb::options::ConnectionString::parse(text).is_ok()
});

const DATABASE: Text = Text("1 to 63 characters of A-Z a-z 0-9 _ -", |text| {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=63).contains(&text.len()) && text.bytes().all(allowed)
});

pub(super) fn times() -> Vec<Setting> {
    vec![
        Setting::new("partitions", field!(hub.partitions), Whole(1, 1024))
            .about("Parts into which groups are divided among the nodes. Fixed for a deployment once it has started.")
            .because("Enough for a large cluster, few enough to hold each by one small process."),
        Setting::new("heartbeat", field!(hub.heartbeat), Span(SECOND, MINUTE))
            .about("A client silent for this long is pinged.")
            .because("Most devices that vanish are noticed before anybody waits for them."),
        Setting::new("idle", field!(transport.websocket.idle), Span(2 * SECOND, 60 * MINUTE))
            .about("A client of which nothing was heard, or that read nothing of what waits for it, for this long is disconnected.")
            .because("The protocol's own; several pings have gone unanswered by then."),
        Setting::new("hello_deadline", field!(transport.websocket.hello_deadline), Span(SECOND / 10, MINUTE))
            .about("Time that a new connection has to say who it is.")
            .because("The protocol's own."),
        Setting::new("send_timeout", field!(hub.send_timeout), Span(SECOND, MINUTE))
            .about("A message not stored within this time is answered with `unavailable`; its sender repeats it.")
            .because("Longer than a change of owner or of the store's primary takes."),
        Setting::new("node_lease", field!(hub.node_lease), Span(2 * SECOND, MINUTE))
            .about("A node not heard of for this long counts as dead.")
            .because("With it, users of a dead node are offline within 15 seconds."),
        Setting::new("drain_deadline", field!(hub.drain_deadline), Span(SECOND, 60 * MINUTE))
            .about(
                "How long a node that shuts down may take to hand over its clients and its work. Whatever supervises it \
                 must wait at least 10 s longer.",
            )
            .because(
                "With these 10 s it fits into the 30 s that Kubernetes gives by default. `docker stop` gives 10 s unless \
                 told otherwise.",
            ),
        Setting::new("retention", field!(hub.retention), Optional(Span(MINUTE, 36_500 * DAY), "off"))
            .about("Messages older than this are removed; a group's newest always stays.")
            .because("Nothing is thrown away unless somebody says so."),
        Setting::new("edit_window", field!(hub.edit_window), Optional(Span(SECOND, 36_500 * DAY), "off"))
            .about("How long after it was sent a text may be edited by its author. The same on all nodes.")
            .because("Unset: always. People mend what they said whenever they see what is wrong with it."),
        Setting::new("cid_window", field!(backplane.cid_window), Span(MINUTE, 30 * DAY))
            .about("How long a repeated send is recognised without asking the store.")
            .because("A client offline for a day repeats cheaply; each remembered one takes about 150 bytes of Redis."),
        Setting::new("probe_interval", field!(hub.probe.every), Optional(Span(SECOND / 10, 60 * MINUTE), "off"))
            .about("How often the node sends a message to itself through the whole pipeline, to measure it.")
            .because("Often enough to see what lasts 10 s; what is sent costs nothing to speak of."),
        Setting::new("probe_stored", field!(hub.probe.stored), Switch)
            .about("Whether these messages are stored, like everybody's; removed again after ten minutes.")
            .because("Otherwise they tell nothing of the store. No list shows them either way."),
        Setting::new("log_cap", field!(backplane.log_cap), Whole(1_000, 100_000_000))
            .about("Messages of a partition that may wait for the store; beyond, senders get `overloaded`.")
            .because("Some minutes of a store that is down, and about 40 MB a partition."),
        Setting::new("inbox_cap", field!(backplane.inbox_cap), Whole(1_000, 100_000_000))
            .about("Batches that may wait for one node; beyond, it fetches from the store.")
            .because("A minute or so of a node that is stuck."),
    ]
}

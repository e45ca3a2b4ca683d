//! How much of everything.

use crate::app::config::codec::{OneOf, Parsed, Size, Whole};
use crate::app::config::setting::{Setting, field};
use crate::hub::config::Devices;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

pub(super) fn settings() -> Vec<Setting> {
    vec![
        Setting::new("max_members", field!(hub.max_members), Whole(2, 100_000))
            .about("Members of a group.")
            .because("The limit of the design that this hub follows."),
        Setting::new("max_groups", field!(hub.max_groups), Whole(1, 100_000))
            .about("Groups and direct chats that one user is in.")
            .because("More than anybody reads; all of them are looked at with each hello."),
        Setting::new("max_text", field!(hub.max_text), Whole(1, 1_000_000))
            .about("Characters of a message, counted as Unicode scalar values.")
            .because("The limit of the design that this hub follows."),
        Setting::new("max_data", field!(hub.max_data), Size(0, 4 * MIB))
            .about("Size of a message's `data`, as JSON.")
            .because("The protocol's own."),
        Setting::new("max_frame", field!(hub.max_frame), Size(4 * KIB, 16 * MIB))
            .about("Size of a frame or request body.")
            .because("The longest text and the largest data fit, and the cursors of a thousand groups."),
        Setting::new("max_connections", field!(hub.max_connections), Whole(1, 10_000_000))
            .about("Connections to this node.")
            .because("Below the usual limit of 20,000 open files, with room for everything else."),
        Setting::new(
            "max_connections_per_address",
            field!(transport.admission.max_connections_per_address),
            Whole(1, 10_000_000),
        )
        .about("Connections from one client address; of IPv6, from one network of 64 bits, as one customer has.")
        .because("A large office behind one address; load tests raise it."),
        Setting::new("max_http_connections", field!(transport.admission.max_http_connections), Whole(1, 10_000_000))
            .about("Connections that are no WebSocket, or none yet.")
            .because("Enough for a storm of reconnects; each costs a task and a buffer."),
        Setting::new("max_queue", field!(transport.websocket.max_queue), Size(16 * KIB, 1024 * MIB))
            .about("Bytes that may wait for one client; one that reads slower is disconnected and resumes.")
            .because("Some thousand messages: seconds of a busy group."),
        Setting::new("session_burst", field!(hub.session_rate.burst), Whole(1, 1_000_000))
            .about("Requests that one connection may send at once.")
            .because("A client that comes back repeats what it had not got answered."),
        Setting::new("session_rate", field!(hub.session_rate.per_second), Whole(1, 1_000_000))
            .about("Requests that one connection may send each second after that.")
            .because("Nobody types so fast; a program that does is told when to go on."),
        Setting::new("user_burst", field!(hub.user_rate.burst), Whole(1, 1_000_000))
            .about("Requests that one user may send at once, over all connections to this node and HTTP.")
            .because("Two devices that come back together."),
        Setting::new("user_rate", field!(hub.user_rate.per_second), Whole(1, 1_000_000))
            .about("Requests that one user may send each second after that.")
            .because("Two busy devices."),
        Setting::new("hello_burst", field!(hub.hello_rate.burst), Whole(1, 1_000_000))
            .about("Times that one user may connect and say hello at once, on this node.")
            .because("All devices of one user come back together, and again soon after."),
        Setting::new("hello_rate", field!(hub.hello_rate.per_second), Whole(1, 1_000_000))
            .about("Times that one user may connect and say hello each second after that.")
            .because("Who is cut off again and again still gets through."),
    ]
}

const REACH: Parsed = Parsed("on, off, or a number of members from 2 to 100000: it holds in groups of at most so many");

/// What people see of each other while they are connected.
pub(super) fn people() -> Vec<Setting> {
    vec![
        Setting::new("presence", field!(hub.presence), REACH)
            .about("Whether people see who is online and when somebody was last seen: in all groups, in none, or in small ones.")
            .because("Most people expect it; a course or a company may not want it. Services see it either way."),
        Setting::new("typing", field!(hub.typing), REACH)
            .about("Whether people see who types, in the same way.")
            .because("It costs a peer message only where somebody watches."),
        Setting::new("receipts", field!(hub.receipts), REACH)
            .about("Whether people are told how far others have read, in the same way; never in groups above 200.")
            .because("Most people expect it. Read marks are kept either way."),
        Setting::new("devices", field!(hub.devices), OneOf(&[("many", Devices::Many), ("one", Devices::One)]))
            .about(
                "Whether somebody is connected with many devices at once, or with one: then a newer device takes over, \
                 and the older is closed with 4004. Windows that name the same device are one.",
            )
            .because("People have a phone and a computer."),
    ]
}

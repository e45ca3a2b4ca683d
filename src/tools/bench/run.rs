//! A run, from its first connection to the floor of its machine.

use std::sync::Arc;

use super::crowd::Crowd;
use super::error::Unmeasured;
use super::pace::Pace;
use super::plan::{Mode, Plan};
use super::report::Report;
use super::tally::Tally;
use super::usage::Used;
use super::{floor, pace};
use crate::domain::{Event, GroupId, Head, Kind, now_ms};
use crate::protocol::{ServerFrame, WireEvent, encode};

/// The floor is measured over so many sockets at most; each is two files, and more do not change it.
const FLOOR_SOCKETS: usize = 4_000;

/// Runs a plan and answers what was measured. Progress goes to standard error.
///
/// # Errors
/// What kept it from measuring.
pub(super) async fn run(plan: &Plan) -> Result<Report, Unmeasured> {
    let tally = Arc::new(Tally::default());
    let measured = measure(plan, &tally).await;
    match tally.fault() {
        Some(fault) => Err(Unmeasured::Run(fault.to_owned())),
        None => measured,
    }
}

async fn measure(plan: &Plan, tally: &Arc<Tally>) -> Result<Report, Unmeasured> {
    let before = Used::now(plan);
    let mut crowd = Crowd::gather(plan, tally.clone()).await?;
    let joins = crowd.join_again(plan).await?;
    let mut report = Report::begin(plan, joins);
    if let Mode::Deep { messages } = plan.mode {
        crowd.deepen(plan, messages, &mut report).await?;
    } else if let Mode::Idle = plan.mode {
        eprintln!("holding {} idle clients for {} s", crowd.clients.len(), plan.duration.as_secs());
        let start = Used::now(plan);
        tokio::time::sleep(plan.duration).await;
        let clients_a_node = crowd.clients.len().max(1) as f64 / plan.nodes.len().max(1) as f64;
        report.idle(&before, &start, &Used::now(plan), clients_a_node, plan.duration);
    } else {
        crowd.load(plan, &mut report).await?;
    }
    report.contract(&crowd.tally);
    // Files are few: those of the clients are given back before the floors open their own.
    drop(crowd);
    let (sockets, frame) = (plan.tokens.len().min(FLOOR_SOCKETS), sample(plan));
    let unmeasured = |error| Unmeasured::Run(format!("the floor of this machine cannot be measured: {error}"));
    report.floor = floor::microseconds_per_write(sockets, &frame).map_err(unmeasured)?;
    if let Mode::Rate | Mode::ReconnectStorm = plan.mode {
        let each = (plan.tokens.len() / plan.groups.max(1)).clamp(1, sockets.max(1));
        let pace = Pace { sockets, each, rate: plan.rate, encoding: plan.encoding };
        report.floor_at_pace = Some(pace::microseconds_per_write(pace, &frame).map_err(unmeasured)?);
    }
    Ok(report)
}

/// A frame as members get it, for the floor.
fn sample(plan: &Plan) -> Vec<u8> {
    let head = Head { seq: 100_000, n: 100_000, shown: 100_000, time: now_ms() };
    let mut event = Event::void(GroupId::random(), head);
    event.kind = Kind::Text;
    event.text = Some("x".repeat(plan.text));
    encode(&ServerFrame::Message(WireEvent::public(&event)), plan.encoding).to_vec()
}

//! Who sends when.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::error::Unmeasured;
use super::mix::{Deed, MixFigures};
use super::plan::{Mode, Plan};
use super::report::{Measured, Report};
use super::tally::count;
use super::usage::Used;

/// Windows that are tried to find the best: the first, and the last.
const WINDOWS: [usize; 2] = [16, 1_024];
/// How long each is tried.
const TRIED_FOR: Duration = Duration::from_secs(4);
/// A window is better that brings so many times the deliveries of the best before it.
const BETTER: f64 = 1.05;
/// How long is slept while enough sends are under way.
const ENOUGH: Duration = Duration::from_millis(1);

impl Crowd {
    /// Loads the hub as planned, and measures.
    pub(super) async fn load(&mut self, plan: &Plan, report: &mut Report) -> Result<(), Unmeasured> {
        let mut tried = 0;
        if let Mode::Saturate { window } = plan.mode {
            let (window, sent) = match window {
                Some(window) => (window, 0),
                None => self.find_window(plan)?,
            };
            (report.window, tried) = (window, sent);
        }
        self.tally.latency.clear();
        let delivered_before = self.tally.delivered.load(Ordering::Relaxed);
        let before = Used::now(plan);
        let start = Instant::now();
        let sent = match plan.mode {
            Mode::Saturate { .. } => self.saturate(plan, report.window, plan.duration)?,
            Mode::ReconnectStorm => self.storm(plan, report).await?,
            _ => self.at_rate(plan, plan.duration)?,
        };
        let loaded = start.elapsed();
        let after = Used::now(plan);
        let delivered = self.tally.delivered.load(Ordering::Relaxed) - delivered_before;
        report.measured(Measured { sent, delivered, loaded, before, after }, &self.tally.latency);
        self.settle(plan, tried + sent);
        report.mix = plan.mix.then(|| MixFigures::of(&self.tally));
        report.settled(tried + sent, &self.tally, self.outstanding(plan));
        Ok(())
    }

    /// Acts at the planned rate; how many sends that were. It sleeps on its thread: nothing else is to do there, and a
    /// runtime's timer would have to wake it.
    fn at_rate(&self, plan: &Plan, duration: Duration) -> Result<u64, Unmeasured> {
        let pause = Duration::from_secs_f64(1.0 / plan.rate.max(0.001));
        let start = Instant::now();
        let delivered_before = self.tally.delivered.load(Ordering::Relaxed);
        let mut told = start;
        let (mut done, mut sent) = (0_u64, 0_u64);
        while start.elapsed() < duration {
            std::thread::sleep((start + pause.mul_f64(done as f64)).saturating_duration_since(Instant::now()));
            done += 1;
            sent += u64::from(self.act(plan)?);
            if told.elapsed() >= Duration::from_secs(5) {
                told = Instant::now();
                self.tell(sent, delivered_before, start.elapsed());
            }
        }
        Ok(sent)
    }

    /// Doubles the sends under way until that brings no more deliveries. Answers the best window, and
    /// how many sends that took.
    fn find_window(&self, plan: &Plan) -> Result<(usize, u64), Unmeasured> {
        let [mut window, last] = WINDOWS;
        let (mut best, mut sent) = ((window, 0.0), 0);
        while window <= last {
            let start = (Instant::now(), self.tally.delivered.load(Ordering::Relaxed));
            sent += self.saturate(plan, window, TRIED_FOR)?;
            let delivered = self.tally.delivered.load(Ordering::Relaxed) - start.1;
            let rate = delivered as f64 / start.0.elapsed().as_secs_f64();
            eprintln!("with {window} sends of each group under way: {rate:.0} deliveries/s");
            if rate < best.1 * BETTER {
                break;
            }
            best = (window, rate);
            window *= 2;
        }
        Ok((best.0, sent))
    }

    /// Keeps so many sends of each group under way.
    fn saturate(&self, plan: &Plan, window: usize, duration: Duration) -> Result<u64, Unmeasured> {
        self.keep_sending(plan, window, |_, elapsed| elapsed < duration)
    }

    /// The same for as long as the number of sends and the time passed say.
    pub(super) fn keep_sending(
        &self,
        plan: &Plan,
        window: usize,
        go_on: impl Fn(u64, Duration) -> bool,
    ) -> Result<u64, Unmeasured> {
        let start = Instant::now();
        let most = (window * plan.groups) as u64;
        let answered_before = self.tally.answered();
        let delivered_before = self.tally.delivered.load(Ordering::Relaxed);
        let mut told = Instant::now();
        let mut sent = 0_u64;
        while go_on(sent, start.elapsed()) {
            if sent.saturating_sub(self.tally.answered() - answered_before) >= most {
                std::thread::sleep(ENOUGH);
                continue;
            }
            sent += u64::from(self.act(plan)?);
            if told.elapsed() >= Duration::from_secs(5) {
                told = Instant::now();
                self.tell(sent, delivered_before, start.elapsed());
            }
        }
        Ok(sent)
    }

    /// Half of the load, everybody cut off and back, the other half.
    async fn storm(&mut self, plan: &Plan, report: &mut Report) -> Result<u64, Unmeasured> {
        let first = self.at_rate(plan, plan.duration / 2)?;
        // An answer that is cut off cannot be told from one that was not given; deliveries can be replayed.
        self.settle_answers(first);
        eprintln!("cutting all {} connections", self.clients.len());
        let cut = Instant::now();
        self.clients.clear();
        for state in &mut self.states {
            *state = std::sync::Arc::new(state.carried());
        }
        self.connect(plan).await?;
        report.storm = Some(cut.elapsed());
        Ok(first + self.at_rate(plan, plan.duration / 2)?)
    }

    /// The next client's next deed; whether it is one that is answered as stored.
    fn act(&self, plan: &Plan) -> Result<bool, Unmeasured> {
        if let Some(fault) = self.tally.fault() {
            return Err(Unmeasured::Run(fault.to_owned()));
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let client = self.turn(number, plan);
        let mix = &self.tally.mix;
        let deed = if plan.mix { Deed::of(number, &self.states[client], mix) } else { Deed::Text };
        match deed.act() {
            Some(act) => count(&mix.of(act).sent),
            None => count(&mix.passing),
        }
        let group = self.group_of(client, plan).unwrap_or_default();
        let said = self.clients[client].say(&deed.said(number, group, plan.text, self.tally.now()));
        said.map_err(|error| Unmeasured::Hub(format!("a send failed: {error}")))?;
        Ok(deed.act().is_some())
    }

    /// Whose turn it is: groups in turn, and in each its members.
    fn turn(&self, number: u64, plan: &Plan) -> usize {
        let group = (number as usize) % plan.groups;
        let members: usize = self.who.len() / plan.groups.max(1);
        let turn = (number as usize / plan.groups) % members.max(1);
        let (nodes, groups) = (plan.nodes.len(), plan.groups);
        // The inverse of `group_of`: the turn-th client whose group this is.
        let client = (turn / nodes * groups + group) * nodes + turn % nodes;
        client.min(self.clients.len() - 1)
    }

    fn tell(&self, sent: u64, delivered_before: u64, elapsed: Duration) {
        let delivered = self.tally.delivered.load(Ordering::Relaxed) - delivered_before;
        let seconds = elapsed.as_secs_f64();
        eprintln!(
            "{seconds:5.0} s: {:.0} sends/s, {:.0} deliveries/s, p99 {:.2} ms",
            sent as f64 / seconds,
            delivered as f64 / seconds,
            self.tally.latency.quantile(0.99).as_secs_f64() * 1e3,
        );
    }
}

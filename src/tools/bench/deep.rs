//! A group with many stored messages: history and resuming must not grow slower with them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::Rng;
use serde_json::json;

use super::client::Client;
use super::crowd::Crowd;
use super::error::Unmeasured;
use super::line::Answer;
use super::plan::Plan;
use super::report::{Depth, Report};
use super::tally::State;

/// It is measured at so many parts of the whole: at a hundredth, a tenth and the end.
const MEASURED_AT: [u64; 3] = [100, 10, 1];
/// Sends under way while the group is filled.
const WINDOW: usize = 512;
/// Pages asked for one after another, the newest and any.
const PAGES: usize = 200;
/// Messages on a page.
const PAGE: u64 = 50;
/// Connections that resume one after another.
const RESUMES: usize = 50;
/// Messages that each of them has missed.
const MISSED: u64 = 100;
/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

impl Crowd {
    /// Fills the one group with so many messages, and measures on the way.
    pub(super) async fn deepen(&mut self, plan: &Plan, messages: u64, report: &mut Report) -> Result<(), Unmeasured> {
        let mut sent = 0;
        for part in MEASURED_AT {
            let more = (messages / part).saturating_sub(sent);
            sent += self.keep_sending(plan, WINDOW, |count, _| count < more)?;
            self.settle(plan, sent);
            let depth = self.measure_depth(plan).await?;
            eprintln!("{depth:?}");
            report.depths.push(depth);
        }
        report.settled(sent, &self.tally, self.outstanding(plan));
        Ok(())
    }

    async fn measure_depth(&mut self, plan: &Plan) -> Result<Depth, Unmeasured> {
        let messages = self.states.iter().map(|state| state.held.load(Ordering::Relaxed)).max().unwrap_or_default();
        Ok(Depth {
            messages,
            newest_page_ms: self.pages(|| messages + 1).await?,
            any_page_ms: self.pages(|| rand::rng().random_range(PAGE..=messages)).await?,
            resume_ms: self.resumes(plan, messages).await?,
        })
    }

    async fn pages(&self, before: impl Fn() -> u64) -> Result<f64, Unmeasured> {
        let (client, group) = (&self.clients[0], &self.groups[0]);
        let mut taken = Vec::with_capacity(PAGES);
        for _ in 0..PAGES {
            let ask = json!({"type": "history", "id": 1, "group": group, "before": before(), "limit": PAGE});
            let start = Instant::now();
            let came = client.ask(&ask, Answer::Page, PATIENCE).await?;
            came.ok_or_else(|| Unmeasured::Hub("a page of history did not come".into()))?;
            taken.push(start.elapsed());
        }
        Ok(median_ms(taken))
    }

    async fn resumes(&self, plan: &Plan, head: u64) -> Result<f64, Unmeasured> {
        let mut taken = Vec::with_capacity(RESUMES);
        for _ in 0..RESUMES {
            let state = Arc::new(State::default());
            state.held.store(head.saturating_sub(MISSED).max(1), Ordering::Relaxed);
            let start = Instant::now();
            let client =
                Client::connect(&self.who[0], self.group_of(0, plan), state.clone(), self.reader.orders()).await?;
            while state.held.load(Ordering::Relaxed) < head {
                if start.elapsed() > PATIENCE {
                    return Err(Unmeasured::Hub("a resume did not come to its end".into()));
                }
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
            taken.push(start.elapsed());
            drop(client);
        }
        Ok(median_ms(taken))
    }
}

fn median_ms(mut taken: Vec<Duration>) -> f64 {
    taken.sort_unstable();
    taken.get(taken.len() / 2).map_or(0.0, Duration::as_secs_f64) * 1e3
}

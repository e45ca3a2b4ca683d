//! Everything a hub stands on dies, is paused, is cut off and comes back, at random and for as long
//! as one likes, under load from clients that keep the record; the record is held to the contract.
//!
//! `scripts/torture` runs it for long; without it, this is one short round. The seed decides which
//! faults come and what clients say; the timing is the machine's.
//!
//! - [`plan`]: which faults come, by the seed. Pure
//! - [`fault_bed`]: the servers, nodes and proxies, and what each fault does to them
//! - [`passers`]: clients that leave groups behind in which nobody is online
//! - [`report`]: what a run came to

mod fault_bed;
mod passers;
mod plan;
mod report;

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::contract::listeners::{Cast, Listeners};
use fault_bed::FaultBed;
use passers::Passers;
use plan::Kind;
use report::Report;

/// A round without `scripts/torture`: short enough for every test run.
const SHORT: Duration = Duration::from_secs(60);
/// How long the store is away, once in a while; minutes are for `scripts/torture --store-away`.
const STORE_AWAY: Duration = Duration::from_secs(10);
/// A round begins anew with empty servers after this long: the stand-in for MongoDB slows down.
const LONGEST_ROUND: Duration = Duration::from_secs(240);

/// One of a run.
struct Round {
    kind: Kind,
    seed: u64,
    time: Duration,
    /// How long the store is away, once in a while.
    store_away: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn run() {
    let setting = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a whole number"));
    let seed = setting("HUBBUB_TORTURE_SEED").unwrap_or(1);
    let total = setting("HUBBUB_TORTURE_SECONDS").map_or(SHORT, Duration::from_secs);
    let store_away = setting("HUBBUB_TORTURE_STORE_AWAY_SECONDS").map_or(STORE_AWAY, Duration::from_secs);
    let begun = Instant::now();
    let mut report = Report::new(seed);
    for round in 0_u64.. {
        let left = total.saturating_sub(begun.elapsed());
        if round > 0 && left < SHORT / 2 {
            break;
        }
        // As chosen in `HUBBUB_TORTURE_KIND`, or each in its turn.
        let kind = std::env::var("HUBBUB_TORTURE_KIND").map_or(Kind::of_round(round), |name| Kind::named(&name));
        let round = Round { kind, seed: seed.wrapping_add(round), time: left.min(LONGEST_ROUND), store_away };
        round.play(&mut report).await;
    }
    println!("{report}");
    assert!(report.sends() > 100, "the load was no load");
    assert!(report.followed() > 100, "nothing was followed");
    assert!(report.violations().is_empty(), "the contract was broken:\n{}", report.violations().join("\n"));
}

// === impl Round ===

impl Round {
    /// Fresh servers, faults until the time is over, the verdict.
    async fn play(self, report: &mut Report) {
        let Round { kind, seed, time, store_away } = self;
        println!("── round of kind {kind:?}, seed {seed}, {} s", time.as_secs());
        let until = Instant::now() + time;
        let mut random = StdRng::seed_from_u64(seed);
        let mut ground = FaultBed::build(kind).await;
        let cast = Cast { users: 10, groups: 3, pause: Duration::from_millis(100), all_sorts: true, seed };
        let audience = Listeners::assemble(cast, &ground.reader(), ground.addresses()).await;
        let passers = Passers::begin(ground.addresses(), seed);
        audience.until_acked(2).await;
        for nth in 0.. {
            if Instant::now() >= until {
                break;
            }
            let faults = plan::next(kind, nth, store_away, &mut random);
            report.begin(&faults);
            ground.suffer(&faults, &audience).await;
            report.recovered(&faults, audience.until_acked(1).await);
            // A while of peace, so that what went wrong can show.
            tokio::time::sleep(Duration::from_millis(random.random_range(500..3_000))).await;
        }
        let verdict = audience.verdict(&ground.reader(), ground.restored()).await;
        let passed = passers.end().await;
        let followed = ground.followed().await;
        println!("   {} events, {} lines of journals, {passed} groups left behind", followed.stored, followed.lines);
        report.end_round(kind, seed, verdict, followed);
    }
}

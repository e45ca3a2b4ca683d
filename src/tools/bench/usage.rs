//! What processes use, read from `/proc`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::plan::Plan;

/// Linux counts in hundredths of a second towards processes, whatever it counts in itself.
const TICK: Duration = Duration::from_millis(10);

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time on a processor, all threads together.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident: u64,
}

/// What the measured processes have used at a moment.
#[derive(Debug, Clone, Default)]
pub struct Used {
    /// Nodes and Redis, by process.
    pub hub: Vec<(u32, Usage)>,
    /// The store.
    pub store: Duration,
    /// This process.
    pub own: Duration,
}

// === impl Used ===

impl Used {
    /// What they have used so far.
    pub fn now(plan: &Plan) -> Self {
        let of = |pids: &[u32]| pids.iter().filter_map(|pid| Some((*pid, of_process(*pid)?))).collect::<Vec<_>>();
        Self {
            hub: of(&plan.pids),
            store: of(&plan.store_pids).iter().map(|(_, usage)| usage.cpu).sum(),
            own: of_self().cpu,
        }
    }
}

/// What process `pid` has used; `None` when there is no such process.
pub fn of_process(pid: u32) -> Option<Usage> {
    let process = PathBuf::from(format!("/proc/{pid}"));
    Some(Usage { cpu: cpu_of_all_threads(&process)?, resident: resident(&process)? })
}

/// What this process has used.
pub fn of_self() -> Usage {
    of_process(std::process::id()).unwrap_or_default()
}

/// Time that the calling thread spent on a processor.
pub fn of_thread() -> Duration {
    on_cpu(Path::new("/proc/thread-self")).unwrap_or_default()
}

/// `utime` and `stime` of `stat`: unlike what stands under `task/`, with the threads that have ended.
fn cpu_of_all_threads(process: &Path) -> Option<Duration> {
    let text = fs::read_to_string(process.join("stat")).ok()?;
    // The second field is a name in brackets, which may have blanks; the third follows it.
    let (_, fields) = text.rsplit_once(')')?;
    let ticks: Vec<u64> = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    (ticks.len() == 2).then(|| TICK * ticks.iter().sum::<u64>() as u32)
}

/// The first number of `schedstat`: nanoseconds on a processor.
fn on_cpu(task: &Path) -> Option<Duration> {
    let text = fs::read_to_string(task.join("schedstat")).ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

fn resident(process: &Path) -> Option<u64> {
    let text = fs::read_to_string(process.join("status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_time() {
        let (before, thread_before) = (of_self().cpu, of_thread());
        let mut sum = 0_u64;
        while of_self().cpu == before || of_thread() == thread_before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(of_self().resident > 100_000);
        assert_eq!(of_process(u32::MAX), None);
    }
}

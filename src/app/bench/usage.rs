//! What processes use, read from `/proc`.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time on a processor, all threads together.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident: u64,
}

/// What process `pid` has used; `None` when there is no such process.
pub fn of_process(pid: u32) -> Option<Usage> {
    let base = format!("/proc/{pid}");
    let tasks = fs::read_dir(format!("{base}/task")).ok()?;
    let cpu = tasks.filter_map(|task| on_cpu(&task.ok()?.path())).sum();
    // Threads that have ended are in no task folder; hub threads live as long as the hub.
    Some(Usage { cpu, resident: resident(Path::new(&base))? })
}

/// What this process has used.
pub fn of_self() -> Usage {
    of_process(std::process::id()).unwrap_or_default()
}

/// Time that the calling thread spent on a processor.
pub fn of_thread() -> Duration {
    on_cpu(Path::new("/proc/thread-self")).unwrap_or_default()
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
        let before = of_thread();
        let mut sum = 0_u64;
        while of_thread() == before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(of_self().resident > 100_000);
        assert!(of_self().cpu > Duration::ZERO);
        assert_eq!(of_process(u32::MAX), None);
    }
}

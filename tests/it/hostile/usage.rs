//! What a process uses, as `/proc` tells.

use std::fs;
use std::time::Duration;

const KIB: u64 = 1024;
/// Ticks of `/proc/<pid>/stat` in a second, on every Linux of today.
const TICKS: u64 = 100;

/// What a process has used so far.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Time on a processor, all threads together.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident: u64,
    /// The most it ever was, since [`forget_peak`].
    pub peak: u64,
    /// Open files, sockets among them.
    pub files: usize,
}

/// What process `pid` has used.
///
/// # Panics
///
/// When there is no such process.
pub fn usage(pid: u32) -> Usage {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux tells");
        line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * KIB
    };
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // Its name may hold anything, so counted from behind it; user and system time are the 14th and 15th.
    let fields = stat.rsplit(") ").next().expect("a name in brackets").split(' ');
    let ticks: u64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
    let files = fs::read_dir(format!("/proc/{pid}/fd")).expect("an own process's files can be listed").count();
    let cpu = Duration::from_millis(ticks * 1_000 / TICKS);
    Usage { cpu, resident: kib("VmRSS:"), peak: kib("VmHWM:"), files }
}

/// Has the kernel count a process's peak of memory anew.
pub fn forget_peak(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the peak of an own process can be reset");
}

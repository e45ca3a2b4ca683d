//! Directories of one test process, swept away by a later one.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use tempfile::TempDir;

const PREFIX: &str = "it-";

/// A new directory under this process's own, removed when dropped. When the process is killed
/// instead, a later run removes it.
pub fn directory(name: &str) -> TempDir {
    tempfile::Builder::new()
        .prefix(&format!("{name}-"))
        .tempdir_in(root())
        .expect("the target directory can be written to")
}

/// Copies everything but logs.
pub fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            fs::create_dir_all(&target).unwrap_or_else(|error| panic!("making {}: {error}", target.display()));
            copy(&path, &target);
        } else if path.extension().is_none_or(|extension| extension != "log") {
            fs::copy(&path, &target).unwrap_or_else(|error| panic!("copying {}: {error}", path.display()));
        }
    }
}

fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
        sweep(all);
        let own = all.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir_all(&own).expect("the target directory can be written to");
        own
    })
}

/// Removes what test processes left behind that no longer run.
fn sweep(all: &Path) {
    for entry in fs::read_dir(all).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if owner.is_some_and(|pid| !runs(pid)) {
            // Another test process may be sweeping as well.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// False also for a process that has ended and is still listed.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    // pid (name) state …
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

//! The docs that are made from the code: held to it, and written anew with `HUBBUB_WRITE_DOCS=1`.

use std::path::{Path, PathBuf};

/// A file of docs/.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// Whether they are to be written anew.
pub fn are_written() -> bool {
    std::env::var_os("HUBBUB_WRITE_DOCS").is_some()
}

/// Holds the table that docs/protocol.md marks by this name to the one made from the code.
pub fn hold_table(name: &str, source: &str, table: &str) {
    let path = path("protocol.md");
    let [begin, end] = [format!("<!-- {name}: made from {source} -->\n"), format!("<!-- end of {name} -->")];
    let written = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = written.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (kept, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    if are_written() {
        std::fs::write(&path, format!("{before}{begin}\n{table}\n{end}{after}")).unwrap();
        return;
    }
    assert!(
        kept == format!("\n{table}\n"),
        "the table of {name} is not current: run this test with HUBBUB_WRITE_DOCS=1"
    );
}

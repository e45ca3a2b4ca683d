//! A call with a default in its port would compile without its row, and the adapter's own would never be reached.

use crate::sources::Source;

/// Files with rows, each with the ports whose calls they forward: a file, or all of a folder.
const ROWS: [(&str, &str); 2] =
    [("hub/counted/store.rs", "ports/store"), ("hub/counted/backplane.rs", "ports/backplane")];

/// The calls of the ports that have no row.
pub fn missing(sources: &[Source]) -> Vec<String> {
    let text = |path: &str| &sources.iter().find(|source| source.path == path).expect("there are rows").text;
    let mut missing = Vec::new();
    for (rows, ports) in ROWS {
        let is_port = |path: &str| path.starts_with(&format!("{ports}/")) || path == format!("{ports}.rs");
        let calls: Vec<_> =
            sources.iter().filter(|source| is_port(&source.path)).flat_map(|port| calls(&port.text)).collect();
        assert!(!calls.is_empty(), "no calls found");
        missing.extend(without_row(text(rows), &calls));
    }
    missing
}

fn calls(port: &str) -> Vec<&str> {
    port.lines().filter_map(|line| line.trim_start().strip_prefix("async fn ")?.split('(').next()).collect()
}

fn without_row(rows: &str, calls: &[&str]) -> Vec<String> {
    let has_row = |call: &str| rows.lines().any(|row| row.trim_start().starts_with(&format!("{call}(")));
    calls.iter().filter(|call| !has_row(call)).map(|call| (*call).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_a_row_is_found() {
        let port = "    async fn append(&self);\n    async fn claim(\n        &self,\n    ) -> u8 { 0 }\n";
        assert_eq!(without_row("    append() -> u8;\n", &calls(port)), ["claim"]);
        assert_eq!(without_row("    append();\n    claim() -> u8;\n", &calls(port)), Vec::<String>::new());
    }
}

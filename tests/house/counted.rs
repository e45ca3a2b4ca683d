//! A call with a default in its port would compile without its row, and the adapter's own would never be reached.

/// Files with rows, each with the ports whose calls they forward.
const ROWS: [(&str, &[&str]); 2] =
    [("hub/counted/store.rs", &["store"]), ("hub/counted/backplane.rs", &["log", "inbox", "registry", "cluster"])];

/// The calls of the ports that have no row.
pub fn missing(read: impl Fn(&str) -> String) -> Vec<String> {
    let mut missing = Vec::new();
    for (rows, ports) in ROWS {
        let rows = read(rows);
        for port in ports {
            missing.extend(without_row(&rows, &read(&format!("ports/{port}.rs"))));
        }
    }
    missing
}

fn without_row(rows: &str, port: &str) -> Vec<String> {
    let calls = port.lines().filter_map(|line| line.trim_start().strip_prefix("async fn ")?.split('(').next());
    let calls: Vec<_> = calls.collect();
    assert!(!calls.is_empty(), "no calls found");
    let has_row = |call: &str| rows.lines().any(|row| row.trim_start().starts_with(&format!("{call}(")));
    calls.into_iter().filter(|call| !has_row(call)).map(str::to_owned).collect()
}

mod tests {
    use super::*;

    #[test]
    fn a_call_without_a_row_is_found() {
        let port = "    async fn append(&self);\n    async fn claim(\n        &self,\n    ) -> u8 { 0 }\n";
        assert_eq!(without_row("    append() -> u8;\n", port), ["claim"]);
        assert_eq!(without_row("    append();\n    claim() -> u8;\n", port), Vec::<String>::new());
    }
}

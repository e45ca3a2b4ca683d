//! The table.

use std::fmt;

use serde::Serialize;

use super::costs::Costs;
use super::load::Load;
use super::machines::Machines;
use super::need::Need;

/// Loads side by side, with all that the figures follow from.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The unit costs.
    pub costs: Costs,
    /// What it runs on.
    pub machines: Machines,
    /// Each load with what it needs.
    pub columns: Vec<Column>,
}

/// One load.
#[derive(Debug, Serialize)]
pub struct Column {
    /// What people do.
    pub load: Load,
    /// What that needs.
    pub need: Need,
}

// === impl Report ===

impl Report {
    /// Works out each load.
    pub fn of(loads: Vec<Load>, machines: Machines, costs: Costs) -> Self {
        let column = |load: Load| Column { need: Need::of(&load, &machines, &costs), load };
        Self { columns: loads.into_iter().map(column).collect(), machines, costs }
    }
}

type Row = (&'static str, fn(&Column) -> String);

const ROWS: [Row; 17] = [
    ("users of a day", |column| count(column.load.users)),
    ("messages of each in a day", |column| count(column.load.messages_per_day)),
    ("sessions at the busiest time", |column| count(column.need.sessions)),
    ("messages/s at the busiest time", |column| count(column.need.messages_per_second)),
    ("deliveries/s at the busiest time", |column| count(column.need.deliveries_per_second)),
    ("", |_| String::new()),
    ("cores in use by nodes", |column| count(column.need.cores)),
    ("nodes, one to spare", |column| format!("{} ({})", column.need.nodes, column.need.nodes_by)),
    ("deployments", |column| column.need.deployments.to_string()),
    ("partitions of each", |column| column.need.partitions.to_string()),
    ("Redis shards", |column| format!("{} ({})", column.need.redis_shards, column.need.redis_by)),
    ("Redis servers, with copies", |column| column.need.redis_servers.to_string()),
    ("Redis commands/s", |column| count(column.need.redis_commands_per_second)),
    ("Redis memory", |column| bytes(column.need.redis_bytes)),
    ("MongoDB shards", |column| format!("{} ({})", column.need.mongodb_shards, column.need.mongodb_by)),
    ("MongoDB disks, with copies", |column| column.need.mongodb_disks.to_string()),
    ("MongoDB data, each copy", |column| bytes(column.need.mongodb_bytes)),
];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, cell) in ROWS {
            let cells: String = self.columns.iter().map(|column| format!("{:>24}", cell(column))).collect();
            writeln!(f, "{}", format!("{name:<34}{cells}").trim_end())?;
        }
        for Column { load, need } in &self.columns {
            if need.embedded_is_enough {
                writeln!(
                    f,
                    "\n{} users: one node with everything inside carries this. More nodes, with Redis and MongoDB, are for \
                     going on when a machine dies.",
                    count(load.users)
                )?;
            }
        }
        writeln!(f, "\nIn brackets: what decides the number. Inputs and unit costs: --json.")
    }
}

/// Three digits, with a unit of a thousand.
fn count(number: f64) -> String {
    scaled(number, 1e3, &["", " k", " M", " G", " T"])
}

fn bytes(number: f64) -> String {
    scaled(number, 1e3, &[" B", " kB", " MB", " GB", " TB", " PB"])
}

fn scaled(number: f64, base: f64, units: &[&str]) -> String {
    let mut rest = number;
    for unit in units.iter().take(units.len() - 1) {
        if rest < base {
            return digits(rest) + unit;
        }
        rest /= base;
    }
    digits(rest) + units.last().unwrap_or(&"")
}

fn digits(number: f64) -> String {
    let places = if number >= 100.0 || number.fract() == 0.0 {
        0
    } else if number >= 10.0 {
        1
    } else {
        2
    };
    format!("{number:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.5, 7.0, 12.34, 999.0, 1_000.0, 1.5e9].map(count), ["0.50", "7", "12.3", "999", "1 k", "1.50 G"]);
        assert_eq!(bytes(1.634e16), "16.3 PB");
        assert_eq!(bytes(5e18), "5000 PB");
    }

    #[test]
    fn the_table_has_a_column_for_each_load() {
        let loads = [500.0, 50e6].map(|users| Load { users, ..Load::default() }).to_vec();
        let report = Report::of(loads, Machines::default(), crate::tools::capacity::costs::MEASURED).to_string();
        let users = report.lines().next().unwrap();
        assert!(users.contains("500") && users.contains("50 M"), "{users}");
        assert_eq!(report.matches("one node with everything inside").count(), 1, "{report}");
    }
}

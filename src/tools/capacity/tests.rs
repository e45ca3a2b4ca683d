//! Known cases, and what must hold for all.

use proptest::prelude::*;

use super::costs::Costs;
use super::need::{LEAST_PARTITIONS, MOST_PARTITIONS, nodes_reached};
use super::{Load, Machines, Need};

/// Costs that are easy to reckon with.
const ROUND: Costs = Costs {
    cpu_us_per_message: 100.0,
    cpu_us_per_delivery: 10.0,
    cpu_us_per_idle_session: 1.0,
    bytes_per_session: 10_000.0,
    redis_us_per_message: 50.0,
    redis_us_per_inbox: 10.0,
    redis_commands_per_message: 10.0,
    redis_network_per_message: 1_000.0,
    redis_bytes_per_cid: 100.0,
    redis_bytes_per_group: 200.0,
    redis_bytes_per_member: 30.0,
    mongodb_bytes_per_message: 200.0,
    mongodb_index_bytes_per_message: 100.0,
    mongodb_bytes_per_user: 1_000.0,
};

fn need(load: &Load) -> Need {
    Need::of(load, &Machines::default(), &ROUND)
}

#[test]
fn a_million_users_are_reckoned_as_by_hand() {
    // 86,400 messages a day make one a second: 1,000 a second in all, 2,000 at the peak.
    let load = Load {
        users: 1e6,
        messages_per_day: 86.4,
        online: 0.5,
        devices: 1.0,
        recipients: 10.0,
        peak: 2.0,
        ..Load::default()
    };
    let need = need(&load);
    assert_eq!(need.sessions, 500_000.0);
    assert!((need.messages_per_second - 2_000.0).abs() < 1e-6);
    // 0.2 cores for messages, 0.2 for deliveries, 0.5 for 500,000 idle sessions.
    assert!((need.cores - 0.9).abs() < 1e-9, "{}", need.cores);
    // 500,000 sessions at 19,000 × 0.6 a node, and one to spare.
    assert_eq!((need.nodes, need.nodes_by), (45, "sessions"));
    assert_eq!((need.deployments, need.partitions), (1, 256));
    // 86.4 million remembered sends are 8.64 GB, ten million memberships 0.4 GB.
    assert!((need.redis_bytes - (8.64e9 + 1e8 + 3e8)).abs() < 1.0);
    assert_eq!((need.redis_shards, need.redis_servers), (1, 2));
    // A year of 86.4 million messages of 400 bytes, and a million users of 1,000.
    assert!((need.mongodb_bytes - (86.4e6 * 365.0 * 400.0 + 1e9)).abs() < 1e3);
    assert_eq!((need.mongodb_shards, need.mongodb_by, need.mongodb_disks), (3, "disk", 9));
    assert!(!need.embedded_is_enough);
}

#[test]
fn a_school_needs_one_node() {
    let need = need(&Load::default());
    assert_eq!((need.nodes, need.redis_shards, need.mongodb_shards), (2, 1, 1));
    assert_eq!((need.deployments, need.partitions), (1, LEAST_PARTITIONS));
    assert!(need.embedded_is_enough);
}

#[test]
fn what_is_scarce_decides() {
    let load = Load { users: 50e6, ..Load::default() };
    let decided = |machines: Machines| Need::of(&load, &machines, &ROUND);
    let scarce = Machines { node_cores: 0.01, ..Machines::default() };
    assert_eq!(decided(scarce).nodes_by, "processor");
    let scarce = Machines { node_memory: 0.01, ..Machines::default() };
    assert_eq!(decided(scarce).nodes_by, "memory");
    let scarce = Machines { redis_memory: 0.1, ..Machines::default() };
    assert_eq!(decided(scarce).redis_by, "memory");
    let scarce = Machines { redis_network: 0.001, ..Machines::default() };
    assert_eq!(decided(scarce).redis_by, "network");
    let scarce = Machines { mongodb_inserts: 10.0, ..Machines::default() };
    assert_eq!(decided(scarce).mongodb_by, "inserts");
}

#[test]
fn users_are_divided_when_one_deployment_has_too_few_partitions() {
    let machines = Machines { partition_messages: 100.0, ..Machines::default() };
    let need = Need::of(&Load { users: 1e9, ..Load::default() }, &machines, &ROUND);
    assert!(need.deployments > 1 && need.partitions == MOST_PARTITIONS, "{need:?}");
}

#[test]
fn a_message_reaches_no_more_nodes_than_there_are() {
    assert_eq!(nodes_reached(1.0, 10.0), 1.0);
    assert!((nodes_reached(3.0, 1.0) - 1.0).abs() < 1e-9);
    assert!(nodes_reached(3.0, 1_000.0) <= 3.0);
    assert!((nodes_reached(1e6, 10.0) - 10.0).abs() < 0.01);
}

fn loads() -> impl Strategy<Value = Load> {
    let people = (1.0..2e9, 0.0..1_000.0, 0.01..1.0, 0.1..5.0);
    let talk = (1.0..1_000.0, 1.0..20.0, 0.0..4_000.0, 1.0..3_650.0);
    (people, talk).prop_map(|((users, messages_per_day, online, devices), (recipients, peak, text, retention_days))| {
        Load { users, messages_per_day, online, devices, recipients, peak, text, retention_days, ..Load::default() }
    })
}

fn sizes(need: &Need) -> [u64; 5] {
    [need.nodes, need.deployments * need.partitions, need.redis_shards, need.mongodb_shards, need.mongodb_disks]
}

proptest! {
    #[test]
    fn more_never_needs_less(load in loads(), which in 0..7usize, factor in 1.0..100.0) {
        let mut more = load.clone();
        let field = [
            &mut more.users,
            &mut more.messages_per_day,
            &mut more.recipients,
            &mut more.peak,
            &mut more.text,
            &mut more.retention_days,
            &mut more.devices,
        ]
        .into_iter()
        .nth(which)
        .unwrap();
        *field *= factor;
        let (less, more) = (need(&load), need(&more));
        for (at, (less, more)) in sizes(&less).into_iter().zip(sizes(&more)).enumerate() {
            prop_assert!(less <= more, "{at}: {less} > {more}");
        }
        prop_assert!(less.cores <= more.cores && less.redis_bytes <= more.redis_bytes);
        prop_assert!(!more.embedded_is_enough || less.embedded_is_enough);
    }

    #[test]
    fn larger_machines_never_mean_more_of_them(load in loads(), factor in 1.0..100.0) {
        let small = Machines::default();
        let large = Machines {
            node_cores: small.node_cores * factor,
            node_memory: small.node_memory * factor,
            node_sessions: small.node_sessions * factor,
            redis_memory: small.redis_memory * factor,
            mongodb_disk: small.mongodb_disk * factor,
            mongodb_inserts: small.mongodb_inserts * factor,
            ..small.clone()
        };
        let [small, large] = [small, large].map(|machines| Need::of(&load, &machines, &ROUND));
        prop_assert!(large.nodes <= small.nodes && large.mongodb_shards <= small.mongodb_shards);
        prop_assert!(large.redis_shards <= small.redis_shards);
    }
}

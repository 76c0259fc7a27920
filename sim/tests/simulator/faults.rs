//! Every fault fires, and is counted.

use crate::support::flood;
use crate::support::flood::Flaw;
use rejoin_sim::scenario::{Crash, Disk, Latency, Partition, Topology};
use rejoin_sim::{Happening, Outcome, Scenario, Subject, Verdict};

fn run(scenario: &Scenario) -> Outcome {
    let outcome = flood(Flaw::None).run(scenario, 5).unwrap();
    assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violation);
    outcome
}

fn fired(outcome: &Outcome, name: &str) -> u64 {
    let fault = outcome.faults.iter().find(|fault| fault.name == name).unwrap();
    assert_eq!(fault.configured, fault.fired > 0, "{fault:?}");
    fault.fired
}

#[test]
fn without_faults_none_fires() {
    let outcome = run(&Scenario::of("flood"));
    assert!(outcome.faults.iter().all(|fault| !fault.configured && fault.fired == 0));
    assert_eq!(outcome.traffic.undeliverable, 0);
    assert_eq!(outcome.operations.performed, 40);
}

#[test]
fn loss_duplication_and_reordering_fire_as_often_as_they_should() {
    let base = Scenario { duration_ms: 20_000, ..Scenario::of("flood") };
    let share = |fired: u64, outcome: &Outcome| fired * 100 / outcome.traffic.sent;
    let outcome = run(&Scenario { loss: 0.2, ..base.clone() });
    assert!((15..25).contains(&share(fired(&outcome, "loss"), &outcome)));
    let outcome = run(&Scenario { duplicate: 0.2, ..base.clone() });
    assert!((15..25).contains(&share(fired(&outcome, "duplicate"), &outcome)));
    for latency in [Latency::default(), Latency::Constant { ms: 20.0 }] {
        let outcome = run(&Scenario { reorder: 0.2, latency, ..base.clone() });
        assert!(share(fired(&outcome, "reorder"), &outcome) > 2);
    }
}

#[test]
fn a_partition_stops_messages_and_heals() {
    let partition = Partition { at_ms: 300, heal_ms: Some(1_200), groups: vec![vec![2]] };
    let outcome = run(&Scenario { partition: vec![partition], ..Scenario::of("flood") });
    assert!(fired(&outcome, "partition") > 0);
    let groups = vec![vec![2], vec![1, 3]];
    let at = |what| outcome.timeline.iter().find(|entry| entry.what == what).unwrap().at_us;
    assert_eq!(at(Happening::Partition { groups: groups.clone() }).as_ms(), 300);
    assert_eq!(at(Happening::Heal { groups }).as_ms(), 1_200);
}

#[test]
fn drawn_partitions_and_crashes_fire() {
    let scenario = Scenario { partitions: 3, crashes: 4, ops: 100, ..Scenario::of("flood") };
    let outcome = run(&scenario);
    assert!(fired(&outcome, "partition") > 0);
    assert!(fired(&outcome, "crash-kept") + fired(&outcome, "crash-lost") > 1);
    assert!(outcome.operations.skipped > 0, "nobody works at a crashed replica");
    assert_eq!(outcome.operations.performed + outcome.operations.skipped, 100);
}

#[test]
fn a_disk_that_is_kept_gives_back_what_it_held_and_a_lost_one_nothing() {
    let crashed = |disk| {
        let crash = Crash { replica: 1, at_ms: 1_000, restart_ms: Some(1_001), disk };
        let outcome = run(&Scenario { crash: vec![crash], ..Scenario::of("flood") });
        let recovered = outcome.timeline.iter().find_map(|entry| match entry.what {
            Happening::Restart { replica: 1, incarnation: 1, recovered } => Some(recovered),
            _ => None,
        });
        (recovered.unwrap(), outcome)
    };
    let (recovered, outcome) = crashed(Disk::Kept);
    assert!(recovered > 0);
    assert_eq!((fired(&outcome, "crash-kept"), fired(&outcome, "crash-lost")), (1, 0));
    let (recovered, outcome) = crashed(Disk::Lost);
    assert_eq!(recovered, 0);
    assert_eq!((fired(&outcome, "crash-kept"), fired(&outcome, "crash-lost")), (0, 1));
}

#[test]
fn clocks_disagree_within_the_skew() {
    let outcome = run(&Scenario { skew_ms: 400, ..Scenario::of("flood") });
    assert!(fired(&outcome, "skew") > 0);
    let ahead = &outcome.decisions.clock_ahead_ms;
    assert_eq!(ahead.len(), 3);
    assert!(ahead.iter().all(|&ms| ms <= 400));
}

#[test]
fn every_topology_and_latency_settles() {
    for topology in [Topology::Mesh, Topology::Chain, Topology::Ring, Topology::Star] {
        for latency in [
            Latency::Constant { ms: 10.0 },
            Latency::Uniform { min_ms: 1.0, max_ms: 100.0 },
            Latency::Exponential { mean_ms: 30.0 },
            Latency::LogNormal { median_ms: 20.0, sigma: 1.0 },
        ] {
            let scenario =
                Scenario { topology, latency, replicas: 6, loss: 0.1, ..Scenario::of("flood") };
            let outcome = run(&scenario);
            assert_eq!(outcome.final_values.len(), 6);
            assert_eq!(outcome.traffic.undeliverable, 0, "neighbours only");
        }
    }
}

#[test]
fn bytes_are_those_of_the_encoded_messages() {
    let outcome = run(&Scenario::of("flood"));
    let traffic = &outcome.traffic;
    assert!(traffic.bytes > traffic.sent * 19, "an envelope at least");
    assert_eq!(traffic.bytes_per_op, traffic.bytes / 40);
    assert!(traffic.delivered <= traffic.sent);
}

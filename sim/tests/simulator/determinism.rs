//! One seed, one run.

use crate::support::flood;
use crate::support::flood::Flaw;
use crate::support::without_messages;
use rejoin_sim::scenario::{Bandwidth, Latency, Partition, Topology};
use rejoin_sim::{Class, Happening, Preset, Scenario, Subject, Time, Trace, Verdict};

#[test]
fn the_same_seed_gives_the_same_outcome() {
    let registry = crate::support::registry();
    for scenario in crate::support::of_presets(&registry) {
        let subject = registry.get(&scenario.subject).unwrap();
        for seed in 0..5 {
            let (one, two) =
                (subject.run(&scenario, seed).unwrap(), subject.run(&scenario, seed).unwrap());
            assert_eq!(one, two);
        }
        let one = subject.run(&scenario, 1).unwrap();
        let other = subject.run(&scenario, 2).unwrap();
        assert_ne!(one.fingerprint, other.fingerprint);
    }
}

#[test]
fn the_fingerprint_is_the_same_on_every_machine() {
    let scenario = Scenario {
        loss: 0.1,
        duplicate: 0.1,
        reorder: 0.1,
        skew_ms: 100,
        partitions: 1,
        crashes: 1,
        latency: rejoin_sim::scenario::Latency::LogNormal { median_ms: 20.0, sigma: 0.8 },
        ..Scenario::of("flood")
    };
    let outcome = flood(Flaw::None).run(&scenario, 42).unwrap();
    assert_eq!(outcome.verdict, Verdict::Held);
    // A change here goes with a line in the changelog.
    assert_eq!(outcome.fingerprint.to_string(), "2e39786555a9770067dd6cde6a618450");
}

#[test]
fn a_replay_takes_the_same_course() {
    let registry = crate::support::registry();
    for scenario in crate::support::of_presets(&registry) {
        let subject = registry.get(&scenario.subject).unwrap();
        for seed in 0..5 {
            let outcome = subject.run(&scenario, seed).unwrap();
            let bytes = Trace::of(&outcome).encode().unwrap();
            let trace = Trace::decode(&bytes).unwrap();
            let again = subject.replay(&trace).unwrap();
            trace.expect(&again).unwrap();
            assert_eq!(without_messages(again), outcome);
        }
    }
}

#[test]
fn what_waited_for_its_turn_arrives_at_the_same_time_again() {
    let registry = crate::support::registry();
    let subject = registry.get("or-set").unwrap();
    for seed in 0..20 {
        let scenario = Scenario {
            pct: Some(1 + seed % 5),
            replicas: 5,
            duration_ms: 3_000,
            bandwidth: (seed % 2 == 0)
                .then_some(Bandwidth { bytes_per_s: 9_000, buffer_bytes: 900 }),
            reorder: 0.1,
            redeliver: 0.1,
            crashes: 1,
            pauses: 1,
            partitions: 1,
            ..Scenario::of("or-set")
        };
        let outcome = subject.run(&scenario, seed).unwrap();
        let trace = Trace::of(&outcome);
        let again = subject.replay(&trace).unwrap();
        trace.expect(&again).unwrap();
        assert_eq!(without_messages(again), outcome);
        let branch = |from_ms| subject.branch(&trace, Time::from_ms(from_ms), seed + 1).unwrap();
        assert_eq!(branch(1_000), branch(1_000));
        assert_ne!(branch(1_000).fingerprint, outcome.fingerprint);
        assert_eq!(branch(9_999).fingerprint, outcome.fingerprint);
    }
}

#[test]
fn what_waits_when_the_faults_end_arrives_as_it_did() {
    // Without latency it arrives as soon as they are over, and no sooner: not while it is cut off.
    let registry = crate::support::registry();
    let subject = registry.get("or-set").unwrap();
    let cut = Partition { at_ms: 100, groups: vec![vec![1]], ..Partition::default() };
    for seed in 0..60 {
        let scenario = Scenario {
            pct: Some(2),
            duration_ms: 200,
            latency: Latency::Constant { ms: 0.0 },
            partition: vec![cut.clone()],
            ..Scenario::of("or-set")
        };
        let outcome = subject.run(&scenario, seed).unwrap();
        let trace = Trace::of(&outcome);
        trace.expect(&subject.replay(&trace).unwrap()).unwrap();
    }
    // And turns that were to come then delay nothing.
    let subject = flood(Flaw::SendsOnce);
    for seed in 100..110 {
        let scenario = Scenario {
            replicas: 2,
            pct: Some(3),
            loss: 0.1,
            ops: 20,
            duration_ms: 500,
            settle_ms: 2_000,
            latency: Latency::Constant { ms: 5.0 },
            ..Scenario::of("flood")
        };
        let outcome = subject.run(&scenario, seed).unwrap();
        let again = subject.replay(&Trace::of(&outcome)).unwrap();
        assert_eq!(without_messages(again), outcome, "seed {seed}");
    }
}

#[test]
fn turns_are_no_steps_of_a_run() {
    // In a crowd some things are looked at in each so manieth step only.
    let registry = crate::support::registry();
    let subject = registry.get("or-set").unwrap();
    let scenario = Scenario {
        pct: Some(3),
        replicas: 192,
        topology: Topology::Ring,
        ops: 30,
        duration_ms: 200,
        settle_ms: 1_000,
        checks: Some(vec![Class::Specification]),
        ..Scenario::of("or-set")
    };
    let outcome = subject.run(&scenario, 1).unwrap();
    assert!(outcome.timeline.iter().any(|it| matches!(it.what, Happening::Diverged { .. })));
    let again = subject.replay(&Trace::of(&outcome)).unwrap();
    assert_eq!(without_messages(again), outcome);
}

#[test]
fn what_still_waits_for_its_turn_when_a_run_fails_comes_no_sooner_in_a_replay() {
    let subject = flood(Flaw::Replaces);
    let failed = (0..40).filter(|&seed| {
        let scenario = Scenario { pct: Some(3), ..Scenario::of("flood") };
        let outcome = subject.run(&scenario, seed).unwrap();
        let trace = Trace::of(&outcome);
        trace.expect(&subject.replay(&trace).unwrap()).unwrap();
        outcome.verdict == Verdict::Violated
    });
    assert!(failed.count() > 10);
}

#[test]
fn a_failure_replays_too() {
    let subject = flood(Flaw::Replaces);
    let scenario = Scenario { loss: 0.1, ..Scenario::of("flood") };
    let outcome = crate::support::first(&subject, &scenario, Verdict::Violated);
    let trace = Trace::decode(&Trace::of(&outcome).encode().unwrap()).unwrap();
    trace.expect(&subject.replay(&trace).unwrap()).unwrap();
    // And it is noticed if the subject has been repaired since.
    let repaired = flood(Flaw::None).replay(&trace).unwrap();
    trace.expect(&repaired).unwrap_err();
}

/// What deleting an operation must not touch: other operations and faults, and the fate of every
/// message that the operation did not cause.
#[test]
fn deleting_an_operation_leaves_other_events_and_their_draws_alone() {
    let registry = crate::support::registry();
    let scenario = Preset::find("cart").unwrap().scenario(&registry).unwrap();
    let subject = registry.get(&scenario.subject).unwrap();
    let full = subject.run(&scenario, 3).unwrap();
    let fewer = subject.run(&Scenario { ops: scenario.ops - 1, ..scenario.clone() }, 3).unwrap();
    let (full, fewer) = (full.decisions, fewer.decisions);
    assert_eq!(full.operations[..fewer.operations.len()], fewer.operations);
    assert_eq!(full.faults, fewer.faults);
    let fates: std::collections::BTreeMap<_, _> = full.fates.into_iter().collect();
    let common = fewer.fates.iter().filter(|(id, _)| fates.contains_key(id)).count();
    assert!(fewer.fates.iter().all(|(id, fate)| fates.get(id).is_none_or(|it| it == fate)));
    // Timers beget timers: nearly every message hangs on the chain of rounds.
    assert!(common * 10 >= fewer.fates.len() * 9, "{common} of {}", fewer.fates.len());
}

#[test]
fn a_trace_without_fates_runs_in_order_at_constant_latency() {
    let subject = flood(Flaw::None);
    let scenario = Scenario { loss: 0.3, ..Scenario::of("flood") };
    let mut trace = Trace::of(&subject.run(&scenario, 1).unwrap());
    trace.decisions.fates.clear();
    trace.decisions.operations.retain(|operation| operation.root % 2 == 0);
    let outcome = subject.replay(&trace).unwrap();
    assert_eq!(outcome.verdict, Verdict::Held);
    assert_eq!(outcome.operations.performed, 20);
    let lost = outcome.faults.iter().find(|fault| fault.name == "loss").unwrap();
    assert_eq!(lost.fired, 0);
}

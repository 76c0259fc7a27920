//! Every fault fires, and is counted.

use crate::support::flood;
use crate::support::flood::Flaw;
use rejoin_sim::scenario::{
    Bandwidth, ClockFault, Crash, Disk, Join, Latency, Leave, Partition, PartitionKind, Pause,
    Topology,
};
use rejoin_sim::{Happening, Outcome, Scenario, Subject, Time, Verdict};

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
    let base = Scenario { duration_ms: 20_000, ops: 200, ..Scenario::of("flood") };
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
    let partition = Partition {
        at_ms: 300,
        heal_ms: Some(1_200),
        groups: vec![vec![2]],
        ..Partition::default()
    };
    let outcome = run(&Scenario { partition: vec![partition], ..Scenario::of("flood") });
    assert!(fired(&outcome, "partition") > 0);
    let groups = vec![vec![2], vec![1, 3]];
    let at = |what| outcome.timeline.iter().find(|entry| entry.what == what).unwrap().at_us;
    assert_eq!(
        at(Happening::Partition { partition: PartitionKind::Groups, groups: groups.clone() })
            .as_ms(),
        300
    );
    assert_eq!(at(Happening::Heal { partition: PartitionKind::Groups, groups }).as_ms(), 1_200);
}

#[test]
fn drawn_partitions_and_crashes_fire() {
    let scenario = Scenario { partitions: 3, crashes: 4, ops: 100, ..Scenario::of("flood") };
    let outcome = run(&scenario);
    assert!(fired(&outcome, "partition") > 0);
    let crashes = ["kept", "rolled-back", "partly", "lost"].map(|disk| format!("crash-{disk}"));
    // Whoever is down already does not crash.
    let count =
        |name: &str| outcome.faults.iter().find(|it| it.name == name).map_or(0, |it| it.fired);
    assert!(crashes.iter().map(|name| count(name)).sum::<u64>() > 1);
    assert!(outcome.operations.skipped > 0, "nobody works at a crashed replica");
    assert_eq!(outcome.operations.performed + outcome.operations.skipped, 100);
}

#[test]
fn a_disk_that_is_kept_gives_back_what_it_held_and_a_lost_one_nothing() {
    let crashed = |disk| {
        let crash =
            Crash { replica: 1, at_ms: 1_000, restart_ms: Some(1_001), disk, ..Crash::default() };
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
    let ahead = &outcome.decisions.clocks;
    assert_eq!(ahead.len(), 3);
    assert!(ahead.iter().all(|clock| clock.ahead_ms <= 400 && clock.drift_ppm == 0));
}

#[test]
fn every_topology_and_latency_settles() {
    for topology in [
        Topology::Mesh,
        Topology::Chain,
        Topology::Ring,
        Topology::Star,
        Topology::Tree { arity: 2 },
        Topology::Grid { width: 3 },
        Topology::RandomRegular { degree: 3, graph: 0 },
        Topology::Links { links: vec![[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 2]] },
    ] {
        for latency in [
            Latency::Constant { ms: 10.0 },
            Latency::Uniform { min_ms: 1.0, max_ms: 100.0 },
            Latency::Exponential { mean_ms: 30.0 },
            Latency::LogNormal { median_ms: 20.0, sigma: 1.0 },
            Latency::Pareto { min_ms: 5.0, alpha: 1.5 },
        ] {
            let topology = topology.clone();
            let scenario =
                Scenario { topology, latency, replicas: 6, loss: 0.1, ..Scenario::of("flood") };
            let outcome = run(&scenario);
            assert_eq!(outcome.final_values.len(), 6);
            assert_eq!(outcome.traffic.undeliverable, 0, "neighbours only");
        }
    }
}

#[test]
fn a_hierarchy_settles_over_its_tiers() {
    let topology = Topology::Hierarchy { regions: 2, gateways: 2, edges: 2 };
    let outcome = run(&Scenario { topology, replicas: 15, ops: 60, ..Scenario::of("flood") });
    assert_eq!(outcome.final_values.len(), 15);
}

#[test]
fn old_messages_come_again_and_damaged_ones_are_noticed() {
    let outcome = run(&Scenario { redeliver: 0.2, corrupt: 0.2, ..Scenario::of("flood") });
    assert!(fired(&outcome, "redeliver") > 5);
    assert!(fired(&outcome, "corrupt") > 5);
}

#[test]
fn narrow_links_queue_and_drop() {
    let bandwidth = Some(Bandwidth { bytes_per_s: 1_000, buffer_bytes: 150 });
    let outcome = run(&Scenario { bandwidth, ..Scenario::of("flood") });
    assert!(fired(&outcome, "queue") > 5);
    let overflow = outcome.faults.iter().find(|fault| fault.name == "overflow").unwrap();
    assert!(overflow.fired > 5, "{overflow:?}");
}

#[test]
fn each_kind_of_partition_fires() {
    for kind in PartitionKind::ALL {
        let groups = match kind {
            PartitionKind::Ring | PartitionKind::Partial => vec![],
            PartitionKind::Bridge => vec![vec![1, 2], vec![3, 4]],
            _ => vec![vec![2, 3]],
        };
        let partition =
            Partition { kind, at_ms: 300, heal_ms: Some(1_500), groups, ..Partition::default() };
        let once = Scenario { replicas: 5, partition: vec![partition], ..Scenario::of("flood") };
        let outcome = run(&once);
        assert!(fired(&outcome, "partition") > 0, "{kind:?}");
        assert_eq!(fired(&outcome, &format!("partition-{}", kind.name())), 1);

        let mut flapping = once;
        flapping.partition[0].flap_ms = Some(100);
        let outcome = run(&flapping);
        assert_eq!(fired(&outcome, &format!("partition-{}", kind.name())), 6);
        let heals =
            outcome.timeline.iter().filter(|entry| matches!(entry.what, Happening::Heal { .. }));
        assert_eq!(heals.count(), 6);
    }
}

#[test]
fn what_waits_for_a_paused_replica_comes_all_at_once() {
    let pause = vec![Pause { replica: 2, at_ms: 500, resume_ms: Some(1_500) }];
    let outcome = run(&Scenario { pause, ..Scenario::of("flood") });
    assert_eq!(fired(&outcome, "pause"), 1);
    let waited = outcome.timeline.iter().find_map(|entry| match entry.what {
        Happening::Resume { replica: 2, waited } => Some((entry.at_us.as_ms(), waited)),
        _ => None,
    });
    assert!(matches!(waited, Some((1_500, 10..))), "{waited:?}");
    assert_eq!(outcome.operations.performed, 40, "its clients waited, too");
}

#[test]
fn clocks_go_wrong_and_are_put_right() {
    let fault = ClockFault { replica: 1, at_ms: 300, ..ClockFault::default() };
    for (name, fault) in [
        ("clock-jump", ClockFault { jump_ms: Some(-5_000), ..fault.clone() }),
        ("clock-jump", ClockFault { jump_ms: Some(60_000), ..fault.clone() }),
        ("clock-drift", ClockFault { drift_ppm: Some(-900_000), ..fault.clone() }),
        ("clock-stop", ClockFault { stop: true, ..fault.clone() }),
        ("clock-set", ClockFault { set_ms: Some(0), ..fault.clone() }),
        ("clock-set", ClockFault { set_ms: Some(i64::MAX as u64), ..fault }),
    ] {
        let scenario = Scenario { clock: vec![fault], ..Scenario::of("lww-register") };
        let subject = crate::support::registry();
        let subject = subject.get("lww-register").unwrap();
        let outcome = subject.run(&scenario, 5).unwrap();
        assert_eq!(outcome.verdict, Verdict::Held, "{name}: {:#?}", outcome.violation);
        assert_eq!(fired(&outcome, name), 1);
    }
}

#[test]
fn replicas_join_late_leave_and_are_followed_by_others_at_their_address() {
    let scenario = Scenario {
        replicas: 4,
        join: vec![Join { replica: 4, at_ms: 700 }, Join { replica: 2, at_ms: 1_500 }],
        leave: vec![Leave { replica: 2, at_ms: 900 }, Leave { replica: 3, at_ms: 1_200 }],
        ..Scenario::of("or-set")
    };
    let registry = crate::support::registry();
    for policy in ["delta", "state"] {
        let scenario = Scenario { policy: Some(policy.to_owned()), ..scenario.clone() };
        let outcome = registry.get("or-set").unwrap().run(&scenario, 5).unwrap();
        assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violation);
        assert_eq!((fired(&outcome, "join"), fired(&outcome, "leave")), (2, 2));
        let live: Vec<u64> = outcome.final_values.iter().map(|reading| reading.replica).collect();
        assert_eq!(live, [1, 2, 4]);
    }
}

#[test]
fn a_rolled_back_disk_excuses_nothing_and_a_partly_kept_one_what_it_lost() {
    let registry = crate::support::registry();
    for disk in [Disk::RolledBack, Disk::Partly] {
        let crash =
            Crash { replica: 1, at_ms: 1_000, restart_ms: Some(1_100), disk, ..Crash::default() };
        let scenario = Scenario { crash: vec![crash], loss: 0.9, ..Scenario::of("or-set") };
        let run = |seed| registry.get("or-set").unwrap().run(&scenario, seed).unwrap();
        let outcomes: Vec<Outcome> = (0..20).map(run).collect();
        for outcome in &outcomes {
            assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violation);
        }
        let excused = outcomes.iter().map(|outcome| outcome.operations.excused).sum::<u64>();
        assert_eq!(excused > 0, disk == Disk::Partly, "{disk:?}: {excused}");
    }
}

#[test]
fn an_identity_used_again_after_amnesia_breaks_what_has_dots() {
    let crash = |reuse_identity| Crash {
        replica: 1,
        at_ms: 1_000,
        restart_ms: Some(1_010),
        disk: Disk::Lost,
        reuse_identity,
    };
    let registry = crate::support::registry();
    let violated = |reuse_identity| {
        let scenario = Scenario { crash: vec![crash(reuse_identity)], ..Scenario::of("or-set") };
        let run = |seed| registry.get("or-set").unwrap().run(&scenario, seed).unwrap().verdict;
        (0..20).filter(|&seed| run(seed) == Verdict::Violated).count()
    };
    assert_eq!(violated(false), 0);
    assert!(violated(true) > 10, "{}", violated(true));
}

#[test]
fn without_checks_a_run_ends_with_its_faults_and_records_nothing() {
    let outcome = flood(Flaw::None)
        .run(&Scenario { checks: Some(Vec::new()), ..Scenario::of("flood") }, 1)
        .unwrap();
    assert_eq!(outcome.ended_us.as_ms(), 2_000);
    assert_eq!(outcome.operations.performed, 40);
    assert!(outcome.decisions.fates.is_empty() && outcome.traffic.delivered > 50);
}

#[test]
fn bytes_are_those_of_the_encoded_messages() {
    let outcome = run(&Scenario::of("flood"));
    let traffic = &outcome.traffic;
    assert!(traffic.bytes > traffic.sent * 19, "an envelope at least");
    assert_eq!(traffic.bytes_per_op, traffic.bytes / 40);
    assert!(traffic.delivered <= traffic.sent);
}

#[test]
fn what_happens_at_the_very_end_of_the_faults_happens_before_it() {
    // Most of who leaves late is followed then, and without its middle a star never settles.
    let star = Scenario { churn: 2, topology: Topology::Star, ..Scenario::of("flood") };
    for seed in 0..100 {
        let outcome = flood(Flaw::None).run(&star, seed).unwrap();
        assert_ne!(outcome.verdict, Verdict::Violated, "{seed}: {:#?}", outcome.violation);
    }
    let down = |replica| Crash { replica, at_ms: 1_000, reuse_identity: true, ..Crash::default() };
    let crash = vec![down(1), down(2), down(3)];
    let outcome = run(&Scenario { crash, ..Scenario::of("flood") });
    assert_eq!(fired(&outcome, "reuse-identity"), 3);
}

#[test]
fn where_one_fault_ends_and_another_begins_the_end_is_first() {
    let crash = |replica, at_ms, restart_ms| Crash {
        replica,
        at_ms,
        restart_ms: Some(restart_ms),
        ..Crash::default()
    };
    let pause = |replica, at_ms, resume_ms| Pause { replica, at_ms, resume_ms: Some(resume_ms) };
    let scenario = Scenario {
        replicas: 16,
        crash: (1..=8).flat_map(|r| [crash(r, 700, 900), crash(r, 500, 700)]).collect(),
        pause: (9..=12).flat_map(|r| [pause(r, 700, 900), pause(r, 500, 700)]).collect(),
        leave: (13..=16).map(|replica| Leave { replica, at_ms: 700 }).collect(),
        join: (13..=16).map(|replica| Join { replica, at_ms: 700 }).collect(),
        ..Scenario::of("flood")
    };
    let outcome = run(&scenario);
    let of = |name| fired(&outcome, name);
    assert_eq!([of("crash-kept"), of("pause"), of("leave"), of("join")], [16, 8, 4, 4]);
}

#[test]
fn timers_end_with_a_crash_although_the_identity_is_used_again() {
    let sent = |reuse_identity| {
        let crash = Crash {
            replica: 1,
            at_ms: 500,
            restart_ms: Some(510),
            reuse_identity,
            ..Crash::default()
        };
        let policy = Some("state".to_owned());
        let scenario =
            Scenario { replicas: 2, policy, crash: vec![crash], ..Scenario::of("or-set") };
        let registry = crate::support::registry();
        registry.get("or-set").unwrap().run(&scenario, 1).unwrap().traffic.sent
    };
    let (anew, again) = (sent(false), sent(true));
    assert!(again < anew + anew / 5, "{again} and {anew}");
}

#[test]
fn what_waited_at_a_replica_that_crashes_or_leaves_is_accounted_for() {
    let scenario = Scenario { pauses: 4, crashes: 4, churn: 2, ops: 100, ..Scenario::of("or-set") };
    let registry = crate::support::registry();
    for seed in 0..20 {
        let outcome = registry.get("or-set").unwrap().run(&scenario, seed).unwrap();
        let operations = &outcome.operations;
        let refused: u64 = operations.refused.values().sum();
        let known = operations.performed + refused + operations.skipped;
        assert_eq!(operations.planned, known, "{seed}");
    }
}

#[test]
fn the_far_end_of_a_heavy_tail_is_no_hindrance_once_the_faults_are_over() {
    let subject = crate::support::registry();
    let subject = subject.get("or-set").unwrap();
    for latency in [
        Latency::Pareto { min_ms: 40.0, alpha: 1.0 },
        Latency::LogNormal { median_ms: 20.0, sigma: 3.0 },
    ] {
        let scenario = Scenario { latency, settle_ms: 10_000, ..Scenario::of("or-set") };
        for seed in 0..40 {
            let outcome = subject.run(&scenario, seed).unwrap();
            assert_eq!(outcome.verdict, Verdict::Held, "{seed}: {:#?}", outcome.violation);
        }
    }
}

#[test]
fn the_time_to_settle_begins_when_what_was_sent_under_the_faults_has_arrived() {
    let subject = crate::support::registry();
    let subject = subject.get("or-set").unwrap();
    let narrow = Bandwidth { bytes_per_s: 500, buffer_bytes: 64_000 };
    let queues = Scenario { bandwidth: Some(narrow), settle_ms: 1_000, ..Scenario::of("or-set") };
    let outcome = subject.run(&queues, 1).unwrap();
    assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violation);
    assert!(outcome.ended_us > Time::from_ms(queues.duration_ms + queues.settle_ms));
}

#[test]
fn a_partial_cut_cuts_something_however_small_its_share() {
    let registry = crate::support::registry();
    let subject = registry.get("g-counter").unwrap();
    let kind = PartitionKind::Partial;
    let cut = Partition { kind, share: Some(1e-9), ..Default::default() };
    for seed in 0..10 {
        let scenario = Scenario { partition: vec![cut.clone()], ..Scenario::of("g-counter") };
        let outcome = subject.run(&scenario, seed).unwrap();
        let cuts = outcome.decisions.faults.iter().filter_map(|it| match &it.fault {
            rejoin_sim::trace::Fault::Cut { groups, .. } => Some(groups.len()),
            _ => None,
        });
        assert_eq!(cuts.collect::<Vec<_>>(), [1]);
    }
}

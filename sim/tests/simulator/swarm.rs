//! Many kinds of trouble at once: the toolkit's own types and policies withstand it.

use rejoin_sim::scenario::{Caps, Latency, Topology};
use rejoin_sim::{Scenario, Subject, Trace, Verdict};

use crate::support;

/// A scenario with a random part of all faults, sizes and caps.
fn draw(subject: &dyn Subject, number: u64) -> Scenario {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (state >> 33) % bound
    };
    let mut percent = |most: u64| match below(2) {
        0 => 0.0,
        _ => below(most) as f64 / 100.0,
    };
    let (loss, duplicate, reorder) = (percent(40), percent(40), percent(60));
    let policies = subject.policies();
    let topologies = [Topology::Mesh, Topology::Chain, Topology::Ring, Topology::Star];
    let latencies = [
        Latency::default(),
        Latency::Constant { ms: 15.0 },
        Latency::Exponential { mean_ms: 40.0 },
        Latency::LogNormal { median_ms: 20.0, sigma: 1.2 },
    ];
    let mut cap = |choices: &[u64]| Some(choices[below(choices.len() as u64) as usize]);
    let config = Caps {
        gossip_ms: cap(&[10, 50, 100, 400]),
        heartbeat_ms: cap(&[50, 1_000]),
        buffer: cap(&[0, 1, 3, 1_024]),
        batch: cap(&[0, 1, 2, 64]),
        window: cap(&[0, 1, 8]),
        snapshot_every: cap(&[0, 1, 5, 256]),
        max_ahead_ms: None,
    };
    Scenario {
        policy: Some(policies[below(policies.len() as u64) as usize].clone()),
        replicas: 2 + below(5),
        topology: topologies[below(4) as usize],
        latency: latencies[below(4) as usize],
        ops: 10 + below(50),
        loss,
        duplicate,
        reorder,
        skew_ms: below(2) * 700,
        partitions: below(4),
        crashes: below(4),
        config,
        ..Scenario::of(subject.name())
    }
}

#[test]
fn the_toolkits_own_types_withstand_everything_at_once() {
    let registry = support::registry();
    for subject in registry.iter() {
        for number in 0..40 {
            let scenario = draw(&**subject, number);
            let outcome = subject.run(&scenario, number).unwrap();
            assert_ne!(
                outcome.verdict,
                Verdict::Violated,
                "seed {number}: {:#?}\n{}",
                outcome.violation,
                scenario.to_toml().unwrap()
            );
            if number % 10 == 0 {
                let trace = Trace::of(&outcome);
                assert_eq!(subject.replay(&trace).unwrap(), outcome);
            }
        }
    }
}

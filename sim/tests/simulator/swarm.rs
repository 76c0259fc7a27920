//! Many kinds of trouble at once: the toolkit's own types and policies withstand it.

use std::collections::BTreeSet;

use crate::support::without_messages;
use rejoin_sim::scenario::{Crash, Partition, PartitionKind, Topology};
use rejoin_sim::{Scenario, Swarm, Trace, Trouble, Verdict};

use crate::support;

#[test]
fn the_toolkits_own_types_withstand_everything_at_once() {
    let registry = support::registry();
    for subject in registry.iter() {
        for number in 0..40 {
            let base = Scenario { ops: 60, ..Scenario::of(subject.name()) };
            let scenario = Swarm::around(base).draw(&subject.policies(), number);
            scenario.check(&registry).unwrap();
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
                let again = subject.replay(&trace).unwrap();
                assert_eq!(without_messages(again), outcome);
            }
        }
    }
}

#[test]
fn every_scenario_that_a_swarm_draws_can_be_run() {
    let registry = support::registry();
    let any = Scenario::of("or-map");
    let brief = Scenario { duration_ms: 1, ..any.clone() };
    let crash = vec![Crash { replica: 1, ..Crash::default() }];
    let alone = Scenario { replicas: 1, crash, ..any.clone() };
    let ring = Partition { kind: PartitionKind::Ring, ..Partition::default() };
    let ring = Scenario { replicas: 4, partition: vec![ring], ..any.clone() };
    let bases = [any, brief, alone, ring].into_iter().chain(support::of_presets(&registry));
    for base in bases {
        let swarm = Swarm::around(base);
        for seed in 0..2_000 {
            let drawn = swarm.draw(&[], seed);
            let checked = drawn.check(&registry);
            checked.unwrap_or_else(|error| panic!("{error}\n{}", drawn.to_toml().unwrap()));
        }
    }
}

#[test]
fn every_shape_and_every_way_to_join_and_leave_is_drawn() {
    let swarm = Swarm::around(Scenario::of("or-map"));
    let (mut topologies, mut graphs, mut moves, mut sizes) = Default::default();
    for seed in 0..2_000 {
        let drawn = swarm.draw(&[], seed);
        let topology = match drawn.topology {
            Topology::RandomRegular { degree, graph } => {
                BTreeSet::insert(&mut graphs, graph);
                Topology::RandomRegular { degree, graph: 0 }
            }
            topology => topology,
        };
        BTreeSet::insert(&mut topologies, format!("{topology:?}"));
        BTreeSet::insert(&mut sizes, drawn.replicas);
        if swarm.on(seed).any(|trouble| trouble == Trouble::Churn) {
            BTreeSet::insert(&mut moves, (drawn.join.len(), drawn.churn));
        } else {
            assert_eq!((drawn.join.len(), drawn.churn), (0, 0));
        }
    }
    let kinds = Topology::kinds().filter(|(name, _)| !["links", "file"].contains(name));
    let with_parameters = 2 + 2 + 2 + (8 - 1); // tree, grid, random-regular, hierarchy
    assert_eq!(topologies.len(), kinds.count() + with_parameters, "{topologies:#?}");
    assert!(graphs.len() > 100, "{graphs:?}");
    assert!((2..=12).all(|size| sizes.contains(&size)), "{sizes:?}");
    let late = |count| moves.iter().any(|(joins, _)| *joins == count);
    assert!((0..=3).all(late), "{moves:?}");
    assert!(moves.contains(&(0, 2)) && moves.contains(&(2, 0)), "{moves:?}");
}

#[test]
fn the_mix_of_operations_is_another_in_each_scenario() {
    let registry = support::registry();
    let subject = registry.get("or-set").unwrap();
    let swarm = Swarm::around(Scenario::of("or-set"));
    let (mut shares, mut variety) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..200 {
        let outcome = subject.run(&swarm.draw(&subject.policies(), seed), seed).unwrap();
        let operations = &outcome.decisions.operations;
        let removes = operations.iter().filter(|it| it.text.starts_with("remove")).count();
        shares.insert(10 * removes / operations.len());
        let different: BTreeSet<_> = operations.iter().map(|it| &it.text).collect();
        variety.insert(different.len());
    }
    assert!(shares.len() >= 8 && shares.contains(&0) && shares.contains(&10), "{shares:?}");
    assert!((1..=7).all(|different| variety.contains(&different)), "{variety:?}");
}

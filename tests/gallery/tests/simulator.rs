//! The simulator finds what the catalogue says it finds, and has nothing to say of the twins.

mod twin;

use rejoin_crdts::Model;
use rejoin_gallery::{Entry, HolderTieRegister, Visitor, for_each};
use rejoin_sim::scenario::Topology;
use rejoin_sim::{Outcome, Scenario, Subject, TypeSubject, Verdict};

fn subject<M: Model>(name: &str, model: M) -> TypeSubject<M> {
    TypeSubject::new(name, "under test", model)
}

fn run<M: Model>(subject: &TypeSubject<M>, scenario: &Scenario, seed: u64) -> Outcome {
    subject.run(scenario, seed).expect("the scenario is sound")
}

/// The first of these runs that violates something.
fn first_violation<M: Model>(
    subject: &TypeSubject<M>,
    scenario: &Scenario,
    seeds: u64,
) -> Option<Outcome> {
    let mut runs = (0..seeds).map(|seed| run(subject, scenario, seed));
    runs.find(|outcome| outcome.verdict == Verdict::Violated)
}

#[test]
fn the_simulator_finds_what_the_catalogue_says_under_either_policy() {
    struct Find;
    impl Visitor for Find {
        fn visit<M: Model>(&mut self, entry: &'static Entry, model: M) {
            let subject = subject(entry.name, model);
            for policy in subject.policies() {
                let scenario =
                    Scenario { policy: Some(policy.clone()), ..Scenario::of(entry.name) };
                let found = first_violation(&subject, &scenario, 200);
                assert_eq!(found.is_some(), entry.simulator, "{entry} under {policy}");
            }
        }
    }
    for_each(&mut Find);
}

#[test]
fn a_tie_goes_wrong_on_a_mesh_and_on_a_chain_but_not_among_two() {
    let register = subject("holder-tie-register", HolderTieRegister);
    let scenario =
        |topology, replicas| Scenario { topology, replicas, ..Scenario::of("holder-tie-register") };
    for topology in [Topology::Mesh, Topology::Chain] {
        assert!(
            first_violation(&register, &scenario(topology.clone(), 3), 200).is_some(),
            "{topology:?}"
        );
    }
    let among_two = first_violation(&register, &scenario(Topology::Mesh, 2), 200);
    assert!(among_two.is_none(), "{:?}", among_two.and_then(|outcome| outcome.violation));
}

#[test]
fn the_twins_hold_in_the_runs_that_show_the_broken_ones() {
    fn holds<M: Model>(model: M) {
        let twin = subject("twin", model);
        for policy in twin.policies() {
            for topology in [Topology::Mesh, Topology::Chain] {
                let policy = Some(policy.clone());
                let scenario = Scenario { policy, topology, ..Scenario::of("twin") };
                for seed in 0..50 {
                    let outcome = run(&twin, &scenario, seed);
                    assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violation);
                }
            }
        }
    }
    holds(twin::OwnIdCounter);
    holds(twin::FreshTagSet);
    holds(twin::WriterTieRegister);
}

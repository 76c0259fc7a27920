//! Is an invariant confluent? The explorer looks for two states that uphold it whose join does not.

use rejoin_gallery::unique_name::{self, EscrowedNames};
use rejoin_sim::explore::{Scope, explore};
use rejoin_sim::{Class, Scenario, Subject, TypeSubject, Verdict};

#[test]
fn two_users_who_register_one_name_are_found_at_the_smallest_scope() {
    let explored = explore(&unique_name::model(), &Scope::new(vec![1, 1]), &mut |_| {}).unwrap();
    let found = format!("{explored:?}");
    assert!(found.contains("`ada` is given away twice"), "{found}");
}

#[test]
fn rights_held_by_one_uphold_it_everywhere() {
    let model = EscrowedNames::default();
    for ops in [vec![2, 2], vec![2, 1, 1], vec![3, 2]] {
        let explored = explore(&model, &Scope::new(ops.clone()), &mut |_| {}).unwrap();
        assert!(explored.counterexample.is_none(), "{ops:?}: {explored:?}");
    }
}

#[test]
fn the_simulator_names_the_invariant() {
    let subject = TypeSubject::new("unique-name", "", unique_name::model());
    let first = (0..50)
        .map(|seed| subject.run(&Scenario::of("unique-name"), seed).unwrap())
        .find_map(|outcome| outcome.violation);
    let violation = first.expect("it is broken at once");
    assert_eq!(violation.class, Class::Invariant);
    assert!(violation.explanation.contains("given away twice"), "{}", violation.explanation);

    let names = TypeSubject::new("names", "", EscrowedNames::default());
    for seed in 0..50 {
        let scenario = Scenario { partitions: 2, crashes: 1, loss: 0.2, ..Scenario::of("names") };
        let outcome = names.run(&scenario, seed).unwrap();
        assert_ne!(outcome.verdict, Verdict::Violated, "{seed}: {:#?}", outcome.violation);
    }
}

//! Broken subjects shrink to what is known to be the least that shows them.

use crate::support::broken::{MostModel, Wrong};
use crate::support::flood::Flaw;
use crate::support::report::Lie;
use crate::support::{first, flood, ledger};
use rejoin_sim::scenario::{Crash, Partition, Topology};
use rejoin_sim::shrink::{Budget, Progress, ShrinkError, Shrunk, shrink};
use rejoin_sim::trace::Rest;
use rejoin_sim::{Class, Happening, Scenario, Subject, Trace, TraceError, TypeSubject, Verdict};

fn troubled(subject: &dyn Subject) -> Scenario {
    Scenario {
        replicas: 5,
        loss: 0.1,
        duplicate: 0.1,
        reorder: 0.1,
        partitions: 1,
        pauses: 1,
        crashes: 1,
        skew_ms: 300,
        ..Scenario::of(subject.name())
    }
}

fn failing(subject: &dyn Subject, scenario: &Scenario) -> Trace {
    Trace::of(&first(subject, scenario, Verdict::Violated))
}

fn shrunk(subject: &dyn Subject, trace: &Trace) -> Shrunk {
    let shrunk = shrink(subject, trace, Budget::default(), &mut |_| {}).unwrap();
    assert_eq!(shrunk.trace.class, trace.class);
    assert_eq!((shrunk.trace.seed, &shrunk.trace.policy), (trace.seed, &trace.policy));
    assert_eq!(shrunk.trace.expect(&subject.replay(&shrunk.trace).unwrap()), Ok(()));
    let file = shrunk.trace.encode().unwrap();
    assert_eq!(Trace::decode(&file).as_ref(), Ok(&shrunk.trace));
    assert!(shrunk.finished, "{} runs", shrunk.runs);
    shrunk
}

/// Replicas, operations, deliveries and faults of the smallest failure of the class.
fn size(subject: &dyn Subject, class: Class) -> [u64; 4] {
    size_in(subject, class, &troubled(subject))
}

fn size_in(subject: &dyn Subject, class: Class, scenario: &Scenario) -> [u64; 4] {
    let trace = failing(subject, scenario);
    assert_eq!(trace.class, Some(class), "{}", subject.name());
    let size = shrunk(subject, &trace).outcome.size;
    [size.replicas, size.operations, size.deliveries, size.faults]
}

#[test]
fn one_replica_is_enough_for_what_it_does_by_itself() {
    assert_eq!(size(&flood(Flaw::PerformsTwice), Class::Delta), [1, 1, 0, 0]);
    assert_eq!(size(&flood(Flaw::RefusesAndPerforms), Class::Refusal), [1, 0, 0, 0]);
    let misreads = TypeSubject::new("most", "the greatest", MostModel(Wrong::Misreads));
    assert_eq!(size(&misreads, Class::Specification), [1, 1, 0, 0]);
}

#[test]
fn one_delivery_is_enough_for_what_a_message_does() {
    assert_eq!(size(&flood(Flaw::Illegible), Class::Wire), [2, 0, 1, 0]);
    assert_eq!(size(&flood(Flaw::Replaces), Class::Visibility), [2, 1, 1, 0]);
    assert_eq!(size(&flood(Flaw::RefusesLate), Class::Refusal), [2, 1, 1, 0]);
    let twice = ledger(Lie::CountsTwice);
    let trace = failing(&twice, &troubled(&twice));
    assert_eq!(shrunk(&twice, &trace).outcome.size.events(), 2);
}

#[test]
fn what_takes_ten_operations_keeps_ten() {
    // They may be anybody's; one of them hears of nothing new, and forgets.
    let [replicas, operations, deliveries, faults] = size(&ledger(Lie::Forgets), Class::Visibility);
    assert_eq!((operations, deliveries, faults), (10, 1, 0));
    assert_eq!(replicas, 2);
}

#[test]
fn a_fault_stays_if_it_is_needed() {
    let wall = flood(Flaw::WallClock);
    let scenario = Scenario { skew_ms: 300, ..Scenario::of("flood") };
    // A clock that is ahead, an operation by it, heard where the clock is right, and one there.
    assert_eq!(size_in(&wall, Class::Stamp, &scenario), [2, 2, 1, 1]);

    let promises = flood(Flaw::PromisesTooMuch);
    let cut = Partition { at_ms: 500, groups: vec![vec![1]], ..Partition::default() };
    let crash = Crash { replica: 1, at_ms: 1_500, ..Crash::default() };
    let scenario = Scenario { partition: vec![cut], crash: vec![crash], ..Scenario::of("flood") };
    assert_eq!(size_in(&promises, Class::Acknowledged, &scenario), [1, 1, 0, 1]);
}

#[test]
fn a_failure_to_settle_is_not_faked_by_silence() {
    // Whoever sends once is never heard of again once that is lost.
    let once = flood(Flaw::SendsOnce);
    assert_eq!(size(&once, Class::Liveness), [2, 1, 0, 0]);
    // A chain of which the middle is dropped could never settle: its ends stay connected.
    let chain = Scenario { topology: Topology::Chain, replicas: 3, ..troubled(&once) };
    let trace = failing(&once, &chain);
    let small = shrunk(&once, &trace);
    assert_eq!(small.outcome.size.replicas, 2);
    let settled = small.outcome.timeline.iter().any(|entry| entry.what == Happening::Calm);
    assert!(settled, "{:?}", small.outcome.timeline);
}

#[test]
fn it_takes_the_simplest_operation_that_fails() {
    let adds = TypeSubject::new("most", "the greatest", MostModel(Wrong::Adds));
    let small = shrunk(&adds, &failing(&adds, &troubled(&adds)));
    let texts: Vec<&str> =
        small.trace.decisions.operations.iter().map(|it| it.text.as_str()).collect();
    assert!(texts.iter().all(|text| *text == "1"), "{texts:?}");
    assert!(small.outcome.ended_us.as_ms() < 300, "{}", small.outcome.ended_us);
}

#[test]
fn it_is_the_same_twice_and_keeps_to_its_budget() {
    let subject = ledger(Lie::Forgets);
    let trace = failing(&subject, &troubled(&subject));
    let within = |runs| {
        let mut seen = 0;
        let mut word = |progress: Progress| {
            seen += 1;
            assert_eq!(progress.runs, seen);
        };
        let shrunk = shrink(&subject, &trace, Budget { runs }, &mut word).unwrap();
        assert!(seen == shrunk.runs && seen <= runs, "{seen} of {runs}");
        assert_eq!(shrunk.trace.expect(&subject.replay(&shrunk.trace).unwrap()), Ok(()));
        shrunk
    };
    assert_eq!(within(0).trace, trace);
    let mut last = u64::MAX;
    for runs in [0, 1, 10, 100, 2_000] {
        let shrunk = within(runs);
        let events = shrunk.outcome.size.events();
        assert!(events <= last, "{events} events after {runs} runs, {last} with fewer");
        last = events;
        assert_eq!(shrunk.finished, runs == 2_000);
        assert_eq!(shrunk.trace.encode(), within(runs).trace.encode());
    }
}

#[test]
fn what_is_small_shrinks_no_further() {
    let subject = ledger(Lie::CountsTwice);
    let small = shrunk(&subject, &failing(&subject, &troubled(&subject)));
    let again = shrunk(&subject, &small.trace);
    assert_eq!((again.trace, again.before), (small.trace, small.outcome.size));
}

#[test]
fn what_cannot_be_shrunk_is_an_error() {
    let sound = flood(Flaw::None);
    let held = Trace::of(&sound.run(&Scenario::of("flood"), 1).unwrap());
    let shrink = |subject: &dyn Subject, trace: &Trace| {
        shrink(subject, trace, Budget::default(), &mut |_| panic!("nothing is tried")).unwrap_err()
    };
    assert_eq!(shrink(&sound, &held), ShrinkError::NothingFails(Verdict::Held));

    let other = Trace { seed: held.seed + 1, ..held.clone() };
    assert!(matches!(shrink(&sound, &other), ShrinkError::NotReproduced(_)));
    let broken = flood(Flaw::Replaces);
    assert!(matches!(shrink(&broken, &held), ShrinkError::NotReproduced(_)));

    let unseeded = flood(Flaw::Unseeded);
    let chance = Trace::of(&unseeded.run(&Scenario::of("flood"), 1).unwrap());
    assert!(matches!(shrink(&unseeded, &chance), ShrinkError::Nondeterministic(_)));
    assert!(matches!(shrink(&ledger(Lie::None), &held), ShrinkError::Run(_)));
}

#[test]
fn messages_without_a_fate_are_lost_only_while_there_are_faults() {
    let sound = flood(Flaw::None);
    let mut trace = Trace::of(&sound.run(&Scenario::of("flood"), 1).unwrap());
    trace.decisions.fates.clear();
    let all = sound.replay(&trace).unwrap();
    assert_eq!((all.verdict, all.size.deliveries > 100), (Verdict::Held, true));
    trace.decisions.rest = Rest::Lost;
    let none = sound.replay(&trace).unwrap();
    assert_eq!((none.verdict, none.size.deliveries), (Verdict::Held, 0));
    assert!(none.size.settling > 0);
}

#[test]
fn whoever_is_absent_is_nowhere() {
    let sound = flood(Flaw::None);
    let mut trace = Trace::of(&sound.run(&Scenario::of("flood"), 1).unwrap());
    trace.decisions.absent = vec![2];
    let two = sound.replay(&trace).unwrap();
    assert_eq!((two.verdict, two.size.replicas), (Verdict::Held, 2));
    assert!(two.arrived.iter().all(|arrived| arrived.from != 2 && arrived.to != 2));
    assert!(two.final_values.iter().all(|reading| reading.replica != 2));
    let here = trace.decisions.operations.iter().filter(|it| it.replica != 2).count() as u64;
    assert_eq!(two.size.operations, here);

    trace.decisions.absent = vec![4];
    let error = sound.replay(&trace).unwrap_err();
    let beyond = TraceError::Absent { replica: 4, replicas: 3 };
    assert_eq!(error, rejoin_sim::RunError::Trace(beyond));
}

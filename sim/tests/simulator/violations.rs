//! Every check finds what it is for, and says what is wrong.

use crate::support::broken::{CountingModel, MostModel, Wrong};
use crate::support::flood::Flaw;
use crate::support::report::Lie;
use crate::support::{first, flood, ledger};
use rejoin_crdts::spec::{BoundedCounterModel, GCounterModel};
use rejoin_sim::scenario::{Clients, Crash, Disk, Partition};
use rejoin_sim::{Class, Happening, Outcome, Scenario, Subject, TypeSubject, Verdict, Violation};

fn scenario(subject: &dyn Subject) -> Scenario {
    Scenario { loss: 0.1, skew_ms: 300, ..Scenario::of(subject.name()) }
}

fn violation(subject: &dyn Subject, scenario: &Scenario) -> Violation {
    let outcome = first(subject, scenario, Verdict::Violated);
    let violation = outcome.violation.unwrap();
    let last = &outcome.timeline.last().unwrap().what;
    assert_eq!(*last, Happening::Violated { class: violation.class });
    assert!(violation.explanation.ends_with('.'), "{}", violation.explanation);
    violation
}

fn flawed(flaw: Flaw) -> Violation {
    let subject = flood(flaw);
    violation(&subject, &scenario(&subject))
}

fn lying(lie: Lie) -> Violation {
    let subject = ledger(lie);
    violation(&subject, &scenario(&subject))
}

fn wrong(wrong: Wrong) -> Violation {
    let subject = TypeSubject::new("most", "the greatest", MostModel(wrong));
    violation(&subject, &scenario(&subject))
}

#[test]
fn what_is_right_holds() {
    let subjects: [&dyn Subject; 3] = [
        &flood(Flaw::None),
        &ledger(Lie::None),
        &TypeSubject::new("most", "the greatest", MostModel(Wrong::Nothing)),
    ];
    for subject in subjects {
        let scenario = Scenario {
            duplicate: 0.1,
            reorder: 0.1,
            partitions: 1,
            crashes: 2,
            ..scenario(subject)
        };
        for seed in 0..30 {
            let outcome = subject.run(&scenario, seed).unwrap();
            let Outcome { verdict, violation, .. } = &outcome;
            assert_ne!(*verdict, Verdict::Violated, "{} {seed}: {violation:#?}", subject.name());
        }
    }
}

#[test]
fn a_merge_that_is_none_breaks_convergence_or_visibility() {
    assert_eq!(wrong(Wrong::TakesTheirs).class, Class::Visibility);
    assert_eq!(wrong(Wrong::KeepsOwn).class, Class::Convergence);
    // Merging the delta of an operation once more changes something: it is not visible.
    assert_eq!(wrong(Wrong::Adds).class, Class::Visibility);
}

#[test]
fn the_specification_is_checked_at_every_step() {
    let misread = wrong(Wrong::Misreads);
    assert_eq!(misread.class, Class::Specification);
    let (expected, read) = (misread.expected.unwrap(), &misread.values[0].value);
    assert_ne!(expected, *read);
    assert!(misread.explanation.contains(&expected), "{}", misread.explanation);
    assert!(misread.explanation.contains(read), "{}", misread.explanation);
    assert!(!misread.operations.is_empty());
}

#[test]
fn what_is_read_is_checked_although_nothing_changed() {
    let expires = flawed(Flaw::Expires);
    assert_eq!(expires.class, Class::Specification);
    assert_eq!(expires.values[0].value, "0");
    // How many runs of ten are found out before the faults are over, and how many in all.
    let found = |flaw, check, ops, duration_ms| {
        let subject = flood(flaw);
        let checks = Some(vec![check]);
        let scenario = Scenario { checks, ops, duration_ms, ..scenario(&subject) };
        let run = |seed| subject.run(&scenario, seed).unwrap().violation;
        let found: Vec<Violation> = (0..10).filter_map(run).collect();
        let early = found.iter().filter(|violation| violation.at_us.as_ms() < duration_ms);
        (early.count(), found.len())
    };
    assert_eq!(found(Flaw::Expires, Class::Specification, 40, 2_000), (10, 10));
    assert_eq!(found(Flaw::Expires, Class::Convergence, 40, 2_000), (10, 10));
    assert_eq!(found(Flaw::None, Class::Specification, 1_000, 2_000), (0, 0));
    // In long runs at sampled steps, and in any at the end.
    assert_eq!(found(Flaw::ExpiresAtLast, Class::Specification, 1_000, 4_000), (10, 10));
    assert_eq!(found(Flaw::ExpiresAtLast, Class::Specification, 10_000, 2_000), (0, 10));
}

#[test]
fn equal_states_of_unequal_bytes_are_found_on_the_way_and_at_the_end() {
    let subject = TypeSubject::new("counting", "and it is written how often", CountingModel);
    let of = |ops, cut_ms: Option<Option<u64>>| {
        let cut = |heal_ms| Partition {
            at_ms: 0,
            heal_ms,
            groups: vec![vec![1]],
            ..Partition::default()
        };
        Scenario {
            replicas: 2,
            ops,
            duration_ms: 50 * ops,
            partition: cut_ms.map(cut).into_iter().collect(),
            checks: Some(vec![Class::Convergence]),
            ..scenario(&subject)
        }
    };
    let seen_by = |scenario: &Scenario| {
        let found = violation(&subject, scenario);
        assert_eq!(found.class, Class::Convergence);
        let same = found.explanation.strip_prefix("The same ").map(|rest| {
            assert!(rest.contains("the states are equal, but not their bytes"), "{rest}");
            rest.split_once(' ').unwrap().0.parse::<u64>().unwrap()
        });
        same.ok_or(found.explanation)
    };
    assert!(seen_by(&of(40, None)).unwrap() <= 40);
    // Cut in two until there are so many that states are written at sampled steps only.
    assert!(seen_by(&of(1_000, Some(Some(20_000)))).unwrap() > 256);
    let end = "At the end all states are equal, but not their bytes.";
    assert_eq!(seen_by(&of(2_000, Some(None))).unwrap_err(), end);
}

#[test]
fn replicas_that_know_the_same_and_differ_are_shown_side_by_side() {
    let twice = lying(Lie::CountsTwice);
    assert!(matches!(twice.class, Class::Convergence | Class::Specification));
    let split = wrong(Wrong::KeepsOwn);
    assert_eq!(split.class, Class::Convergence);
    assert_eq!(split.values.len(), 2);
    assert_ne!(split.values[0].value, split.values[1].value);
}

#[test]
fn what_was_visible_stays_visible() {
    for forgets in [flawed(Flaw::Replaces), lying(Lie::Forgets)] {
        assert_eq!(forgets.class, Class::Visibility);
        assert!(!forgets.operations.is_empty());
        assert!(forgets.explanation.contains("no longer"), "{}", forgets.explanation);
    }
}

#[test]
fn a_report_is_cross_checked() {
    assert_eq!(lying(Lie::KnowsTooMuch).class, Class::Visibility);
    assert_eq!(lying(Lie::HidesItsOwn).class, Class::Visibility);
}

#[test]
fn whoever_serves_a_client_has_what_it_had_read_and_written() {
    let roaming = |subject: &dyn Subject| {
        let clients = Some(Clients { count: 3, roam: 0.5, token: true });
        Scenario { clients, ops: 200, ..scenario(subject) }
    };
    let careless = ledger(Lie::ServesEverybody);
    let stale = violation(&careless, &roaming(&careless));
    assert_eq!(stale.class, Class::ReadYourWrites);
    // What a client reads counts although what it wants to do then is refused.
    let refusing = TypeSubject::new("bounded", "never below 0", BoundedCounterModel);
    let subjects: [&dyn Subject; 2] = [&ledger(Lie::None), &refusing];
    let mut refused = 0;
    for subject in subjects {
        for seed in 0..50 {
            let outcome = subject.run(&roaming(subject), seed).unwrap();
            let Outcome { verdict, violation, operations, .. } = &outcome;
            assert_ne!(*verdict, Verdict::Violated, "{} {seed}: {violation:#?}", subject.name());
            refused += operations.refused.values().sum::<u64>();
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_delta_does_what_its_operation_did() {
    assert_eq!(flawed(Flaw::PerformsTwice).class, Class::Delta);
    assert_eq!(wrong(Wrong::LosesDelta).class, Class::Delta);
}

#[test]
fn a_stamp_exceeds_all_that_was_seen() {
    let stale = flawed(Flaw::WallClock);
    assert_eq!(stale.class, Class::Stamp);
    assert_eq!(stale.operations.len(), 2);
    assert_eq!(flawed(Flaw::Renames).class, Class::Stamp);
}

#[test]
fn what_refuses_is_unchanged() {
    assert_eq!(flawed(Flaw::RefusesLate).class, Class::Refusal);
    assert_eq!(flawed(Flaw::RefusesAndPerforms).class, Class::Refusal);
}

#[test]
fn what_is_sent_can_be_read() {
    let illegible = flawed(Flaw::Illegible);
    assert_eq!(illegible.class, Class::Wire);
    assert!(illegible.explanation.contains("arrived as it was sent"));
}

#[test]
fn an_acknowledged_operation_survives_a_crash_that_keeps_the_disk() {
    let subject = flood(Flaw::PromisesTooMuch);
    let base = scenario(&subject);
    let crash = |disk| Scenario {
        // Cut off, so that nobody else has what it acknowledges.
        partition: vec![rejoin_sim::scenario::Partition {
            at_ms: 500,
            heal_ms: None,
            groups: vec![vec![1]],
            ..rejoin_sim::scenario::Partition::default()
        }],
        crash: vec![Crash { replica: 1, at_ms: 1_500, disk, ..Crash::default() }],
        ..base.clone()
    };
    let lost = violation(&subject, &crash(Disk::Kept));
    assert_eq!(lost.class, Class::Acknowledged);
    assert!(lost.explanation.contains("the disk of r1"), "{}", lost.explanation);

    // Whoever loses a disk is excused, and it is said how often.
    let sound = flood(Flaw::None);
    for seed in 0..10 {
        let kept = sound.run(&crash(Disk::Kept), seed).unwrap();
        assert_eq!((kept.verdict, kept.operations.struck), (Verdict::Held, 0));
        let lost = sound.run(&crash(Disk::Lost), seed).unwrap();
        assert_eq!(lost.verdict, Verdict::Held, "{:#?}", lost.violation);
        assert!(lost.operations.excused > 0);
        assert_eq!(lost.operations.excused, lost.operations.struck);
    }
    assert_eq!(flawed(Flaw::PromisesNothing).class, Class::Acknowledged);
}

#[test]
fn what_does_not_settle_says_why() {
    let subject = flood(Flaw::SendsOnce);
    let once = violation(&subject, &Scenario { loss: 0.4, ..scenario(&subject) });
    assert_eq!(once.class, Class::Liveness);
    assert!(once.explanation.contains(" lacks r"), "{}", once.explanation);
    assert!(!once.operations.is_empty());

    let subject = flood(Flaw::NeverQuiet);
    let quick = Scenario { settle_ms: 1_000, ..scenario(&subject) };
    let waits = violation(&subject, &quick);
    assert_eq!(waits.class, Class::Liveness);
    assert!(waits.explanation.contains("waits for a sign from r2"), "{}", waits.explanation);
    assert!(waits.explanation.contains("1000 ms after"), "{}", waits.explanation);
    let latest_ms = quick.duration_ms + quick.settle_ms + 40; // a message may be on its way
    assert!((3_000..=latest_ms).contains(&waits.at_us.as_ms()), "{}", waits.at_us);
}

#[test]
fn a_run_without_end_is_ended() {
    let subject = flood(Flaw::Spins);
    let spins = subject.run(&scenario(&subject), 1).unwrap();
    let violation = spins.violation.unwrap();
    assert_eq!(violation.class, Class::Liveness);
    assert!(violation.explanation.contains("events"), "{}", violation.explanation);
    // Nobody lacks anything, and it does not say so.
    let why = "the replicas know the same operations, but are not at rest.";
    assert!(violation.explanation.ends_with(why), "{}", violation.explanation);
}

#[test]
fn a_run_that_is_merely_long_is_no_run_without_end() {
    // It was: the events of the whole run were counted, not those of a second.
    let counter = TypeSubject::new("counter", "grows", GCounterModel);
    let day = Scenario { duration_ms: 86_400_000, ops: 60, ..Scenario::of("counter") };
    let cut = Partition {
        at_ms: 1_000,
        heal_ms: Some(40_000_000),
        groups: vec![vec![1]],
        ..Partition::default()
    };
    let outcome = counter.run(&Scenario { partition: vec![cut], ..day }, 1).unwrap();
    assert_eq!(outcome.verdict, Verdict::Held, "{:?}", outcome.violation);
    assert!(outcome.events > 2_000_000, "{} events are too few to show it", outcome.events);
}

#[test]
fn what_no_seed_decides_is_found_by_running_twice() {
    let subject = flood(Flaw::Unseeded);
    let outcome = subject.run_twice(&Scenario::of("flood"), 1).unwrap();
    assert_eq!(outcome.verdict, Verdict::Nondeterministic);
    assert!(outcome.first_difference.is_some());
    let sound = flood(Flaw::None).run_twice(&Scenario::of("flood"), 1).unwrap();
    assert_eq!((sound.verdict, sound.first_difference), (Verdict::Held, None));
}

#[test]
fn a_run_in_which_nothing_was_concurrent_is_vacuous() {
    let subject = flood(Flaw::None);
    let alone = Scenario { shares: vec![1, 0, 0], ..scenario(&subject) };
    let outcome = subject.run(&alone, 1).unwrap();
    assert_eq!(outcome.verdict, Verdict::Vacuous);
    assert!(outcome.vacuous_because.unwrap().contains("concurrent"));
    assert_eq!(outcome.operations.concurrent_pairs, 0);

    let unchecked = Scenario { checks: Some(Vec::new()), ..scenario(&subject) };
    let because = subject.run(&unchecked, 1).unwrap().vacuous_because.unwrap();
    assert_eq!(because, "nothing was checked: `checks` is empty");

    // A violation takes precedence.
    let flawed = flood(Flaw::PerformsTwice);
    assert_eq!(flawed.run(&alone, 1).unwrap().verdict, Verdict::Violated);
}

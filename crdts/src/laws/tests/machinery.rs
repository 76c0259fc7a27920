//! Cases, their execution, shrinking, and what is printed.

use super::fixture::{GrowModel, SumModel, fault};
use crate::laws::judge::breaks;
use crate::laws::random::Random;
use crate::laws::shrink::Shrinker;
use crate::laws::{Case, Event, Execution, Law, Laws, check_case};
use crate::spec::{CounterOp, GCounterModel, LwwRegisterModel, Write};
use crate::{At, Delivery, DeltaOf, Lattice, Merge, Model, OpSet, Refused, ReplicaId, Spec};
use crate::{Timestamp, View, Whole};

fn event<Op>(replica: usize, op: Op, sees: &[usize]) -> Event<Op> {
    Event { replica, op, sees: sees.iter().copied().collect(), clock_ms: 0 }
}

fn set(indices: &[usize]) -> OpSet {
    indices.iter().copied().collect()
}

#[test]
fn what_is_seen_is_completed_by_the_contract() {
    let events = [event(0, 0, &[]), event(0, 1, &[]), event(1, 2, &[1]), event(2, 3, &[2, 9])];
    let sees = |delivery| Case::new(delivery, events.clone()).events()[3].sees.clone();
    assert_eq!(sees(Delivery::Any), set(&[2]));
    assert_eq!(sees(Delivery::PerSender), set(&[2]));
    assert_eq!(sees(Delivery::Causal), set(&[0, 1, 2]));
    let per_sender = Case::new(Delivery::PerSender, events);
    assert_eq!(per_sender.events()[2].sees, set(&[0, 1]), "the second of r1 brings the first");
}

#[test]
fn concurrent_operations_tie_and_causal_ones_do_not() {
    let model = LwwRegisterModel::new([1, 2]);
    let write = |replica, sees: &[usize]| event(replica, Write(1), sees);
    let case = Case::new(Delivery::Any, [write(0, &[]), write(1, &[]), write(1, &[0])]);
    let run = Execution::run(&model, &case);
    let stamp = |index: usize| run.history().at(index).stamp;
    assert_eq!(stamp(0), Timestamp::new(0, 0, ReplicaId::new(1, 0)));
    assert_eq!(stamp(1), Timestamp::new(0, 0, ReplicaId::new(2, 0)));
    assert_eq!(stamp(2), Timestamp::new(0, 1, ReplicaId::new(2, 0)));
}

#[test]
fn a_clock_that_is_behind_takes_over_what_it_has_seen() {
    let model = LwwRegisterModel::new([1, 2]);
    let ahead = Event { clock_ms: 50, ..event(0, Write(1), &[]) };
    let behind = Event { clock_ms: 7, ..event(1, Write(2), &[0]) };
    let run = Execution::run(&model, &Case::new(Delivery::Any, [ahead, behind]));
    assert_eq!(run.history().at(1).stamp, Timestamp::new(50, 1, ReplicaId::new(2, 0)));
    assert_eq!(run.after(1).get(), Some(&2));
}

#[test]
fn what_is_refused_has_not_happened() {
    let model = GCounterModel;
    let full = |replica, by, sees: &[usize]| event(replica, CounterOp::Add(by), sees);
    let case = Case::new(
        Delivery::PerSender,
        [full(0, u64::MAX, &[]), full(0, 1, &[]), full(1, 1, &[1]), full(0, 0, &[])],
    );
    let run = Execution::run(&model, &case);
    assert_eq!(run.history().len(), 3);
    assert_eq!(run.refusals().len(), 1);
    assert_eq!(run.refusals()[0].after, 1);
    assert_eq!(*run.history().saw(1), set(&[0]));
    assert_eq!(run.history().at(2).id.seq, 2, "it took no number");
    let report = check_case(&model, &case).unwrap();
    assert_eq!((report.refused, report.checks(Law::RefusalChangesNothing)), (1, 1));
}

#[test]
fn whoever_sees_that_nothing_happened_sees_why() {
    // Under a contract that asks for nothing, an operation without effect is visible only with
    // what made it ineffective.
    let model = GrowModel::with(fault::NONE);
    let case = Case::new(Delivery::Any, [event(0, 1, &[]), event(1, 1, &[0]), event(2, 2, &[1])]);
    let run = Execution::run(&model, &case);
    assert_eq!(*run.history().saw(2), set(&[0, 1]));
    assert!(!run.is_down_set(&set(&[1])));
    assert_eq!(run.visible(&run.state(&set(&[0]))), set(&[0, 1]));
    assert_eq!(run.visible(&run.reader(0)), set(&[]));
}

#[test]
fn the_same_seed_finds_the_same() {
    let found = |seed| Laws::new(SumModel).seed(seed).check().unwrap_err().to_string();
    assert_eq!(found(3), found(3));
    let report = |seed| Laws::new(GCounterModel).cases(40).seed(seed).check().unwrap();
    assert_eq!(report(3), report(3));
    assert_ne!(report(3), report(4));
}

#[test]
fn a_shrunk_case_has_no_simpler_one_that_fails() {
    let model = GrowModel::with(fault::CYCLIC);
    for seed in 0..8 {
        let laws = Laws::new(model.clone()).seed(seed).only([Law::StatesAssociate]);
        let violation = laws.check().unwrap_err();
        let shrinker = Shrinker::new(model.alphabet());
        let simpler = shrinker.simpler(violation.case());
        assert!(simpler.into_iter().all(|case| breaks(&model, &case, violation.law()).is_none()));
    }
}

#[test]
fn long_cases_shrink_as_far_as_short_ones() {
    let model = GrowModel::with(fault::WRONG_VALUE);
    let case = Case::draw(&model, 4, 40, &mut Random::new(5, 0));
    let law = Law::Specification;
    let finding = breaks(&model, &case, law).unwrap();
    let shrinker = Shrinker::new(model.alphabet());
    let (case, _) = shrinker.minimise(case, finding, |case| breaks(&model, case, law));
    let again = [event(0, 0, &[]), event(0, 0, &[0])];
    assert_eq!(case, Case::new(Delivery::Any, again));
}

#[test]
fn a_violation_is_a_table_that_a_person_can_follow() {
    let violation = Laws::new(GrowModel::with(fault::WRONG_VALUE)).check().unwrap_err();
    let found = violation.found().unwrap();
    let report = violation.report();
    assert_eq!(report.cases, found.1 + 1, "it counts up to the case that was found");
    assert_eq!(report.unchecked().find(|law| *law == violation.law()), None);
    assert_eq!(found.0, 0);
    let expected = "\
This does not hold: a replica reads what the specification says of the operations visible there.

        operation  had seen  reads  specified
  r1:1  0          -         [0]    [0]
  r1:2  0          r1:1      [0]    [0, 0]

  s          = Grow { items: {0}, arrived: [0] }
               (r1, after r1:2)
  read there : [0]
  specified  : [0, 0]
  the reason : the specification says [0, 0], the replica reads [0]

2 operations";
    let text = violation.to_string();
    assert!(text.starts_with(expected), "{text}");
    assert!(text.ends_with(&format!("; seed 0, case {}", found.1)), "{text}");
}

/// The greatest wall time wins, and of two that tie the one that is held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
struct TieKeeps(u64, u8);

impl Merge for TieKeeps {
    fn merge(&mut self, other: &Self) -> bool {
        let wins = other.0 > self.0;
        if wins {
            self.clone_from(other);
        }
        wins
    }
}

impl Lattice for TieKeeps {}

#[derive(Clone)]
struct TieModel;

impl Spec for TieModel {
    type Op = u8;
    type Value = u8;

    fn alphabet(&self) -> Vec<u8> {
        vec![1, 2]
    }

    fn value(&self, view: &View<'_, u8>) -> Option<u8> {
        Some(view.iter().max_by_key(|seen| seen.at.stamp).map_or(0, |seen| *seen.op))
    }
}

impl Model for TieModel {
    type State = Whole<TieKeeps>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(&self, state: &mut Self::State, at: &At, op: &u8) -> Result<DeltaOf<Self>, Refused> {
        let stamp = 1 + at.stamp.wall_ms() + u64::from(at.stamp.counter());
        Ok(state.mutate(|held| *held = TieKeeps(stamp, *op)))
    }

    fn read(&self, state: &Self::State) -> u8 {
        state.0.1
    }
}

#[test]
fn a_tie_is_found_and_shown_with_its_stamps() {
    let violation = Laws::new(TieModel).check().unwrap_err();
    assert_eq!((violation.law(), violation.operations()), (Law::StatesCommute, 2));
    let expected = "
        operation  stamp   had seen  reads  specified
  r1:1  1          0ms@r1  -         1      1
  r2:1  2          0ms@r2  -         2      2
";
    assert_eq!(format!("\n{}", violation.table()), expected);
}

/// A counter whose deltas need the earlier ones of their sender, under a contract that does not
/// say so.
#[derive(Clone)]
struct Undersold;

impl Spec for Undersold {
    type Op = CounterOp;
    type Value = u128;

    fn alphabet(&self) -> Vec<CounterOp> {
        GCounterModel.alphabet()
    }

    fn value(&self, view: &View<'_, CounterOp>) -> Option<u128> {
        GCounterModel.value(view)
    }

    fn delivery(&self) -> Delivery {
        Delivery::Any
    }
}

impl Model for Undersold {
    type State = crate::GCounter;

    fn initial(&self, me: ReplicaId) -> Self::State {
        GCounterModel.initial(me)
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &CounterOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        GCounterModel.perform(state, at, op)
    }

    fn read(&self, state: &Self::State) -> u128 {
        GCounterModel.read(state)
    }
}

#[test]
fn a_contract_that_asks_for_too_little_is_found() {
    let violation = Laws::new(Undersold).check().unwrap_err();
    assert_eq!((violation.law(), violation.operations()), (Law::Specification, 2));
}

//! Every incremental form against the pure one, in random histories told in random orders. The
//! explorer compares them in all small ones.

use crate::laws::{Event, Execution};
use crate::spec::{
    BoundedCounterModel, Collecting, DwFlagModel, EwFlagModel, GCounterModel, GSetModel,
    LexicalModel, LwwMapModel, LwwRegisterModel, MvRegisterModel, OptionModel, OrMapModel,
    OrSetModel, PairModel, PnCounterModel, ResettableCounterModel, RwSetModel, SequenceModel,
    TwoPhaseSetModel,
};
use crate::{Delivery, History, Model, OpSet, ReplicaId, Spec};

fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed | 1);
        (state >> 33) % bound
    }
}

/// A history in which each operation saw what some down-set holds.
fn history<M: Model>(model: &M, operations: usize, seed: u64) -> History<M::Op> {
    let mut draw = random(seed);
    let mut run = Execution::new(model, 3);
    for _ in 0..operations {
        let op = model.draw(&mut draw);
        let known = run.history().len();
        let sees: OpSet = (0..known).filter(|_| draw(5) == 0).collect();
        run.step(&Event { replica: draw(3) as usize, op, sees, clock_ms: draw(8) });
    }
    run.history().clone()
}

/// All operations, in an order in which the type's contract lets them arrive.
fn arrivals<S: Spec>(spec: &S, history: &History<S::Op>, seed: u64) -> Vec<usize> {
    let mut draw = random(seed);
    let mut seen = OpSet::new();
    let mut order = Vec::new();
    while order.len() < history.len() {
        let may_come = |index: usize| match spec.delivery() {
            Delivery::Causal => history.saw(index).is_subset(&seen),
            Delivery::PerSender => (0..index).all(|earlier| {
                seen.contains(earlier)
                    || history.at(earlier).id.replica != history.at(index).id.replica
            }),
            Delivery::Any => true,
        };
        let next: Vec<usize> =
            (0..history.len()).filter(|&op| !seen.contains(op) && may_come(op)).collect();
        let next = next[draw(next.len() as u64) as usize];
        seen.insert(next);
        order.push(next);
    }
    order
}

fn says_what_the_pure_one_says<M: Model>(model: &M) {
    for seed in 0..60 {
        let history = history(model, 24, seed);
        let mut ends = Vec::new();
        for order in 0..3 {
            let mut running = model.running().expect("it has one");
            let mut seen = OpSet::new();
            for index in arrivals(model, &history, seed * 3 + order) {
                running.see(&history.seen(index));
                seen.insert(index);
                let view = history.view(&seen);
                assert_eq!(running.value(), model.value(&view), "{seen:?} of {history:#?}");
                if let Some(value) = running.value() {
                    assert!(running.admits(&value).is_ok());
                }
            }
            ends.push(running);
        }
        assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{history:#?}");
    }
}

#[test]
fn of_counters() {
    says_what_the_pure_one_says(&GCounterModel);
    says_what_the_pure_one_says(&PnCounterModel);
    says_what_the_pure_one_says(&ResettableCounterModel);
    says_what_the_pure_one_says(&BoundedCounterModel);
}

#[test]
fn of_registers_and_flags() {
    says_what_the_pure_one_says(&LwwRegisterModel::new([1u8, 2]));
    says_what_the_pure_one_says(&MvRegisterModel::new([1u8, 2]));
    says_what_the_pure_one_says(&EwFlagModel);
    says_what_the_pure_one_says(&DwFlagModel);
}

#[test]
fn of_sets() {
    says_what_the_pure_one_says(&GSetModel::new([1u8, 2]));
    says_what_the_pure_one_says(&TwoPhaseSetModel::new([1u8, 2, 3]));
    says_what_the_pure_one_says(&OrSetModel::new([1u8, 2]));
    says_what_the_pure_one_says(&RwSetModel::new([1u8, 2]));
}

#[test]
fn of_maps() {
    says_what_the_pure_one_says(&LwwMapModel::new([1u8, 2], [7u8, 8]));
    says_what_the_pure_one_says(&OrMapModel::new([1u8, 2], OrSetModel::new([1u8, 2])));
    says_what_the_pure_one_says(&OrMapModel::new([1u8, 2], RwSetModel::new([1u8, 2])));
    says_what_the_pure_one_says(&OrMapModel::new([1u8, 2], ResettableCounterModel));
    says_what_the_pure_one_says(&OrMapModel::new([1u8, 2], MvRegisterModel::new([1u8, 2])));
    says_what_the_pure_one_says(&OrMapModel::new([1u8, 2], EwFlagModel));
    says_what_the_pure_one_says(&OrMapModel::new([1u8, 2], DwFlagModel));
}

#[test]
fn of_maps_in_maps() {
    let inner = OrMapModel::new([1u8, 2], OrSetModel::new([1u8, 2]));
    says_what_the_pure_one_says(&OrMapModel::new([1u8], inner));
    let inner = OrMapModel::new([1u8, 2], PairModel::new(RwSetModel::new([1u8]), DwFlagModel));
    says_what_the_pure_one_says(&OrMapModel::new([1u8, 2], inner));
}

#[test]
fn of_what_is_composed() {
    says_what_the_pure_one_says(&PairModel::new(OrSetModel::new([1u8]), PnCounterModel));
    says_what_the_pure_one_says(&OptionModel::new(TwoPhaseSetModel::new([1u8, 2])));
    says_what_the_pure_one_says(&LexicalModel::new([1u8, 2, 3], PnCounterModel));
    let members = [1, 2, 3].map(|id| ReplicaId::new(id, 0));
    says_what_the_pure_one_says(&Collecting::new(ResettableCounterModel, members));
}

#[test]
fn of_what_has_a_sequence_in_it_there_is_none() {
    let letters = || SequenceModel::new(['a']);
    assert!(letters().running().is_none());
    assert!(OrMapModel::new([1u8], letters()).running().is_none());
    assert!(PairModel::new(EwFlagModel, letters()).running().is_none());
}

#[test]
fn a_clone_goes_its_own_way() {
    let history = history(&PnCounterModel, 2, 1);
    let mut one = PnCounterModel.running().expect("it has one");
    let other = one.clone();
    one.see(&history.seen(0));
    assert_eq!(other.value(), Some(0));
    assert_ne!(one, other);
}

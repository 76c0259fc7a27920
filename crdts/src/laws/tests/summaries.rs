//! What is beyond a summary is what whoever has the summary lacks.

use crate::laws::judge::{Reach, join};
use crate::laws::pool::Pool;
use crate::laws::random::Random;
use crate::laws::{Case, Execution};
use crate::spec::{self, Collect, Collecting};
use crate::{Model, ReplicaId, Summarize};

fn suffices<M: Model<State: Summarize>>(model: &M) {
    suffices_of(model, 4, |state| state);
}

/// With collections at any time among the operations.
fn suffices_collecting<M: Collect<State: Summarize>>(model: M) {
    let members = (1..=2).map(|id| ReplicaId::new(id, 0));
    suffices_of(&Collecting::new(model, members), 2, |state| &state.0);
}

fn suffices_of<M: Model, S: Summarize>(model: &M, replicas: usize, part: impl Fn(&M::State) -> &S) {
    let (mut covered, mut lacking) = (0, 0);
    for number in 0..200 {
        let case = Case::draw(model, replicas, 1 + number % 8, &mut Random::new(6, number as u64));
        let run = Execution::run(model, &case);
        let pool = Pool::new(&run, Reach::Sampled);
        for [a, b] in pool.state_tuples::<2>(216, 20) {
            let (a, b) = (part(a.state.concrete()), part(b.state.concrete()));
            match a.beyond(&b.summary()) {
                Some(delta) => {
                    assert!(!b.covers(a), "{delta:?} of {a:?} for {b:?}, which has it");
                    assert_eq!(join(b, &delta), join(b, a), "{delta:?} of {a:?} for {b:?}");
                    lacking += 1;
                }
                None => {
                    assert!(b.covers(a), "nothing of {a:?} for {b:?}");
                    covered += 1;
                }
            }
        }
    }
    assert!(covered > 0 && lacking > 0);
}

#[test]
fn what_is_beyond_the_summary_of_a_causal_type_suffices() {
    suffices(&spec::EwFlagModel);
    suffices(&spec::DwFlagModel);
    suffices(&spec::MvRegisterModel::new([1, 2]));
    suffices(&spec::OrSetModel::new([1, 2]));
    suffices(&spec::RwSetModel::new([1, 2]));
    let sets = spec::OrMapModel::new([1, 2], spec::OrSetModel::new([1, 2]));
    suffices(&sets);
    suffices(&spec::OrMapModel::new([1, 2], sets));
}

#[test]
fn what_is_beyond_the_summary_of_a_type_that_collects_suffices() {
    let elements = || [1, 2];
    suffices(&spec::SequenceModel::new(elements()));
    suffices(&spec::DocumentModel);
    suffices_collecting(spec::ResettableCounterModel);
    suffices_collecting(spec::DwFlagModel);
    suffices_collecting(spec::RwSetModel::new(elements()));
    suffices_collecting(spec::SequenceModel::new(elements()));
    suffices_collecting(spec::OrMapModel::new(elements(), spec::ResettableCounterModel));
    suffices_collecting(spec::OrMapModel::new([1], spec::SequenceModel::new(elements())));
    suffices_collecting(spec::DocumentModel);
}

#[test]
fn what_is_beyond_the_summary_of_a_type_without_dots_suffices() {
    suffices(&spec::GCounterModel);
    suffices(&spec::PnCounterModel);
    suffices(&spec::BoundedCounterModel);
    suffices(&spec::LwwRegisterModel::new([1, 2]));
}

#[test]
fn what_is_beyond_the_summary_of_a_composition_suffices() {
    let sets = spec::OrSetModel::new([1, 2]);
    suffices(&spec::PairModel::new(sets.clone(), spec::GCounterModel));
    suffices(&spec::OptionModel::new(sets.clone()));
    suffices(&spec::LexicalModel::new([1, 2], sets));
}

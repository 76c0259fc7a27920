//! Correct types pass, and every law has been checked on them.

use super::fixture::{GrowModel, fault};
use crate::laws::{Law, Laws, Report};
use crate::{Model, ReplicaId, spec};

pub(super) fn holds<M: Model>(model: M) -> Report {
    let report = Laws::new(model).check().unwrap();
    assert!(report.concurrent > 0);
    let unchecked: Vec<Law> = report.unchecked().collect();
    // Only types with a limit refuse anything.
    assert!(unchecked.iter().all(|law| *law == Law::RefusalChangesNothing), "{unchecked:?}");
    report
}

#[test]
fn counters_hold() {
    holds(spec::GCounterModel);
    holds(spec::PnCounterModel);
    let report = holds(spec::BoundedCounterModel);
    assert!(report.checks(Law::RefusalChangesNothing) > 0 && report.refused < report.operations);
    holds(spec::ResettableCounterModel);
}

/// Two members, so that most histories come to something stable.
#[test]
fn collecting_at_any_time_changes_nothing() {
    fn holds<M: spec::Collect>(model: M) {
        let members = [1, 2].map(|id| ReplicaId::new(id, 0));
        let model = spec::Collecting::new(model, members);
        let laws = Laws::new(model).replicas(2).operations(12).cases(1_000);
        laws.check().unwrap_or_else(|violation| panic!("{violation}"));
    }
    holds(spec::ResettableCounterModel);
    holds(spec::DwFlagModel);
    holds(spec::RwSetModel::new([1, 2]));
    holds(spec::LwwMapModel::new([1, 2], [1]));
    holds(spec::OrMapModel::new([1], spec::ResettableCounterModel));
    holds(spec::OrMapModel::new([1], spec::DwFlagModel));
    holds(spec::OrMapModel::new([1], spec::RwSetModel::new([1, 2])));
    holds(spec::DocumentModel);
    holds(spec::SequenceModel::new([1, 2]));
    holds(spec::OrMapModel::new([1], spec::SequenceModel::new([1, 2])));
}

#[test]
fn registers_hold() {
    holds(spec::LwwRegisterModel::new(["a".to_owned(), "b".to_owned()]));
    holds(spec::MvRegisterModel::new([1, 2]));
}

#[test]
fn flags_hold() {
    holds(spec::EwFlagModel);
    holds(spec::DwFlagModel);
}

#[test]
fn sets_hold() {
    holds(GrowModel::with(fault::NONE));
    holds(spec::GSetModel::new([1, 2, 3]));
    holds(spec::TwoPhaseSetModel::new([1, 2]));
    holds(spec::OrSetModel::new([1, 2]));
    holds(spec::RwSetModel::new([1, 2]));
}

#[test]
fn maps_hold() {
    holds(spec::LwwMapModel::new([1, 2], [1, 2]));
    let set = spec::OrSetModel::new([1, 2]);
    holds(spec::OrMapModel::new([1, 2], set.clone()));
    holds(spec::OrMapModel::new([1, 2], spec::OrMapModel::new([1, 2], set)));
}

#[test]
fn sequences_hold() {
    holds(spec::SequenceModel::new(['a', 'b', 'c']));
    holds(spec::OrMapModel::new([1, 2], spec::SequenceModel::new(['a', 'b'])));
}

#[test]
fn maps_of_every_causal_type_hold() {
    holds(spec::OrMapModel::new([1, 2], spec::MvRegisterModel::new([1, 2])));
    holds(spec::OrMapModel::new([1, 2], spec::ResettableCounterModel));
    holds(spec::OrMapModel::new([1, 2], spec::EwFlagModel));
    holds(spec::OrMapModel::new([1, 2], spec::DwFlagModel));
    holds(spec::OrMapModel::new([1, 2], spec::RwSetModel::new([1, 2])));
}

#[test]
fn documents_hold() {
    holds(spec::DocumentModel);
}

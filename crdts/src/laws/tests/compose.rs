//! What is made of correct types is correct.

use super::correct::holds;
use crate::laws::Law;
use crate::spec;

#[test]
fn pairs_hold() {
    let sets = spec::OrSetModel::new([1, 2]);
    holds(spec::PairModel::new(sets.clone(), spec::GCounterModel));
    let causal = spec::PairModel::new(sets, spec::MvRegisterModel::new([1, 2]));
    holds(spec::OrMapModel::new([1, 2], causal));
    let register = spec::LwwRegisterModel::new([1, 2]);
    let report = holds(spec::PairModel::new(spec::BoundedCounterModel, register));
    assert!(report.checks(Law::RefusalChangesNothing) > 0);
}

#[test]
fn lexicographic_pairs_hold() {
    for report in [
        holds(spec::LexicalModel::new([1, 2, 3], spec::GCounterModel)),
        holds(spec::LexicalModel::new([1, 2], spec::OrSetModel::new([1, 2]))),
    ] {
        assert!(
            report.checks(Law::RefusalChangesNothing) > 0 && report.refused < report.operations
        );
    }
}

#[test]
fn options_hold() {
    holds(spec::OptionModel::new(spec::OrSetModel::new([1, 2])));
    holds(spec::OptionModel::new(spec::BoundedCounterModel));
}

//! What is made of correct types is correct.

use super::correct::holds;
use crate::laws::Law;
use crate::spec;

#[test]
fn pairs_hold() {
    holds(spec::PairModel::new(spec::OrSetModel::new([1, 2]), spec::GCounterModel));
    holds(spec::PairModel::new(spec::GCounterModel, spec::LwwRegisterModel::new([1, 2])));
    let causal =
        spec::PairModel::new(spec::OrSetModel::new([1, 2]), spec::MvRegisterModel::new([1, 2]));
    holds(causal.clone());
    holds(spec::OrMapModel::new([1, 2], causal));
    let rights = holds(spec::PairModel::new(spec::BoundedCounterModel, spec::EwFlagModel));
    assert!(rights.checks(Law::RefusalChangesNothing) > 0);
}

#[test]
fn lexicographic_pairs_hold() {
    for report in [
        holds(spec::LexicalModel::new([1, 2, 3], spec::GCounterModel)),
        holds(spec::LexicalModel::new([1, 2], spec::OrSetModel::new([1, 2]))),
        holds(spec::LexicalModel::new([1, 2], spec::RwSetModel::new([1, 2]))),
        holds(spec::LexicalModel::new([1, 2], spec::LexicalModel::new([1, 2], spec::EwFlagModel))),
    ] {
        assert!(
            report.checks(Law::RefusalChangesNothing) > 0 && report.refused < report.operations
        );
    }
}

#[test]
fn options_hold() {
    holds(spec::OptionModel::new(spec::GSetModel::new([1, 2])));
    holds(spec::OptionModel::new(spec::OrSetModel::new([1, 2])));
    holds(spec::OptionModel::new(spec::BoundedCounterModel));
}

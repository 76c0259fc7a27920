//! Each broken type is caught, by the law that it breaks, with the fewest operations.

use super::fixture::{GrowModel, SumModel, fault};
use crate::Model;
use crate::laws::{Law, Laws, Violation};

fn violation<M: Model>(laws: Laws<M>) -> Box<Violation<M::Op>> {
    laws.check().expect_err("it is broken")
}

/// The first law that is found broken when all are checked, and in how many operations.
fn first(fault: u8) -> (Law, usize) {
    let violation = violation(Laws::new(GrowModel::with(fault)));
    (violation.law(), violation.operations())
}

/// In how many operations one law is found broken, when it alone is checked.
fn alone(fault: u8, law: Law) -> usize {
    let violation = violation(Laws::new(GrowModel::with(fault)).only([law]));
    assert_eq!(violation.law(), law);
    violation.operations()
}

fn sum(law: Law) -> usize {
    violation(Laws::new(SumModel).only([law])).operations()
}

#[test]
fn operations_and_their_deltas() {
    use Law::*;
    assert_eq!(first(fault::REFUSAL_CHANGES), (RefusalChangesNothing, 1));
    assert_eq!(first(fault::DELTA_OMITS), (OperationIsItsDelta, 1));
    assert_eq!(first(fault::DELTA_OF_NOTHING), (DeltaEmptyIffUnchanged, 2));
}

#[test]
fn merging_states() {
    use Law::*;
    assert_eq!(first(fault::MERGE_DENIES), (MergeReportsChange, 1));
    assert_eq!(first(fault::MERGE_BOASTS), (MergeReportsChange, 0));
    assert_eq!(first(fault::KEEPS_SELF), (StatesCommute, 2));
    assert_eq!(first(fault::TAKES_OTHER), (StatesCommute, 1));
    assert_eq!(alone(fault::TAKES_OTHER, StatesInflate), 1);
    assert_eq!(alone(fault::CYCLIC, StatesAssociate), 3);
    assert_eq!(first(fault::COVERS_BY_SIZE), (CoversAgrees, 2));
    let violation = violation(Laws::new(SumModel));
    assert_eq!((violation.law(), violation.operations()), (StatesIdempotent, 1));
}

#[test]
fn merging_deltas() {
    use Law::*;
    assert_eq!(first(fault::EMPTY_DELTA_ADDS), (EmptyDeltaIsBottom, 0));
    assert_eq!(first(fault::MEETS), (DeltasInflate, 1));
    assert_eq!(first(fault::DELTA_KEEPS_SELF), (DeltasCommute, 2));
    assert_eq!(alone(fault::DELTA_TAKES_OTHER, DeltasInflate), 1);
    assert_eq!(alone(fault::DELTA_CYCLIC, DeltasAssociate), 3);
    assert_eq!(first(fault::DELTA_JOIN_INVENTS), (DeltasJoin, 2));
    assert_eq!(alone(fault::DELTA_NEEDS_STATE, DeltaCommutesWithState), 2);
    assert_eq!(sum(DeltasIdempotent), 1);
}

#[test]
fn what_is_derived_from_states() {
    use Law::*;
    assert_eq!(first(fault::PARTS_OMIT), (PartsRejoin, 1));
    assert_eq!(first(fault::PARTS_REPEAT), (PartsIrredundant, 2));
    assert_eq!(first(fault::PARTS_EMPTY), (PartsIrredundant, 0));
    assert_eq!(first(fault::NEWS_ALWAYS), (NewsNoneIffNothingNew, 0));
    assert_eq!(first(fault::NEWS_OMITS), (NewsSuffices, 1));
    assert_eq!(first(fault::NEWS_ADDS), (NewsWithinDelta, 2));
    assert_eq!(first(fault::MISSING_ALWAYS), (MissingNoneIffCovered, 0));
    assert_eq!(first(fault::MISSING_OMITS), (MissingSuffices, 1));
    assert_eq!(first(fault::MISSING_IS_ALL), (MissingIsLeast, 2));
    assert_eq!(first(fault::PARTS_LUMP), (PartsIrreducible, 3));
}

#[test]
fn knowledge() {
    use Law::*;
    assert_eq!(sum(PerformerSees), 1);
    assert_eq!(sum(MergeMakesVisible), 1);
    assert_eq!(sum(MergedIsVisible), 1);
    assert_eq!(sum(KnownStateChangesNothing), 1);
    assert_eq!(alone(fault::DELTA_FORGETS_ZERO, MergedIsVisible), 2);
    assert_eq!(alone(fault::KEEPS_SELF, EqualKnowledgeEqualState), 2);
    assert_eq!(first(fault::ID_IN_STATE), (EqualKnowledgeEqualState, 0));
    assert_eq!(first(fault::ORDER_IN_BYTES), (EqualKnowledgeEqualBytes, 2));
}

#[test]
fn paths() {
    use Law::*;
    assert_eq!(alone(fault::KEEPS_SELF, StatePath), 2);
    assert_eq!(alone(fault::DELTA_KEEPS_SELF, DeltaPath), 2);
    assert_eq!(first(fault::WRONG_VALUE), (Specification, 2));
}

#[test]
fn encoding() {
    use Law::*;
    assert_eq!(first(fault::BYTES_FORGET), (RoundTrip, 2));
    assert_eq!(first(fault::ORDER_IN_HASH), (HashAgrees, 1));
}

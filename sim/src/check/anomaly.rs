//! What went wrong, in the words that people use for it.

use rejoin_crdts::sync::Protocol;
use rejoin_crdts::{OpSet, Spec};

use super::judge::Judge;
use super::witness::{ValueOf, Witness};
use crate::violation::{Anomaly, Class};

/// More operations than this are not tried one by one.
const TRIED: usize = 400;

impl<P: Protocol, W: Witness<P>> Judge<P, W> {
    /// Names what is read where `visible` is, which the specification does not allow: with which
    /// operation more, or less, would it?
    pub(super) fn name_reading(&self, visible: &OpSet, read: &ValueOf<P>) -> Option<Anomaly> {
        let would_be = |set: &OpSet| self.spec.value(&self.chronicle.history.view(set));
        let expected = would_be(visible)?;
        for operation in visible.iter().take(TRIED) {
            let mut without = visible.clone();
            without.remove(operation);
            if would_be(&without).as_ref() == Some(read) {
                return Some(undone(&expected, read));
            }
        }
        let all = self.chronicle.history.all();
        for operation in all.difference(visible).take(TRIED) {
            let mut with = visible.clone();
            with.insert(operation);
            if would_be(&with).as_ref() == Some(read) {
                return Some(Anomaly::Phantom);
            }
        }
        None
    }

    /// Names what happened to operations that were visible and no longer are.
    pub(super) fn name_loss(&self, before: &OpSet, read: &ValueOf<P>) -> Anomaly {
        let expected = self.spec.value(&self.chronicle.history.view(before));
        expected.map_or(Anomaly::LostUpdate, |expected| undone(&expected, read))
    }
}

/// An operation is read as if it had not happened. If more is there than should be, it took
/// something away that is back.
fn undone<V: std::fmt::Debug>(expected: &V, read: &V) -> Anomaly {
    let (expected, read) = (format!("{expected:?}"), format!("{read:?}"));
    if read.len() > expected.len() { Anomaly::Resurrection } else { Anomaly::LostUpdate }
}

/// What a check of this class finds goes by this name, whatever the values are.
pub(super) const fn of_class(class: Class) -> Option<Anomaly> {
    match class {
        Class::Convergence => Some(Anomaly::Divergence),
        Class::ReadYourWrites | Class::MonotonicReads => Some(Anomaly::StaleRead),
        Class::Causality | Class::MonotonicWrites | Class::WritesFollowReads => {
            Some(Anomaly::EffectBeforeCause)
        }
        Class::Acknowledged => Some(Anomaly::LostUpdate),
        _ => None,
    }
}

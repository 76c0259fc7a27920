//! Whether a run tested anything.

use rejoin_crdts::{History, OpSet};

/// How many pairs of those operations of which neither had seen the other. Without any, nothing was
/// ever merged that could have conflicted.
pub(crate) fn concurrent_pairs<Op>(history: &History<Op>, operations: &OpSet) -> u64 {
    let unseen = |index: usize| {
        let mut earlier = operations.clone();
        earlier.subtract(history.saw(index));
        earlier.iter().take_while(|&other| other < index).count() as u64
    };
    operations.iter().map(unseen).sum()
}

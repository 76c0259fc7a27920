//! What is left, straightened: messages in order and in the usual time, plain faults.

use super::Step;
use super::cost::usual;
use super::search::Search;
use crate::scenario::Disk;
use crate::trace::Fault;

/// Straightens all deliveries, or one after the other; and the crashes.
pub(super) fn straighten(search: &mut Search<'_>) {
    search.step = Step::Straighten;
    let usual = usual(&search.best.trace);
    let mut all = search.best.trace.clone();
    all.decisions
        .fates
        .iter_mut()
        .flat_map(|(_, fate)| &mut fate.copies)
        .for_each(|it| *it = usual);
    if !search.attempt(all) {
        for message in 0..search.best.trace.decisions.fates.len() {
            let Some((_, fate)) = search.best.trace.decisions.fates.get(message) else { break };
            for copy in 0..fate.copies.len() {
                let mut one = search.best.trace.clone();
                let copies = one.decisions.fates.get_mut(message).map(|(_, fate)| &mut fate.copies);
                let passage = copies.and_then(|copies| copies.get_mut(copy));
                if let Some(passage) = passage.filter(|passage| **passage != usual) {
                    *passage = usual;
                    search.attempt(one);
                }
            }
        }
    }
    for fault in 0..search.best.trace.decisions.faults.len() {
        let mut plain = search.best.trace.clone();
        let decision = plain.decisions.faults.get_mut(fault).map(|decision| &mut decision.fault);
        if let Some(Fault::Crash { disk, .. }) = decision
            && *disk != Disk::Kept
        {
            *disk = Disk::Kept;
            search.attempt(plain);
        }
    }
}

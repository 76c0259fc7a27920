//! The things that can be left out of a trace, one by one.

use std::collections::BTreeSet;

use crate::trace::{ClockStart, Trace};
use crate::{EventId, Time};

/// Something that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Operation { root: u64 },
    Fault { root: u64 },
    Clock { node: usize },
    Copy { send: EventId, copy: usize },
}

/// The operations, in order of time.
pub(super) fn operations(trace: &Trace) -> Vec<Item> {
    let mut all: Vec<(Time, u64)> =
        trace.decisions.operations.iter().map(|it| (it.at_us, it.root)).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, root)| Item::Operation { root }).collect()
}

/// The faults in the order of their roots, where a fault is followed by its end; then the copies of
/// messages in the order in which they were sent.
pub(super) fn deliveries_and_faults(trace: &Trace) -> Vec<Item> {
    let decisions = &trace.decisions;
    let clocks = (0..decisions.clocks.len())
        .filter(|&node| decisions.clocks[node] != ClockStart::default())
        .map(|node| Item::Clock { node });
    let mut roots: Vec<u64> = decisions.faults.iter().map(|fault| fault.root).collect();
    roots.sort_unstable();
    let faults = roots.into_iter().map(|root| Item::Fault { root });
    let copies = decisions.fates.iter().flat_map(|(send, fate)| {
        (0..fate.copies.len()).map(|copy| Item::Copy { send: *send, copy })
    });
    clocks.chain(faults).chain(copies).collect()
}

/// `trace` without these items.
pub(super) fn without(trace: &Trace, left_out: &[Item]) -> Trace {
    let left_out: BTreeSet<Item> = left_out.iter().copied().collect();
    let mut trace = trace.clone();
    let decisions = &mut trace.decisions;
    decisions.operations.retain(|it| !left_out.contains(&Item::Operation { root: it.root }));
    decisions.faults.retain(|it| !left_out.contains(&Item::Fault { root: it.root }));
    for (node, clock) in decisions.clocks.iter_mut().enumerate() {
        if left_out.contains(&Item::Clock { node }) {
            *clock = ClockStart::default();
        }
    }
    for (send, fate) in &mut decisions.fates {
        let mut copy = 0..;
        fate.copies.retain(|_| {
            let copy = copy.next().unwrap_or_default();
            !left_out.contains(&Item::Copy { send: *send, copy })
        });
    }
    decisions.fates.retain(|(_, fate)| !fate.copies.is_empty());
    trace
}

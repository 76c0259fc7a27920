//! Replicas, dropped without renumbering the others.

use std::collections::BTreeSet;

use super::Step;
use super::search::Search;
use crate::scenario::Topology;
use crate::trace::{ClockStart, Fault, Trace};

/// Up to so many replicas, every set of them is tried, the smallest first.
const FEW: usize = 6;

/// Drops replicas.
pub(super) fn drop(search: &mut Search<'_>) {
    search.step = Step::Replicas;
    let mut part = present(&search.best.trace).len() / 2;
    while present(&search.best.trace).len() > FEW && part > 0 {
        let mut end = present(&search.best.trace).len();
        while end > 0 && !search.spent() {
            let here = present(&search.best.trace);
            let start = end.min(here.len()).saturating_sub(part);
            let kept: Vec<u64> = [&here[..start], &here[end.min(here.len())..]].concat();
            try_with(search, &kept);
            end = start;
        }
        part /= 2;
    }
    let here = present(&search.best.trace);
    if here.len() <= FEW {
        let mut sets: Vec<u32> = (1..(1 << here.len()) - 1).collect();
        sets.sort_by_key(|set| set.count_ones());
        for set in sets {
            let kept = (0..here.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| here[bit]);
            if search.spent() || try_with(search, &kept.collect::<Vec<_>>()) {
                break;
            }
        }
        while fold(search) {}
    }
    trim(search);
}

/// Drops a replica whose operations another performs, with the messages of the others as they went.
fn fold(search: &mut Search<'_>) -> bool {
    let here = present(&search.best.trace);
    for from in &here {
        let kept: Vec<u64> = here.iter().copied().filter(|it| it != from).collect();
        for to in &kept {
            let mut folded = search.best.trace.clone();
            let operations = folded.decisions.operations.iter_mut();
            operations.filter(|it| it.replica == *from).for_each(|it| it.replica = *to);
            if search.attempt(with_only(folded, &kept)) {
                return true;
            }
        }
    }
    false
}

/// Only with these replicas: with the messages as they went, with all of them arriving, and with
/// the operations of those that go performed by those that stay.
fn try_with(search: &mut Search<'_>, kept: &[u64]) -> bool {
    if kept.is_empty() {
        return false;
    }
    let only = with_only(search.best.trace.clone(), kept);
    if search.attempt(only.clone()) || search.attempt_anew(only) {
        return true;
    }
    let mut folded = search.best.trace.clone();
    for operation in &mut folded.decisions.operations {
        if !kept.contains(&operation.replica) {
            operation.replica = kept[operation.replica as usize % kept.len()];
        }
    }
    search.attempt_anew(with_only(folded, kept))
}

/// The addresses at which somebody is or joins.
pub(super) fn present(trace: &Trace) -> Vec<u64> {
    let absent: BTreeSet<u64> = trace.decisions.absent.iter().copied().collect();
    let joins = |address: &u64| {
        let join = Fault::Join { replica: *address };
        trace.decisions.faults.iter().any(|decision| decision.fault == join)
    };
    (1..=trace.scenario.replicas).filter(|it| !absent.contains(it) || joins(it)).collect()
}

fn with_only(mut trace: Trace, kept: &[u64]) -> Trace {
    let here = |address: &u64| kept.contains(address);
    let decisions = &mut trace.decisions;
    let gone = (1..=trace.scenario.replicas).filter(|address| !here(address));
    let absent: BTreeSet<u64> = decisions.absent.iter().copied().chain(gone).collect();
    decisions.absent = absent.into_iter().collect();
    decisions.operations.retain(|operation| here(&operation.replica));
    decisions.faults.retain_mut(|decision| match &mut decision.fault {
        Fault::Cut { groups, .. } => {
            let named = !groups.is_empty();
            groups.iter_mut().for_each(|group| group.retain(here));
            groups.retain(|group| !group.is_empty());
            !named || !groups.is_empty()
        }
        other => other.replica().is_none_or(|replica| here(&replica)),
    });
    for (address, clock) in (1..).zip(&mut decisions.clocks) {
        if !here(&address) {
            *clock = ClockStart::default();
        }
    }
    trace
}

/// Forgets the last addresses, where nobody is.
fn trim(search: &mut Search<'_>) {
    let trace = &search.best.trace;
    let Some(&last) = present(trace).last() else { return };
    // Of the others every link depends on how many addresses there are.
    let grows = matches!(
        trace.scenario.topology,
        Topology::Mesh
            | Topology::Chain
            | Topology::Star
            | Topology::Tree { .. }
            | Topology::Grid { .. }
    );
    if grows && last < trace.scenario.replicas {
        let mut trimmed = trace.clone();
        trimmed.scenario.replicas = last;
        trimmed.decisions.absent.retain(|address| *address <= last);
        trimmed.decisions.clocks.truncate(last as usize);
        search.attempt(trimmed);
    }
}

/// Whether those who are there at the end are connected. If they are not they can never settle,
/// whatever the protocol.
pub(super) fn are_connected(trace: &Trace) -> bool {
    let replicas = trace.scenario.replicas as usize;
    let mut there = vec![true; replicas];
    let mut set = |address: u64, is: bool| {
        if let Some(there) = there.get_mut((address - 1) as usize) {
            *there = is;
        }
    };
    trace.decisions.absent.iter().for_each(|address| set(*address, false));
    let mut faults: Vec<_> = trace.decisions.faults.iter().collect();
    faults.sort_by_key(|decision| decision.at_us);
    for decision in faults {
        match decision.fault {
            Fault::Join { replica } => set(replica, true),
            Fault::Leave { replica } => set(replica, false),
            _ => {}
        }
    }
    let Some(first) = there.iter().position(|it| *it) else { return false };
    if trace.scenario.topology == Topology::Mesh {
        return true;
    }
    let neighbours = trace.scenario.topology.neighbours(replicas);
    let mut open = vec![first];
    there[first] = false;
    while let Some(at) = open.pop() {
        for &next in &neighbours[at] {
            if std::mem::replace(&mut there[next as usize], false) {
                open.push(next as usize);
            }
        }
    }
    there.iter().all(|it| !it)
}

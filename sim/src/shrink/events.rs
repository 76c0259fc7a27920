//! Operations, deliveries and faults, deleted.

use std::collections::{BTreeMap, BTreeSet};

use super::Step;
use super::items::{Item, deliveries_and_faults, operations as all_operations, without};
use super::replicas::present;
use super::search::{Best, Search};
use crate::outcome::Sent;
use crate::trace::{Fate, Trace};
use crate::{EventId, Time};

/// Up to so many items are tried in pairs.
const FEW: usize = 20;

/// Deletes operations, and each with what depends on it.
pub(super) fn operations(search: &mut Search<'_>) {
    search.step = Step::Operations;
    cut_down(search, all_operations);
    let later = dependents(&search.best);
    if later.len() <= FEW {
        for (root, later) in later {
            let them = [root].into_iter().chain(later).map(|root| Item::Operation { root });
            search.attempt(without(&search.best.trace, &them.collect::<Vec<_>>()));
        }
    }
}

/// Deletes deliveries and faults.
pub(super) fn deliveries(search: &mut Search<'_>) {
    search.step = Step::Deliveries;
    cut_down(search, deliveries_and_faults);
}

/// Delta debugging: parts of the list are left out, half of it at first, at last single items. Its
/// end goes first, since nothing depends on that.
fn cut_down(search: &mut Search<'_>, list: impl Fn(&Trace) -> Vec<Item>) {
    let mut part = list(&search.best.trace).len();
    while part > 0 {
        let mut shorter = false;
        let mut end = usize::MAX;
        loop {
            let items = list(&search.best.trace);
            end = end.min(items.len());
            if end == 0 || search.spent() {
                break;
            }
            let start = end.saturating_sub(part);
            shorter |= search.attempt(without(&search.best.trace, &items[start..end]));
            end = start;
        }
        part = match part {
            1 if !shorter || search.spent() => 0,
            _ => part.div_ceil(2),
        };
    }
}

/// What single deletions cannot do: two things left out at once, an operation performed elsewhere
/// so that nobody need tell of it, a message without its detour.
pub(super) fn together(search: &mut Search<'_>) {
    search.step = Step::Deliveries;
    let list = |trace: &Trace| [all_operations(trace), deliveries_and_faults(trace)].concat();
    if list(&search.best.trace).len() > FEW {
        return;
    }
    if pairs(search, list) || elsewhere(search) {
        return;
    }
    directly(search);
}

/// Leaves out two items at once.
fn pairs(search: &mut Search<'_>, list: impl Fn(&Trace) -> Vec<Item>) -> bool {
    let items = list(&search.best.trace);
    for (at, one) in items.iter().enumerate() {
        for other in &items[at + 1..] {
            if search.attempt(without(&search.best.trace, &[*one, *other])) {
                return true;
            }
        }
    }
    false
}

/// Moves operations to another replica: all that one performs, or a single one.
fn elsewhere(search: &mut Search<'_>) -> bool {
    let here = present(&search.best.trace);
    let operations = &search.best.trace.decisions.operations;
    let single = operations.iter().map(|it| (Some(it.root), it.replica));
    let all: Vec<_> = here.iter().map(|from| (None, *from)).chain(single).collect();
    for (root, from) in all {
        for &to in here.iter().filter(|to| **to != from) {
            let mut moved = search.best.trace.clone();
            for operation in &mut moved.decisions.operations {
                if root.map_or(operation.replica == from, |root| operation.root == root) {
                    operation.replica = to;
                }
            }
            if search.descend(moved) {
                return true;
            }
        }
    }
    false
}

/// Where one replica tells another, and that one a third, the first tells the third.
fn directly(search: &mut Search<'_>) {
    let sent: BTreeMap<EventId, Sent> =
        search.best.outcome.sent.iter().map(|sent| (sent.id, *sent)).collect();
    let listed: Vec<Sent> = search
        .best
        .trace
        .decisions
        .fates
        .iter()
        .filter_map(|(id, _)| sent.get(id).copied())
        .collect();
    for first in &listed {
        for second in listed.iter().filter(|it| it.from == first.to && it.at_us >= first.at_us) {
            let between = sent.values().filter(|it| {
                (it.from, it.to) == (first.from, second.to) && it.at_us >= first.at_us
            });
            let mut between: Vec<&Sent> = between.collect();
            between.sort_by_key(|it| (it.at_us, it.id));
            for direct in between.into_iter().take(2) {
                let mut shorter = search.best.trace.clone();
                let fates = &mut shorter.decisions.fates;
                let Some((_, fate)) = fates.iter().find(|(id, _)| *id == second.id) else {
                    continue;
                };
                let fate: Fate = fate.clone();
                fates.retain(|(id, _)| *id != first.id && *id != second.id && *id != direct.id);
                fates.push((direct.id, fate));
                if search.descend(shorter) {
                    return;
                }
            }
        }
    }
}

/// For each operation those that were performed where it had been heard of.
fn dependents(best: &Best) -> Vec<(u64, Vec<u64>)> {
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum What {
        Arrival(EventId),
        Operation(u64),
        Sending(EventId),
    }
    let decisions = &best.trace.decisions;
    let mut events: Vec<(Time, What, u64)> = Vec::new();
    for it in &decisions.operations {
        events.push((it.at_us, What::Operation(it.root), it.replica));
    }
    let listed: BTreeMap<EventId, usize> =
        decisions.fates.iter().map(|(id, fate)| (*id, fate.copies.len())).collect();
    let mut origin: BTreeMap<EventId, EventId> = BTreeMap::new();
    for sent in &best.outcome.sent {
        let Some(copies) = listed.get(&sent.id) else { continue };
        events.push((sent.at_us, What::Sending(sent.id), sent.from));
        origin.extend((0..*copies as u64).map(|copy| (sent.id.arrival(copy), sent.id)));
    }
    for it in &best.outcome.arrived {
        events.push((it.at_us, What::Arrival(it.id), it.to));
    }
    events.sort_unstable();
    let mut heard: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    let mut carried: BTreeMap<EventId, BTreeSet<u64>> = BTreeMap::new();
    let mut later: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (_, what, replica) in events {
        let heard = heard.entry(replica).or_default();
        match what {
            What::Operation(root) => {
                for earlier in heard.iter() {
                    later.entry(*earlier).or_default().push(root);
                }
                heard.insert(root);
            }
            What::Sending(id) => {
                carried.insert(id, heard.clone());
            }
            What::Arrival(id) => {
                heard.extend(origin.get(&id).and_then(|id| carried.get(id)).into_iter().flatten());
            }
        }
    }
    later.into_iter().collect()
}

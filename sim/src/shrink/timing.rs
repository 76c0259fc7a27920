//! Time, cut short: operations and faults come earlier, and deliveries with them.

use std::collections::BTreeSet;

use super::Step;
use super::search::Search;
use crate::outcome::Sent;
use crate::trace::Trace;
use crate::{EventId, Time};

/// Up to so many moments are moved one by one.
const FEW: usize = 24;
/// What comes next comes so much later.
const NEXT_US: u64 = 1_000;

/// Moves everything earlier: in the same order, one thing right after the other, or at least with
/// shorter breaks.
pub(super) fn hasten(search: &mut Search<'_>) {
    search.step = Step::Time;
    let order = order(search);
    if order.len() > FEW {
        for n in [1, 2, 5, 8] {
            if shift(search, |at_us| at_us / 10 * n) {
                break;
            }
        }
        return;
    }
    if (0..3).any(|later| pack(search, &order, later)) {
        return;
    }
    let moments: BTreeSet<u64> = order.iter().map(|(at_us, _)| at_us.as_us()).collect();
    for &moment in moments.iter().rev() {
        let before = moments.range(..moment).next_back().copied().unwrap_or(0);
        let gap = moment - before;
        for by in [gap.saturating_sub(NEXT_US), gap / 2] {
            let shifted = |at: u64| if at >= moment { at - by } else { at };
            if by >= NEXT_US && shift(search, shifted) {
                break;
            }
        }
    }
    // Whole milliseconds are easier to read.
    shift(search, |at_us| at_us / 1_000 * 1_000);
}

/// Something that is decided, and when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Arrival { send: EventId },
    Operation { root: u64 },
    Fault { root: u64 },
    Sending { send: EventId },
}

/// Everything that is decided, in order of time.
fn order(search: &Search<'_>) -> Vec<(Time, What)> {
    let (decisions, outcome) = (&search.best.trace.decisions, &search.best.outcome);
    let mut order = Vec::new();
    for operation in &decisions.operations {
        order.push((operation.at_us, What::Operation { root: operation.root }));
    }
    for fault in &decisions.faults {
        order.push((fault.at_us, What::Fault { root: fault.root }));
    }
    for (send, _) in &decisions.fates {
        let sent = outcome.sent.iter().find(|sent| sent.id == *send);
        let first = send.arrival(0);
        let arrived = outcome.arrived.iter().find(|arrived| arrived.id == first);
        order.extend(sent.map(|sent| (sent.at_us, What::Sending { send: *send })));
        order.extend(arrived.map(|arrived| (arrived.at_us, What::Arrival { send: *send })));
    }
    order.sort_unstable();
    order
}

/// One thing right after the other, in `order`. For a message that one arrives which is sent next
/// between the same replicas, or if `later`, a later one.
fn pack(search: &mut Search<'_>, order: &[(Time, What)], later: usize) -> bool {
    let sent = search.best.outcome.sent.clone();
    let mut moved = search.best.trace.clone();
    // Those that were exchanged, and for which.
    let mut exchanged: Vec<(EventId, Sent)> = Vec::new();
    // At first everybody starts.
    let mut now = Time::from_us(NEXT_US);
    for (_, what) in order {
        let decisions = &mut moved.decisions;
        match what {
            What::Operation { root } => {
                decisions.operations.iter_mut().filter(|it| it.root == *root).for_each(|it| {
                    it.at_us = now;
                });
                now = now.plus_us(NEXT_US);
            }
            What::Fault { root } => {
                decisions.faults.iter_mut().filter(|it| it.root == *root).for_each(|it| {
                    it.at_us = now;
                });
                now = now.plus_us(NEXT_US);
            }
            What::Sending { send } => {
                let Some(old) = sent.iter().find(|it| it.id == *send) else { return false };
                let taken = exchanged.iter().map(|(_, new)| new.id).collect();
                let Some(new) = exchange(search, &mut moved, (*old, now), later, &taken) else {
                    return false;
                };
                exchanged.push((*send, new));
                now = now.max(new.at_us);
            }
            What::Arrival { send } => {
                let new = exchanged.iter().find(|(old, _)| old == send).map(|(_, new)| new.id);
                let fate = decisions.fates.iter().find(|(id, _)| Some(*id) == new);
                let passage = fate.and_then(|(_, fate)| fate.copies.first());
                let at_us = exchanged.iter().find(|(old, _)| old == send).map(|(_, new)| new.at_us);
                let takes_us = passage.map_or(0, |passage| passage.latency_us) + NEXT_US;
                now = now.max(at_us.unwrap_or(now).plus_us(takes_us));
            }
        }
    }
    search.attempt(moved)
}

/// Operations and faults come when `when` says; deliveries follow.
fn shift(search: &mut Search<'_>, when: impl Fn(u64) -> u64) -> bool {
    let when = |at_us: Time| Time::from_us(when(at_us.as_us()));
    let mut moved = search.best.trace.clone();
    let decisions = &mut moved.decisions;
    decisions.operations.iter_mut().for_each(|it| it.at_us = when(it.at_us));
    decisions.faults.iter_mut().for_each(|it| it.at_us = when(it.at_us));
    if moved.decisions != search.best.trace.decisions && search.attempt(moved.clone()) {
        return true;
    }
    let listed: BTreeSet<EventId> = moved.decisions.fates.iter().map(|(id, _)| *id).collect();
    let sent = search.best.outcome.sent.iter().filter(|sent| listed.contains(&sent.id));
    let mut sent: Vec<Sent> = sent.copied().collect();
    sent.sort_by_key(|sent| (sent.at_us, sent.id));
    let mut taken = BTreeSet::new();
    for old in sent {
        let Some(new) = exchange(search, &mut moved, (old, when(old.at_us)), 0, &taken) else {
            return false;
        };
        taken.insert(new.id);
    }
    search.attempt(moved)
}

/// Exchanges a listed message for the first one from and to the same replicas that is sent from a
/// moment on, or one `later`.
///
/// What is sent then is known only once all before it has been put in its place, so it takes a run
/// to see.
fn exchange(
    search: &mut Search<'_>,
    moved: &mut Trace,
    (old, from_us): (Sent, Time),
    later: usize,
    taken: &BTreeSet<EventId>,
) -> Option<Sent> {
    let outcome = search.probe(moved)?;
    let sent = outcome.sent.iter().filter(|it| {
        (it.from, it.to) == (old.from, old.to) && it.at_us >= from_us && !taken.contains(&it.id)
    });
    let mut sent: Vec<&Sent> = sent.collect();
    sent.sort_by_key(|it| (it.at_us, it.id));
    let new = **sent.get(later).or(sent.last())?;
    let fates = &mut moved.decisions.fates;
    let fate = fates.iter().find(|(id, _)| *id == old.id)?.1.clone();
    fates.retain(|(id, _)| *id != old.id && *id != new.id);
    fates.push((new.id, fate));
    Some(new)
}

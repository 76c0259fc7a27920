//! Time, cut short: operations and faults come earlier, and deliveries with them.

use std::collections::BTreeSet;

use super::Step;
use super::search::Search;
use crate::outcome::Outcome;
use crate::trace::{Fate, Trace};
use crate::{EventId, Time};

/// Up to so many moments, the time before each is cut short by itself.
const FEW: usize = 24;

/// Moves everything earlier.
pub(super) fn hasten(search: &mut Search<'_>) {
    search.step = Step::Time;
    let tenths = |n: u64| move |at_us: u64| at_us / 10 * n;
    for n in [1, 2, 5, 8] {
        if earlier(search, tenths(n)) {
            break;
        }
    }
    let moments = moments(search);
    if moments.len() <= FEW {
        for &moment in moments.iter().rev() {
            let before = moments.range(..moment).next_back().copied().unwrap_or(0);
            let gap = moment - before;
            for by in [gap.saturating_sub(1_000), gap / 2] {
                let shifted = |at: u64| if at >= moment { at - by } else { at };
                if by >= 1_000 && earlier(search, shifted) {
                    break;
                }
            }
        }
    }
    // Whole milliseconds are easier to read.
    earlier(search, |at_us| at_us / 1_000 * 1_000);
}

/// When something is decided.
fn moments(search: &Search<'_>) -> BTreeSet<u64> {
    let decisions = &search.best.trace.decisions;
    let listed: BTreeSet<EventId> = decisions.fates.iter().map(|(id, _)| *id).collect();
    let sent = search.best.outcome.sent.iter().filter(|sent| listed.contains(&sent.id));
    let operations = decisions.operations.iter().map(|it| it.at_us);
    let faults = decisions.faults.iter().map(|it| it.at_us);
    operations.chain(faults).chain(sent.map(|it| it.at_us)).map(Time::as_us).collect()
}

/// Operations and faults come when `when` says. Those messages arrive instead of the old ones that
/// are the first from and to the same replicas from that time on.
fn earlier(search: &mut Search<'_>, when: impl Fn(u64) -> u64) -> bool {
    let mut moved = search.best.trace.clone();
    let decisions = &mut moved.decisions;
    let times = decisions.operations.iter_mut().map(|it| &mut it.at_us);
    for at_us in times.chain(decisions.faults.iter_mut().map(|it| &mut it.at_us)) {
        *at_us = Time::from_us(when(at_us.as_us()));
    }
    if moved.decisions != search.best.trace.decisions && search.attempt(moved.clone()) {
        return true;
    }
    // What is sent then is known only once it has happened, and what is sent because of that only
    // once that has arrived.
    let before = (search.best.trace.clone(), search.best.outcome.sent.clone());
    for message in 0..moved.decisions.fates.len() {
        let Some(outcome) = search.probe(&moved) else { return false };
        exchange(&mut moved, message, &outcome, &before, &when);
    }
    search.attempt(moved)
}

/// Exchanges the `message`-th of the listed messages for the one that takes its place.
fn exchange(
    moved: &mut Trace,
    message: usize,
    outcome: &Outcome,
    (before, sent): &(Trace, Vec<crate::outcome::Sent>),
    when: &impl Fn(u64) -> u64,
) {
    let mut listed: Vec<_> = before
        .decisions
        .fates
        .iter()
        .filter_map(|(id, _)| sent.iter().find(|sent| sent.id == *id))
        .collect();
    listed.sort_by_key(|sent| (sent.at_us, sent.id));
    let Some(old) = listed.get(message) else { return };
    let fates = &mut moved.decisions.fates;
    let taken: BTreeSet<EventId> = fates.iter().map(|(id, _)| *id).collect();
    let from_us = when(old.at_us.as_us());
    let next = outcome
        .sent
        .iter()
        .filter(|it| (it.from, it.to) == (old.from, old.to) && it.at_us.as_us() >= from_us)
        .filter(|it| it.id == old.id || !taken.contains(&it.id))
        .min_by_key(|it| (it.at_us, it.id));
    let place: Option<&mut (EventId, Fate)> = fates.iter_mut().find(|(id, _)| *id == old.id);
    if let (Some(next), Some(place)) = (next, place) {
        place.0 = next.id;
    }
}

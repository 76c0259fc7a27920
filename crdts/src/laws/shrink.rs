//! From a failing case to one with the fewest operations.

use std::collections::BTreeSet;

use super::Case;
use super::case::Event;
use crate::{Delivery, OpSet};

/// Up to how many operations pairs of them are taken away together.
const PAIRS: usize = 10;

/// One way to make a case simpler.
#[derive(Clone, Debug)]
enum Step {
    /// Take these operations away.
    Remove(OpSet),
    /// Let the second replica perform what the first performs.
    MergeReplica(usize, usize),
    /// Exchange two replicas' names.
    Swap(usize, usize),
    /// Leave out numbers of replicas that perform nothing.
    Compact,
    /// Let an event not have seen another, nor what had seen that.
    Unsee(usize, usize),
    /// Let an event do a simpler thing.
    Replace(usize, usize),
    /// Let every event that does one thing do a simpler one: a law may be about equal operations.
    ReplaceAll(usize, usize),
    /// Set an event's clock.
    Clock(usize, u64),
    /// Keep the order of the clocks' readings, and how many are equal, and nothing else of them.
    RankClocks,
}

/// What gets less with every step, the first component that differs counting: operations,
/// replicas, visibility, complexity of operations, clocks, and last the order of the replicas.
type Weight = (usize, usize, usize, usize, u128, Vec<usize>);

/// Makes failing cases simpler, for a specification with this alphabet.
#[derive(Clone, Debug)]
pub(super) struct Shrinker<Op> {
    alphabet: Vec<Op>,
}

impl<Op: Clone + Eq> Shrinker<Op> {
    /// `alphabet`: simplest first.
    pub(super) fn new(alphabet: Vec<Op>) -> Self {
        Self { alphabet }
    }

    /// The cases that are simpler than `case` by one step, the greatest steps first.
    pub(super) fn simpler(&self, case: &Case<Op>) -> impl Iterator<Item = Case<Op>> {
        let weight = self.weight(case);
        self.steps(case).into_iter().filter_map(move |step| {
            let simpler = self.apply(case, &step);
            (self.weight(&simpler) < weight).then_some(simpler)
        })
    }

    /// Takes steps as long as one of them keeps the case failing, and returns the last failure.
    pub(super) fn minimise<F>(
        &self,
        mut case: Case<Op>,
        mut failure: F,
        fails: impl Fn(&Case<Op>) -> Option<F>,
    ) -> (Case<Op>, F) {
        loop {
            let found = self
                .simpler(&case)
                .find_map(|simpler| fails(&simpler).map(|failure| (simpler, failure)));
            match found {
                Some(found) => (case, failure) = found,
                None => return (case, failure),
            }
        }
    }

    fn rank(&self, op: &Op) -> usize {
        self.alphabet.iter().position(|known| known == op).unwrap_or(self.alphabet.len())
    }

    fn weight(&self, case: &Case<Op>) -> Weight {
        let events = case.events();
        (
            events.len(),
            case.replicas(),
            events.iter().map(|event| event.sees.len()).sum(),
            events.iter().map(|event| self.rank(&event.op)).sum(),
            events.iter().map(|event| u128::from(event.clock_ms)).sum(),
            events.iter().map(|event| event.replica).collect(),
        )
    }

    fn steps(&self, case: &Case<Op>) -> Vec<Step> {
        let events = case.events();
        let mut steps = vec![Step::Compact];
        let mut chunk = events.len();
        while chunk > 0 {
            // The latest first: fewer operations depend on them.
            for start in (0..events.len()).step_by(chunk).rev() {
                let gone = (start..events.len().min(start + chunk)).collect();
                steps.push(Step::Remove(gone));
            }
            chunk /= 2;
        }
        for from in (0..case.replicas()).rev() {
            steps.extend((0..from).map(|into| Step::MergeReplica(from, into)));
        }
        for (at, event) in events.iter().enumerate() {
            steps.extend(event.sees.iter().map(|seen| Step::Unsee(at, seen)));
            steps.extend((0..self.rank(&event.op)).map(|simpler| Step::Replace(at, simpler)));
            let clock_ms = event.clock_ms;
            let lower = [0, clock_ms / 2, clock_ms.saturating_sub(1)];
            steps.extend(lower.map(|clock_ms| Step::Clock(at, clock_ms)));
        }
        let ranks: BTreeSet<usize> = events.iter().map(|event| self.rank(&event.op)).collect();
        for more in ranks {
            steps.extend((0..more).map(|simpler| Step::ReplaceAll(more, simpler)));
        }
        steps.push(Step::RankClocks);
        for one in 0..case.replicas() {
            steps.extend((0..one).map(|other| Step::Swap(one, other)));
        }
        if events.len() <= PAIRS {
            for one in 0..events.len() {
                steps
                    .extend((0..one).map(|other| Step::Remove([one, other].into_iter().collect())));
            }
        }
        steps
    }

    fn apply(&self, case: &Case<Op>, step: &Step) -> Case<Op> {
        let mut events = case.events().to_vec();
        match step {
            Step::Remove(gone) => return compact(case.delivery(), remove(&events, gone)),
            Step::MergeReplica(from, into) => {
                for event in events.iter_mut().filter(|event| event.replica == *from) {
                    event.replica = *into;
                }
                return compact(case.delivery(), events);
            }
            Step::Compact => return compact(case.delivery(), events),
            Step::Swap(one, other) => {
                for event in &mut events {
                    if event.replica == *one {
                        event.replica = *other;
                    } else if event.replica == *other {
                        event.replica = *one;
                    }
                }
            }
            Step::Unsee(at, seen) => {
                let gone = needing(case, *seen);
                events[*at].sees.subtract(&gone);
            }
            Step::Replace(at, simpler) => events[*at].op = self.alphabet[*simpler].clone(),
            Step::ReplaceAll(rank, simpler) => {
                for event in events.iter_mut().filter(|event| self.rank(&event.op) == *rank) {
                    event.op = self.alphabet[*simpler].clone();
                }
            }
            Step::RankClocks => {
                let mut readings: Vec<u64> = events.iter().map(|event| event.clock_ms).collect();
                readings.sort_unstable();
                readings.dedup();
                for event in &mut events {
                    let rank = readings.partition_point(|reading| *reading < event.clock_ms);
                    event.clock_ms = rank as u64;
                }
            }
            Step::Clock(at, clock_ms) => events[*at].clock_ms = *clock_ms,
        }
        Case::new(case.delivery(), events)
    }
}

fn remove<Op: Clone>(events: &[Event<Op>], gone: &OpSet) -> Vec<Event<Op>> {
    let kept: Vec<usize> = (0..events.len()).filter(|at| !gone.contains(*at)).collect();
    kept.iter()
        .map(|&at| {
            let seen = |old: &usize| events[at].sees.contains(*old);
            let sees = kept.iter().enumerate().filter(|(_, old)| seen(old)).map(|(new, _)| new);
            Event { sees: sees.collect(), ..events[at].clone() }
        })
        .collect()
}

fn compact<Op>(delivery: Delivery, mut events: Vec<Event<Op>>) -> Case<Op> {
    let mut performers: Vec<usize> = events.iter().map(|event| event.replica).collect();
    performers.sort_unstable();
    performers.dedup();
    for event in &mut events {
        // The order of the names is kept, since it breaks ties.
        event.replica = performers.partition_point(|&performer| performer < event.replica);
    }
    Case::new(delivery, events)
}

/// An event, and those that bring it along wherever they are seen.
fn needing<Op>(case: &Case<Op>, seen: usize) -> OpSet {
    let of = &case.events()[seen];
    let brings = |(at, event): (usize, &Event<Op>)| match case.delivery() {
        _ if at == seen => true,
        Delivery::Causal => event.sees.contains(seen),
        Delivery::PerSender => at > seen && event.replica == of.replica,
        Delivery::Any => false,
    };
    (0..case.len()).filter(|&at| brings((at, &case.events()[at]))).collect()
}

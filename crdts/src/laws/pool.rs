//! The states that an execution reaches, and its deltas with their joins.

use super::erased::{Delta, Run, State};
use super::judge::Reach;
use super::random::{Random, tuples};
use crate::{Merge, OpSet};

/// Up to how many operations every down-set and every subset of the deltas is looked at.
const EXHAUSTIVE: usize = 4;
const DOWN_SETS: usize = 12;
const DELTA_JOINS: usize = 10;
const PROBES: usize = 12;

/// A reached state.
pub(super) struct Reached {
    pub(super) state: State,
    /// What was merged there, within the contract of delivery.
    pub(super) merged: OpSet,
    /// What is visible there, by the definition.
    pub(super) visible: OpSet,
    pub(super) origin: Origin,
}

/// A delta, or a join of some.
pub(super) struct Joined {
    pub(super) delta: Delta,
    pub(super) origin: Origin,
}

/// How a state or a delta came to be.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    Nothing,
    Before(usize),
    After(usize),
    /// A reader merged joins of deltas, in this order.
    Deltas(Vec<Vec<usize>>),
    /// A reader merged the states that these operations left, in this order.
    States(Vec<usize>),
    /// A delta: the join of these operations' deltas, in this order.
    Join(Vec<usize>),
    /// A delta: what one reached state has and another lacks.
    Missing(Box<(Origin, Origin)>),
}

/// What an execution reaches.
pub(super) struct Pool {
    /// All states; equal ones may have been reached in different ways.
    pub(super) states: Vec<Reached>,
    /// The states that differ, those with the same operations merged once each.
    pub(super) distinct: Vec<usize>,
    pub(super) deltas: Vec<Joined>,
    /// The down-sets that were looked at, with their states on the op path.
    pub(super) down_sets: Vec<(OpSet, State)>,
    probes: Vec<usize>,
}

impl Pool {
    pub(super) fn new(run: &dyn Run, reach: Reach) -> Self {
        let down_sets = down_sets(run, reach);
        let states = states(run, &down_sets);
        let mut distinct: Vec<usize> = Vec::new();
        for (at, reached) in states.iter().enumerate() {
            let again = distinct.iter().any(|&other| {
                states[other].merged == reached.merged && states[other].state == reached.state
            });
            if !again {
                distinct.push(at);
            }
        }
        let mut probes = distinct.clone();
        if probes.len() > PROBES {
            Random::new(0, 1).shuffle(&mut probes);
            probes.truncate(PROBES);
        }
        let deltas = deltas(run, &states, &distinct);
        Self { states, distinct, deltas, down_sets, probes }
    }

    /// The states on which the effects of deltas are compared.
    pub(super) fn probes(&self) -> impl Iterator<Item = &Reached> {
        self.probes.iter().map(|&at| &self.states[at])
    }

    /// Tuples of distinct states.
    pub(super) fn state_tuples<const K: usize>(
        &self,
        cap: usize,
        stream: u64,
    ) -> impl Iterator<Item = [&Reached; K]> {
        tuples::<K>(self.distinct.len(), cap, stream)
            .map(|tuple| tuple.map(|at| &self.states[self.distinct[at]]))
    }

    /// Tuples of deltas.
    pub(super) fn delta_tuples<const K: usize>(
        &self,
        cap: usize,
        stream: u64,
    ) -> impl Iterator<Item = [&Joined; K]> {
        tuples::<K>(self.deltas.len(), cap, stream).map(|tuple| tuple.map(|at| &self.deltas[at]))
    }
}

fn down_sets(run: &dyn Run, reach: Reach) -> Vec<(OpSet, State)> {
    let operations = run.len();
    let mut sets: Vec<OpSet> = if operations <= EXHAUSTIVE || reach == Reach::Everything {
        subsets(operations).filter(|set| run.is_down_set(set)).collect()
    } else {
        let mut random = Random::new(operations as u64, 2);
        (0..DOWN_SETS)
            .map(|_| {
                let sparse = 2 + random.index(3) as u64;
                let mut set = (0..operations).filter(|_| random.once_in(sparse)).collect();
                run.close(&mut set);
                set
            })
            .chain([OpSet::first(operations)])
            .collect()
    };
    sets.sort_unstable();
    sets.dedup();
    sets.into_iter()
        .map(|set| {
            let state = run.state(&set);
            (set, state)
        })
        .collect()
}

fn states(run: &dyn Run, down_sets: &[(OpSet, State)]) -> Vec<Reached> {
    let operations = run.len();
    let mut states = Vec::new();
    let mut reach = |state: State, merged: OpSet, origin| {
        let visible = run.visible(&state);
        states.push(Reached { state, merged, visible, origin });
    };
    reach(run.reader(1), OpSet::new(), Origin::Nothing);
    for index in 0..operations {
        let saw = run.saw(index).clone();
        reach(run.before(index), saw, Origin::Before(index));
        reach(run.after(index), run.known_after(index), Origin::After(index));
    }
    let mut random = Random::new(operations as u64, 3);
    for (set, state) in down_sets {
        let in_order = set.iter().map(|index| vec![index]).collect();
        reach(state.clone(), set.clone(), Origin::Deltas(in_order));
        if set.len() < 2 {
            continue;
        }
        let order = other_order(run, set, &mut random);
        let singly: Vec<Vec<usize>> = order.iter().map(|&index| vec![index]).collect();
        reach(merge_all(run, &singly), set.clone(), Origin::Deltas(singly));
        let mut intervals: Vec<Vec<usize>> = Vec::new();
        for index in order {
            match intervals.last_mut() {
                Some(interval) if !random.once_in(3) => interval.push(index),
                _ => intervals.push(vec![index]),
            }
        }
        reach(merge_all(run, &intervals), set.clone(), Origin::Deltas(intervals));
    }
    for order in tuples::<2>(operations, EXHAUSTIVE * EXHAUSTIVE, 4) {
        if order[0] != order[1] {
            let mut state = run.reader(2);
            let mut merged = OpSet::new();
            for index in order {
                state.merge(&run.after(index));
                merged.union_with(&run.known_after(index));
            }
            reach(state, merged, Origin::States(order.to_vec()));
        }
    }
    states
}

fn deltas(run: &dyn Run, states: &[Reached], distinct: &[usize]) -> Vec<Joined> {
    let operations = run.len();
    let mut random = Random::new(operations as u64, 5);
    let mut deltas: Vec<Joined> =
        vec![Joined { delta: run.empty(), origin: Origin::Join(Vec::new()) }];
    let mut add = |delta, origin| {
        if deltas.iter().all(|known| known.delta != delta) {
            deltas.push(Joined { delta, origin });
        }
    };
    for index in 0..operations {
        add(run.delta(index), Origin::Join(vec![index]));
    }
    let groups: Vec<OpSet> = if operations <= EXHAUSTIVE {
        subsets(operations).filter(|set| set.len() > 1).collect()
    } else {
        (0..DELTA_JOINS)
            .map(|_| {
                let sparse = 2 + random.index(3) as u64;
                (0..operations).filter(|_| random.once_in(sparse)).collect()
            })
            .collect()
    };
    for group in groups {
        let mut order: Vec<usize> = group.iter().collect();
        random.shuffle(&mut order);
        add(run.joined(&order), Origin::Join(order));
    }
    // What is derived from two states may hold what no operation's delta does.
    for [a, b] in tuples::<2>(distinct.len(), DELTA_JOINS, 6) {
        let (a, b) = (&states[distinct[a]], &states[distinct[b]]);
        if let Some(delta) = a.state.missing_from(&b.state) {
            add(delta, Origin::Missing(Box::new((a.origin.clone(), b.origin.clone()))));
        }
    }
    deltas
}

/// Every set of the operations `0..operations`, which must be few.
fn subsets(operations: usize) -> impl Iterator<Item = OpSet> {
    (0..1u32 << operations)
        .map(move |bits| (0..operations).filter(|index| bits >> index & 1 == 1).collect())
}

/// A drawn order in which the contract allows the deltas of `set` to arrive.
fn other_order(run: &dyn Run, set: &OpSet, random: &mut Random) -> Vec<usize> {
    let mut waiting = set.clone();
    let mut arrived = OpSet::new();
    let mut order = Vec::with_capacity(set.len());
    while !waiting.is_empty() {
        let mut ready: Vec<usize> =
            waiting.iter().filter(|&index| run.needs(index).is_subset(&arrived)).collect();
        // The latest first, half of the time: as far from the order of the history as may be.
        let choice = if random.once_in(2) { ready.len() - 1 } else { random.index(ready.len()) };
        let index = ready.swap_remove(choice);
        waiting.remove(index);
        arrived.insert(index);
        order.push(index);
    }
    order
}

fn merge_all(run: &dyn Run, intervals: &[Vec<usize>]) -> State {
    let mut state = run.reader(2);
    for interval in intervals {
        state.merge(&run.joined(interval));
    }
    state
}

impl Origin {
    /// In words.
    pub(super) fn describe(&self, run: &dyn Run) -> String {
        let name = |index: &usize| run.at(*index).id.to_string();
        let names = |order: &[usize], between: &str| {
            order.iter().map(name).collect::<Vec<_>>().join(between)
        };
        match self {
            Self::Nothing => "a replica that has seen nothing".to_owned(),
            Self::Before(index) => {
                format!("{}, just before {}", run.at(*index).id.replica, name(index))
            }
            Self::After(index) => {
                format!("{}, after {}", run.at(*index).id.replica, name(index))
            }
            Self::Deltas(intervals) if intervals.is_empty() => Self::Nothing.describe(run),
            Self::Deltas(intervals) => {
                let each: Vec<String> =
                    intervals.iter().map(|interval| names(interval, " ⊔ ")).collect();
                format!("a reader that merged the deltas of {}, in this order", each.join(", "))
            }
            Self::States(order) => {
                format!(
                    "a reader that merged the states after {}, in this order",
                    names(order, ", ")
                )
            }
            Self::Join(order) => match order.as_slice() {
                [] => "the default delta".to_owned(),
                [one] => format!("the delta of {}", name(one)),
                _ => format!("the join of the deltas of {}", names(order, ", ")),
            },
            Self::Missing(pair) => {
                format!("what ({}) has and ({}) lacks", pair.0.describe(run), pair.1.describe(run))
            }
        }
    }
}

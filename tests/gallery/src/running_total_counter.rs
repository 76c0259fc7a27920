//! `broken/running-total-counter`: a counter that can be reset and keeps one running total a replica.
//!
//! **Where it comes from.** A counter that is embedded in a map, where removing the key resets it. One
//! entry a replica is what a grow-only counter has, so an increment replaces the replica's own entry
//! by a new one, with a new dot and the total so far; a reset removes the entries that it sees.
//!
//! **What happens.** The reset takes the entry with the total 1 away. At the same time its owner
//! replaces that entry by one with the total 2, which the reset had not seen. It survives, and with
//! it the first increment, which was reset.
//!
//! **Meant**: the sum of the additions that no reset had seen.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: Add(1) | 1 (live {r1: (1, 1)}, seen {r1: 1}) | 0 (live {}, seen {}) |
//! | r1 → r2 | 1 (live {r1: (1, 1)}, seen {r1: 1}) | 1 (live {r1: (1, 1)}, seen {r1: 1}) |
//! | r1: Add(1) | 2 (live {r1: (2, 2)}, seen {r1: 2}) | 1 (live {r1: (1, 1)}, seen {r1: 1}) |
//! | r2: Reset | 2 (live {r1: (2, 2)}, seen {r1: 2}) | 0 (live {}, seen {r1: 1, r2: 1}) |
//! | r1 → r2 | 2 (live {r1: (2, 2)}, seen {r1: 2}) | 2 (live {r1: (2, 2)}, seen {r1: 2, r2: 1}) |
//!
//! r2 reads 2 where 1 was meant, and so will everybody.
//!
//! 3 operations at 2 replicas. Found by: the laws, the explorer, the simulator. Not by:
//! comparing replicas, the laws of merge alone.

use std::collections::BTreeMap;
use std::fmt;

use rejoin_crdts::{At, Lattice, Merge, Model, Refused, ReplicaId, Seen, Spec, View, Whole};
use serde::{Deserialize, Serialize};

/// A counter that grows and can be reset.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counter {
    seen: BTreeMap<ReplicaId, u64>,
    live: BTreeMap<ReplicaId, (u64, u64)>, // the dot, and the total
}

impl Counter {
    fn value(&self) -> u64 {
        self.live.values().map(|(_, total)| total).sum()
    }

    fn add(&mut self, me: ReplicaId, by: u64) {
        let dot = self.seen.entry(me).or_default();
        *dot += 1;
        let total = self.live.get(&me).map_or(0, |entry| entry.1);
        self.live.insert(me, (*dot, total + by)); // what a reset has yet to see, and what it has seen
    }

    fn knows(&self, replica: ReplicaId, dot: u64) -> bool {
        self.seen.get(&replica).is_some_and(|&last| dot <= last)
    }

    fn reset(&mut self, me: ReplicaId) {
        if !self.live.is_empty() {
            self.live.clear();
            *self.seen.entry(me).or_default() += 1;
        }
    }
}

impl Merge for Counter {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.live.retain(|replica, (dot, _)| {
            !other.knows(*replica, *dot) || other.live.get(replica).is_some_and(|of| of.0 == *dot)
        });
        for (&replica, &(dot, total)) in &other.live {
            if !self.knows(replica, dot) {
                self.live.insert(replica, (dot, total));
            }
        }
        for (&replica, &last) in &other.seen {
            let mine = self.seen.entry(replica).or_default();
            *mine = last.max(*mine);
        }
        *self != before
    }
}

impl Lattice for Counter {}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (live {:?}, seen {:?})", self.value(), self.live, self.seen)
    }
}

/// An operation on the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    /// Adds so many.
    Add(u64),
    /// Takes back everything that was added, as far as is known here.
    Reset,
}

/// Drives [`Counter`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct RunningTotalCounter;

impl Spec for RunningTotalCounter {
    type Op = Op;
    type Value = u64;

    fn alphabet(&self) -> Vec<Op> {
        vec![Op::Add(1), Op::Reset]
    }

    fn value(&self, view: &View<'_, Op>) -> Option<u64> {
        let reset =
            |add: &Seen<'_, Op>| view.iter().any(|op| *op.op == Op::Reset && view.saw(&op, add));
        let left = view.iter().filter(|seen| !reset(seen));
        Some(left.map(|seen| if let Op::Add(by) = *seen.op { by } else { 0 }).sum())
    }
}

impl Model for RunningTotalCounter {
    type State = Whole<Counter>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(&self, state: &mut Self::State, at: &At, op: &Op) -> Result<Self::State, Refused> {
        Ok(state.mutate(|counter| match *op {
            Op::Add(by) => counter.add(at.id.replica, by),
            Op::Reset => counter.reset(at.id.replica),
        }))
    }

    fn read(&self, state: &Self::State) -> u64 {
        state.0.value()
    }
}

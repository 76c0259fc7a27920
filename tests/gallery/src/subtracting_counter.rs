//! `broken/subtracting-counter`: a remove that decrements by the value it sees.
//!
//! **Where it comes from.** Everybody who has a counter that can be decremented and is asked for a
//! reset, or for the removal of a counter from a map, writes `self.decrement(self.value())`.
//!
//! **What happens.** Two people empty the same cart at the same time: both see 1, both take 1 away,
//! and the cart holds −1 of the thing. The next remove sees −1 and takes *that* away: it lowers its
//! own slot, which must only grow, so an old message undoes it.
//!
//! **Meant**: the sum of the additions that no remove had seen.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: Add(1) | 1 (added {r1: 1}, taken {}) | 0 (added {}, taken {}) |
//! | r1 → r2 | 1 (added {r1: 1}, taken {}) | 1 (added {r1: 1}, taken {}) |
//! | r1: Remove | 0 (added {r1: 1}, taken {r1: 1}) | 1 (added {r1: 1}, taken {}) |
//! | r2: Remove | 0 (added {r1: 1}, taken {r1: 1}) | 0 (added {r1: 1}, taken {r2: 1}) |
//! | r1 → r2 | 0 (added {r1: 1}, taken {r1: 1}) | -1 (added {r1: 1}, taken {r1: 1, r2: 1}) |
//!
//! r2 reads −1 where 0 was meant, and so will everybody.
//!
//! 3 operations at 2 replicas. Found by: the laws, the explorer, the simulator. Not by:
//! comparing replicas, the laws of merge alone.

use std::collections::BTreeMap;
use std::fmt;

use rejoin_crdts::{At, Lattice, Merge, Model, Refused, ReplicaId, Seen, Spec, View, Whole};
use serde::{Deserialize, Serialize};

/// A counter that grows, shrinks, and is removed.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counter {
    added: BTreeMap<ReplicaId, i64>,
    taken: BTreeMap<ReplicaId, i64>,
}

impl Counter {
    fn value(&self) -> i64 {
        self.added.values().sum::<i64>() - self.taken.values().sum::<i64>()
    }

    fn add(&mut self, me: ReplicaId, by: i64) {
        *self.added.entry(me).or_default() += by;
    }

    fn remove(&mut self, me: ReplicaId) {
        let all = self.value();
        if all != 0 {
            *self.taken.entry(me).or_default() += all; // whoever else removes takes the same again
        }
    }
}

impl Merge for Counter {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (mine, theirs) in [(&mut self.added, &other.added), (&mut self.taken, &other.taken)] {
            for (&replica, &count) in theirs {
                let slot = mine.entry(replica).or_insert(count);
                *slot = count.max(*slot);
            }
        }
        *self != before
    }
}

impl Lattice for Counter {}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (added {:?}, taken {:?})", self.value(), self.added, self.taken)
    }
}

/// An operation on the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    /// Adds so many.
    Add(i64),
    /// Takes back everything that was added, as far as is known here.
    Remove,
}

/// Drives [`Counter`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct SubtractingCounter;

impl Spec for SubtractingCounter {
    type Op = Op;
    type Value = i64;

    fn alphabet(&self) -> Vec<Op> {
        vec![Op::Add(1), Op::Remove]
    }

    fn value(&self, view: &View<'_, Op>) -> Option<i64> {
        let removed =
            |add: &Seen<'_, Op>| view.iter().any(|op| *op.op == Op::Remove && view.saw(&op, add));
        let left = view.iter().filter(|seen| !removed(seen));
        Some(left.map(|seen| if let Op::Add(by) = *seen.op { by } else { 0 }).sum())
    }
}

impl Model for SubtractingCounter {
    type State = Whole<Counter>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(&self, state: &mut Self::State, at: &At, op: &Op) -> Result<Self::State, Refused> {
        Ok(state.mutate(|counter| match *op {
            Op::Add(by) => counter.add(at.id.replica, by),
            Op::Remove => counter.remove(at.id.replica),
        }))
    }

    fn read(&self, state: &Self::State) -> i64 {
        state.0.value()
    }
}

//! `broken/shared-id-counter`: a counter that keeps the id of its writer inside.
//!
//! **Where it comes from.** `new GCounter(id)` in most tutorials: the id is a field beside the
//! counts, cloned, compared and sent along with them. Merge has to do something with it, and taking
//! the greater one satisfies the property tests: all of this is a fine semilattice.
//!
//! **What happens.** The replica that adopted the counter goes on under the other's id. Both raise
//! the same slot, the merge takes the greater, and increments are lost: a like counter that counts
//! fewer the more servers it has.
//!
//! **Meant**: the number of increments.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: Increment | 1 {r1: 1}, writes as r1 | 0 {} |
//! | r1 → r2 | 1 {r1: 1}, writes as r1 | 1 {r1: 1}, writes as r1 |
//! | r1: Increment | 2 {r1: 2}, writes as r1 | 1 {r1: 1}, writes as r1 |
//! | r2: Increment | 2 {r1: 2}, writes as r1 | 2 {r1: 2}, writes as r1 |
//! | r1 → r2 | 2 {r1: 2}, writes as r1 | 2 {r1: 2}, writes as r1 |
//!
//! Both read 2 where 3 was meant.
//!
//! 3 operations at 2 replicas. Found by: the laws, the explorer, the simulator. Not by:
//! comparing replicas, the laws of merge alone.

use std::collections::BTreeMap;
use std::fmt;

use rejoin_crdts::{At, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use serde::{Deserialize, Serialize};

/// A counter that only grows.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counter {
    id: Option<ReplicaId>,
    counts: BTreeMap<ReplicaId, u64>,
}

impl Counter {
    fn value(&self) -> u64 {
        self.counts.values().sum()
    }

    fn increment(&mut self, me: ReplicaId) {
        let id = *self.id.get_or_insert(me);
        *self.counts.entry(id).or_default() += 1;
    }
}

impl Merge for Counter {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.id = other.id.max(self.id); // commutative, associative, idempotent
        for (&replica, &count) in &other.counts {
            let slot = self.counts.entry(replica).or_default();
            *slot = count.max(*slot);
        }
        *self != before
    }
}

impl Lattice for Counter {}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.value(), self.counts)?;
        self.id.map_or(Ok(()), |id| write!(f, ", writes as {id}"))
    }
}

/// The operation: one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Increment;

/// Drives [`Counter`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct SharedIdCounter;

impl Spec for SharedIdCounter {
    type Op = Increment;
    type Value = u64;

    fn alphabet(&self) -> Vec<Increment> {
        vec![Increment]
    }

    fn value(&self, view: &View<'_, Increment>) -> Option<u64> {
        Some(view.len() as u64)
    }
}

impl Model for SharedIdCounter {
    type State = Whole<Counter>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        _: &Increment,
    ) -> Result<Self::State, Refused> {
        Ok(state.mutate(|counter| counter.increment(at.id.replica)))
    }

    fn read(&self, state: &Self::State) -> u64 {
        state.0.value()
    }
}

//! Vector clocks.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ClockError;
use crate::slots::Slots;
use crate::{Lattice, Merge, ReplicaId};

/// How many events of each replica are known: a lattice whose order is happens-before
/// (Mattern 1989; Fidge 1988). Replicas need not be known in advance.
///
/// `PartialOrd` is causality: `a < b` iff all that `a` knows is known to `b`, which knows more;
/// `None` iff they are concurrent. An absent replica counts 0.
///
/// Complexity: comparing and merging are linear in the number of replicas, `get` logarithmic,
/// cloning O(1).
///
/// ```
/// use rejoin_crdts::{Merge, ReplicaId, VectorClock};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut left = VectorClock::new();
/// let mut right = VectorClock::new();
/// left.increment(a)?;
/// right.increment(b)?;
/// assert!(left.concurrent(&right));
/// right.merge(&left);
/// assert!(left < right);
/// # Ok::<(), rejoin_crdts::ClockError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VectorClock {
    slots: Slots,
}

impl VectorClock {
    /// The clock that knows of no event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many events of `replica` are known.
    #[must_use]
    pub fn get(&self, replica: ReplicaId) -> u64 {
        self.slots.get(replica)
    }

    /// Counts one more event of `replica` and returns its number.
    ///
    /// # Errors
    ///
    /// [`ClockError::Exhausted`] after 2⁶⁴ − 1 events; the clock does not move.
    pub fn increment(&mut self, replica: ReplicaId) -> Result<u64, ClockError> {
        let next = self.get(replica).checked_add(1).ok_or(ClockError::Exhausted)?;
        self.slots.set(replica, next);
        Ok(next)
    }

    /// Raises the count of `replica` to at least `count`; true iff it grew.
    pub fn raise(&mut self, replica: ReplicaId, count: u64) -> bool {
        let grows = count > self.get(replica);
        if grows {
            self.slots.set(replica, count);
        }
        grows
    }

    /// Whether neither clock knows all that the other knows.
    #[must_use]
    pub fn concurrent(&self, other: &Self) -> bool {
        self.partial_cmp(other).is_none()
    }

    /// The replicas of which something is known, ascending, with how much.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ReplicaId, u64)> + '_ {
        self.slots.iter()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

impl Merge for VectorClock {
    fn merge(&mut self, other: &Self) -> bool {
        self.slots.merge_max(&other.slots)
    }
}

impl Lattice for VectorClock {
    fn covers(&self, other: &Self) -> bool {
        self.slots.dominates(&other.slots)
    }
}

impl PartialOrd for VectorClock {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.covers(other), other.covers(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }
}

/// Takes the greatest count of each replica.
impl FromIterator<(ReplicaId, u64)> for VectorClock {
    fn from_iter<I: IntoIterator<Item = (ReplicaId, u64)>>(counts: I) -> Self {
        let mut clock = Self::new();
        for (replica, count) in counts {
            clock.raise(replica, count);
        }
        clock
    }
}

/// `{r1: 3, r2: 1}`.
impl fmt::Debug for VectorClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

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
    ///
    /// ```
    /// use rejoin_crdts::VectorClock;
    /// assert_eq!(VectorClock::new().iter().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many events of `replica` are known.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, VectorClock};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let clock: VectorClock = [(a, 3)].into_iter().collect();
    /// assert_eq!((clock.get(a), clock.get(b)), (3, 0));
    /// ```
    #[must_use]
    pub fn get(&self, replica: ReplicaId) -> u64 {
        self.slots.get(replica)
    }

    /// Counts one more event of `replica` and returns its number.
    ///
    /// # Errors
    ///
    /// [`ClockError::Exhausted`] after 2⁶⁴ − 1 events; the clock does not move.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, VectorClock};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut clock = VectorClock::new();
    /// assert_eq!(clock.increment(me), Ok(1));
    /// assert_eq!(clock.get(me), 1);
    /// ```
    pub fn increment(&mut self, replica: ReplicaId) -> Result<u64, ClockError> {
        self.slots.add(replica, 1).ok_or(ClockError::Exhausted)
    }

    /// Raises the count of `replica` to at least `count`; true iff it grew.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, VectorClock};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut clock = VectorClock::new();
    /// assert!(clock.raise(me, 5));
    /// assert!(!clock.raise(me, 3));
    /// ```
    pub fn raise(&mut self, replica: ReplicaId, count: u64) -> bool {
        let grows = count > self.get(replica);
        if grows {
            self.slots.set(replica, count);
        }
        grows
    }

    /// Whether neither clock knows all that the other knows.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, VectorClock};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let left: VectorClock = [(a, 2), (b, 1)].into_iter().collect();
    /// let right: VectorClock = [(a, 1), (b, 2)].into_iter().collect();
    /// assert!(left.concurrent(&right) && !left.concurrent(&left));
    /// ```
    #[must_use]
    pub fn concurrent(&self, other: &Self) -> bool {
        self.partial_cmp(other).is_none()
    }

    /// The replicas of which something is known, ascending, with how much.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, VectorClock};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let clock: VectorClock = [(b, 1), (a, 3)].into_iter().collect();
    /// assert!(clock.iter().eq([(a, 3), (b, 1)]));
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ReplicaId, u64)> + '_ {
        self.slots.iter()
    }

    /// Whether nothing is known.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, VectorClock};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let clock: VectorClock = [(a, 0)].into_iter().collect();
    /// assert!(clock.is_empty());
    /// # let _ = b;
    /// ```
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
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.slots.compare(&other.slots)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Clocks of many sizes, so that every way of merging and comparing is taken, with the maps that
    /// they stand for.
    fn clocks() -> Vec<(VectorClock, BTreeMap<ReplicaId, u64>)> {
        let mut state = 7u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        (0..60)
            .map(|size| {
                let counts: BTreeMap<ReplicaId, u64> = (0..size % 20)
                    .map(|_| (ReplicaId::new(draw(24), draw(2)), 1 + draw(3)))
                    .collect();
                (counts.iter().map(|(&replica, &count)| (replica, count)).collect(), counts)
            })
            .collect()
    }

    #[test]
    fn order_and_merge_are_those_of_the_counts() {
        let mut orders = [0; 4];
        for (a, counts_a) in &clocks() {
            for (b, counts_b) in &clocks() {
                let at_most = |x: &BTreeMap<ReplicaId, u64>, y: &BTreeMap<ReplicaId, u64>| {
                    x.iter().all(|(replica, count)| y.get(replica).is_some_and(|y| y >= count))
                };
                let expected = match (at_most(counts_a, counts_b), at_most(counts_b, counts_a)) {
                    (true, true) => Some(Ordering::Equal),
                    (true, false) => Some(Ordering::Less),
                    (false, true) => Some(Ordering::Greater),
                    (false, false) => None,
                };
                assert_eq!(a.partial_cmp(b), expected);
                assert_eq!(a.concurrent(b), expected.is_none());
                orders[expected.map_or(3, |order| (order as i8 + 1) as usize)] += 1;
                let mut merged = a.clone();
                let changed = merged.merge(b);
                assert_eq!(changed, merged != *a);
                let mut greatest = counts_a.clone();
                for (&replica, &count) in counts_b {
                    let mine = greatest.entry(replica).or_default();
                    *mine = count.max(*mine);
                }
                assert!(merged.iter().eq(greatest));
            }
        }
        assert!(orders.iter().all(|&seen| seen > 0), "every relation occurs: {orders:?}");
    }

    #[test]
    fn a_count_at_its_limit_refuses_and_does_not_move() {
        let me = ReplicaId::new(1, 0);
        let mut clock: VectorClock = [(me, u64::MAX)].into_iter().collect();
        let before = clock.clone();
        assert_eq!(clock.increment(me), Err(ClockError::Exhausted));
        assert_eq!(clock, before);
    }
}

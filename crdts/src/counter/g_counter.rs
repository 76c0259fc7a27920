//! The grow-only counter.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::CounterOverflow;
use crate::slots::Slots;
use crate::{Changed, Lattice, Merge, ReplicaId, Replicated, Summarize};

/// A counter that only grows.
///
/// **Specification**: the value is the sum of the increments that are visible. It is exact: each
/// replica's total is a `u64`, the sum a `u128`, and nothing wraps.
///
/// **Anomalies**: none. **Delivery**: per sender (a slot's total brings its predecessors along).
///
/// **Cost**: one slot for each replica incarnation that ever wrote. Increment is logarithmic in
/// the slots, merge linear; a delta is one slot.
///
/// **Source**: Shapiro, Preguiça, Baquero & Zawirski, "A comprehensive study of convergent and
/// commutative replicated data types", INRIA RR-7506, 2011.
///
/// It is no value of an [`OrMap`](crate::OrMap): a removed slot would come back with the next
/// increment, and removed amounts with it.
///
/// ```
/// use rejoin_crdts::{GCounter, Merge, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut left = GCounter::new();
/// let mut right = GCounter::new();
/// let delta = left.increment(a, 3)?;
/// let _ = right.increment(b, 4)?;
/// right.merge(&delta);
/// assert_eq!(right.value(), 7);
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GCounter {
    slots: Slots,
}

impl GCounter {
    /// A counter at 0.
    ///
    /// ```
    /// use rejoin_crdts::GCounter;
    /// assert_eq!(GCounter::new().value(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The sum of all increments. Linear in the slots.
    ///
    /// # Panics
    ///
    /// Never: 2⁶⁴ slots of 2⁶⁴ − 1 each fit in 128 bits.
    ///
    /// ```
    /// use rejoin_crdts::{GCounter, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut counter = GCounter::new();
    /// let _ = (counter.increment(a, u64::MAX)?, counter.increment(b, 1)?);
    /// assert_eq!(counter.value(), 1 << 64); // the sum does not wrap
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> u128 {
        self.slots.iter().map(|slot| u128::from(slot.1)).sum()
    }

    /// What `replica` has added.
    ///
    /// ```
    /// use rejoin_crdts::{GCounter, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut counter = GCounter::new();
    /// let _ = (counter.increment(a, 3)?, counter.increment(b, 4)?);
    /// assert_eq!(counter.slot(a), 3);
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn slot(&self, replica: ReplicaId) -> u64 {
        self.slots.get(replica)
    }

    /// The value `before` and now, if that is not the same. Linear in the slots.
    ///
    /// ```
    /// use rejoin_crdts::{Changed, GCounter, Merge, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (GCounter::new(), GCounter::new());
    /// let _ = here.increment(a, 3)?;
    /// let before = here.clone();
    /// here.merge(&there.increment(b, 4)?);
    /// assert_eq!(here.changes_since(&before), Some(Changed { old: 3, new: 7 }));
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Option<Changed<u128>> {
        Changed::between(before.value(), self.value())
    }

    /// Adds `by` and returns the delta, which is empty for 0.
    ///
    /// # Errors
    ///
    /// [`CounterOverflow`] if the slot of `me` cannot hold it; nothing changes.
    ///
    /// ```
    /// use rejoin_crdts::{GCounter, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut counter = GCounter::new();
    /// let delta = counter.increment(me, 3)?;
    /// assert_eq!(counter.value(), 3);
    /// assert!(counter.increment(me, u64::MAX).is_err()); // and it is still 3
    /// # let _ = delta;
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[inline]
    #[must_use = "the delta is what the other replicas need"]
    pub fn increment(&mut self, me: ReplicaId, by: u64) -> Result<GCounterDelta, CounterOverflow> {
        if by == 0 {
            return Ok(GCounterDelta::default());
        }
        let overflow = |slots: &Slots| CounterOverflow { replica: me, held: slots.get(me), by };
        let total = self.slots.add(me, by).ok_or_else(|| overflow(&self.slots))?;
        Ok(GCounterDelta { slots: Slots::one(me, total) })
    }
}

/// Some slots of a [`GCounter`]; merging takes the greater of each.
///
/// ```
/// use rejoin_crdts::{GCounter, Merge, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut counter = GCounter::new();
/// let mut delta = counter.increment(me, 3)?;
/// delta.merge(&counter.increment(me, 4)?); // two are sent as one
/// let mut peer = GCounter::new();
/// peer.merge(&delta);
/// assert_eq!(peer.value(), 7);
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GCounterDelta {
    slots: Slots,
}

impl Merge for GCounter {
    #[inline]
    fn merge(&mut self, other: &Self) -> bool {
        self.slots.merge_max(&other.slots)
    }
}

impl Merge<GCounterDelta> for GCounter {
    #[inline]
    fn merge(&mut self, delta: &GCounterDelta) -> bool {
        self.slots.merge_max(&delta.slots)
    }
}

impl Merge for GCounterDelta {
    fn merge(&mut self, other: &Self) -> bool {
        self.slots.merge_max(&other.slots)
    }
}

impl Lattice for GCounter {
    fn covers(&self, other: &Self) -> bool {
        self.slots.dominates(&other.slots)
    }
}

impl Lattice for GCounterDelta {
    fn covers(&self, other: &Self) -> bool {
        self.slots.dominates(&other.slots)
    }
}

impl Replicated for GCounter {
    type Delta = GCounterDelta;

    fn missing_from(&self, other: &Self) -> Option<GCounterDelta> {
        GCounterDelta::unless_empty(self.slots.beyond(&other.slots))
    }

    fn news(&self, delta: &GCounterDelta) -> Option<GCounterDelta> {
        GCounterDelta::unless_empty(delta.slots.beyond(&self.slots))
    }

    fn parts(&self) -> impl Iterator<Item = GCounterDelta> {
        self.slots.iter().map(|(of, total)| GCounterDelta { slots: Slots::one(of, total) })
    }
}

/// A vector of totals is its own summary.
impl Summarize for GCounter {
    type Summary = Self;

    fn summary(&self) -> Self {
        self.clone()
    }

    fn beyond(&self, theirs: &Self) -> Option<GCounterDelta> {
        self.missing_from(theirs)
    }
}

impl GCounterDelta {
    /// What `replica` has added, as far as the delta says.
    ///
    /// ```
    /// use rejoin_crdts::{GCounter, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut counter = GCounter::new();
    /// let _ = counter.increment(a, 3)?;
    /// let delta = counter.increment(a, 4)?;
    /// assert_eq!(delta.slot(a), 7); // the total, so that a repeated delta adds nothing
    /// # let _ = b;
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn slot(&self, replica: ReplicaId) -> u64 {
        self.slots.get(replica)
    }

    fn unless_empty(slots: Slots) -> Option<Self> {
        (!slots.is_empty()).then_some(Self { slots })
    }
}

/// `7 {r1: 3, r2: 4}`.
impl fmt::Debug for GCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.value())?;
        f.debug_map().entries(self.slots.iter()).finish()
    }
}

/// `{r1: 3}`.
impl fmt::Debug for GCounterDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.slots.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_slot_refuses_and_is_unchanged() {
        let me = ReplicaId::new(1, 0);
        let mut counter = GCounter::new();
        let _ = counter.increment(me, u64::MAX - 1).unwrap();
        let before = counter.clone();
        assert_eq!(
            counter.increment(me, 2),
            Err(CounterOverflow { replica: me, held: u64::MAX - 1, by: 2 })
        );
        assert_eq!(counter, before);
        let _ = counter.increment(me, 1).unwrap();
        let _ = counter.increment(ReplicaId::new(2, 0), u64::MAX).unwrap();
        assert_eq!(counter.value(), 2 * u128::from(u64::MAX), "the sum is exact past 64 bits");
    }

    #[test]
    fn adding_nothing_leaves_no_slot_and_an_empty_delta() {
        let (me, peer) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
        let mut counter = GCounter::new();
        let _ = counter.increment(peer, 3).unwrap();
        let before = counter.clone();
        for replica in [me, peer] {
            assert_eq!(counter.increment(replica, 0), Ok(GCounterDelta::default()));
            assert_eq!(counter, before);
        }
    }
}

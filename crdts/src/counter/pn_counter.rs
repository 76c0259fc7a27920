//! The counter that grows and shrinks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CounterOverflow, GCounter, GCounterDelta};
use crate::{Changed, Lattice, Merge, ReplicaId, Replicated, Summarize};

/// A counter that grows and shrinks: two [`GCounter`]s, one for what was added and one for what
/// was taken away.
///
/// **Specification**: the value is the sum of the visible increments less the sum of the visible
/// decrements. Exact; it may be negative.
///
/// **Anomalies**: none. **Delivery**: per sender.
///
/// **Cost**: up to two slots for each replica incarnation that ever wrote. A change is logarithmic
/// in the slots, merge linear; a delta is one slot.
///
/// **Source**: Shapiro et al., INRIA RR-7506, 2011.
///
/// ```
/// use rejoin_crdts::{PnCounter, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut counter = PnCounter::new();
/// let _ = counter.increment(me, 2)?;
/// let _ = counter.decrement(me, 5)?;
/// assert_eq!(counter.value(), -3);
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PnCounter {
    added: GCounter,
    taken: GCounter,
}

impl PnCounter {
    /// A counter at 0.
    ///
    /// ```
    /// use rejoin_crdts::PnCounter;
    /// assert_eq!(PnCounter::new().value(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was added less what was taken away. Linear in the slots.
    ///
    /// # Panics
    ///
    /// Only with more than 2⁶³ replicas that each added 2⁶⁴ − 1.
    ///
    /// ```
    /// use rejoin_crdts::{PnCounter, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut counter = PnCounter::new();
    /// let _ = (counter.increment(me, 2)?, counter.decrement(me, 3)?);
    /// assert_eq!(counter.value(), -1);
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> i128 {
        let signed = |sum: u128| i128::try_from(sum).expect("fewer than 2^63 replicas");
        signed(self.added.value()) - signed(self.taken.value())
    }

    /// The value `before` and now, if that is not the same. Linear in the slots.
    ///
    /// ```
    /// use rejoin_crdts::{Changed, PnCounter, Merge, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (PnCounter::new(), PnCounter::new());
    /// let _ = here.increment(a, 3)?;
    /// let before = here.clone();
    /// here.merge(&there.increment(b, 4)?);
    /// assert_eq!(here.changes_since(&before), Some(Changed { old: 3, new: 7 }));
    /// let before = here.clone();
    /// let _ = (here.increment(b, 2)?, here.decrement(b, 2)?); // as it was: no change
    /// assert_eq!(here.changes_since(&before), None);
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Option<Changed<i128>> {
        Changed::between(before.value(), self.value())
    }

    /// Adds `by` and returns the delta, which is empty for 0.
    ///
    /// # Errors
    ///
    /// [`CounterOverflow`] if the slot of `me` cannot hold it; nothing changes.
    ///
    /// ```
    /// use rejoin_crdts::{PnCounter, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut counter = PnCounter::new();
    /// let delta = counter.increment(me, 3)?;
    /// assert_eq!(counter.value(), 3);
    /// assert!(counter.increment(me, u64::MAX).is_err()); // and it is still 3
    /// # let _ = delta;
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn increment(&mut self, me: ReplicaId, by: u64) -> Result<PnCounterDelta, CounterOverflow> {
        Ok(PnCounterDelta::adding(self.added.increment(me, by)?))
    }

    /// Takes `by` away and returns the delta, which is empty for 0.
    ///
    /// # Errors
    ///
    /// [`CounterOverflow`] if the slot of `me` cannot hold it; nothing changes.
    ///
    /// ```
    /// use rejoin_crdts::{PnCounter, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut counter = PnCounter::new();
    /// let delta = counter.decrement(me, 3)?;
    /// assert_eq!(counter.value(), -3);
    /// assert!(counter.decrement(me, u64::MAX).is_err()); // and it is still -3
    /// # let _ = delta;
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn decrement(&mut self, me: ReplicaId, by: u64) -> Result<PnCounterDelta, CounterOverflow> {
        Ok(PnCounterDelta::taking(self.taken.increment(me, by)?))
    }
}

/// Some slots of a [`PnCounter`].
///
/// ```
/// use rejoin_crdts::{Merge, PnCounter, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut counter = PnCounter::new();
/// let mut delta = counter.increment(me, 3)?;
/// delta.merge(&counter.decrement(me, 5)?); // two are sent as one
/// let mut peer = PnCounter::new();
/// peer.merge(&delta);
/// assert_eq!(peer.value(), -2);
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PnCounterDelta {
    added: GCounterDelta,
    taken: GCounterDelta,
}

impl PnCounterDelta {
    pub(crate) fn forges(&self, me: ReplicaId, state: &PnCounter) -> bool {
        self.added.slot(me) > state.added.slot(me) || self.taken.slot(me) > state.taken.slot(me)
    }

    fn adding(added: GCounterDelta) -> Self {
        Self { added, ..Self::default() }
    }

    fn taking(taken: GCounterDelta) -> Self {
        Self { taken, ..Self::default() }
    }

    fn unless_empty(added: Option<GCounterDelta>, taken: Option<GCounterDelta>) -> Option<Self> {
        (added.is_some() || taken.is_some())
            .then(|| Self { added: added.unwrap_or_default(), taken: taken.unwrap_or_default() })
    }
}

impl Merge for PnCounter {
    fn merge(&mut self, other: &Self) -> bool {
        self.added.merge(&other.added) | self.taken.merge(&other.taken)
    }
}

impl Merge<PnCounterDelta> for PnCounter {
    fn merge(&mut self, delta: &PnCounterDelta) -> bool {
        self.added.merge(&delta.added) | self.taken.merge(&delta.taken)
    }
}

impl Merge for PnCounterDelta {
    fn merge(&mut self, other: &Self) -> bool {
        self.added.merge(&other.added) | self.taken.merge(&other.taken)
    }
}

impl Lattice for PnCounter {
    fn covers(&self, other: &Self) -> bool {
        self.added.covers(&other.added) && self.taken.covers(&other.taken)
    }
}

impl Lattice for PnCounterDelta {
    fn covers(&self, other: &Self) -> bool {
        self.added.covers(&other.added) && self.taken.covers(&other.taken)
    }
}

impl Replicated for PnCounter {
    type Delta = PnCounterDelta;

    fn missing_from(&self, other: &Self) -> Option<PnCounterDelta> {
        PnCounterDelta::unless_empty(
            self.added.missing_from(&other.added),
            self.taken.missing_from(&other.taken),
        )
    }

    fn news(&self, delta: &PnCounterDelta) -> Option<PnCounterDelta> {
        PnCounterDelta::unless_empty(self.added.news(&delta.added), self.taken.news(&delta.taken))
    }

    fn parts(&self) -> impl Iterator<Item = PnCounterDelta> {
        self.added
            .parts()
            .map(PnCounterDelta::adding)
            .chain(self.taken.parts().map(PnCounterDelta::taking))
    }
}

/// A vector of totals is its own summary.
impl Summarize for PnCounter {
    type Summary = Self;

    fn summary(&self) -> Self {
        self.clone()
    }

    fn beyond(&self, theirs: &Self) -> Option<PnCounterDelta> {
        self.missing_from(theirs)
    }
}

/// `-3 (+2 {r1: 2}, -5 {r1: 5})`.
impl fmt::Debug for PnCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (+{:?}, -{:?})", self.value(), self.added, self.taken)
    }
}

/// `+{r1: 2} -{r1: 5}`.
impl fmt::Debug for PnCounterDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{:?} -{:?}", self.added, self.taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_forges_what_it_claims_of_a_replica_beyond_either_of_its_slots() {
        let (me, peer) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
        let slots = |count: u64| {
            let mut slots = GCounter::new();
            let delta = slots.increment(me, count).unwrap();
            (slots, delta)
        };
        let state = PnCounter { added: slots(3).0, taken: slots(1).0 };
        for claims in 0..5 {
            let (added, taken) = (slots(claims).1, slots(claims).1);
            let (adding, taking) = (PnCounterDelta::adding(added), PnCounterDelta::taking(taken));
            assert_eq!(adding.forges(me, &state), claims > 3, "{adding:?}");
            assert_eq!(taking.forges(me, &state), claims > 1, "{taking:?}");
            assert!(!adding.forges(peer, &state) && !taking.forges(peer, &state));
        }
    }
}

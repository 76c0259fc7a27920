//! The bounded counter.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::CounterOverflow;
use crate::slots::Slots;
use crate::{Changed, Lattice, Merge, ReplicaId, Replicated, Summarize};

/// A counter that never falls below 0, at any replica, although each spends on its own: stock,
/// seats, credit.
///
/// What may be taken away is held in *escrow*: granting creates rights, each held by one replica;
/// spending uses up rights of one's own, and rights are handed over to whoever needs them. For
/// another lower bound grant what exceeds it; for an upper bound count what is still free.
///
/// **Specification**: the value is the sum of the visible grants less the sum of the visible
/// spends. The rights of a replica are what it was granted and given, less what it gave away and
/// spent, and no replica ever gives or spends more than it has. So the value, which is the sum of
/// all rights, is never below 0, in any state within the contract of delivery and in any join of
/// such states.
///
/// **Anomalies**: a spend is refused where rights are lacking, although the value would allow it:
/// rights must be there before they are needed. Rights belong to an *incarnation*, and those of one
/// that is gone for good are stranded: nobody can spend them, and the value stays that much above
/// the bound, as do rights that were handed to a replica which does not exist. The next incarnation
/// at the same address must not take them over. What the lost one spent at last may still be under
/// way, or be known to a peer that nobody has met again; whoever spent the same rights once more
/// would have brought the value below the bound by the time it arrives. If the application knows
/// better, it grants anew. **Delivery**: causal (rights arrive before what they were spent on; in a
/// state outside the contract the value may read 0 where it is less).
///
/// **Cost**: a number for each replica incarnation that was granted something or spent something,
/// and for each ordered pair of which one gave to the other. Reading, spending and merging are
/// linear in these; a delta is one number.
///
/// **Source**: Balegas, Serra, Duarte, Ferreira, Shapiro, Rodrigues & Preguiça, "Extending
/// eventually consistent cloud databases for enforcing numeric invariants", SRDS 2015; escrow:
/// O'Neil, TODS 1986.
///
/// ```
/// use rejoin_crdts::{BoundedCounter, Merge, ReplicaId, RightsError};
/// let (shop, web) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut here = BoundedCounter::new();
/// let _ = here.grant(shop, 10)?;             // ten in stock…
/// let _ = here.transfer(shop, web, 4)?;      // …four of them for the web shop to sell
/// let mut there = here.clone();
/// let _ = here.spend(shop, 6)?;
/// let _ = there.spend(web, 4)?;              // at the same time
/// assert!(matches!(there.spend(web, 1), Err(RightsError::Insufficient { have: 0, .. })));
/// here.merge(&there);
/// assert_eq!(here.value(), 0);               // sold out, and never oversold
/// # Ok::<(), rejoin_crdts::RightsError>(())
/// ```
///
/// It is no value of an [`OrMap`](crate::OrMap): a remove of the key would take rights away that
/// somebody is spending.
///
/// ```compile_fail,E0277
/// let map: rejoin_crdts::OrMap<String, rejoin_crdts::BoundedCounter> = Default::default();
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BoundedCounter {
    slots: BoundedCounterDelta,
}

/// Some slots of a [`BoundedCounter`]; merging takes the greater of each.
///
/// ```
/// use rejoin_crdts::{BoundedCounter, Merge, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut counter = BoundedCounter::new();
/// let mut delta = counter.grant(me, 5)?;
/// delta.merge(&counter.spend(me, 2)?); // two are sent as one
/// let mut peer = BoundedCounter::new();
/// peer.merge(&delta);
/// assert_eq!(peer.value(), 3);
/// # Ok::<(), rejoin_crdts::RightsError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BoundedCounterDelta {
    /// What the first gave to the second, ever; what a replica gave to itself was granted to it.
    given: Slots<(ReplicaId, ReplicaId)>,
    /// What each spent, ever.
    spent: Slots,
}

/// Why rights were neither spent nor handed over. The counter is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RightsError {
    /// The replica does not hold as many. It can ask others to hand over some of theirs.
    #[error("{replica} has rights to {have}, and {asked} were asked for")]
    Insufficient {
        /// Whose rights.
        replica: ReplicaId,
        /// What it has.
        have: u64,
        /// What it was to spend or hand over.
        asked: u64,
    },
    /// What the replica spent or handed over in all its life would not fit in 64 bits.
    #[error(transparent)]
    Overflow(#[from] CounterOverflow),
}

impl BoundedCounter {
    /// A counter at 0, of which nobody holds any rights.
    ///
    /// ```
    /// use rejoin_crdts::BoundedCounter;
    /// assert_eq!(BoundedCounter::new().value(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was granted less what was spent. Linear in the slots.
    ///
    /// ```
    /// use rejoin_crdts::{BoundedCounter, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut counter = BoundedCounter::new();
    /// let _ = (counter.grant(a, u64::MAX)?, counter.grant(b, 3)?);
    /// let _ = counter.spend(b, 2)?;
    /// assert_eq!(counter.value(), 1 << 64); // the sum does not wrap
    /// # Ok::<(), rejoin_crdts::RightsError>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> u128 {
        let granted = self.slots.given.iter().filter(|((from, to), _)| from == to);
        let granted: u128 = granted.map(|slot| u128::from(slot.1)).sum();
        let spent: u128 = self.slots.spent.iter().map(|slot| u128::from(slot.1)).sum();
        granted.saturating_sub(spent)
    }

    /// What `replica` may spend. Linear in the slots.
    ///
    /// ```
    /// use rejoin_crdts::{BoundedCounter, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut counter = BoundedCounter::new();
    /// let _ = (counter.grant(a, 5)?, counter.transfer(a, b, 2)?, counter.spend(b, 1)?);
    /// assert_eq!((counter.rights(a), counter.rights(b)), (3, 1));
    /// # Ok::<(), rejoin_crdts::RightsError>(())
    /// ```
    #[must_use]
    pub fn rights(&self, replica: ReplicaId) -> u128 {
        let (mut had, mut gone) = (0u128, u128::from(self.slots.spent.get(replica)));
        for ((from, to), amount) in self.slots.given.iter() {
            if to == replica {
                had += u128::from(amount);
            } else if from == replica {
                gone += u128::from(amount);
            }
        }
        had.saturating_sub(gone)
    }

    /// The value `before` and now, if that is not the same. Linear in the slots.
    ///
    /// ```
    /// use rejoin_crdts::{BoundedCounter, Changed, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut counter = BoundedCounter::new();
    /// let _ = counter.grant(a, 5)?;
    /// let before = counter.clone();
    /// let _ = (counter.spend(a, 1)?, counter.transfer(a, b, 2)?);
    /// assert_eq!(counter.changes_since(&before), Some(Changed { old: 5, new: 4 }));
    /// # Ok::<(), rejoin_crdts::RightsError>(())
    /// ```
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Option<Changed<u128>> {
        Changed::between(before.value(), self.value())
    }

    /// The replicas that have other rights than `before`, ascending. Linear in the slots, and for
    /// each replica that was granted, gave, got or spent something.
    ///
    /// ```
    /// use rejoin_crdts::{BoundedCounter, Changed, ReplicaId};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut counter = BoundedCounter::new();
    /// let _ = counter.grant(a, 5)?;
    /// let before = counter.clone();
    /// let _ = counter.transfer(a, b, 2)?;
    /// let rights = [(a, Changed { old: 5, new: 3 }), (b, Changed { old: 0, new: 2 })];
    /// assert!(counter.rights_since(&before).eq(rights));
    /// # Ok::<(), rejoin_crdts::RightsError>(())
    /// ```
    pub fn rights_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = (ReplicaId, Changed<u128>)> + 'a {
        let mut differing = self.slots.beyond(&before.slots).unwrap_or_default();
        differing.merge(&before.slots.beyond(&self.slots).unwrap_or_default());
        let touched = Self { slots: differing }.replicas();
        touched.into_iter().filter_map(|replica| {
            let change = Changed::between(before.rights(replica), self.rights(replica))?;
            Some((replica, change))
        })
    }

    /// Raises the value by `amount`, which `me` may then spend, and returns the delta, which is
    /// empty for 0.
    ///
    /// # Errors
    ///
    /// [`CounterOverflow`] if `me` was granted too much in all for 64 bits; nothing changes.
    ///
    /// ```
    /// use rejoin_crdts::{BoundedCounter, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut counter = BoundedCounter::new();
    /// let delta = counter.grant(me, 3)?;
    /// assert_eq!((counter.value(), counter.rights(me)), (3, 3));
    /// assert!(counter.grant(me, u64::MAX).is_err()); // and it is still 3
    /// # let _ = delta;
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn grant(
        &mut self,
        me: ReplicaId,
        amount: u64,
    ) -> Result<BoundedCounterDelta, CounterOverflow> {
        self.give(me, me, amount)
    }

    /// Lowers the value by `amount`, of the rights of `me`, and returns the delta, which is empty
    /// for 0.
    ///
    /// # Errors
    ///
    /// [`Insufficient`](RightsError::Insufficient) if `me` has fewer rights, and
    /// [`Overflow`](RightsError::Overflow) if it spent too much in all for 64 bits; nothing changes.
    ///
    /// ```
    /// use rejoin_crdts::{BoundedCounter, ReplicaId, RightsError};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut counter = BoundedCounter::new();
    /// let _ = counter.grant(me, 3)?;
    /// let delta = counter.spend(me, 2)?;
    /// let refused = RightsError::Insufficient { replica: me, have: 1, asked: 2 };
    /// assert_eq!(counter.spend(me, 2), Err(refused));
    /// assert_eq!(counter.value(), 1);
    /// # let _ = delta;
    /// # Ok::<(), RightsError>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn spend(
        &mut self,
        me: ReplicaId,
        amount: u64,
    ) -> Result<BoundedCounterDelta, RightsError> {
        self.check_rights(me, amount)?;
        let spent = raise(&mut self.slots.spent, me, me, amount)?;
        Ok(BoundedCounterDelta { spent, ..BoundedCounterDelta::default() })
    }

    /// Hands rights of `me` to another replica, which may spend them once the delta has arrived,
    /// and returns the delta. It is empty for 0, and for a transfer to oneself.
    ///
    /// # Errors
    ///
    /// [`Insufficient`](RightsError::Insufficient) if `me` has fewer rights, and
    /// [`Overflow`](RightsError::Overflow) if it gave `to` too much in all for 64 bits; nothing
    /// changes.
    ///
    /// ```
    /// use rejoin_crdts::{BoundedCounter, ReplicaId};
    /// let (me, peer) = (ReplicaId::new(1, 0x5eed), ReplicaId::new(2, 0xf00d));
    /// let mut counter = BoundedCounter::new();
    /// let _ = counter.grant(me, 3)?;
    /// let delta = counter.transfer(me, peer, 2)?;
    /// assert_eq!((counter.rights(me), counter.rights(peer)), (1, 2));
    /// assert!(counter.transfer(me, peer, 2).is_err()); // there is one left
    /// # let _ = delta;
    /// # Ok::<(), rejoin_crdts::RightsError>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn transfer(
        &mut self,
        me: ReplicaId,
        to: ReplicaId,
        amount: u64,
    ) -> Result<BoundedCounterDelta, RightsError> {
        self.check_rights(me, amount)?;
        if me == to {
            return Ok(BoundedCounterDelta::default()); // its slot is that of grants
        }
        Ok(self.give(me, to, amount)?)
    }

    /// Every replica that was granted, given or spent something.
    pub(crate) fn replicas(&self) -> BTreeSet<ReplicaId> {
        let given = self.slots.given.iter().flat_map(|((from, to), _)| [from, to]);
        given.chain(self.slots.spent.iter().map(|slot| slot.0)).collect()
    }

    fn give(
        &mut self,
        me: ReplicaId,
        to: ReplicaId,
        amount: u64,
    ) -> Result<BoundedCounterDelta, CounterOverflow> {
        let given = raise(&mut self.slots.given, (me, to), me, amount)?;
        Ok(BoundedCounterDelta { given, ..BoundedCounterDelta::default() })
    }

    fn check_rights(&self, replica: ReplicaId, asked: u64) -> Result<(), RightsError> {
        match u64::try_from(self.rights(replica)) {
            Ok(have) if have < asked => Err(RightsError::Insufficient { replica, have, asked }),
            _ => Ok(()),
        }
    }
}

/// Adds to a slot of `replica` and returns that slot, or none if nothing was to be added.
fn raise<K: Ord + Copy>(
    slots: &mut Slots<K>,
    key: K,
    replica: ReplicaId,
    by: u64,
) -> Result<Slots<K>, CounterOverflow> {
    if by == 0 {
        return Ok(Slots::default());
    }
    let held = slots.get(key);
    let total = held.checked_add(by).ok_or(CounterOverflow { replica, held, by })?;
    slots.set(key, total);
    Ok([(key, total)].into_iter().collect())
}

impl BoundedCounterDelta {
    /// Whether it says that `me` granted, gave or spent more than `me` itself knows of.
    pub(crate) fn forges(&self, me: ReplicaId, state: &BoundedCounter) -> bool {
        let held = &state.slots;
        self.spent.get(me) > held.spent.get(me)
            || self.given.iter().any(|(pair, total)| pair.0 == me && total > held.given.get(pair))
    }

    fn unless_empty(self) -> Option<Self> {
        (!self.given.is_empty() || !self.spent.is_empty()).then_some(self)
    }

    fn beyond(&self, other: &Self) -> Option<Self> {
        let given = self.given.beyond(&other.given);
        Self { given, spent: self.spent.beyond(&other.spent) }.unless_empty()
    }
}

impl Merge for BoundedCounter {
    fn merge(&mut self, other: &Self) -> bool {
        self.slots.merge(&other.slots)
    }
}

impl Merge<BoundedCounterDelta> for BoundedCounter {
    fn merge(&mut self, delta: &BoundedCounterDelta) -> bool {
        self.slots.merge(delta)
    }
}

impl Merge for BoundedCounterDelta {
    fn merge(&mut self, other: &Self) -> bool {
        self.given.merge_max(&other.given) | self.spent.merge_max(&other.spent)
    }
}

impl Lattice for BoundedCounter {
    fn covers(&self, other: &Self) -> bool {
        self.slots.covers(&other.slots)
    }
}

impl Lattice for BoundedCounterDelta {
    fn covers(&self, other: &Self) -> bool {
        self.given.dominates(&other.given) && self.spent.dominates(&other.spent)
    }
}

impl Replicated for BoundedCounter {
    type Delta = BoundedCounterDelta;

    fn missing_from(&self, other: &Self) -> Option<BoundedCounterDelta> {
        self.slots.beyond(&other.slots)
    }

    fn news(&self, delta: &BoundedCounterDelta) -> Option<BoundedCounterDelta> {
        delta.beyond(&self.slots)
    }

    fn parts(&self) -> impl Iterator<Item = BoundedCounterDelta> {
        let given = self.slots.given.iter().map(|slot| BoundedCounterDelta {
            given: [slot].into_iter().collect(),
            ..BoundedCounterDelta::default()
        });
        given.chain(self.slots.spent.iter().map(|slot| BoundedCounterDelta {
            spent: [slot].into_iter().collect(),
            ..BoundedCounterDelta::default()
        }))
    }
}

/// A vector of totals is its own summary.
impl Summarize for BoundedCounter {
    type Summary = Self;

    fn summary(&self) -> Self {
        self.clone()
    }

    fn beyond(&self, theirs: &Self) -> Option<BoundedCounterDelta> {
        self.missing_from(theirs)
    }
}

/// `6 (granted {r1: 10}, given {r1 to r2: 4}, spent {r2: 4})`.
impl fmt::Debug for BoundedCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.value(), self.slots)
    }
}

/// `granted {r1: 10}, given {r1 to r2: 4}, spent {r2: 4}`.
impl fmt::Debug for BoundedCounterDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("granted ")?;
        let given = || self.given.iter();
        let granted = given().filter(|((from, to), _)| from == to);
        f.debug_map().entries(granted.map(|((_, to), amount)| (to, amount))).finish()?;
        f.write_str(", given ")?;
        let mut moved = f.debug_map();
        for ((from, to), amount) in given().filter(|((from, to), _)| from != to) {
            moved.entry(&format_args!("{from} to {to}"), &amount);
        }
        moved.finish()?;
        f.write_str(", spent ")?;
        f.debug_map().entries(self.spent.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ReplicaId = ReplicaId::new(1, 0);
    const B: ReplicaId = ReplicaId::new(2, 0);

    fn overflow(replica: ReplicaId, held: u64, by: u64) -> CounterOverflow {
        CounterOverflow { replica, held, by }
    }

    #[test]
    fn rights_that_are_lacking_refuse_and_nothing_changes() {
        let mut counter = BoundedCounter::new();
        let _ = counter.grant(A, 5).unwrap();
        let _ = counter.transfer(A, B, 2).unwrap();
        let before = counter.clone();
        for (replica, have) in [(A, 3), (B, 2), (ReplicaId::new(1, 7), 0)] {
            assert_eq!(counter.rights(replica), u128::from(have));
            let refused = Err(RightsError::Insufficient { replica, have, asked: have + 1 });
            assert_eq!(counter.spend(replica, have + 1), refused);
            assert_eq!(counter.transfer(replica, A, have + 1), refused, "to oneself neither");
            assert_eq!(counter.transfer(replica, B, have + 1), refused);
            assert_eq!(counter, before);
        }
        let _ = (counter.spend(A, 3).unwrap(), counter.spend(B, 2).unwrap());
        assert_eq!(counter.value(), 0);
    }

    #[test]
    fn full_slots_refuse_and_are_unchanged() {
        let most = u64::MAX;
        let mut counter = BoundedCounter::new();
        let _ = (counter.grant(A, most).unwrap(), counter.grant(B, most).unwrap());
        let before = counter.clone();
        assert_eq!(counter.grant(A, 1), Err(overflow(A, most, 1)));
        assert_eq!(counter, before);

        let _ = counter.transfer(B, A, most).unwrap(); // twice as much as a slot holds
        assert_eq!(counter.rights(A), 2 * u128::from(most));
        let (mut spent, mut given) = (counter.clone(), counter.clone());
        let _ = (spent.spend(A, most).unwrap(), given.transfer(A, B, most).unwrap());
        for counter in [&mut spent, &mut given] {
            assert_eq!(counter.rights(A), u128::from(most));
        }
        let before = (spent.clone(), given.clone());
        assert_eq!(spent.spend(A, 1), Err(overflow(A, most, 1).into()));
        assert_eq!(given.transfer(A, B, 1), Err(overflow(A, most, 1).into()));
        assert_eq!((&spent, &given), (&before.0, &before.1));
        assert_eq!((spent.value(), given.value()), (u128::from(most), 2 * u128::from(most)));
    }

    #[test]
    fn nothing_granted_spent_or_given_leaves_no_slot_and_an_empty_delta() {
        let mut counter = BoundedCounter::new();
        let _ = counter.grant(A, 1).unwrap();
        let before = counter.clone();
        assert_eq!(counter.grant(A, 0), Ok(BoundedCounterDelta::default()));
        assert_eq!(counter.spend(A, 0), Ok(BoundedCounterDelta::default()));
        assert_eq!(counter.transfer(A, B, 0), Ok(BoundedCounterDelta::default()));
        assert_eq!(counter.transfer(A, A, 1), Ok(BoundedCounterDelta::default()));
        assert_eq!(counter, before);
    }

    #[test]
    fn the_rights_of_a_lost_incarnation_are_nobodys() {
        let (before, after) = (ReplicaId::new(1, 1), ReplicaId::new(1, 2));
        let mut counter = BoundedCounter::new();
        let _ = counter.grant(before, 5).unwrap();
        assert!(counter.spend(after, 1).is_err());
        assert_eq!((counter.value(), counter.rights(after)), (5, 0));
    }

    #[test]
    fn what_was_spent_ahead_of_its_rights_reads_as_nothing() {
        let mut counter = BoundedCounter::new();
        let _ = counter.grant(A, 5).unwrap();
        let mut early = BoundedCounter::new();
        early.merge(&counter.spend(A, 3).unwrap());
        assert_eq!((early.value(), early.rights(A)), (0, 0));
        early.merge(&counter);
        assert_eq!((early.value(), early.rights(A)), (2, 2));
    }

    #[test]
    fn a_delta_forges_what_it_claims_of_a_replica_beyond_its_slots() {
        let mut counter = BoundedCounter::new();
        let _ = counter.grant(A, 5).unwrap();
        let _ = counter.transfer(A, B, 2).unwrap();
        let _ = counter.spend(A, 1).unwrap();
        let mut further = counter.clone();
        for delta in [
            further.grant(A, 1).unwrap(),
            further.transfer(A, B, 1).unwrap(),
            further.spend(A, 1).unwrap(),
        ] {
            assert!(delta.forges(A, &counter) && !delta.forges(B, &counter), "{delta:?}");
            assert!(!delta.forges(A, &further), "{delta:?}");
        }
        // What others give to a replica is theirs to say.
        let given = further.transfer(B, A, 1).unwrap();
        assert!(given.forges(B, &counter) && !given.forges(A, &counter));
    }

    #[test]
    fn forged_counters_are_refused() {
        let forged = |given: &str, spent: &str| {
            let slots = format!(r#"{{"given":{given},"spent":{spent}}}"#);
            let state = serde_json::from_str::<BoundedCounter>(&slots).map(|_| ());
            let delta = serde_json::from_str::<BoundedCounterDelta>(&slots).map(|_| ());
            (state.map_err(|error| error.to_string()), delta.map_err(|error| error.to_string()))
        };
        let (one, other) = ("[[[1,0],[1,0]],5]", "[[[1,0],[2,0]],2]");
        let spent = "[[[1,0],1]]";
        let unsorted = "not in strictly ascending order";
        for (given, spent, error) in [
            (format!("[{other},{one}]"), spent, unsorted),
            (format!("[{one},{one}]"), spent, unsorted),
            (format!("[{one}]"), "[[[2,0],1],[[1,0],1]]", unsorted),
            ("[[[[1,0],[1,0]],0]]".to_owned(), spent, "a slot holds 0"),
            (format!("[{one}]"), "[[[1,0],0]]", "a slot holds 0"),
        ] {
            let (state, delta) = forged(&given, spent);
            assert!(state.unwrap_err().contains(error), "{given} {spent}");
            assert!(delta.unwrap_err().contains(error), "{given} {spent}");
        }
        assert_eq!(forged(&format!("[{one},{other}]"), spent), (Ok(()), Ok(())));
    }
}

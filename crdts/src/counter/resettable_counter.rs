//! The counter that can be reset.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::CounterOverflow;
use crate::causal::{
    Causal, CausalContext, Cursor, DotFun, DotFunDelta, Dotted, DottedDelta, Placed, causal_type,
};
use crate::{Changed, Dot, ReplicaId};

/// A counter that grows, shrinks and can be reset: a reset takes back exactly what it had seen.
///
/// **Specification**: the sum of the visible increments, less that of the visible decrements, that
/// no visible reset had seen.
///
/// **Anomalies**: none. What was added concurrently with a reset survives it, and what a reset had
/// seen never comes back, not with a later increment either: a counter that keeps one running total
/// a replica brings it back. **Delivery**: causal.
///
/// **Cost**: an entry for each increment that no reset has taken back and nobody
/// [stabilised](Self::stabilise), and one for each replica incarnation for all that are; a context of
/// one number for each incarnation. Incrementing is linear in the entries, resetting and merging in
/// those that they touch.
///
/// By merging alone, an exact counter cannot be smaller. A reset may have seen the first m
/// increments of a replica for any m, so all of these sums must be told apart until no such reset
/// can still come, which is what stability says.
///
/// **Source**: the problem, Brown, Cribbs, Meiklejohn & Elliott, "Riak DT Map", PaPEC 2014;
/// increments as dotted entries, Almeida, Shoker & Baquero, JPDC 2018; collection by causal
/// stability, Baquero, Almeida & Shoker, DAIS 2014.
///
/// ```
/// use rejoin_crdts::{Merge, ReplicaId, ResettableCounter};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let (mut here, mut there) = (ResettableCounter::new(), ResettableCounter::new());
/// there.merge(&here.increment(a, 5)?);
/// let reset = there.reset(b);
/// let more = here.increment(a, 2)?; // at the same time
/// here.merge(&reset);
/// there.merge(&more);
/// assert_eq!((here.value(), there.value()), (2, 2));
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResettableCounter {
    body: Dotted<DotFun<Amount>>,
}

/// What one entry stands for: an increment or a decrement, or several of one replica, folded.
///
/// Of two under one dot the one that stands for more is the greater.
#[doc(hidden)]
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Told", into = "Told")]
pub struct Amount {
    added: u64,
    taken: u64,
    folded: Option<Dot>, // by which change, so that a context tells whether it was seen
}

/// An entry as it travels.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Amount")]
enum Told {
    Added(u64),
    Taken(u64),
    Folded(u64, u64, Placed),
}

impl From<Amount> for Told {
    fn from(Amount { added, taken, folded }: Amount) -> Self {
        match folded {
            Some(by) => Self::Folded(added, taken, Placed(by)),
            None if taken == 0 => Self::Added(added),
            None => Self::Taken(taken),
        }
    }
}

impl TryFrom<Told> for Amount {
    type Error = &'static str;

    fn try_from(told: Told) -> Result<Self, Self::Error> {
        let (added, taken, folded) = match told {
            Told::Added(added) => (added, 0, None),
            Told::Taken(taken) => (0, taken, None),
            Told::Folded(added, taken, Placed(by)) => (added, taken, Some(by)),
        };
        let nothing = added == 0 && taken == 0;
        if nothing { Err("an entry that adds nothing") } else { Ok(Self { added, taken, folded }) }
    }
}

/// A change of a [`ResettableCounter`], or several joined.
pub type ResettableDelta = DottedDelta<DotFun<Amount>>;

causal_type!([] ResettableCounter, DotFun<Amount>);

impl Amount {
    fn value(self) -> i128 {
        i128::from(self.added) - i128::from(self.taken)
    }

    /// Saturates only where somebody's increments were forged: mutators keep to 64 bits.
    fn saturating_plus(self, other: Self) -> Self {
        Self {
            added: self.added.saturating_add(other.added),
            taken: self.taken.saturating_add(other.taken),
            folded: None,
        }
    }
}

impl ResettableCounter {
    /// A counter at 0.
    ///
    /// ```
    /// use rejoin_crdts::ResettableCounter;
    /// assert_eq!(ResettableCounter::new().value(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `by`, and returns the delta. Adding 0 changes nothing.
    ///
    /// # Errors
    ///
    /// If the increments of `me` that no reset has taken back would exceed 2⁶⁴ − 1.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut visits = ResettableCounter::new();
    /// let _ = visits.increment(me, 3)?;
    /// assert!(visits.increment(me, u64::MAX).is_err());
    /// assert_eq!(visits.value(), 3);
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn increment(
        &mut self,
        me: ReplicaId,
        by: u64,
    ) -> Result<ResettableDelta, CounterOverflow> {
        let (delta, result) =
            self.body.edit(me, |cursor| ResettableCounterEdit { cursor }.increment(by));
        result.map(|()| delta)
    }

    /// Takes `by` away, and returns the delta. Taking 0 changes nothing.
    ///
    /// # Errors
    ///
    /// If the decrements of `me` that no reset has taken back would exceed 2⁶⁴ − 1.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, ResettableCounter};
    /// let mut level = ResettableCounter::new();
    /// let _ = level.decrement(ReplicaId::new(1, 0x5eed), 3)?;
    /// assert_eq!(level.value(), -3);
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn decrement(
        &mut self,
        me: ReplicaId,
        by: u64,
    ) -> Result<ResettableDelta, CounterOverflow> {
        let (delta, result) =
            self.body.edit(me, |cursor| ResettableCounterEdit { cursor }.decrement(by));
        result.map(|()| delta)
    }

    /// Takes back all that is seen here, and returns the delta.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut visits = ResettableCounter::new();
    /// let _ = visits.increment(me, 3)?;
    /// let _ = visits.reset(me);
    /// assert_eq!(visits.value(), 0);
    /// assert_eq!(visits.reset(me), Default::default()); // nothing to take back
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn reset(&mut self, me: ReplicaId) -> ResettableDelta {
        self.body.edit(me, |mut cursor| cursor.clear()).0
    }

    /// Folds the increments in `cut` into one entry for each replica, and returns the delta; the
    /// value stays the same.
    ///
    /// `cut` must be causally stable: every operation that is still to come here had seen all of
    /// it. [`MatrixClock::stable`](crate::MatrixClock::stable) says what is. The delta travels like
    /// any other, since whoever resets afterwards names the folded entry and not what is in it.
    ///
    /// ```
    /// use rejoin_crdts::{MatrixClock, Merge, ReplicaId, ResettableCounter};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (ResettableCounter::new(), ResettableCounter::new());
    /// there.merge(&here.increment(a, 1)?);
    /// there.merge(&here.increment(a, 1)?);
    /// let mut seen = MatrixClock::new();
    /// seen.record(a, here.context());
    /// seen.record(b, there.context()); // as told by b, with all that it did until then
    /// assert_eq!(format!("{here:?}"), "2 {r1:1: +1, r1:2: +1} of {r1:1-2}");
    /// let folded = here.stabilise(a, &seen.stable([a, b]));
    /// assert_eq!(format!("{here:?}"), "2 {r1:2: +2 by r1:3} of {r1:1-3}");
    /// there.merge(&folded);
    /// assert_eq!(here, there);
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn stabilise(&mut self, me: ReplicaId, cut: &CausalContext) -> ResettableDelta {
        self.body.edit(me, |mut cursor| <Self as Causal>::stabilise(&mut cursor, cut)).0
    }

    /// What was added and not taken away or back.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut level = ResettableCounter::new();
    /// let _ = (level.increment(me, 5)?, level.decrement(me, 2)?);
    /// assert_eq!(level.value(), 3);
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> i128 {
        self.view().value()
    }

    /// The dots of everything this replica has seen: equal contexts, equal counters.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut visits = ResettableCounter::new();
    /// let _ = (visits.increment(me, 3)?, visits.reset(me));
    /// assert_eq!(visits.context().len(), 2);
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn context(&self) -> &CausalContext {
        self.body.context()
    }

    /// The values `before` and now, if they are not the same. Linear in the entries.
    ///
    /// ```
    /// use rejoin_crdts::{Changed, ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut visits = ResettableCounter::new();
    /// let _ = visits.increment(me, 3)?;
    /// let before = visits.clone();
    /// let _ = visits.increment(me, 2)?;
    /// assert_eq!(visits.changes_since(&before), Some(Changed { old: 3, new: 5 }));
    /// let _ = visits.decrement(me, 2)?;
    /// assert_eq!(visits.changes_since(&before), None); // it is 3 again
    /// # Ok::<(), rejoin_crdts::CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn changes_since(&self, before: &Self) -> Option<Changed<i128>> {
        Changed::between(before.value(), self.value())
    }

    fn view(&self) -> ResettableCounterView<'_> {
        ResettableCounterView { store: self.body.store() }
    }
}

/// Changes a [`ResettableCounter`] inside a map.
///
/// ```
/// use rejoin_crdts::{CounterOverflow, OrMap, ReplicaId, ResettableCounter};
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut stock: OrMap<String, ResettableCounter> = OrMap::new();
/// let _ = stock.try_update(me, "apples", |count| count.increment(12))?;
/// assert_eq!(stock.get("apples").map(|count| count.value()), Some(12));
/// # Ok::<(), CounterOverflow>(())
/// ```
#[derive(Debug)]
pub struct ResettableCounterEdit<'a> {
    cursor: Cursor<'a, DotFun<Amount>>,
}

impl ResettableCounterEdit<'_> {
    /// Adds `by`, as [`ResettableCounter::increment`] does.
    ///
    /// # Errors
    ///
    /// If the increments of this replica would exceed 2⁶⁴ − 1.
    ///
    /// ```
    /// use rejoin_crdts::{CounterOverflow, OrMap, ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut stock: OrMap<String, ResettableCounter> = OrMap::new();
    /// let _ = stock.try_update(me, "apples", |count| count.increment(12))?;
    /// assert!(stock.try_update(me, "apples", |count| count.increment(u64::MAX)).is_err());
    /// # Ok::<(), CounterOverflow>(())
    /// ```
    pub fn increment(&mut self, by: u64) -> Result<(), CounterOverflow> {
        self.add(Amount { added: by, ..Amount::default() })
    }

    /// Takes `by` away, as [`ResettableCounter::decrement`] does.
    ///
    /// # Errors
    ///
    /// If the decrements of this replica would exceed 2⁶⁴ − 1.
    ///
    /// ```
    /// use rejoin_crdts::{CounterOverflow, OrMap, ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut stock: OrMap<String, ResettableCounter> = OrMap::new();
    /// let _ = stock.try_update(me, "apples", |count| count.decrement(2))?;
    /// assert_eq!(stock.get("apples").map(|count| count.value()), Some(-2));
    /// # Ok::<(), CounterOverflow>(())
    /// ```
    pub fn decrement(&mut self, by: u64) -> Result<(), CounterOverflow> {
        self.add(Amount { taken: by, ..Amount::default() })
    }

    /// Takes back all that is seen here, as [`ResettableCounter::reset`] does. The key is gone with
    /// it.
    ///
    /// ```
    /// use rejoin_crdts::{CounterOverflow, OrMap, ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut stock: OrMap<String, ResettableCounter> = OrMap::new();
    /// let _ = stock.try_update(me, "apples", |count| count.increment(12))?;
    /// let _ = stock.update(me, "apples", |count| count.reset());
    /// assert!(stock.is_empty());
    /// # Ok::<(), CounterOverflow>(())
    /// ```
    pub fn reset(&mut self) {
        self.cursor.clear();
    }

    /// The counter at this point of the edit.
    ///
    /// ```
    /// use rejoin_crdts::{CounterOverflow, OrMap, ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut stock: OrMap<String, ResettableCounter> = OrMap::new();
    /// let _ = stock.try_update(me, "apples", |count| {
    ///     count.increment(12)?;
    ///     assert_eq!(count.view().value(), 12);
    ///     Ok::<(), CounterOverflow>(())
    /// })?;
    /// # Ok::<(), CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn view(&self) -> ResettableCounterView<'_> {
        ResettableCounterView { store: self.cursor.store }
    }

    fn add(&mut self, by: Amount) -> Result<(), CounterOverflow> {
        let me = self.cursor.me();
        let mine = self.cursor.store.iter().filter(|(dot, _)| dot.replica == me);
        let held = mine.map(|(_, amount)| *amount).reduce(Amount::saturating_plus);
        let Amount { added, taken, .. } = held.unwrap_or_default();
        let full = |held: u64, by| CounterOverflow { replica: me, held, by };
        added.checked_add(by.added).ok_or(full(added, by.added))?;
        taken.checked_add(by.taken).ok_or(full(taken, by.taken))?;
        if by != Amount::default() {
            self.cursor.add(by);
        }
        Ok(())
    }
}

/// Reads a [`ResettableCounter`] inside a map.
///
/// ```
/// use rejoin_crdts::{CounterOverflow, OrMap, ReplicaId, ResettableCounter};
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut stock: OrMap<String, ResettableCounter> = OrMap::new();
/// let _ = stock.try_update(me, "apples", |count| count.increment(12))?;
/// let apples = stock.get("apples").expect("they are there"); // a view, which borrows
/// assert_eq!(apples.value(), 12);
/// # Ok::<(), CounterOverflow>(())
/// ```
#[derive(Clone, Copy)]
pub struct ResettableCounterView<'a> {
    store: &'a DotFun<Amount>,
}

impl ResettableCounterView<'_> {
    /// What was added and not taken away or back.
    ///
    /// ```
    /// use rejoin_crdts::{CounterOverflow, OrMap, ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut stock: OrMap<String, ResettableCounter> = OrMap::new();
    /// let _ = stock.try_update(me, "apples", |count| count.increment(12))?;
    /// assert_eq!(stock.get("apples").map(|count| count.value()), Some(12));
    /// # Ok::<(), CounterOverflow>(())
    /// ```
    #[must_use]
    pub fn value(self) -> i128 {
        self.store.iter().map(|(_, amount)| amount.value()).sum()
    }
}

impl Causal for ResettableCounter {
    type Store = DotFun<Amount>;
    type Edit<'a> = ResettableCounterEdit<'a>;
    type View<'a> = ResettableCounterView<'a>;

    fn edit(cursor: Cursor<'_, Self::Store>) -> ResettableCounterEdit<'_> {
        ResettableCounterEdit { cursor }
    }

    fn view(store: &Self::Store) -> ResettableCounterView<'_> {
        ResettableCounterView { store }
    }

    fn beyond(
        store: &Self::Store,
        _: &CausalContext,
        theirs: &CausalContext,
    ) -> DotFunDelta<Amount> {
        let seen = |dot, amount: &Amount| {
            theirs.contains(dot) && amount.folded.is_none_or(|by| theirs.contains(by))
        };
        store.live(|dot, amount| !seen(dot, amount))
    }

    /// The last entry of each replica in the cut takes in the others.
    fn stabilise(cursor: &mut Cursor<'_, Self::Store>, cut: &CausalContext) {
        let stable: Vec<_> = cursor.store.iter().filter(|(dot, _)| cut.contains(*dot)).collect();
        let folds: Vec<_> = stable
            .chunk_by(|(one, _), (next, _)| one.replica == next.replica)
            .filter(|entries| entries.len() > 1)
            .filter_map(|entries| {
                let sum =
                    entries.iter().map(|(_, amount)| **amount).reduce(Amount::saturating_plus);
                Some((entries.last()?.0, sum?))
            })
            .collect();
        if folds.is_empty() {
            return;
        }
        let by = cursor.mint_removal();
        for &(last, sum) in &folds {
            cursor.store.raise(cursor.delta, last, Amount { folded: Some(by), ..sum });
        }
        let folded = |dot: Dot, _: &Amount| {
            let of = folds.binary_search_by_key(&dot.replica, |(last, _)| last.replica);
            of.is_ok_and(|at| dot < folds[at].0 && cut.contains(dot))
        };
        cursor.store.remove_where(cursor.delta, folded);
    }

    fn alike(one: &Self::Store, other: &Self::Store) -> bool {
        let value = |store| ResettableCounterView { store }.value();
        value(one) == value(other)
    }
}

/// `+5`, `-2`, or `+5-2 by r1:7` for several that were folded.
impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.added > 0 || self.taken == 0 {
            write!(f, "+{}", self.added)?;
        }
        if self.taken > 0 {
            write!(f, "-{}", self.taken)?;
        }
        self.folded.map_or(Ok(()), |by| write!(f, " by {by}"))
    }
}

impl fmt::Debug for ResettableCounterView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value())
    }
}

/// `3 {r1:4: +5, r2:1: -2} of {r1:1-4, r2:1}`: the value, each entry with its dot, and all that was
/// seen.
impl fmt::Debug for ResettableCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.value(), self.body)
    }
}

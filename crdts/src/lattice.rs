//! Join-semilattices, and the contract of a replicated type.
//!
//! A *join-semilattice* is a set with a least upper bound `⊔` that is associative, commutative
//! and idempotent. Replicas whose states form one agree once they have seen the same updates,
//! whatever the network did in between (Shapiro, Preguiça, Baquero & Zawirski, SSS 2011).
//! A *delta* is a small lattice element that, joined, has the effect of an update
//! (Almeida, Shoker & Baquero, JPDC 2018).

use std::fmt::Debug;

/// Joins `other` into `self`.
///
/// The one word for everything that arrives from elsewhere: a state, a delta, another clock.
///
/// ```
/// use rejoin_crdts::{GCounter, Merge, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut left = GCounter::new();
/// let mut right = GCounter::new();
/// let delta = left.increment(a, 2)?;
/// assert!(right.merge(&delta));  // a delta…
/// assert!(!right.merge(&left));  // …and a state; nothing new the second time
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
pub trait Merge<Rhs: ?Sized = Self> {
    /// Joins `other` into `self`; true iff `self` changed, so that gossip knows when to stop.
    fn merge(&mut self, other: &Rhs) -> bool;
}

/// A join-semilattice: [`Merge`] is associative, commutative and idempotent, and never loses
/// anything (`a ≤ a ⊔ b`).
///
/// Equality must be canonical: one piece of knowledge, one representation. The laws are checked
/// by [`laws`](crate::laws).
///
/// ```
/// use rejoin_crdts::{Lattice, Merge, ReplicaId, VectorClock};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let here: VectorClock = [(a, 2)].into_iter().collect();
/// let mut join = here.clone();
/// join.merge(&[(b, 1)].into_iter().collect::<VectorClock>());
/// assert!(join.covers(&here) && !here.covers(&join));
/// ```
pub trait Lattice: Merge + Clone + Eq + Debug {
    /// Whether `other ≤ self`: merging `other` would change nothing.
    ///
    /// Complexity: a clone and a merge, unless the type knows better.
    fn covers(&self, other: &Self) -> bool {
        !self.clone().merge(other)
    }
}

/// A lattice that can be replicated by deltas.
///
/// `Delta::default()` is the empty delta: merging it changes nothing, and a mutator that changes
/// nothing returns it. Deltas are compared by their effect.
///
/// ```
/// use rejoin_crdts::{GCounter, Merge, ReplicaId, Replicated};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let (mut here, mut there) = (GCounter::new(), GCounter::new());
/// let _ = here.increment(a, 3)?;
/// let theirs = there.increment(b, 4)?;
/// let mine = here.missing_from(&there).expect("the other lacks something");
/// assert_eq!(here.news(&mine), None); // nothing new to whoever made it
/// here.merge(&theirs);
/// there.merge(&mine);
/// assert_eq!(here, there);
/// assert_eq!(here.parts().count(), 2);
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
pub trait Replicated: Lattice + Merge<Self::Delta> {
    /// What a mutator returns and what travels: a lattice of its own, so that deltas can be joined
    /// before they are sent. It has no mutators: minting an identifier from a delta would reuse one.
    type Delta: Lattice + Default;

    /// The least delta that brings `other` up to `self ⊔ other`, or `None` iff `other` covers
    /// `self`.
    ///
    /// For every `a`, `b`: `b ⊔ a.missing_from(b) = b ⊔ a`
    /// (the optimal delta Δ(a, b) of Enes, Almeida, Baquero & Leitão, ICDE 2019).
    fn missing_from(&self, other: &Self) -> Option<Self::Delta>;

    /// The part of `delta` that `self` lacks, or `None` iff merging `delta` would change nothing.
    ///
    /// This is the "remove redundant" step (RR) of Enes et al., ICDE 2019.
    fn news(&self, delta: &Self::Delta) -> Option<Self::Delta>;

    /// The join-irreducible parts of `self`: they join to `self`, and none is redundant.
    ///
    /// An empty state has no parts.
    fn parts(&self) -> impl Iterator<Item = Self::Delta>;
}

/// A replicated type of which a small summary says exactly what a replica has.
///
/// Two replicas that cannot tell what the other lacks need not exchange states: one sends its
/// summary, the other answers with what is [`beyond`](Self::beyond) it.
///
/// The causal types have one, their context, also where garbage is collected; counters are vectors,
/// and their own summary; of a last-writer-wins register it is the stamp. `GSet`, `TwoPhaseSet` and
/// `LwwMap` have none: what says exactly which elements are there, or which key was changed last by
/// whom, tells all such sets and maps apart and is as large as they are.
///
/// ```
/// use rejoin_crdts::{Merge, OrSet, ReplicaId, Summarize};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let (mut here, mut there) = (OrSet::<u8>::new(), OrSet::new());
/// there.merge(&here.insert(a, 1));
/// let _ = (here.insert(a, 2), here.remove(a, &1), there.insert(b, 3));
/// let request = there.summary(); // travels instead of the set
/// let answer = here.beyond(&request).expect("it lacks something");
/// there.merge(&answer);
/// assert!(there.iter().eq(&[2, 3]));
/// assert_eq!(here.beyond(&there.summary()), None);
/// ```
/// ```compile_fail,E0277
/// fn ask<T: rejoin_crdts::Summarize>(there: &T) -> T::Summary { there.summary() }
/// let _ = ask(&rejoin_crdts::GSet::<u8>::new());
/// ```
/// ```
/// fn ask<T: rejoin_crdts::Summarize>(there: &T) -> T::Summary { there.summary() }
/// let _ = ask(&rejoin_crdts::OrSet::<u8>::new()); // this compiles
/// # assert!(ask(&rejoin_crdts::OrSet::<u8>::new()).is_empty());
/// ```
pub trait Summarize: Replicated {
    /// What says which changes a replica has.
    type Summary: Clone + Eq + Debug;

    /// The summary of what is known here.
    fn summary(&self) -> Self::Summary;

    /// What whoever has the summary `theirs` lacks of `self`, or `None` iff that is nothing.
    ///
    /// For all `a`, `b` that took deltas within the type's [`Delivery`](crate::Delivery):
    /// `b ⊔ a.beyond(b.summary()) = b ⊔ a`. Without seeing `b` it may have to say what
    /// [`missing_from`](Replicated::missing_from), which sees it, leaves out.
    fn beyond(&self, theirs: &Self::Summary) -> Option<Self::Delta>;
}

/// Adapts a plain state-based CRDT, one that can only merge whole states: its delta is the state.
///
/// For a type of your own that has a `merge` and nothing else. `S::default()` must be the bottom
/// of the lattice. A whole state brings along all that its operation had seen, so the delivery of
/// such a type is [`Causal`](crate::Delivery::Causal), the default.
///
/// ```
/// use rejoin_crdts::{Lattice, Merge, Replicated, Whole};
///
/// #[derive(Clone, Debug, Default, PartialEq, Eq)]
/// struct Max(u64);
/// impl Merge for Max {
///     fn merge(&mut self, other: &Self) -> bool {
///         let before = self.0;
///         self.0 = before.max(other.0);
///         self.0 != before
///     }
/// }
/// impl Lattice for Max {}
///
/// let mut here = Whole(Max(1));
/// let there = Whole(Max(3));
/// assert_eq!(there.missing_from(&here), Some(Whole(Max(3))));
/// here.merge(&there);
/// let delta = here.mutate(|max| max.0 += 1);
/// assert_eq!(delta.0, Max(4));
/// ```
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Whole<S>(pub S);

impl<S: Lattice + Default> Whole<S> {
    /// Changes the state with `change` and returns the delta: the whole state if it changed, the
    /// empty delta if it did not.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, VectorClock, Whole};
    /// let me = ReplicaId::new(1, 0);
    /// let mut clock = Whole(VectorClock::new());
    /// assert_eq!(clock.mutate(|clock| clock.raise(me, 2)), clock); // the delta is the state
    /// assert_eq!(clock.mutate(|clock| clock.raise(me, 1)), Whole::default()); // nothing changed
    /// ```
    pub fn mutate<R>(&mut self, change: impl FnOnce(&mut S) -> R) -> Self {
        let before = self.0.clone();
        change(&mut self.0);
        if self.0 == before { Self::default() } else { self.clone() }
    }
}

impl<S: Merge> Merge for Whole<S> {
    fn merge(&mut self, other: &Self) -> bool {
        self.0.merge(&other.0)
    }
}

impl<S: Lattice> Lattice for Whole<S> {}

impl<S: Lattice + Default> Replicated for Whole<S> {
    type Delta = Self;

    fn missing_from(&self, other: &Self) -> Option<Self> {
        (!other.covers(self)).then(|| self.clone())
    }

    fn news(&self, delta: &Self) -> Option<Self> {
        delta.missing_from(self)
    }

    fn parts(&self) -> impl Iterator<Item = Self> {
        (self.0 != S::default()).then(|| self.clone()).into_iter()
    }
}

//! The grow-only set.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;

use im::OrdSet;
use serde::{Deserialize, Serialize};

use super::{absorb, differing, lacking};
use crate::causal::Element;
use crate::{Lattice, Merge, Replicated, SetChange, sorted};

/// A set that only grows.
///
/// **Specification**: `x` is in iff an add of `x` is visible.
///
/// **Anomalies**: none; what is in stays in. **Delivery**: causal (adding what is there already
/// has an empty delta, which leaves it to the earlier add to arrive).
///
/// **Cost**: the elements and nothing else; no replica needs a name. Insert and `contains` are
/// logarithmic; a delta is what was added, and merging it costs its size times the logarithm of
/// the set; cloning is O(1), and merging states that share structure costs their difference.
/// There are no dots, so there is no summary that says exactly and in less space what a replica
/// has, and no [`Summarize`](crate::Summarize): only the elements themselves tell which are there.
/// Whoever cannot tell compares states.
///
/// **Source**: Shapiro, Preguiça, Baquero & Zawirski, INRIA RR-7506, 2011.
///
/// ```
/// use rejoin_crdts::{GSet, Merge};
/// let mut left: GSet<String> = GSet::new();
/// let mut right = left.clone();
/// let milk = left.insert("milk");
/// let bread = right.insert("bread");
/// left.merge(&bread);
/// right.merge(&milk);
/// assert!(left == right && left.iter().eq(["bread", "milk"]));
/// ```
///
/// It is no value of an [`OrMap`](crate::OrMap): a remove of the key could not tell the elements
/// that it had seen from those added since.
///
/// ```compile_fail,E0277
/// let map: rejoin_crdts::OrMap<String, rejoin_crdts::GSet<u8>> = Default::default();
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Deserialize<'de>"))]
pub struct GSet<T: Element> {
    #[serde(with = "sorted::set")]
    elements: OrdSet<T>,
}

/// Elements that were added to a [`GSet`].
///
/// ```
/// use rejoin_crdts::{GSet, Merge};
/// let mut here: GSet<u8> = GSet::new();
/// let mut delta = here.insert(1u8);
/// delta.merge(&here.insert(2u8)); // two are sent as one
/// let mut there = GSet::new();
/// there.merge(&delta);
/// assert_eq!(there, here);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Ord + Deserialize<'de>"))]
pub struct GSetDelta<T> {
    #[serde(with = "sorted::set")]
    added: BTreeSet<T>,
}

impl<T: Element> Default for GSet<T> {
    fn default() -> Self {
        Self { elements: OrdSet::new() }
    }
}

impl<T> Default for GSetDelta<T> {
    fn default() -> Self {
        Self { added: BTreeSet::new() }
    }
}

impl<T: Element> GSet<T> {
    /// The empty set.
    ///
    /// ```
    /// use rejoin_crdts::GSet;
    /// assert_eq!(GSet::<String>::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `element` and returns the delta, which is empty if it was there.
    ///
    /// ```
    /// use rejoin_crdts::{GSet, Merge};
    /// let (mut here, mut there) = (GSet::<String>::new(), GSet::new());
    /// there.merge(&here.insert("milk"));
    /// assert!(there.contains("milk"));
    /// assert_eq!(here.insert("milk"), Default::default()); // it was there
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn insert(&mut self, element: impl Into<T>) -> GSetDelta<T> {
        let element = element.into();
        if self.elements.contains(&element) {
            return GSetDelta::default();
        }
        self.elements.insert(element.clone());
        GSetDelta { added: [element].into() }
    }

    /// Whether `element` is in the set.
    ///
    /// ```
    /// use rejoin_crdts::GSet;
    /// let mut set = GSet::<String>::new();
    /// let _ = set.insert("milk");
    /// assert!(set.contains("milk") && !set.contains("bread"));
    /// ```
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.elements.contains(element)
    }

    /// The elements, ascending.
    ///
    /// ```
    /// use rejoin_crdts::GSet;
    /// let mut set = GSet::<u8>::new();
    /// let _ = (set.insert(2u8), set.insert(1u8));
    /// assert!(set.iter().eq(&[1, 2]));
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> + '_ {
        self.elements.iter()
    }

    /// How many elements there are.
    ///
    /// ```
    /// use rejoin_crdts::GSet;
    /// let mut set = GSet::<u8>::new();
    /// let _ = (set.insert(1u8), set.insert(1u8)); // the second changes nothing
    /// assert_eq!(set.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use rejoin_crdts::GSet;
    /// let mut set = GSet::<u8>::new();
    /// assert!(set.is_empty());
    /// let _ = set.insert(1u8);
    /// assert!(!set.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// What came between `before` and now, ascending; nothing goes, unless `before` is some other
    /// set.
    ///
    /// Costs the difference where the two share structure, as a set and its clone do.
    ///
    /// ```
    /// use rejoin_crdts::{GSet, Merge, SetChange};
    /// let (mut here, mut there) = (GSet::<u8>::new(), GSet::new());
    /// let _ = (here.insert(1), there.insert(1), there.insert(2));
    /// let before = here.clone();
    /// here.merge(&there);
    /// assert!(here.changes_since(&before).eq([SetChange::Added(&2)]));
    /// ```
    pub fn changes_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = SetChange<&'a T>> + 'a {
        differing(&before.elements, &self.elements)
    }
}

impl<T: Element> GSetDelta<T> {
    fn of<'a>(elements: impl Iterator<Item = &'a T>) -> Self {
        Self { added: elements.cloned().collect() }
    }

    fn unless_empty(self) -> Option<Self> {
        (!self.added.is_empty()).then_some(self)
    }
}

impl<T: Element> Merge for GSet<T> {
    fn merge(&mut self, other: &Self) -> bool {
        absorb(&mut self.elements, &other.elements)
    }
}

impl<T: Element> Merge<GSetDelta<T>> for GSet<T> {
    fn merge(&mut self, delta: &GSetDelta<T>) -> bool {
        let before = self.elements.len();
        let fresh = self.news(delta).unwrap_or_default();
        self.elements.extend(fresh.added);
        self.elements.len() > before
    }
}

impl<T: Element> Merge for GSetDelta<T> {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.added.len();
        self.added.extend(other.added.iter().cloned());
        self.added.len() > before
    }
}

impl<T: Element> Lattice for GSet<T> {
    fn covers(&self, other: &Self) -> bool {
        lacking(&self.elements, &other.elements).next().is_none()
    }
}

impl<T: Element> Lattice for GSetDelta<T> {
    fn covers(&self, other: &Self) -> bool {
        other.added.is_subset(&self.added)
    }
}

impl<T: Element> Replicated for GSet<T> {
    type Delta = GSetDelta<T>;

    fn missing_from(&self, other: &Self) -> Option<GSetDelta<T>> {
        GSetDelta::of(lacking(&other.elements, &self.elements)).unless_empty()
    }

    fn news(&self, delta: &GSetDelta<T>) -> Option<GSetDelta<T>> {
        let fresh = delta.added.iter().filter(|element| !self.elements.contains(*element));
        GSetDelta::of(fresh).unless_empty()
    }

    fn parts(&self) -> impl Iterator<Item = GSetDelta<T>> {
        self.elements.iter().map(|element| GSetDelta { added: [element.clone()].into() })
    }
}

/// `{"bread", "milk"}`.
impl<T: Element> fmt::Debug for GSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.elements).finish()
    }
}

/// `+{"milk"}`.
impl<T: fmt::Debug> fmt::Debug for GSetDelta<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{:?}", self.added)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_sets_are_refused() {
        for forged in ["[2,1]", "[1,1]", "[1,2,2]"] {
            let error = "elements are not in strictly ascending order";
            let state = serde_json::from_str::<GSet<u8>>(forged).unwrap_err();
            let delta = serde_json::from_str::<GSetDelta<u8>>(forged).unwrap_err();
            assert!(state.to_string().contains(error) && delta.to_string().contains(error));
        }
        let set: GSet<u8> = serde_json::from_str("[1,2]").unwrap();
        assert!(set.iter().eq(&[1, 2]));
    }

    #[test]
    fn merging_a_state_that_has_it_all_shares_its_structure() {
        let mut here = GSet::<u32>::new();
        let mut there = GSet::<u32>::new();
        for element in 0..100u32 {
            let _ = there.insert(element);
        }
        let _ = here.insert(7u32);
        assert!(here.merge(&there));
        assert!(here.elements.ptr_eq(&there.elements));
        let _ = here.insert(100u32);
        assert!(there.merge(&here) && there.elements.ptr_eq(&here.elements));
        assert!(!there.merge(&here));
    }

    #[test]
    fn states_that_both_have_something_of_their_own_merge_to_the_union() {
        let set = |elements: &[u8]| GSet::<u8> { elements: elements.iter().copied().collect() };
        let mut here = set(&[1, 2]);
        assert!(here.merge(&set(&[2, 3])));
        assert_eq!(here, set(&[1, 2, 3]));
        assert!(!here.merge(&set(&[1, 3])));
    }
}

//! The two-phase set.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;

use im::OrdSet;
use serde::{Deserialize, Serialize};

use super::{absorb, differing, lacking};
use crate::causal::Element;
use crate::{Lattice, Merge, Replicated, SetChange, sorted};

/// A set in which every element is added once at most and removed once at most: what was removed
/// stays out.
///
/// **Specification**: `x` is in iff an add of `x` is visible, and no remove of `x` that had seen
/// one. Removing what is not there removes nothing: an element that nobody knew may still be added.
///
/// **Anomalies**: a remove is for ever, and wins over every add of the same element, concurrent or
/// later. Adding what was removed changes nothing and is no error: the same add is no error where
/// the remove has not arrived, so an error would show how far replication has come, and not what
/// the caller did wrong. Whoever must know asks [`contains`](Self::contains) afterwards. For
/// elements that come back take an [`OrSet`](crate::OrSet); this set is for names that are used
/// once: sessions, tokens, jobs. **Delivery**: causal (what changes nothing has an empty delta).
///
/// **Cost**: every element that was ever added, once; tombstones are never dropped, since an add
/// that arrives late would bring its element back. Insert, remove and `contains` are logarithmic;
/// a delta is what changed, and merging it costs its size times the logarithm of the set; cloning
/// is O(1), and merging states that share structure costs their difference. There are no dots, so
/// there is no summary that says exactly and in less space what a replica has, and no
/// [`Summarize`](crate::Summarize): only the elements themselves tell which were added and which
/// removed. Whoever cannot tell compares states.
///
/// **Source**: Shapiro, Preguiça, Baquero & Zawirski, INRIA RR-7506, 2011 (2P-Set).
///
/// ```
/// use rejoin_crdts::{Merge, TwoPhaseSet};
/// let mut here: TwoPhaseSet<String> = TwoPhaseSet::new();
/// let _ = here.insert("token");
/// let mut there = here.clone();
/// let revoked = here.remove("token");
/// let _ = there.insert("token");  // it is there already
/// there.merge(&revoked);
/// assert!(!there.contains("token"));
/// let _ = there.insert("token");  // revoked is revoked
/// assert!(there.is_empty() && there == here);
/// ```
///
/// It is no value of an [`OrMap`](crate::OrMap): a remove of the key could not tell the elements
/// that it had seen from those added since.
///
/// ```compile_fail,E0277
/// let map: rejoin_crdts::OrMap<String, rejoin_crdts::TwoPhaseSet<u8>> = Default::default();
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw<T>")]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Deserialize<'de>"))]
pub struct TwoPhaseSet<T: Element> {
    #[serde(serialize_with = "sorted::set::serialize")]
    elements: OrdSet<T>,
    #[serde(serialize_with = "sorted::set::serialize")]
    removed: OrdSet<T>, // none of them in `elements`
}

/// Elements that were added to a [`TwoPhaseSet`], and elements that were removed.
///
/// ```
/// use rejoin_crdts::{Merge, TwoPhaseSet};
/// let mut here: TwoPhaseSet<u8> = TwoPhaseSet::new();
/// let mut delta = here.insert(1u8);
/// delta.merge(&here.remove(&1)); // two are sent as one
/// let mut there = TwoPhaseSet::new();
/// there.merge(&delta);
/// assert_eq!(there, here);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw<T>")]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Ord + Deserialize<'de>"))]
pub struct TwoPhaseDelta<T> {
    elements: BTreeSet<T>,
    removed: BTreeSet<T>, // none of them in `elements`
}

/// A state or a delta as a stranger writes it.
#[derive(Deserialize)]
#[serde(rename = "TwoPhaseSet", bound(deserialize = "T: Ord + Deserialize<'de>"))]
struct Raw<T> {
    #[serde(deserialize_with = "sorted::set::deserialize")]
    elements: BTreeSet<T>,
    #[serde(deserialize_with = "sorted::set::deserialize")]
    removed: BTreeSet<T>,
}

impl<T: Ord> TryFrom<Raw<T>> for TwoPhaseDelta<T> {
    type Error = &'static str;

    fn try_from(Raw { elements, removed }: Raw<T>) -> Result<Self, Self::Error> {
        if elements.is_disjoint(&removed) {
            Ok(Self { elements, removed })
        } else {
            Err("an element is both in the set and removed")
        }
    }
}

impl<T: Element> TryFrom<Raw<T>> for TwoPhaseSet<T> {
    type Error = &'static str;

    fn try_from(raw: Raw<T>) -> Result<Self, Self::Error> {
        let TwoPhaseDelta { elements, removed } = raw.try_into()?;
        Ok(Self { elements: elements.into(), removed: removed.into() })
    }
}

impl<T: Element> Default for TwoPhaseSet<T> {
    fn default() -> Self {
        Self { elements: OrdSet::new(), removed: OrdSet::new() }
    }
}

impl<T> Default for TwoPhaseDelta<T> {
    fn default() -> Self {
        Self { elements: BTreeSet::new(), removed: BTreeSet::new() }
    }
}

impl<T: Element> TwoPhaseSet<T> {
    /// The empty set.
    ///
    /// ```
    /// use rejoin_crdts::TwoPhaseSet;
    /// assert_eq!(TwoPhaseSet::<String>::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `element` and returns the delta, which is empty if it was there, and if it was removed
    /// before: it then stays out.
    ///
    /// ```
    /// use rejoin_crdts::{Merge, TwoPhaseSet};
    /// let (mut here, mut there) = (TwoPhaseSet::<String>::new(), TwoPhaseSet::new());
    /// there.merge(&here.insert("token"));
    /// assert!(there.contains("token"));
    /// let _ = here.remove("token");
    /// assert_eq!(here.insert("token"), Default::default());
    /// assert!(!here.contains("token"));
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn insert(&mut self, element: impl Into<T>) -> TwoPhaseDelta<T> {
        let element = element.into();
        if self.knows(&element) {
            return TwoPhaseDelta::default();
        }
        self.elements.insert(element.clone());
        TwoPhaseDelta::adding(element)
    }

    /// Removes `element` for good and returns the delta, which is empty if it was not there.
    ///
    /// ```
    /// use rejoin_crdts::TwoPhaseSet;
    /// let mut set = TwoPhaseSet::<String>::new();
    /// assert_eq!(set.remove("token"), Default::default()); // it was not there, and may be added
    /// let _ = set.insert("token");
    /// let delta = set.remove("token");
    /// assert!(set.is_empty());
    /// # let _ = delta;
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn remove<Q: Ord + ?Sized>(&mut self, element: &Q) -> TwoPhaseDelta<T>
    where
        T: Borrow<Q>,
    {
        match self.elements.remove(element) {
            Some(element) => {
                self.removed.insert(element.clone());
                TwoPhaseDelta::removing(element)
            }
            None => TwoPhaseDelta::default(),
        }
    }

    /// Whether `element` is in the set.
    ///
    /// ```
    /// use rejoin_crdts::TwoPhaseSet;
    /// let mut set = TwoPhaseSet::<String>::new();
    /// let _ = set.insert("token");
    /// assert!(set.contains("token"));
    /// ```
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.elements.contains(element)
    }

    /// The elements, ascending, without those that were removed.
    ///
    /// ```
    /// use rejoin_crdts::TwoPhaseSet;
    /// let mut set = TwoPhaseSet::<u8>::new();
    /// let _ = (set.insert(3u8), set.insert(2u8), set.insert(1u8));
    /// let _ = set.remove(&2);
    /// assert!(set.iter().eq(&[1, 3]));
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> + '_ {
        self.elements.iter()
    }

    /// How many elements there are, without those that were removed.
    ///
    /// ```
    /// use rejoin_crdts::TwoPhaseSet;
    /// let mut set = TwoPhaseSet::<u8>::new();
    /// let _ = (set.insert(1u8), set.insert(2u8));
    /// let _ = set.remove(&1);
    /// assert_eq!(set.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use rejoin_crdts::TwoPhaseSet;
    /// let mut set = TwoPhaseSet::<u8>::new();
    /// let _ = set.insert(1u8);
    /// assert!(!set.is_empty());
    /// let _ = set.remove(&1);
    /// assert!(set.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// What came and what went between `before` and now, ascending.
    ///
    /// Costs the difference where `before` is a clone of what this was; it may be any other set.
    ///
    /// ```
    /// use rejoin_crdts::{Merge, SetChange, TwoPhaseSet};
    /// let (mut here, mut there) = (TwoPhaseSet::<u8>::new(), TwoPhaseSet::new());
    /// there.merge(&here.insert(1));
    /// let before = here.clone();
    /// let mut delta = there.remove(&1);
    /// delta.merge(&there.insert(2));
    /// delta.merge(&there.remove(&2)); // it was never in here: no change
    /// here.merge(&delta);
    /// assert!(here.changes_since(&before).eq([SetChange::Removed(&1)]));
    /// ```
    pub fn changes_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = SetChange<&'a T>> + 'a {
        differing(&before.elements, &self.elements)
    }

    fn knows(&self, element: &T) -> bool {
        self.elements.contains(element) || self.removed.contains(element)
    }
}

impl<T: Element> TwoPhaseDelta<T> {
    fn adding(element: T) -> Self {
        Self { elements: [element].into(), removed: BTreeSet::new() }
    }

    fn removing(element: T) -> Self {
        Self { elements: BTreeSet::new(), removed: [element].into() }
    }

    fn unless_empty<'a>(
        elements: impl Iterator<Item = &'a T>,
        removed: impl Iterator<Item = &'a T>,
    ) -> Option<Self> {
        let (elements, removed) = (elements.cloned().collect(), removed.cloned().collect());
        let delta = Self { elements, removed };
        (delta != Self::default()).then_some(delta)
    }
}

impl<T: Element> Merge for TwoPhaseSet<T> {
    fn merge(&mut self, other: &Self) -> bool {
        for element in lacking(&self.removed, &other.removed) {
            self.elements.remove(element);
        }
        let buried = absorb(&mut self.removed, &other.removed);
        // What was removed here may be in there: it stays out.
        let late = lacking(&self.elements, &other.elements);
        let late: Vec<&T> = late.filter(|element| self.removed.contains(*element)).collect();
        let mut theirs = other.elements.clone();
        for element in late {
            theirs.remove(element);
        }
        absorb(&mut self.elements, &theirs) | buried
    }
}

impl<T: Element> Merge<TwoPhaseDelta<T>> for TwoPhaseSet<T> {
    fn merge(&mut self, delta: &TwoPhaseDelta<T>) -> bool {
        let Some(news) = self.news(delta) else { return false };
        for element in &news.removed {
            self.elements.remove(element);
        }
        self.removed.extend(news.removed);
        self.elements.extend(news.elements);
        true
    }
}

impl<T: Element> Merge for TwoPhaseDelta<T> {
    fn merge(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for element in &other.removed {
            self.elements.remove(element);
            changed |= self.removed.insert(element.clone());
        }
        for element in &other.elements {
            changed |= !self.removed.contains(element) && self.elements.insert(element.clone());
        }
        changed
    }
}

impl<T: Element> Lattice for TwoPhaseSet<T> {
    fn covers(&self, other: &Self) -> bool {
        lacking(&self.removed, &other.removed).next().is_none()
            && lacking(&self.elements, &other.elements)
                .all(|element| self.removed.contains(element))
    }
}

impl<T: Element> Lattice for TwoPhaseDelta<T> {
    fn covers(&self, other: &Self) -> bool {
        other.removed.is_subset(&self.removed)
            && other
                .elements
                .iter()
                .all(|element| self.elements.contains(element) || self.removed.contains(element))
    }
}

impl<T: Element> Replicated for TwoPhaseSet<T> {
    type Delta = TwoPhaseDelta<T>;

    fn missing_from(&self, other: &Self) -> Option<TwoPhaseDelta<T>> {
        let added = lacking(&other.elements, &self.elements);
        TwoPhaseDelta::unless_empty(
            added.filter(|element| !other.removed.contains(*element)),
            lacking(&other.removed, &self.removed),
        )
    }

    fn news(&self, delta: &TwoPhaseDelta<T>) -> Option<TwoPhaseDelta<T>> {
        TwoPhaseDelta::unless_empty(
            delta.elements.iter().filter(|element| !self.knows(element)),
            delta.removed.iter().filter(|element| !self.removed.contains(*element)),
        )
    }

    /// One for each element, in or out: out is above in, and needs no add beside it.
    fn parts(&self) -> impl Iterator<Item = TwoPhaseDelta<T>> {
        let added = self.elements.iter().cloned().map(TwoPhaseDelta::adding);
        added.chain(self.removed.iter().cloned().map(TwoPhaseDelta::removing))
    }
}

/// `{"bread"}, removed {"milk"}`.
impl<T: Element> fmt::Debug for TwoPhaseSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, removed {:?}", self.elements, self.removed)
    }
}

/// `+{"bread"} -{"milk"}`.
impl<T: fmt::Debug> fmt::Debug for TwoPhaseDelta<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{:?} -{:?}", self.elements, self.removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_sets_are_refused() {
        let unsorted = "elements are not in strictly ascending order";
        let both = "an element is both in the set and removed";
        for (elements, removed, error) in [
            ("[2,1]", "[]", unsorted),
            ("[1,1]", "[]", unsorted),
            ("[]", "[2,1]", unsorted),
            ("[]", "[1,1]", unsorted),
            ("[1,2]", "[2,3]", both),
        ] {
            let forged = format!(r#"{{"elements":{elements},"removed":{removed}}}"#);
            let state = serde_json::from_str::<TwoPhaseSet<u8>>(&forged).unwrap_err();
            let delta = serde_json::from_str::<TwoPhaseDelta<u8>>(&forged).unwrap_err();
            assert!(state.to_string().contains(error), "{state}");
            assert!(delta.to_string().contains(error), "{delta}");
        }
        let set = r#"{"elements":[1,3],"removed":[2]}"#;
        let set: TwoPhaseSet<u8> = serde_json::from_str(set).unwrap();
        assert_eq!(format!("{set:?}"), "{1, 3}, removed {2}");
    }

    #[test]
    fn what_was_removed_stays_out_whichever_way_an_add_comes() {
        let (mut here, mut there) = (TwoPhaseSet::<u8>::new(), TwoPhaseSet::new());
        let added = there.insert(1u8);
        let _ = here.insert(1u8);
        let _ = here.remove(&1);
        let gone = here.clone();
        assert_eq!(here.insert(1u8), TwoPhaseDelta::default());
        assert!(!here.merge(&added) && !here.merge(&there) && here == gone);
        assert_eq!(there.missing_from(&here), None);
        assert!(there.merge(&here) && there == gone);
    }

    #[test]
    fn removing_what_is_not_there_leaves_it_to_be_added() {
        let mut set = TwoPhaseSet::<u8>::new();
        assert_eq!(set.remove(&1), TwoPhaseDelta::default());
        assert_eq!(set, TwoPhaseSet::new());
        let _ = set.insert(1u8);
        assert!(set.contains(&1));
    }

    #[test]
    fn states_that_both_have_something_of_their_own_merge_to_both() {
        let set = |elements: &[u8], removed: &[u8]| TwoPhaseSet::<u8> {
            elements: elements.iter().copied().collect(),
            removed: removed.iter().copied().collect(),
        };
        let mut here = set(&[1, 2], &[5]);
        assert!(here.merge(&set(&[3, 5], &[2, 4])));
        assert_eq!(here, set(&[1, 3], &[2, 4, 5]));
        assert!(!here.merge(&set(&[1, 2, 5], &[4])));
    }
}

//! The observed-remove set.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::causal::{
    Causal, CausalContext, Cursor, DotMap, DotSet, DotStore, Dotted, DottedDelta, Element,
    causal_type,
};
use crate::{ReplicaId, SetChange};

/// A set in which a concurrent add wins over a remove (add-wins, observed-remove).
///
/// **Specification**: `x` is in iff an add of `x` is visible that no visible remove of `x`, nor
/// clear, had seen.
///
/// **Anomalies**: none beyond what add-wins means: an element that one replica removes while
/// another adds it again stays. **Delivery**: causal.
///
/// **Cost**: one dot for each element (more while concurrent adds are unresolved), and a context of
/// one number for each replica incarnation that ever wrote; no tombstones. Insert, remove and
/// `contains` are logarithmic in the set; a delta is proportional to what changed; merging a delta
/// costs its size times the logarithm of the set; cloning is O(1).
///
/// **Source**: Bieniusa, Zawirski, Preguiça, Shapiro, Baquero, Balegas & Duarte, "An optimized
/// conflict-free replicated set", INRIA RR-8083, 2012; as a delta type, Almeida, Shoker & Baquero,
/// JPDC 2018.
///
/// ```
/// use rejoin_crdts::{Merge, OrSet, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut left: OrSet<String> = OrSet::new();
/// let mut right = OrSet::new();
/// right.merge(&left.insert(a, "milk"));
/// let removed = left.remove(a, "milk");   // here it goes…
/// let again = right.insert(b, "milk");    // …there it is added again, at the same time
/// left.merge(&again);
/// right.merge(&removed);
/// assert!(left.contains("milk") && left == right);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Element + Deserialize<'de>"))]
pub struct OrSet<T: Element> {
    body: Dotted<DotMap<T, DotSet>>,
}

/// A change to an [`OrSet`], or several joined.
pub type OrSetDelta<T> = DottedDelta<DotMap<T, DotSet>>;

causal_type!([T: Element] OrSet<T>, DotMap<T, DotSet>);

impl<T: Element> Default for OrSet<T> {
    fn default() -> Self {
        Self { body: Dotted::default() }
    }
}

impl<T: Element> OrSet<T> {
    /// The empty set.
    ///
    /// ```
    /// use rejoin_crdts::OrSet;
    /// assert_eq!(OrSet::<String>::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `element` and returns the delta. Adding what is there already renews it: a remove that
    /// had not seen this add leaves it in.
    ///
    /// ```
    /// use rejoin_crdts::{Merge, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let (mut here, mut there) = (OrSet::<String>::new(), OrSet::new());
    /// there.merge(&here.insert(me, "milk"));
    /// assert!(there.contains("milk"));
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn insert(&mut self, me: ReplicaId, element: impl Into<T>) -> OrSetDelta<T> {
        self.body.edit(me, |cursor| OrSetEdit { cursor }.insert(element)).0
    }

    /// Removes `element` and returns the delta, which is empty if it was not there.
    ///
    /// ```
    /// use rejoin_crdts::{OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = OrSet::<String>::new();
    /// let _ = set.insert(me, "milk");
    /// let delta = set.remove(me, "milk");
    /// assert!(set.is_empty());
    /// assert_eq!(set.remove(me, "milk"), Default::default()); // it was not there
    /// # let _ = delta;
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn remove<Q: Ord + ?Sized>(&mut self, me: ReplicaId, element: &Q) -> OrSetDelta<T>
    where
        T: Borrow<Q>,
    {
        self.body.edit(me, |cursor| OrSetEdit { cursor }.remove(element)).0
    }

    /// Removes everything that is there now and returns the delta.
    ///
    /// ```
    /// use rejoin_crdts::{OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = OrSet::<u8>::new();
    /// let _ = (set.insert(me, 1u8), set.insert(me, 2u8));
    /// let delta = set.clear(me);
    /// assert!(set.is_empty());
    /// # let _ = delta;
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn clear(&mut self, me: ReplicaId) -> OrSetDelta<T> {
        self.body.edit(me, |cursor| OrSetEdit { cursor }.clear()).0
    }

    /// Whether `element` is in the set.
    ///
    /// ```
    /// use rejoin_crdts::{OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = OrSet::<String>::new();
    /// let _ = set.insert(me, "milk");
    /// assert!(set.contains("milk") && !set.contains("bread"));
    /// ```
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.view().contains(element)
    }

    /// The elements, ascending.
    ///
    /// ```
    /// use rejoin_crdts::{OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = OrSet::<u8>::new();
    /// let _ = (set.insert(me, 2u8), set.insert(me, 1u8));
    /// assert_eq!(set.iter().collect::<Vec<_>>(), [&1, &2]);
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> + '_ {
        self.view().iter()
    }

    /// How many elements there are.
    ///
    /// ```
    /// use rejoin_crdts::{OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = OrSet::<String>::new();
    /// let _ = set.insert(me, "milk");
    /// let _ = set.insert(me, "milk"); // once more
    /// assert_eq!(set.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use rejoin_crdts::{OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = OrSet::<String>::new();
    /// let _ = set.insert(me, "milk");
    /// assert!(!set.is_empty());
    /// let _ = set.remove(me, "milk");
    /// assert!(set.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.view().is_empty()
    }

    /// The dots of everything this replica has seen, removals included: equal contexts, equal sets.
    ///
    /// ```
    /// use rejoin_crdts::{OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = OrSet::<String>::new();
    /// let _ = set.insert(me, "milk");
    /// let _ = set.remove(me, "milk");
    /// assert_eq!(set.context().len(), 2); // a dot for the add, and one for the removal
    /// ```
    #[must_use]
    pub fn context(&self) -> &CausalContext {
        self.body.context()
    }

    /// What came and what went between `before` and now, ascending.
    ///
    /// Costs the difference where `before` is a clone of what this was; it may be any other set.
    ///
    /// ```
    /// use rejoin_crdts::{Merge, OrSet, ReplicaId, SetChange};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (OrSet::<u8>::new(), OrSet::new());
    /// there.merge(&here.insert(a, 1));
    /// let mut delta = there.insert(b, 2);
    /// delta.merge(&there.insert(b, 1)); // renews what is there, which is no change
    /// let before = here.clone();
    /// here.merge(&delta);
    /// assert!(here.changes_since(&before).eq([SetChange::Added(&2)]));
    /// ```
    pub fn changes_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = SetChange<&'a T>> + 'a {
        self.view().changes_since(before.view())
    }

    fn view(&self) -> OrSetView<'_, T> {
        OrSetView { store: self.body.store() }
    }
}

/// Changes an [`OrSet`] inside a map.
///
/// ```
/// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
/// let _ = cart.update(me, "fruit", |set| {
///     set.insert("apple");
///     set.insert("pear");
/// });
/// assert_eq!(cart.get("fruit").map(|set| set.len()), Some(2));
/// ```
#[derive(Debug)]
pub struct OrSetEdit<'a, T: Element> {
    cursor: Cursor<'a, DotMap<T, DotSet>>,
}

impl<T: Element> OrSetEdit<'_, T> {
    /// Adds `element`, as [`OrSet::insert`] does.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// assert!(cart.get("fruit").is_some_and(|set| set.contains("apple")));
    /// ```
    pub fn insert(&mut self, element: impl Into<T>) {
        self.cursor.replace_at(element.into(), ());
    }

    /// Removes `element`, as [`OrSet::remove`] does.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// let _ = cart.update(me, "fruit", |set| set.remove("apple"));
    /// assert!(cart.get("fruit").is_none()); // a key without content is not there
    /// ```
    pub fn remove<Q: Ord + ?Sized>(&mut self, element: &Q)
    where
        T: Borrow<Q>,
    {
        self.cursor.remove_at(element);
    }

    /// Removes everything that is there now.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// let _ = cart.update(me, "fruit", |set| {
    ///     set.clear();
    ///     set.insert("pear");
    /// });
    /// assert!(cart.get("fruit").is_some_and(|set| set.iter().eq(["pear"])));
    /// ```
    pub fn clear(&mut self) {
        self.cursor.clear();
    }

    /// What is in the set at this point of the edit.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// let _ = cart.update(me, "fruit", |set| {
    ///     if set.view().contains("apple") {
    ///         set.insert("pear");
    ///     }
    /// });
    /// assert_eq!(cart.get("fruit").map(|set| set.len()), Some(2));
    /// ```
    #[must_use]
    pub fn view(&self) -> OrSetView<'_, T> {
        OrSetView { store: self.cursor.store }
    }
}

/// Reads an [`OrSet`] inside a map.
///
/// ```
/// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
/// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
/// let fruit = cart.get("fruit").expect("it is there"); // a view, which borrows
/// assert!(fruit.contains("apple"));
/// ```
pub struct OrSetView<'a, T: Element> {
    store: &'a DotMap<T, DotSet>,
}

impl<'a, T: Element> OrSetView<'a, T> {
    /// Whether `element` is in the set.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// let fruit = cart.get("fruit").expect("it is there");
    /// assert!(fruit.contains("apple") && !fruit.contains("pear"));
    /// ```
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.store.get(element).is_some()
    }

    /// The elements, ascending.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// let _ = cart.update(me, "fruit", |set| set.insert("Pear"));
    /// assert!(cart.get("fruit").is_some_and(|set| set.iter().eq(["Pear", "apple"])));
    /// ```
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'a T> + 'a {
        self.store.iter().map(|(element, _)| element)
    }

    /// How many elements there are.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// assert_eq!(cart.get("fruit").map(|set| set.len()), Some(1));
    /// ```
    #[must_use]
    pub fn len(self) -> usize {
        self.store.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// assert!(cart.get("fruit").is_some_and(|set| !set.is_empty())); // or it would not be there
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.store.is_empty()
    }

    /// What came and what went, as [`OrSet::changes_since`].
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId, SetChange};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<u8>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert(1));
    /// let before = cart.clone();
    /// let _ = cart.update(me, "fruit", |set| set.insert(2));
    /// let (old, new) = (before.get("fruit").unwrap(), cart.get("fruit").unwrap());
    /// assert!(new.changes_since(old).eq([SetChange::Added(&2)]));
    /// ```
    pub fn changes_since(self, before: Self) -> impl Iterator<Item = SetChange<&'a T>> + 'a {
        let differing = before.store.diff(self.store);
        differing
            .filter_map(|(element, old, new)| SetChange::of(element, old.is_some(), new.is_some()))
    }
}

impl<T: Element> Clone for OrSetView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Element> Copy for OrSetView<'_, T> {}

impl<T: Element> Causal for OrSet<T> {
    type Store = DotMap<T, DotSet>;
    type Edit<'a> = OrSetEdit<'a, T>;
    type View<'a> = OrSetView<'a, T>;

    fn edit(cursor: Cursor<'_, Self::Store>) -> OrSetEdit<'_, T> {
        OrSetEdit { cursor }
    }

    fn view(store: &Self::Store) -> OrSetView<'_, T> {
        OrSetView { store }
    }

    fn beyond(
        store: &Self::Store,
        mine: &CausalContext,
        theirs: &CausalContext,
    ) -> <Self::Store as DotStore>::Delta {
        store.missing_from(mine, &Self::Store::default(), theirs)
    }

    fn alike(one: &Self::Store, other: &Self::Store) -> bool {
        let (one, other) = (OrSetView { store: one }, OrSetView { store: other });
        one.changes_since(other).next().is_none()
    }
}

impl<T: Element> fmt::Debug for OrSetView<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// `{"milk": {r1:4}} of {r1:1-4, r2:1}`: each element with its dots, and all that was seen.
impl<T: Element> fmt::Debug for OrSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.body, f)
    }
}

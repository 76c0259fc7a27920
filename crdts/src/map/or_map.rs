//! The observed-remove map.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::causal::{
    Causal, CausalContext, Cursor, DotMap, DotStore, Dotted, DottedDelta, Element, causal_type,
};
use crate::{MapChange, ReplicaId};

/// A map whose values are causal types, nested to any depth: sets, flags, [`MvRegister`](crate::MvRegister),
/// [`ResettableCounter`](crate::ResettableCounter), [`Sequence`](crate::Sequence), `OrMap`, and pairs of
/// these.
///
/// **Specification**: an operation inside key `k` counts iff no visible remove of `k`, nor clear,
/// had seen it; the value of `k` is the nested type's specification over the operations that
/// count. A key is present iff its value holds something that was added and not taken away. So
/// concurrent updates survive a remove, and observed content does not, at every depth.
///
/// **Anomalies**: a key that is removed while another replica updates it stays, with the
/// concurrent update alone and not with what the remove had seen. **Delivery**: causal.
///
/// **Cost**: that of the values, one context for the whole tree, no tombstones of its own. (A key
/// whose sequences are empty is not present, and keeps their tombstones; iteration passes over it.) Update and lookup
/// are logarithmic in the keys at each level; a delta is proportional to what changed; cloning is
/// O(1).
///
/// **Source**: Almeida, Shoker & Baquero, JPDC 2018 (ORMap); Brown, Cribbs, Meiklejohn & Elliott,
/// "Riak DT map", PaPEC 2014.
///
/// ```
/// use rejoin_crdts::{Merge, OrMap, OrSet, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
/// let mut peer: OrMap<String, OrSet<String>> = OrMap::new();
/// peer.merge(&cart.update(a, "fruit", |set| set.insert("apple")));
/// let removed = cart.remove(a, "fruit");
/// let added = peer.update(b, "fruit", |set| set.insert("pear")); // at the same time
/// cart.merge(&added);
/// peer.merge(&removed);
/// assert_eq!(cart, peer);
/// let fruit = cart.get("fruit").expect("the concurrent pear survives");
/// assert_eq!(fruit.iter().collect::<Vec<_>>(), ["pear"]);
/// ```
///
/// Counters and registers without dots are refused by the compiler. In a published map of counters
/// a removed amount comes back with the next increment, and the value read is 10 where 1 is right:
///
/// ```compile_fail,E0277
/// let map: rejoin_crdts::OrMap<String, rejoin_crdts::GCounter> = Default::default();
/// ```
/// ```compile_fail,E0277
/// let map: rejoin_crdts::OrMap<String, rejoin_crdts::PnCounter> = Default::default();
/// ```
/// ```compile_fail,E0277
/// let map: rejoin_crdts::OrMap<String, rejoin_crdts::LwwRegister<u8>> = Default::default();
/// ```
/// ```compile_fail,E0277
/// use rejoin_crdts::{GCounter, OrMap};
/// let nested: OrMap<String, OrMap<String, GCounter>> = Default::default();
/// ```
/// ```
/// use rejoin_crdts::{OrMap, OrSet};
/// let nested: OrMap<String, OrMap<String, OrSet<u8>>> = Default::default(); // this compiles
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(
    serialize = "K: Serialize, V::Store: Serialize",
    deserialize = "K: Element + Deserialize<'de>, V::Store: Deserialize<'de>"
))]
pub struct OrMap<K: Element, V: Causal> {
    body: Dotted<DotMap<K, V::Store>>,
}

/// A change to an [`OrMap`], or several joined.
pub type OrMapDelta<K, V> = DottedDelta<DotMap<K, <V as Causal>::Store>>;

causal_type!([K: Element, V: Causal] OrMap<K, V>, DotMap<K, V::Store>);

impl<K: Element, V: Causal> Default for OrMap<K, V> {
    fn default() -> Self {
        Self { body: Dotted::default() }
    }
}

impl<K: Element, V: Causal> OrMap<K, V> {
    /// The empty map.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet};
    /// assert_eq!(OrMap::<String, OrSet<String>>::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the value under `key` with an editor and returns the delta.
    ///
    /// The closure may do several things: they travel as one. A key comes into being with the first
    /// thing that is added under it.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let delta = cart.update(me, "fruit", |set| {
    ///     set.insert("apple");
    ///     set.insert("pear");
    /// });
    /// assert_eq!(cart.get("fruit").map(|set| set.len()), Some(2));
    /// # let _ = delta;
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn update(
        &mut self,
        me: ReplicaId,
        key: impl Into<K>,
        edit: impl for<'a> FnOnce(&mut V::Edit<'a>),
    ) -> OrMapDelta<K, V> {
        self.body.edit(me, |cursor| OrMapEdit::<K, V> { cursor }.update(key, edit)).0
    }

    /// Changes the value under `key` with an editor that may fail, and returns the delta.
    ///
    /// # Errors
    ///
    /// What the closure returns; the map is then as it was before, whatever the closure did.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let full = cart.try_update(me, "fruit", |set| {
    ///     set.insert("apple");
    ///     Err("the cart is full")
    /// });
    /// assert_eq!(full, Err("the cart is full"));
    /// assert!(cart.is_empty());
    /// ```
    pub fn try_update<E>(
        &mut self,
        me: ReplicaId,
        key: impl Into<K>,
        edit: impl for<'a> FnOnce(&mut V::Edit<'a>) -> Result<(), E>,
    ) -> Result<OrMapDelta<K, V>, E> {
        let (delta, result) =
            self.body.edit(me, |cursor| OrMapEdit::<K, V> { cursor }.try_update(key, edit));
        result.map(|()| delta)
    }

    /// Removes `key` with all that was seen under it, and returns the delta, which is empty if it
    /// was not there.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// let delta = cart.remove(me, "fruit");
    /// assert!(!cart.contains_key("fruit"));
    /// # let _ = delta;
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn remove<Q: Ord + ?Sized>(&mut self, me: ReplicaId, key: &Q) -> OrMapDelta<K, V>
    where
        K: Borrow<Q>,
    {
        self.body.edit(me, |cursor| OrMapEdit::<K, V> { cursor }.remove(key)).0
    }

    /// Removes everything that is there now and returns the delta.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// let delta = cart.clear(me);
    /// assert!(cart.is_empty());
    /// # let _ = delta;
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn clear(&mut self, me: ReplicaId) -> OrMapDelta<K, V> {
        self.body.edit(me, |cursor| OrMapEdit::<K, V> { cursor }.clear()).0
    }

    /// Gives up what the values keep only for operations that had not seen all of `cut`, and returns
    /// the delta: increments are folded. What is read stays the same.
    ///
    /// `cut` must be causally stable: every operation that is still to come here had seen all of
    /// it. [`MatrixClock::stable`](crate::MatrixClock::stable) says what is. The delta travels like
    /// any other. A map of values without such garbage does not change.
    ///
    /// Complexity: linear in the size of the map.
    ///
    /// ```
    /// use rejoin_crdts::{CounterOverflow, MatrixClock, OrMap, ReplicaId, ResettableCounter};
    /// let me = ReplicaId::new(1, 0);
    /// let mut stock: OrMap<String, ResettableCounter> = OrMap::new();
    /// let _ = stock.try_update(me, "apples", |count| count.increment(12))?;
    /// let _ = stock.try_update(me, "apples", |count| count.decrement(2))?;
    /// let mut seen = MatrixClock::new();
    /// seen.record(me, stock.context());
    /// let _ = stock.stabilise(me, &seen.stable([me])); // nobody else writes
    /// assert_eq!(format!("{stock:?}"), r#"{"apples": {r1:2: +12-2 by r1:3}} of {r1:1-3}"#);
    /// # Ok::<(), CounterOverflow>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn stabilise(&mut self, me: ReplicaId, cut: &CausalContext) -> OrMapDelta<K, V> {
        self.body.edit(me, |mut cursor| <Self as Causal>::stabilise(&mut cursor, cut)).0
    }

    /// The value under `key`, if it is present.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// assert!(cart.get("fruit").is_some_and(|set| set.contains("apple")));
    /// assert!(cart.get("dairy").is_none());
    /// ```
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<V::View<'_>>
    where
        K: Borrow<Q>,
    {
        self.view().get(key)
    }

    /// Whether `key` is present.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// assert!(cart.contains_key("fruit") && !cart.contains_key("dairy"));
    /// ```
    #[must_use]
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.view().contains_key(key)
    }

    /// The keys and their values, ascending by key.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// let _ = cart.update(me, "dairy", |set| set.insert("milk"));
    /// assert!(cart.iter().map(|(key, _)| key).eq(["dairy", "fruit"]));
    /// ```
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&K, V::View<'_>)> + '_ {
        self.view().iter()
    }

    /// How many keys are present.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// assert_eq!(cart.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether no key is present.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// assert!(cart.is_empty());
    /// let _ = cart.update(me, "fruit", |_| ()); // adds nothing, and so no key
    /// assert!(cart.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.view().is_empty()
    }

    /// The dots of everything this replica has seen, removals included: equal contexts, equal maps.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
    /// let _ = cart.update(me, "fruit", |set| set.insert("apple"));
    /// let _ = cart.remove(me, "fruit");
    /// assert_eq!(cart.context().len(), 2); // a dot for the apple, and one for the removal
    /// ```
    #[must_use]
    pub fn context(&self) -> &CausalContext {
        self.body.context()
    }

    /// The keys that came, went, or have another value than `before`, ascending, with what was
    /// read there and what is: views, which tell what changed within them in the same way.
    ///
    /// Costs the difference where `before` is a clone of what this was; it may be any other map.
    ///
    /// ```
    /// use rejoin_crdts::{MapChange, Merge, OrMap, OrSet, ReplicaId, SetChange};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut cart: OrMap<String, OrSet<u8>> = OrMap::new();
    /// let _ = cart.update(a, "dairy", |set| set.insert(1));
    /// let _ = cart.update(a, "fruit", |set| set.insert(2));
    /// let mut peer = cart.clone();
    /// let mut delta = peer.update(b, "dairy", |set| set.insert(1)); // is there: no change
    /// delta.merge(&peer.update(b, "fruit", |set| set.insert(3)));
    ///
    /// let before = cart.clone();
    /// cart.merge(&delta);
    /// let changes: Vec<_> = cart.changes_since(&before).collect();
    /// let [MapChange::Updated(key, value)] = &changes[..] else { panic!("{changes:?}") };
    /// assert_eq!(key.as_str(), "fruit");
    /// assert!(value.new.changes_since(value.old).eq([SetChange::Added(&3)]));
    /// ```
    pub fn changes_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = MapChange<&'a K, V::View<'a>>> + 'a {
        self.view().changes_since(before.view())
    }

    fn view(&self) -> OrMapView<'_, K, V> {
        OrMapView { store: self.body.store() }
    }
}

/// Changes an [`OrMap`] inside a map.
///
/// ```
/// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
/// let _ = carts.update(me, "ada", |cart| {
///     cart.update("fruit", |set| set.insert("apple"));
///     cart.update("dairy", |set| set.insert("milk"));
/// });
/// assert_eq!(carts.get("ada").map(|cart| cart.len()), Some(2));
/// ```
pub struct OrMapEdit<'a, K: Element, V: Causal> {
    cursor: Cursor<'a, DotMap<K, V::Store>>,
}

impl<K: Element, V: Causal> OrMapEdit<'_, K, V> {
    /// Changes the value under `key`, as [`OrMap::update`] does.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// assert!(carts.get("ada").is_some_and(|cart| cart.contains_key("fruit")));
    /// ```
    pub fn update(&mut self, key: impl Into<K>, edit: impl for<'a> FnOnce(&mut V::Edit<'a>)) {
        self.cursor.at(key.into(), |at| edit(&mut V::edit(at)));
    }

    /// Changes the value under `key` with an editor that may fail.
    ///
    /// # Errors
    ///
    /// What the closure returns; what it did until then is undone.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| {
    ///     cart.update("dairy", |set| set.insert("milk"));
    ///     let refused = cart.try_update("fruit", |set| {
    ///         set.insert("apple");
    ///         Err("no fruit today")
    ///     });
    ///     assert_eq!(refused, Err("no fruit today"));
    /// });
    /// assert_eq!(carts.get("ada").map(|cart| cart.len()), Some(1)); // the milk
    /// ```
    pub fn try_update<E>(
        &mut self,
        key: impl Into<K>,
        edit: impl for<'a> FnOnce(&mut V::Edit<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        let key = key.into();
        self.cursor.attempt(|cursor| cursor.at(key, |at| edit(&mut V::edit(at))))
    }

    /// Removes `key`, as [`OrMap::remove`] does.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// let _ = carts.update(me, "ada", |cart| cart.remove("fruit"));
    /// assert!(carts.is_empty()); // nothing is left of ada's either
    /// ```
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.cursor.clear_at(key);
    }

    /// Removes everything that is there now.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// let _ = carts.update(me, "ada", |cart| cart.clear());
    /// assert!(carts.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.cursor.clear();
    }

    /// What is in the map at this point of the edit.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// let _ = carts.update(me, "ada", |cart| {
    ///     if cart.view().contains_key("fruit") {
    ///         cart.update("dairy", |set| set.insert("milk"));
    ///     }
    /// });
    /// assert_eq!(carts.get("ada").map(|cart| cart.len()), Some(2));
    /// ```
    #[must_use]
    pub fn view(&self) -> OrMapView<'_, K, V> {
        OrMapView { store: self.cursor.store }
    }
}

/// Reads an [`OrMap`] inside a map.
///
/// ```
/// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
/// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
/// let cart = carts.get("ada").expect("it is there"); // a view, which borrows
/// assert!(cart.contains_key("fruit"));
/// ```
pub struct OrMapView<'a, K: Element, V: Causal> {
    store: &'a DotMap<K, V::Store>,
}

impl<'a, K: Element, V: Causal> OrMapView<'a, K, V> {
    /// The value under `key`, if it is present.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// let fruit = carts.get("ada").and_then(|cart| cart.get("fruit"));
    /// assert!(fruit.is_some_and(|set| set.contains("apple")));
    /// ```
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(self, key: &Q) -> Option<V::View<'a>>
    where
        K: Borrow<Q>,
    {
        self.store.get(key).map(V::view)
    }

    /// Whether `key` is present.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// let cart = carts.get("ada").expect("it is there");
    /// assert!(cart.contains_key("fruit") && !cart.contains_key("dairy"));
    /// ```
    #[must_use]
    pub fn contains_key<Q: Ord + ?Sized>(self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.store.get(key).is_some()
    }

    /// The keys and their values, ascending by key.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// let cart = carts.get("ada").expect("it is there");
    /// assert!(cart.iter().map(|(key, set)| (key.as_str(), set.len())).eq([("fruit", 1)]));
    /// ```
    pub fn iter(self) -> impl ExactSizeIterator<Item = (&'a K, V::View<'a>)> + 'a {
        self.store.iter().map(|(key, store)| (key, V::view(store)))
    }

    /// How many keys are present.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// assert_eq!(carts.get("ada").map(|cart| cart.len()), Some(1));
    /// ```
    #[must_use]
    pub fn len(self) -> usize {
        self.store.len()
    }

    /// Whether no key is present.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// assert!(carts.get("ada").is_some_and(|cart| !cart.is_empty())); // or it would not be there
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        !self.store.is_present()
    }

    /// The keys that came, went, or have another value, as [`OrMap::changes_since`].
    ///
    /// ```
    /// use rejoin_crdts::{MapChange, OrMap, OrSet, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut carts: OrMap<String, OrMap<String, OrSet<String>>> = OrMap::new();
    /// let _ = carts.update(me, "ada", |cart| cart.update("fruit", |set| set.insert("apple")));
    /// let before = carts.clone();
    /// let _ = carts.update(me, "ada", |cart| cart.update("dairy", |set| set.insert("milk")));
    /// let (old, new) = (before.get("ada").unwrap(), carts.get("ada").unwrap());
    /// let mut changes = new.changes_since(old);
    /// assert!(matches!(changes.next(), Some(MapChange::Added(key, _)) if key == "dairy"));
    /// assert!(changes.next().is_none());
    /// ```
    pub fn changes_since(
        self,
        before: Self,
    ) -> impl Iterator<Item = MapChange<&'a K, V::View<'a>>> + 'a {
        before.store.diff(self.store).filter_map(|(key, old, new)| {
            let change = MapChange::of(key, old, new, |old, new| V::alike(old, new))?;
            Some(change.map(V::view))
        })
    }
}

impl<K: Element, V: Causal> Clone for OrMapView<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Element, V: Causal> Copy for OrMapView<'_, K, V> {}

impl<K: Element, V: Causal> Causal for OrMap<K, V> {
    type Store = DotMap<K, V::Store>;
    type Edit<'a> = OrMapEdit<'a, K, V>;
    type View<'a> = OrMapView<'a, K, V>;

    fn edit(cursor: Cursor<'_, Self::Store>) -> OrMapEdit<'_, K, V> {
        OrMapEdit { cursor }
    }

    fn view(store: &Self::Store) -> OrMapView<'_, K, V> {
        OrMapView { store }
    }

    fn beyond(
        store: &Self::Store,
        mine: &CausalContext,
        theirs: &CausalContext,
    ) -> <Self::Store as DotStore>::Delta {
        store.records(|value| V::beyond(value, mine, theirs))
    }

    fn stabilise(cursor: &mut Cursor<'_, Self::Store>, cut: &CausalContext) {
        cursor.each(|mut at| V::stabilise(&mut at, cut));
    }

    fn alike(one: &Self::Store, other: &Self::Store) -> bool {
        let (one, other) = (OrMapView::<K, V> { store: one }, OrMapView::<K, V> { store: other });
        one.changes_since(other).next().is_none()
    }
}

/// `{"fruit": {"apple": {r1:1}}} of {r1:1}`: the live entries with their dots, and all that was
/// seen.
impl<K: Element, V: Causal> fmt::Debug for OrMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.body, f)
    }
}

impl<K: Element, V: Causal> fmt::Debug for OrMapView<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.store, f)
    }
}

impl<K: Element, V: Causal> fmt::Debug for OrMapEdit<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.view(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Merge, OrSet};

    const A: ReplicaId = ReplicaId::new(1, 0);
    const B: ReplicaId = ReplicaId::new(2, 0);

    type Cart = OrMap<String, OrSet<String>>;
    type Shelves = OrMap<String, Cart>;

    #[test]
    fn a_remove_takes_what_it_had_seen_and_leaves_what_it_had_not_at_every_depth() {
        let mut here = Shelves::new();
        let mut there = Shelves::new();
        there.merge(&here.update(A, "shop", |cart| {
            cart.update("fruit", |set| set.insert("apple"));
            cart.update("dairy", |set| set.insert("milk"));
        }));
        let removed = here.remove(A, "shop");
        let added = there.update(B, "shop", |cart| cart.update("fruit", |set| set.insert("pear")));
        here.merge(&added);
        there.merge(&removed);
        assert_eq!(here, there);
        let shop = here.get("shop").unwrap();
        assert_eq!(shop.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["fruit"]);
        assert_eq!(shop.get("fruit").unwrap().iter().collect::<Vec<_>>(), ["pear"]);
    }

    #[test]
    fn a_key_whose_content_is_gone_is_gone() {
        let mut cart = Cart::new();
        let _ = cart.update(A, "fruit", |set| set.insert("apple"));
        let _ = cart.update(A, "fruit", |set| set.remove("apple"));
        assert!(!cart.contains_key("fruit") && cart.is_empty());
    }

    #[test]
    fn what_a_transaction_adds_and_takes_back_leaves_only_its_dots() {
        let mut here = Cart::new();
        let mut there = Cart::new();
        let delta = here.update(A, "fruit", |set| {
            set.insert("apple");
            assert!(set.view().contains("apple"), "a step sees the earlier ones");
            set.remove("apple");
        });
        assert!(here.is_empty());
        assert!(there.merge(&delta));
        assert_eq!(here, there);
    }

    #[test]
    fn a_failed_update_changes_nothing() {
        let mut cart = Shelves::new();
        let _ = cart.update(A, "shop", |cart| cart.update("fruit", |set| set.insert("apple")));
        let before = cart.clone();
        let failed = cart.try_update(A, "shop", |cart| {
            cart.clear();
            cart.update("dairy", |set| set.insert("milk"));
            Err("out of milk")
        });
        assert_eq!(failed, Err("out of milk"));
        assert_eq!(cart, before);
        // A failure inside that the closure forgives undoes the inner update and nothing else.
        let delta = cart
            .try_update(A, "shop", |cart| {
                cart.update("dairy", |set| set.insert("milk"));
                let inner = cart.try_update("fruit", |set| {
                    set.clear();
                    Err(())
                });
                inner.or(Ok::<(), ()>(()))
            })
            .unwrap();
        let mut peer = before;
        peer.merge(&delta);
        assert_eq!(peer, cart);
        assert!(cart.get("shop").unwrap().get("fruit").unwrap().contains("apple"));
        assert!(cart.get("shop").unwrap().get("dairy").unwrap().contains("milk"));
    }

    #[test]
    fn a_clone_is_not_touched_by_later_changes() {
        let mut cart = Cart::new();
        let _ = cart.update(A, "fruit", |set| set.insert("apple"));
        let image = cart.clone();
        let _ = cart.clear(A);
        assert!(image.contains_key("fruit") && cart.is_empty());
    }
}

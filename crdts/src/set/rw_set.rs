//! The remove-wins set.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::causal::{
    Causal, CausalContext, Cursor, DotFun, DotMap, DotSet, DotStore, Dotted, DottedDelta, Element,
    causal_type,
};
use crate::{Dot, ReplicaId, SetChange};

/// A set in which a concurrent remove wins over an add.
///
/// **Specification**: `x` is in iff an add of `x` is visible, and every visible remove of `x`, and
/// clear, had been seen by a visible add of `x`.
///
/// **Anomalies**: none beyond what remove-wins means: an element that one replica adds while another
/// removes it, or clears the set, is gone. So is one that was never there before: a remove of what
/// is not in the set counts, against adds that had not seen it. **Delivery**: causal.
///
/// **Cost**: one dot for each element (more while concurrent changes are unresolved), one for each
/// element that was removed and not added again since the last clear, one for the last clear, and a
/// context of one number for each replica incarnation that ever wrote. What is removed has to be
/// remembered, since it wins over adds that are still to come, until it is
/// [stable](Self::stabilise). Insert, remove and `contains` are
/// logarithmic in these, `len` and iteration linear; merging a delta costs its size times the
/// logarithm; cloning is O(1).
///
/// Inside a map a key is present as soon as anything was done under it that no remove of the key had
/// seen, although its set may be empty.
///
/// **Source**: Bieniusa, Zawirski, Preguiça, Shapiro, Baquero, Balegas & Duarte, "Brief announcement:
/// Semantics of eventually consistent replicated sets", DISC 2012.
///
/// ```
/// use rejoin_crdts::{Merge, ReplicaId, RwSet};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut left: RwSet<String> = RwSet::new();
/// let mut right = RwSet::new();
/// right.merge(&left.insert(a, "ada"));
/// let revoked = left.remove(a, "ada");    // here it goes…
/// let again = right.insert(b, "ada");     // …there it is added again, at the same time
/// left.merge(&again);
/// right.merge(&revoked);
/// assert!(!left.contains("ada") && left == right);
/// right.merge(&left.insert(a, "ada"));    // whoever has seen the remove can add it again
/// assert!(right.contains("ada"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Element + Deserialize<'de>"))]
pub struct RwSet<T: Element> {
    body: Dotted<Store<T>>,
}

/// The clears that no later clear had seen, and what became of each element since.
type Store<T> = (DotSet, DotMap<T, DotFun<Mark>>);

/// What was last done to an element. Reached through the type alone.
#[doc(hidden)]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// It was removed.
    Removed,
    /// It was added, by somebody who had seen these of the clears that no later clear had seen.
    Added(Vec<Dot>),
}

/// A change to an [`RwSet`], or several joined.
pub type RwSetDelta<T> = DottedDelta<Store<T>>;

causal_type!([T: Element] RwSet<T>, Store<T>);

impl<T: Element> Default for RwSet<T> {
    fn default() -> Self {
        Self { body: Dotted::default() }
    }
}

impl<T: Element> RwSet<T> {
    /// The empty set.
    ///
    /// ```
    /// use rejoin_crdts::RwSet;
    /// assert_eq!(RwSet::<String>::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `element` and returns the delta. A remove or clear that had not seen this wins over it.
    ///
    /// ```
    /// use rejoin_crdts::{Merge, ReplicaId, RwSet};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let (mut here, mut there) = (RwSet::<String>::new(), RwSet::new());
    /// there.merge(&here.insert(me, "ada"));
    /// assert!(there.contains("ada"));
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn insert(&mut self, me: ReplicaId, element: impl Into<T>) -> RwSetDelta<T> {
        self.body.edit(me, |cursor| RwSetEdit { cursor }.insert(element)).0
    }

    /// Removes `element`, whether it is there or not, and returns the delta. Adds that had not seen
    /// this lose.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, RwSet};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = RwSet::<String>::new();
    /// let _ = set.insert(me, "ada");
    /// let delta = set.remove(me, "ada");
    /// assert!(set.is_empty());
    /// # let _ = delta;
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn remove(&mut self, me: ReplicaId, element: impl Into<T>) -> RwSetDelta<T> {
        self.body.edit(me, |cursor| RwSetEdit { cursor }.remove(element)).0
    }

    /// Removes every element, those included that somebody adds who has not seen this, and returns
    /// the delta.
    ///
    /// ```
    /// use rejoin_crdts::{Merge, ReplicaId, RwSet};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (RwSet::<u8>::new(), RwSet::<u8>::new());
    /// let clear = here.clear(a);
    /// let _ = there.insert(b, 7); // at the same time
    /// there.merge(&clear);
    /// assert!(there.is_empty());
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn clear(&mut self, me: ReplicaId) -> RwSetDelta<T> {
        self.body.edit(me, |cursor| RwSetEdit { cursor }.clear()).0
    }

    /// Whether `element` is in the set.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, RwSet};
    /// let mut set = RwSet::<String>::new();
    /// let _ = set.insert(ReplicaId::new(1, 0x5eed), "ada");
    /// assert!(set.contains("ada") && !set.contains("ben"));
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
    /// use rejoin_crdts::{ReplicaId, RwSet};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = RwSet::<u8>::new();
    /// let _ = (set.insert(me, 2u8), set.insert(me, 1u8), set.remove(me, 3u8));
    /// assert_eq!(set.iter().collect::<Vec<_>>(), [&1, &2]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.view().iter()
    }

    /// How many elements there are. Linear in them, and in what was removed.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, RwSet};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = RwSet::<u8>::new();
    /// let _ = (set.insert(me, 2u8), set.remove(me, 3u8));
    /// assert_eq!(set.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, RwSet};
    /// let mut set = RwSet::<u8>::new();
    /// assert!(set.is_empty());
    /// let _ = set.insert(ReplicaId::new(1, 0x5eed), 2u8);
    /// assert!(!set.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.view().is_empty()
    }

    /// The dots of everything this replica has seen: equal contexts, equal sets.
    ///
    /// ```
    /// use rejoin_crdts::{ReplicaId, RwSet};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut set = RwSet::<u8>::new();
    /// let _ = (set.insert(me, 2u8), set.remove(me, 2u8));
    /// assert_eq!(set.context().len(), 2);
    /// ```
    #[must_use]
    pub fn context(&self) -> &CausalContext {
        self.body.context()
    }

    /// What came and what went between `before` and now, ascending.
    ///
    /// Costs the difference where `before` is a clone of what this was, and the size where a clear
    /// was among it; it may be any other set.
    ///
    /// ```
    /// use rejoin_crdts::{Merge, ReplicaId, RwSet, SetChange};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (RwSet::<u8>::new(), RwSet::<u8>::new());
    /// let _ = here.insert(a, 1);
    /// let before = here.clone();
    /// here.merge(&there.remove(b, 2)); // which was not in: no change
    /// here.merge(&there.clear(b));     // at the same time as the insert
    /// assert!(here.changes_since(&before).eq([SetChange::Removed(&1)]));
    /// ```
    pub fn changes_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = SetChange<&'a T>> + 'a {
        self.view().changes_since(before.view())
    }

    fn view(&self) -> RwSetView<'_, T> {
        RwSetView { store: self.body.store() }
    }
}

/// Changes an [`RwSet`] inside a map.
///
/// ```
/// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
/// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
/// let _ = members.update(ReplicaId::new(1, 0x5eed), "admins", |set| {
///     set.insert("ada");
///     set.insert("ben");
/// });
/// assert_eq!(members.get("admins").map(|set| set.len()), Some(2));
/// ```
#[derive(Debug)]
pub struct RwSetEdit<'a, T: Element> {
    cursor: Cursor<'a, Store<T>>,
}

impl<T: Element> RwSetEdit<'_, T> {
    /// Adds `element`, as [`RwSet::insert`] does.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
    /// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
    /// let _ = members.update(ReplicaId::new(1, 0x5eed), "admins", |set| set.insert("ada"));
    /// assert!(members.get("admins").is_some_and(|set| set.contains("ada")));
    /// ```
    pub fn insert(&mut self, element: impl Into<T>) {
        let clears = self.cursor.store.0.iter().map(|(dot, ())| dot).collect();
        self.cursor.second().at(element.into(), |mut at| at.replace(Mark::Added(clears)));
    }

    /// Removes `element`, as [`RwSet::remove`] does.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
    /// let _ = members.update(me, "admins", |set| set.insert("ada"));
    /// let _ = members.update(me, "admins", |set| set.remove("ada"));
    /// assert!(members.get("admins").is_some_and(|set| set.is_empty())); // and it is remembered
    /// ```
    pub fn remove(&mut self, element: impl Into<T>) {
        self.cursor.second().at(element.into(), |mut at| at.replace(Mark::Removed));
    }

    /// Removes every element, as [`RwSet::clear`] does.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
    /// let _ = members.update(me, "admins", |set| {
    ///     set.insert("ada");
    ///     set.clear();
    /// });
    /// assert!(members.get("admins").is_some_and(|set| set.is_empty()));
    /// ```
    pub fn clear(&mut self) {
        // What became of elements before this says nothing any more: an add counts from now on iff
        // it has seen this, and then it has seen all that.
        let by = self.cursor.mint();
        let Cursor { store, delta, .. } = &mut self.cursor;
        store.1.clear_into(by, &mut delta.1);
        store.0.replace(&mut delta.0, by, ());
    }

    /// What is in the set at this point of the edit.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
    /// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
    /// let _ = members.update(ReplicaId::new(1, 0x5eed), "admins", |set| {
    ///     set.insert("ada");
    ///     assert!(set.view().contains("ada"));
    /// });
    /// ```
    #[must_use]
    pub fn view(&self) -> RwSetView<'_, T> {
        RwSetView { store: self.cursor.store }
    }
}

/// Reads an [`RwSet`] inside a map.
///
/// ```
/// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
/// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
/// let _ = members.update(ReplicaId::new(1, 0x5eed), "admins", |set| set.insert("ada"));
/// let admins = members.get("admins").expect("it is there"); // a view, which borrows
/// assert!(admins.contains("ada"));
/// ```
pub struct RwSetView<'a, T: Element> {
    store: &'a Store<T>,
}

impl<'a, T: Element> RwSetView<'a, T> {
    /// Whether `element` is in the set.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
    /// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
    /// let _ = members.update(ReplicaId::new(1, 0x5eed), "admins", |set| set.insert("ada"));
    /// let admins = members.get("admins").expect("it is there");
    /// assert!(admins.contains("ada") && !admins.contains("ben"));
    /// ```
    #[must_use]
    pub fn contains<Q: Ord + ?Sized>(self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.store.1.get(element).is_some_and(|marks| self.is_in(marks))
    }

    /// The elements, ascending.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
    /// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
    /// let _ = members.update(ReplicaId::new(1, 0x5eed), "admins", |set| set.insert("ada"));
    /// assert!(members.get("admins").is_some_and(|set| set.iter().eq(["ada"])));
    /// ```
    pub fn iter(self) -> impl Iterator<Item = &'a T> + 'a {
        let present = self.store.1.iter().filter(move |(_, marks)| self.is_in(marks));
        present.map(|(element, _)| element)
    }

    /// How many elements there are, as [`RwSet::len`].
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
    /// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
    /// let _ = members.update(ReplicaId::new(1, 0x5eed), "admins", |set| set.insert("ada"));
    /// assert_eq!(members.get("admins").map(|set| set.len()), Some(1));
    /// ```
    #[must_use]
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, RwSet};
    /// let mut members: OrMap<String, RwSet<String>> = OrMap::new();
    /// let _ = members.update(ReplicaId::new(1, 0x5eed), "admins", |set| set.remove("ada"));
    /// assert!(members.get("admins").is_some_and(|set| set.is_empty()));
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// What came and what went, as [`RwSet::changes_since`].
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, RwSet, SetChange};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut members: OrMap<String, RwSet<u8>> = OrMap::new();
    /// let _ = members.update(me, "admins", |set| set.insert(1));
    /// let before = members.clone();
    /// let _ = members.update(me, "admins", |set| set.remove(1));
    /// let (old, new) = (before.get("admins").unwrap(), members.get("admins").unwrap());
    /// assert!(new.changes_since(old).eq([SetChange::Removed(&1)]));
    /// ```
    pub fn changes_since(self, before: Self) -> impl Iterator<Item = SetChange<&'a T>> + 'a {
        let (old, new) = (before.store, self.store);
        let touched: BTreeSet<&'a T> = if old.0 == new.0 {
            old.1.diff(&new.1).map(|(element, ..)| element).collect()
        } else {
            // A clear takes out elements of which nothing else was said.
            old.1.iter().chain(new.1.iter()).map(|(element, _)| element).collect()
        };
        touched.into_iter().filter_map(move |element| {
            SetChange::of(element, before.contains(element), self.contains(element))
        })
    }

    /// Whether nothing that is known of an element says that it was removed: no remove, and no clear
    /// that no add of it had seen.
    fn is_in(self, marks: &DotFun<Mark>) -> bool {
        let seen = |clear| {
            marks.iter().any(|(_, mark)| match mark {
                Mark::Removed => false,
                Mark::Added(clears) => clears.contains(&clear),
            })
        };
        marks.iter().all(|(_, mark)| *mark != Mark::Removed)
            && self.store.0.iter().all(|(clear, ())| seen(clear))
    }
}

impl<T: Element> Clone for RwSetView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Element> Copy for RwSetView<'_, T> {}

impl<T: Element> RwSet<T> {
    /// Forgets removes and clears in `cut` against which no add stands, and returns the delta; what
    /// is in the set stays the same.
    ///
    /// `cut` must be causally stable: every operation that is still to come here had seen all of
    /// it. [`MatrixClock::stable`](crate::MatrixClock::stable) says what is. The delta travels like
    /// any other. Inside a map, where a key is present as long as something is remembered, one remove
    /// or clear is kept.
    ///
    /// Complexity: linear in the elements that are remembered.
    ///
    /// ```
    /// use rejoin_crdts::{MatrixClock, ReplicaId, RwSet};
    /// let me = ReplicaId::new(1, 0);
    /// let mut set = RwSet::<String>::new();
    /// let _ = (set.insert(me, "ada"), set.remove(me, "ada"));
    /// assert_eq!(format!("{set:?}"), r#"{"ada": {r1:2: -}} of {r1:1-2}"#);
    /// let mut seen = MatrixClock::new();
    /// seen.record(me, set.context());
    /// let _ = set.stabilise(me, &seen.stable([me])); // nobody else writes
    /// assert_eq!(format!("{set:?}"), "{} of {r1:1-3}");
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn stabilise(&mut self, me: ReplicaId, cut: &CausalContext) -> RwSetDelta<T> {
        self.body.edit(me, |cursor| Self::forget(cursor, cut, false)).0
    }

    /// An add that is still to come has seen a stable remove, and wins over it: it is kept only
    /// against adds that are here.
    ///
    /// `spare` the greatest dot: of two replicas that do so at once, one has the greatest of all and
    /// neither takes it away.
    fn forget(mut cursor: Cursor<'_, Store<T>>, cut: &CausalContext, spare: bool) {
        let holds_out = |clear, marks: &DotFun<Mark>| {
            let mut adds = marks.iter().filter_map(|(_, mark)| match mark {
                Mark::Added(clears) => Some(clears.contains(&clear)),
                Mark::Removed => None,
            });
            adds.next().is_some_and(|first| !first && adds.all(|seen| !seen))
        };
        let (clears, elements) = &*cursor.store;
        let idle: Vec<Dot> = clears
            .iter()
            .map(|(clear, ())| clear)
            .filter(|&clear| cut.contains(clear))
            .filter(|&clear| !elements.iter().any(|(_, marks)| holds_out(clear, marks)))
            .collect();
        let is_out = |marks: &DotFun<Mark>| marks.iter().all(|(_, mark)| *mark == Mark::Removed);
        let out = elements.iter().filter(|(_, marks)| is_out(marks));
        let removes = out.flat_map(|(_, marks)| marks.iter().map(|(dot, _)| dot));
        let stable = removes.filter(|&dot| cut.contains(dot)).chain(idle.iter().copied());
        let spared = stable.max().filter(|_| spare);
        let goes = |dot: Dot| cut.contains(dot) && Some(dot) != spared;
        cursor.second().each(|mut marks| {
            if is_out(marks.store) {
                marks.remove_where(|dot, _| goes(dot));
            }
        });
        cursor.first().remove_where(|clear, ()| idle.contains(&clear) && goes(clear));
    }
}

impl<T: Element> Causal for RwSet<T> {
    type Store = Store<T>;
    type Edit<'a> = RwSetEdit<'a, T>;
    type View<'a> = RwSetView<'a, T>;

    fn edit(cursor: Cursor<'_, Self::Store>) -> RwSetEdit<'_, T> {
        RwSetEdit { cursor }
    }

    fn view(store: &Self::Store) -> RwSetView<'_, T> {
        RwSetView { store }
    }

    fn beyond(
        store: &Self::Store,
        mine: &CausalContext,
        theirs: &CausalContext,
    ) -> <Self::Store as DotStore>::Delta {
        store.missing_from(mine, &Self::Store::default(), theirs)
    }

    fn stabilise(cursor: &mut Cursor<'_, Self::Store>, cut: &CausalContext) {
        Self::forget(cursor.reborrow(), cut, true);
    }

    fn alike(one: &Self::Store, other: &Self::Store) -> bool {
        let (one, other) = (RwSetView { store: one }, RwSetView { store: other });
        one.changes_since(other).next().is_none()
    }
}

impl<T: Element> fmt::Debug for RwSetView<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// `+`, `+{r1:3}` if it had seen clears, or `-`.
impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed => f.write_str("-"),
            Self::Added(clears) if clears.is_empty() => f.write_str("+"),
            Self::Added(clears) => {
                f.write_str("+")?;
                f.debug_set().entries(clears).finish()
            }
        }
    }
}

/// `{"ada": {r1:4: +}} cleared {r2:1} of {r1:1-4, r2:1}`: what was last done to each element, the
/// last clear, and all that was seen.
impl<T: Element> fmt::Debug for RwSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (clears, elements) = self.body.store();
        write!(f, "{elements:?}")?;
        if !clears.is_empty() {
            write!(f, " cleared {clears:?}")?;
        }
        write!(f, " of {:?}", self.body.context())
    }
}

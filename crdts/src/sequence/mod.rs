//! The sequence: a list that several edit at once, such as a text.

mod changes;
mod order;
mod runs;
mod store;
mod tree;

use std::fmt;
use std::ops::{Bound, Range, RangeBounds};

use serde::{Deserialize, Serialize};

use self::store::{Records, Store};
use crate::ReplicaId;
use crate::causal::{Causal, CausalContext, Cursor, Dotted, DottedDelta, Element, causal_type};

/// A list into which several insert at once, and from which they delete: a text, if it is a
/// `Sequence<char>`.
///
/// **Specification**: it holds the elements that were inserted and that no visible delete had
/// seen. All elements ever inserted have one total order, which every read agrees with, and in
/// which each is between the neighbours that it was inserted between (the strong list specification
/// of Attiya et al., PODC 2016). What was typed in one go, forwards or backwards, is not
/// interleaved with what others typed at the same place (maximal non-interleaving).
///
/// **Anomalies**: an element that two replicas insert is there twice; there is no move, and a
/// delete and an insertion in its place are two changes. **Delivery**: causal.
///
/// **Cost**: what is deleted leaves a tombstone, until that is [stable](Self::stabilise) and nothing
/// refers to it any more; memory is proportional to elements and tombstones. Insert, delete and `get` are logarithmic in it; a delta is proportional to what
/// changed, and merging it costs its size times that logarithm (amortised: where others inserted at
/// the same place, what they inserted is passed over once). Cloning is O(1).
///
/// **Source**: `FugueMax` of Weidner & Kleppmann, "The Art of the Fugue: Minimizing Interleaving in
/// Collaborative Text Editing", 2023 (IEEE TPDS 36(11), 2025).
///
/// ```
/// use rejoin_crdts::{IndexError, Merge, ReplicaId, Sequence};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut here: Sequence<char> = Sequence::new();
/// let mut there = Sequence::new();
/// there.merge(&here.insert_all(a, 0, "to do".chars())?);
/// let one = here.insert_all(a, 5, ": milk".chars())?;  // at the same time…
/// let other = there.insert_all(b, 5, ": bread".chars())?;
/// here.merge(&other);
/// there.merge(&one);
/// assert_eq!(here, there);
/// assert_eq!(here.to_string(), "to do: milk: bread"); // …and not ": : mbirlekad"
/// # Ok::<(), IndexError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: Element + Deserialize<'de>"))]
pub struct Sequence<T: Element> {
    body: Dotted<Store<T>>,
}

/// A change to a [`Sequence`], or several joined.
pub type SequenceDelta<T> = DottedDelta<Store<T>>;

causal_type!([T: Element] Sequence<T>, Store<T>);

/// An index past the end. The sequence is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{index} is past the end, {end}")]
pub struct IndexError {
    /// The index.
    pub index: usize,
    /// The greatest index there could have been: the end of the sequence, or of a range that was
    /// asked for.
    pub end: usize,
}

impl<T: Element> Default for Sequence<T> {
    fn default() -> Self {
        Self { body: Dotted::default() }
    }
}

impl<T: Element> Sequence<T> {
    /// The empty sequence.
    ///
    /// ```
    /// use rejoin_crdts::Sequence;
    /// assert_eq!(Sequence::<char>::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Inserts an element before the one at `index`, or at the end, and returns the delta.
    ///
    /// # Errors
    ///
    /// If `index` is past the end.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, Merge, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let (mut here, mut there) = (Sequence::<String>::new(), Sequence::new());
    /// there.merge(&here.insert(me, 0, "milk")?);
    /// there.merge(&here.insert(me, 0, "bread")?);
    /// assert!(there.iter().eq(["bread", "milk"]));
    /// assert_eq!(here.insert(me, 3, "tea"), Err(IndexError { index: 3, end: 2 }));
    /// # Ok::<(), IndexError>(())
    /// ```
    pub fn insert(
        &mut self,
        me: ReplicaId,
        index: usize,
        element: impl Into<T>,
    ) -> Result<SequenceDelta<T>, IndexError> {
        self.insert_all(me, index, [element.into()])
    }

    /// Inserts elements, one after the other, before the one at `index`, or at the end, and
    /// returns the delta: they travel as one.
    ///
    /// # Errors
    ///
    /// If `index` is past the end.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "mild".chars())?;
    /// let _ = text.insert_all(me, 3, "k and brea".chars())?;
    /// assert_eq!(text.to_string(), "milk and bread");
    /// # Ok::<(), IndexError>(())
    /// ```
    pub fn insert_all(
        &mut self,
        me: ReplicaId,
        index: usize,
        elements: impl IntoIterator<Item = T>,
    ) -> Result<SequenceDelta<T>, IndexError> {
        self.try_edit(me, |edit| edit.insert_all(index, elements))
    }

    /// Deletes the element at `index` and returns the delta.
    ///
    /// # Errors
    ///
    /// If there is no element at `index`.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "milk".chars())?;
    /// let delta = text.remove(me, 2)?;
    /// assert_eq!(text.to_string(), "mik");
    /// assert_eq!(text.remove(me, 3), Err(IndexError { index: 3, end: 2 }));
    /// # let _ = delta;
    /// # Ok::<(), IndexError>(())
    /// ```
    pub fn remove(&mut self, me: ReplicaId, index: usize) -> Result<SequenceDelta<T>, IndexError> {
        self.try_edit(me, |edit| edit.remove(index))
    }

    /// Deletes the elements in a range of indices and returns the delta.
    ///
    /// # Errors
    ///
    /// If the range does not lie within the sequence, or ends before it starts.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "milk".chars())?;
    /// let _ = text.remove_range(me, 1..3)?;
    /// assert_eq!(text.to_string(), "mk");
    /// assert_eq!(text.remove_range(me, ..3), Err(IndexError { index: 3, end: 2 }));
    /// # Ok::<(), IndexError>(())
    /// ```
    pub fn remove_range(
        &mut self,
        me: ReplicaId,
        range: impl RangeBounds<usize>,
    ) -> Result<SequenceDelta<T>, IndexError> {
        self.try_edit(me, |edit| edit.remove_range(range))
    }

    /// Deletes everything that is there now and returns the delta.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "milk".chars())?;
    /// let delta = text.clear(me);
    /// assert!(text.is_empty());
    /// # let _ = delta;
    /// # Ok::<(), IndexError>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn clear(&mut self, me: ReplicaId) -> SequenceDelta<T> {
        self.body.edit(me, |cursor| SequenceEdit { cursor }.clear()).0
    }

    /// Gives up tombstones of elements whose deletion is in `cut`, and returns the delta; what is
    /// read stays the same.
    ///
    /// `cut` must be causally stable: every operation that is still to come here had seen all of
    /// it. [`MatrixClock::stable`](crate::MatrixClock::stable) says what is. The delta travels like
    /// any other.
    ///
    /// An insertion refers to the element before it, which is live there, and to what comes after
    /// that one, live or dead. So of tombstones in a row all but the first can go at once. What
    /// stays is that first one, one for each gap between live elements at most, and what is kept
    /// refers to: a tombstone next to which something was inserted that is still there. Where
    /// nothing is left at all, what stays goes with the second call: the first one makes it known
    /// that nobody refers to it any more, and must be in the `cut` of the second.
    ///
    /// Complexity: *n* log *n* in elements and tombstones; so is merging the delta.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, MatrixClock, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "milk?".chars())?;
    /// let _ = text.remove_range(me, 2..)?;
    /// assert!(format!("{text:?}").ends_with("without {r1:3-5} of {r1:1-6}"));
    /// let mut seen = MatrixClock::new();
    /// seen.record(me, text.context());
    /// let _ = text.stabilise(me, &seen.stable([me])); // nobody else writes
    /// assert!(format!("{text:?}").ends_with("without {r1:3} of {r1:1-7}"));
    /// # Ok::<(), IndexError>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn stabilise(&mut self, me: ReplicaId, cut: &CausalContext) -> SequenceDelta<T> {
        self.body.edit(me, |mut cursor| cursor.stabilise(cut)).0
    }

    /// The element at `index`.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "milk".chars())?;
    /// assert_eq!((text.get(3), text.get(4)), (Some(&'k'), None));
    /// # Ok::<(), IndexError>(())
    /// ```
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.view().get(index)
    }

    /// The elements, in order.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "milk".chars())?;
    /// assert_eq!(text.iter().collect::<String>(), "milk");
    /// # Ok::<(), IndexError>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.view().iter()
    }

    /// The elements in a range of indices, in order.
    ///
    /// # Errors
    ///
    /// If the range does not lie within the sequence, or ends before it starts.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "milk".chars())?;
    /// assert_eq!(text.range(1..=2)?.collect::<String>(), "il");
    /// assert_eq!(text.range(..7).err(), Some(IndexError { index: 7, end: 4 }));
    /// # Ok::<(), IndexError>(())
    /// ```
    pub fn range(
        &self,
        range: impl RangeBounds<usize>,
    ) -> Result<impl Iterator<Item = &T> + '_, IndexError> {
        self.view().range(range)
    }

    /// How many elements there are.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "milk".chars())?;
    /// let _ = text.remove(me, 0)?;
    /// assert_eq!(text.len(), 3);
    /// # Ok::<(), IndexError>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// assert!(text.is_empty());
    /// let _ = text.insert(me, 0, 'm')?;
    /// assert!(!text.is_empty());
    /// # Ok::<(), IndexError>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.view().is_empty()
    }

    /// The dots of everything this replica has seen, deletions included: equal contexts, equal
    /// sequences.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut text: Sequence<char> = Sequence::new();
    /// let _ = text.insert_all(me, 0, "milk".chars())?;
    /// let _ = text.remove_range(me, 1..3)?;
    /// assert_eq!(text.context().len(), 5); // a dot for each letter, and one for the deletion
    /// # Ok::<(), IndexError>(())
    /// ```
    #[must_use]
    pub fn context(&self) -> &CausalContext {
        self.body.context()
    }

    fn try_edit(
        &mut self,
        me: ReplicaId,
        edit: impl FnOnce(&mut SequenceEdit<'_, T>) -> Result<(), IndexError>,
    ) -> Result<SequenceDelta<T>, IndexError> {
        let (delta, result) = self.body.edit(me, |cursor| edit(&mut SequenceEdit { cursor }));
        result.map(|()| delta)
    }

    fn view(&self) -> SequenceView<'_, T> {
        SequenceView { store: self.body.store() }
    }
}

/// Changes a [`Sequence`] inside a map.
///
/// ```
/// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut notes: OrMap<String, Sequence<char>> = OrMap::new();
/// let _ = notes.try_update(me, "shopping", |text| text.insert_all(0, "milk".chars()))?;
/// assert_eq!(notes.get("shopping").map(|text| text.to_string()), Some("milk".to_owned()));
/// # Ok::<(), rejoin_crdts::IndexError>(())
/// ```
#[derive(Debug)]
pub struct SequenceEdit<'a, T: Element> {
    cursor: Cursor<'a, Store<T>>,
}

impl<T: Element> SequenceEdit<'_, T> {
    /// Inserts an element, as [`Sequence::insert`] does.
    ///
    /// # Errors
    ///
    /// If `index` is past the end; nothing is changed then.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut lists: OrMap<String, Sequence<String>> = OrMap::new();
    /// let _ = lists.try_update(me, "shopping", |list| list.insert(0, "milk"))?;
    /// assert!(lists.get("shopping").is_some_and(|list| list.iter().eq(["milk"])));
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    pub fn insert(&mut self, index: usize, element: impl Into<T>) -> Result<(), IndexError> {
        self.insert_all(index, [element.into()])
    }

    /// Inserts elements, as [`Sequence::insert_all`] does.
    ///
    /// # Errors
    ///
    /// If `index` is past the end; nothing is changed then.
    ///
    /// ```
    /// use rejoin_crdts::{IndexError, OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut notes: OrMap<String, Sequence<char>> = OrMap::new();
    /// let refused = notes.try_update(me, "shopping", |text| {
    ///     text.insert_all(0, "milk".chars())?;
    ///     text.insert_all(5, " and bread".chars())
    /// });
    /// assert_eq!(refused, Err(IndexError { index: 5, end: 4 }));
    /// assert!(notes.is_empty()); // all or nothing
    /// ```
    pub fn insert_all(
        &mut self,
        index: usize,
        elements: impl IntoIterator<Item = T>,
    ) -> Result<(), IndexError> {
        self.view().within(index..index)?;
        self.cursor.insert(index, elements);
        Ok(())
    }

    /// Inserts elements at the end.
    pub(crate) fn append(&mut self, elements: impl IntoIterator<Item = T>) {
        let end = self.view().len();
        self.cursor.insert(end, elements);
    }

    /// Deletes an element, as [`Sequence::remove`] does.
    ///
    /// # Errors
    ///
    /// If there is no element at `index`; nothing is changed then.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut lists: OrMap<String, Sequence<String>> = OrMap::new();
    /// let _ = lists.try_update(me, "shopping", |list| list.insert(0, "milk"))?;
    /// let _ = lists.try_update(me, "shopping", |list| list.remove(0))?;
    /// assert!(lists.get("shopping").is_none()); // a key without content is not there
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    pub fn remove(&mut self, index: usize) -> Result<(), IndexError> {
        let len = self.view().len();
        if index >= len {
            return Err(IndexError { index, end: len.saturating_sub(1) });
        }
        self.cursor.remove(index, 1);
        Ok(())
    }

    /// Deletes the elements in a range, as [`Sequence::remove_range`] does.
    ///
    /// # Errors
    ///
    /// If the range does not lie within the sequence, or ends before it starts; nothing is changed
    /// then.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut notes: OrMap<String, Sequence<char>> = OrMap::new();
    /// let _ = notes.try_update(me, "shopping", |text| text.insert_all(0, "milk".chars()))?;
    /// let _ = notes.try_update(me, "shopping", |text| text.remove_range(1..))?;
    /// assert_eq!(notes.get("shopping").map(|text| text.to_string()), Some("m".to_owned()));
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    pub fn remove_range(&mut self, range: impl RangeBounds<usize>) -> Result<(), IndexError> {
        let range = self.view().within(range)?;
        self.cursor.remove(range.start, range.len());
        Ok(())
    }

    /// Deletes everything that is there now.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut notes: OrMap<String, Sequence<char>> = OrMap::new();
    /// let _ = notes.try_update(me, "shopping", |text| text.insert_all(0, "milk".chars()))?;
    /// let _ = notes.try_update(me, "shopping", |text| {
    ///     text.clear();
    ///     text.insert_all(0, "bread".chars())
    /// })?;
    /// assert_eq!(notes.get("shopping").map(|text| text.to_string()), Some("bread".to_owned()));
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    pub fn clear(&mut self) {
        self.cursor.clear();
    }

    /// What is in the sequence at this point of the edit.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut notes: OrMap<String, Sequence<char>> = OrMap::new();
    /// let _ = notes.try_update(me, "shopping", |text| {
    ///     text.insert_all(0, "milk".chars())?;
    ///     text.insert(text.view().len(), '!')
    /// })?;
    /// assert_eq!(notes.get("shopping").map(|text| text.to_string()), Some("milk!".to_owned()));
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    #[must_use]
    pub fn view(&self) -> SequenceView<'_, T> {
        SequenceView { store: self.cursor.store }
    }
}

/// Reads a [`Sequence`] inside a map.
///
/// ```
/// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
/// let me = ReplicaId::new(1, 0x5eed);
/// let mut notes: OrMap<String, Sequence<char>> = OrMap::new();
/// let _ = notes.try_update(me, "shopping", |text| text.insert_all(0, "milk".chars()))?;
/// let text = notes.get("shopping").expect("it is there"); // a view, which borrows
/// assert_eq!(text.to_string(), "milk");
/// # Ok::<(), rejoin_crdts::IndexError>(())
/// ```
pub struct SequenceView<'a, T: Element> {
    store: &'a Store<T>,
}

impl<'a, T: Element> SequenceView<'a, T> {
    /// The element at `index`.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut lists: OrMap<String, Sequence<String>> = OrMap::new();
    /// let _ = lists.try_update(me, "shopping", |list| list.insert(0, "milk"))?;
    /// let list = lists.get("shopping").expect("it is there");
    /// assert_eq!(list.get(0).map(String::as_str), Some("milk"));
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    #[must_use]
    pub fn get(self, index: usize) -> Option<&'a T> {
        self.store.iter(index).next()
    }

    /// The elements, in order.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut lists: OrMap<String, Sequence<String>> = OrMap::new();
    /// let _ = lists.try_update(me, "shopping", |list| list.insert(0, "milk"))?;
    /// assert!(lists.get("shopping").is_some_and(|list| list.iter().eq(["milk"])));
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    pub fn iter(self) -> impl Iterator<Item = &'a T> + 'a {
        self.store.iter(0)
    }

    /// The elements in a range of indices, in order.
    ///
    /// # Errors
    ///
    /// If the range does not lie within the sequence, or ends before it starts.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut notes: OrMap<String, Sequence<char>> = OrMap::new();
    /// let _ = notes.try_update(me, "shopping", |text| text.insert_all(0, "milk".chars()))?;
    /// let text = notes.get("shopping").expect("it is there");
    /// assert_eq!(text.range(2..)?.collect::<String>(), "lk");
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    pub fn range(
        self,
        range: impl RangeBounds<usize>,
    ) -> Result<impl Iterator<Item = &'a T> + 'a, IndexError> {
        let range = self.within(range)?;
        Ok(self.store.iter(range.start).take(range.len()))
    }

    /// How many elements there are.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut lists: OrMap<String, Sequence<String>> = OrMap::new();
    /// let _ = lists.try_update(me, "shopping", |list| list.insert(0, "milk"))?;
    /// assert_eq!(lists.get("shopping").map(|list| list.len()), Some(1));
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    #[must_use]
    pub fn len(self) -> usize {
        self.store.len()
    }

    /// Whether there is none.
    ///
    /// ```
    /// use rejoin_crdts::{OrMap, ReplicaId, Sequence};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut lists: OrMap<String, Sequence<String>> = OrMap::new();
    /// let _ = lists.try_update(me, "shopping", |list| list.insert(0, "milk"))?;
    /// assert!(lists.get("shopping").is_some_and(|list| !list.is_empty())); // or it would not be there
    /// # Ok::<(), rejoin_crdts::IndexError>(())
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The indices of a range that lies within the sequence.
    fn within(self, range: impl RangeBounds<usize>) -> Result<Range<usize>, IndexError> {
        let len = self.len();
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => len,
        };
        if end > len {
            return Err(IndexError { index: end, end: len });
        }
        if start > end {
            return Err(IndexError { index: start, end });
        }
        Ok(start..end)
    }
}

impl<T: Element> Clone for SequenceView<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Element> Copy for SequenceView<'_, T> {}

impl<T: Element> Causal for Sequence<T> {
    type Store = Store<T>;
    type Edit<'a> = SequenceEdit<'a, T>;
    type View<'a> = SequenceView<'a, T>;

    fn edit(cursor: Cursor<'_, Store<T>>) -> SequenceEdit<'_, T> {
        SequenceEdit { cursor }
    }

    fn view(store: &Store<T>) -> SequenceView<'_, T> {
        SequenceView { store }
    }

    fn alike(one: &Store<T>, other: &Store<T>) -> bool {
        one.alike(other)
    }

    fn beyond(store: &Store<T>, _: &CausalContext, theirs: &CausalContext) -> Records<T> {
        store.beyond(theirs)
    }

    fn stabilise(cursor: &mut Cursor<'_, Store<T>>, cut: &CausalContext) {
        cursor.stabilise(cut);
    }
}

/// The text.
impl fmt::Display for SequenceView<'_, char> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|letter| fmt::Write::write_char(f, *letter))
    }
}

/// The text.
impl fmt::Display for Sequence<char> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.view(), f)
    }
}

impl<T: Element> fmt::Debug for SequenceView<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// `[r1:1: 'a', r1:3: 'b'] without {r1:2} of {r1:1-4}`: the elements with their dots, those of
/// tombstones (`nowhere` those that nobody refers to any more), and all that was seen.
impl<T: Element> fmt::Debug for Sequence<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.body, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::DotStore;
    use crate::{Merge, OrMap, Replicated, SequenceChange};

    const A: ReplicaId = ReplicaId::new(1, 0);
    const B: ReplicaId = ReplicaId::new(2, 0);
    const C: ReplicaId = ReplicaId::new(3, 0);

    type Text = Sequence<char>;
    type Notes = OrMap<String, Text>;

    fn typed(me: ReplicaId, text: &str) -> (Text, SequenceDelta<char>) {
        let mut sequence = Text::new();
        let delta = sequence.insert_all(me, 0, text.chars()).unwrap();
        (sequence, delta)
    }

    /// Types backwards: each letter before the last.
    fn type_backwards(text: &mut Text, me: ReplicaId, index: usize, word: &str) {
        for letter in word.chars().rev() {
            let _ = text.insert(me, index, letter).unwrap();
        }
    }

    fn merged(one: &Text, other: &Text) -> String {
        let (mut here, mut there) = (one.clone(), other.clone());
        here.merge(other);
        there.merge(one);
        assert_eq!(here, there);
        assert_eq!(here.to_string(), there.to_string());
        here.to_string()
    }

    #[test]
    fn what_is_typed_at_once_is_not_interleaved_forwards_or_backwards() {
        let (mut here, delta) = typed(A, "()");
        let mut there = Text::new();
        there.merge(&delta);
        type_backwards(&mut here, A, 1, "milk");
        type_backwards(&mut there, B, 1, "bread");
        assert_eq!(merged(&here, &there), "(milkbread)");
        let _ = here.insert_all(A, 5, "-tea".chars()).unwrap();
        let _ = there.insert_all(B, 6, "-jam".chars()).unwrap();
        assert_eq!(merged(&here, &there), "(milk-teabread-jam)");
    }

    /// The histories in which `FugueMax` differs from Fugue: right siblings whose right origins
    /// differ, the further one first, so that what was inserted before an element stays with it.
    #[test]
    fn of_what_was_inserted_after_one_element_that_with_the_nearer_right_neighbour_comes_last() {
        let (mut here, delta) = typed(B, "b");
        let (mut there, mut elsewhere) = (Text::new(), Text::new());
        let _ = there.insert(A, 0, 'a').unwrap(); // at the end, concurrently
        elsewhere.merge(&delta);
        elsewhere.merge(&there); // "ab"
        assert_eq!(elsewhere.to_string(), "ab");
        let far = there.insert(C, 1, 'x').unwrap(); // after a, before the end
        let near = elsewhere.insert(A, 1, 'y').unwrap(); // after a, before b: by the smaller id
        here.merge(&far);
        here.merge(&near); // their parent is not there yet
        assert_eq!(here.to_string(), "b");
        here.merge(&there);
        here.merge(&elsewhere);
        assert_eq!(here.to_string(), "axyb");
        assert_eq!(merged(&there, &elsewhere), "axyb");
    }

    #[test]
    fn an_index_past_the_end_is_named_and_changes_nothing() {
        let (mut text, _) = typed(A, "abc");
        let before = text.clone();
        let error = |index, end| Some(IndexError { index, end });
        assert_eq!(text.insert(A, 4, 'x').err(), error(4, 3));
        assert_eq!(text.remove(A, 3).err(), error(3, 2));
        assert_eq!(text.remove_range(A, 1..=3).err(), error(4, 3));
        assert_eq!(text.remove_range(A, ..=usize::MAX).err(), error(usize::MAX, 3));
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
        let backwards = text.range(2..1).err();
        assert_eq!(backwards, error(2, 1));
        assert_eq!(text, before);
        assert_eq!(text.remove_range(A, 3..), Ok(SequenceDelta::default()), "nothing to delete");
        assert_eq!(text, before);
        assert_eq!(error(4, 3).unwrap().to_string(), "4 is past the end, 3");
    }

    #[test]
    fn long_texts_are_neither_walked_nor_recurred_over() {
        const LETTERS: usize = 20_000;
        let word = "x".repeat(LETTERS);
        let (mut forwards, delta) = typed(A, &word);
        let mut backwards = Text::new();
        type_backwards(&mut backwards, B, 0, &word);
        assert_eq!(merged(&forwards, &backwards), "x".repeat(2 * LETTERS));
        let json = serde_json::to_string(&backwards).unwrap();
        assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), backwards);
        let mut late = Text::new();
        late.merge(&forwards.insert(A, LETTERS, '!').unwrap());
        late.merge(&backwards);
        late.merge(&delta);
        assert_eq!(late.len(), 2 * LETTERS + 1);
        let _ = late.clear(A);
        assert!(late.is_empty() && late.get(0).is_none());
    }

    #[test]
    fn what_arrives_before_its_neighbours_is_read_when_they_are_there() {
        let (mut here, first) = typed(A, "ab");
        let deltas = [
            first,
            here.insert(A, 1, 'x').unwrap(),     // before b
            here.insert(A, 2, 'y').unwrap(),     // after x, before b
            here.remove_range(A, 1..3).unwrap(), // x and y
            here.insert(A, 1, 'z').unwrap(),
        ];
        assert_eq!(here.to_string(), "azb");
        for first in 0..deltas.len() {
            for step in 1..deltas.len() {
                let mut there = Text::new();
                let mut joined = SequenceDelta::default();
                for at in 0..deltas.len() {
                    let delta = &deltas[(first + at * step) % deltas.len()];
                    let before = there.clone();
                    there.merge(delta);
                    let mut read: Vec<char> = before.iter().copied().collect();
                    for change in there.changes_since(&before) {
                        match change {
                            SequenceChange::Removed(index, _) => drop(read.remove(index)),
                            SequenceChange::Inserted(index, letter) => read.insert(index, *letter),
                        }
                    }
                    assert!(there.iter().eq(&read), "{before:?} {there:?}");
                    joined.merge(delta);
                }
                let mut at_once = Text::new();
                at_once.merge(&joined);
                assert_eq!((&there, there.to_string()), (&at_once, at_once.to_string()));
                assert_eq!((&there, there.to_string()), (&here, here.to_string()));
            }
        }
    }

    #[test]
    fn a_key_whose_text_is_gone_is_not_there_and_its_tombstones_are() {
        let (mut here, mut there) = (Notes::new(), Notes::new());
        let type_in = |notes: &mut Notes, me, index, text: &str| {
            notes.try_update(me, "note", |edit| edit.insert_all(index, text.chars())).unwrap()
        };
        there.merge(&type_in(&mut here, A, 0, "ad"));
        let removed = here.remove(A, "note");
        assert_eq!(here.remove(A, "note"), Default::default(), "there is nothing to remove");
        assert_eq!(here.clear(A), Default::default());
        for gone in [&here, &serde_json::from_str(&serde_json::to_string(&here).unwrap()).unwrap()]
        {
            assert!(gone.is_empty() && !gone.contains_key("note") && gone.get("note").is_none());
            assert_eq!((gone.len(), gone.iter().len(), gone.iter().count()), (0, 0, 0));
        }
        let added = type_in(&mut there, B, 1, "bc"); // between the letters that are gone here
        here.merge(&added);
        there.merge(&removed);
        assert_eq!(here, there);
        assert_eq!((here.len(), here.iter().len()), (1, 1));
        assert_eq!(here.get("note").unwrap().to_string(), "bc");
        let _ = here.try_update(A, "other", |edit| edit.insert(0, 'x')).unwrap();
        let _ = here.clear(A);
        assert!(here.is_empty());
        let outer: OrMap<u8, Notes> = OrMap::new();
        let mut outer = outer;
        let _ = outer.update(A, 1, |notes| {
            notes.update("note", |edit| edit.insert(0, 'x').unwrap());
        });
        let _ = outer.update(A, 1, |notes| notes.remove("note"));
        assert!(outer.is_empty() && outer.get(&1).is_none());
    }

    #[test]
    fn who_has_nothing_takes_a_state_as_it_is_and_who_has_something_takes_what_is_missing() {
        let (here, _) = typed(A, "milk");
        let (mut there, _) = typed(B, "bread");
        let mut fresh = Text::new();
        assert!(fresh.merge(&here) && !fresh.merge(&here));
        let delta = here.missing_from(&there).unwrap();
        assert!(there.merge(&delta) && !there.merge(&delta));
        assert_eq!(there.to_string(), "milkbread");
        assert_eq!(here.missing_from(&there), None);
    }

    /// How many elements and tombstones there are.
    fn kept(text: &Text) -> usize {
        let mut kept = 0;
        text.body.store().dots(&mut |_| kept += 1);
        text.body.store().tombstones(&mut |_| kept += 1);
        kept
    }

    #[test]
    fn of_tombstones_in_a_row_that_nothing_is_attached_to_one_stays() {
        let (mut here, typed) = typed(A, "to do: milk and bread");
        let mut there = Text::new();
        there.merge(&typed);
        let cut = here.context().clone();
        let deleted = here.remove_range(A, 11..).unwrap();
        assert_eq!(here.stabilise(A, &cut), SequenceDelta::default(), "the deletion is not stable");
        there.merge(&deleted);
        let cut = here.context().clone();
        let collected = here.stabilise(A, &cut);
        let added = there.insert(B, 11, '!').unwrap(); // at the same time, before a tombstone
        assert_eq!((here.len(), kept(&here)), (11, 12));
        assert!(there.merge(&collected) && here.merge(&added));
        assert_eq!((here.to_string(), &here), ("to do: milk!".to_owned(), &there));
        assert_eq!(here.stabilise(A, &cut), SequenceDelta::default());
        // A letter that others were typed after stays as long as they do.
        let _ = here.remove_range(A, 2..4).unwrap();
        let cut = here.context().clone();
        let _ = here.stabilise(A, &cut);
        assert_eq!((here.len(), kept(&here)), (10, 13));
    }

    #[test]
    fn a_key_whose_text_was_removed_and_collected_leaves_the_map() {
        let (mut here, mut there) = (Notes::new(), Notes::new());
        let held = |notes: &Notes| {
            let mut held = 0;
            notes
                .parts()
                .for_each(|part| held += usize::from(format!("{part:?}").contains("note")));
            held
        };
        for word in ["milk", "bread", "tea"] {
            for letter in word.chars() {
                let typed = here.try_update(A, "note", |edit| edit.insert(0, letter)).unwrap();
                there.merge(&typed);
            }
        }
        there.merge(&here.remove(A, "note"));
        let first = here.context().clone();
        let nowhere = here.stabilise(A, &first);
        let concurrent = there.try_update(B, "note", |edit| edit.insert(0, 'y')).unwrap();
        assert!(held(&here) > 0 && here.is_empty());
        there.merge(&nowhere);
        let aware = there.try_update(B, "note", |edit| edit.insert(0, 'x')).unwrap();
        assert_eq!(here.stabilise(A, &first), Default::default(), "that is not stable yet");
        here.merge(&concurrent);
        here.merge(&aware);
        assert_eq!(here.get("note").unwrap().to_string(), "xy");
        assert_eq!(here, there);
        let _ = here.remove(A, "note");
        for _ in 0..2 {
            assert!(held(&here) > 0);
            let cut = here.context().clone();
            let _ = here.stabilise(A, &cut);
        }
        assert_eq!(held(&here), 0);
        assert_eq!(format!("{here:?}").split(" of ").next(), Some("{}"));
    }

    /// A stranger may send what no replica makes: elements next to each other in a circle, next to
    /// themselves, or next to nothing; two elements of one name.
    #[test]
    fn forged_elements_wait_or_are_agreed_on() {
        let run = |first: u8, origin: &str, values: &str| {
            format!(r#"{{"first":[0,{first}],"origin":{origin},"values":{values}}}"#)
        };
        let delta = |runs: &[String]| {
            let runs = runs.join(",");
            let store = format!(r#"{{"replicas":[[1,0]],"runs":[{runs}],"deaths":[]}}"#);
            let json = format!(r#"{{"store":{store},"removals":[],"unlocated":[]}}"#);
            serde_json::from_str::<SequenceDelta<char>>(&json)
        };
        let after = |left: u8| format!(r#"{{"After":[[0,{left}],null]}}"#);
        let before = |right: u8| format!(r#"{{"Before":[0,{right}]}}"#);
        let first = r#"{"After":[null,null]}"#;
        let waits = [
            delta(&[run(1, &after(2), r#"["a"]"#), run(2, &before(1), r#"["b"]"#)]),
            delta(&[run(1, &after(1), r#"["a"]"#)]),
            delta(&[run(1, &before(9), r#"["a"]"#)]),
        ];
        for delta in waits {
            let mut text = Text::new();
            assert!(text.merge(&delta.unwrap()));
            assert_eq!((text.len(), text.to_string()), (0, String::new()));
            let _ = text.insert(B, 0, 'x').unwrap();
            let json = serde_json::to_string(&text).unwrap();
            assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text);
            assert_eq!(text.to_string(), "x");
            let _ = text.clear(B);
            assert!(text.is_empty());
        }
        let honest = delta(&[run(1, first, r#"["a","b"]"#)]).unwrap();
        let forged = delta(&[run(1, first, r#"["c"]"#), run(2, &before(1), r#"["d"]"#)]).unwrap();
        let mut texts = [Text::new(), Text::new(), Text::new()];
        let mut joined = honest.clone();
        joined.merge(&forged);
        for (text, deltas) in
            texts.iter_mut().zip([vec![&honest, &forged], vec![&forged, &honest], vec![&joined]])
        {
            deltas.into_iter().for_each(|delta| _ = text.merge(delta));
        }
        assert_eq!(texts[0].to_string(), "dc");
        assert!(texts.iter().all(|text| (text, text.to_string()) == (&texts[0], "dc".to_owned())));
        for refused in [
            delta(&[run(1, first, r#"["a"]"#), run(2, &after(1), r#"["b"]"#)]), // one run
            delta(&[run(2, first, r#"["a"]"#), run(1, first, r#"["b"]"#)]),
            delta(&[run(1, first, "[]")]),
            delta(&[run(0, first, r#"["a"]"#)]),
            delta(&[run(1, "null", r#"["a"]"#)]), // of which nothing is kept
            delta(&[run(1, r#"{"Nowhere":[0,1]}"#, r#"["a"]"#)]),
            delta(&[run(1, first, "[null]")]), // deleted by nobody
            delta(&[run(1, first, r#"["a"]"#).replace("[0,1]", "[1,1]")]),
            delta(&[run(1, first, r#"["a","b"]"#).replace("[0,1]", "[0,9223372036854775807]")]),
            delta(&[run(1, first, r#"["a"]"#).replace("[0,1]", "[0,18446744073709551615]")]),
        ] {
            assert!(refused.is_err(), "{refused:?}");
        }
        let text = |context: &str| {
            let runs = run(1, first, r#"["a",null]"#);
            let store = format!(r#"{{"replicas":[[1,0]],"runs":[{runs}],"deaths":[[[0,3],1]]}}"#);
            let json = format!(r#"{{"context":[[[1,0],[[1,{context}]]]],"store":{store}}}"#);
            serde_json::from_str::<Text>(&json)
        };
        assert_eq!(text("2").unwrap().to_string(), "a");
        assert!(text("1").is_err(), "a tombstone that the context does not know");
    }
}

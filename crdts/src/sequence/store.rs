//! The elements of a sequence as the store of a causal type.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::runs::{Runs, Told};
use super::tree::{Difference, Life, Node, Origin, Tree};
use crate::Dot;
use crate::causal::{CausalContext, Cursor, DotStore, Element};

/// The elements of a sequence and what is left of deleted ones.
#[doc(hidden)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Store<T: Element> {
    pub(super) tree: Tree<T>,
}

/// Records of a [`Store`]: elements that are live, elements that died, and those of which nothing is
/// kept.
#[doc(hidden)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Records<T> {
    records: BTreeMap<Dot, Record<T>>,
}

/// What is told of one element.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Record<T> {
    /// It was inserted, and maybe deleted. Others may have been inserted next to it.
    Kept(Origin, Life<T>),
    /// It was deleted, and nothing is kept of it.
    Dropped,
}

impl<T: Element> Default for Store<T> {
    fn default() -> Self {
        Self { tree: Tree::default() }
    }
}

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self { records: BTreeMap::new() }
    }
}

impl<T: Element> Record<T> {
    fn of(node: &Node<T>) -> Self {
        Self::Kept(node.origin, node.life.clone())
    }

    /// Joins what else is told of the same element.
    fn join(&mut self, dot: Dot, other: &Self) -> bool {
        let before = self.clone();
        *self = match (&before, other) {
            (Self::Kept(origin, life), Self::Kept(other_origin, other_life)) => {
                let mut node = Node { dot, origin: *origin, life: life.clone() };
                node.join(*other_origin, other_life);
                Self::of(&node)
            }
            _ => Self::Dropped,
        };
        *self != before
    }
}

impl<T: Element> Store<T> {
    /// How many elements are to be read.
    pub(super) fn len(&self) -> usize {
        self.tree.len()
    }

    /// The elements that were inserted, deleted or given up outside of `theirs`.
    pub(super) fn beyond(&self, theirs: &CausalContext) -> Records<T> {
        let unseen = |node: &&Node<T>| node.changes().any(|by| !theirs.contains(by));
        self.tree.nodes().filter(unseen).map(|node| (node.dot, Record::of(node))).collect()
    }

    /// The elements from `index` on.
    pub(super) fn iter(&self, index: usize) -> impl Iterator<Item = &T> {
        self.tree.iter(index).filter_map(Node::value)
    }
}

impl<T: Element> Cursor<'_, Store<T>> {
    /// Inserts elements at `index`, which must be at most the length.
    pub(super) fn insert(&mut self, index: usize, values: impl IntoIterator<Item = T>) {
        for (index, value) in (index..).zip(values) {
            let (dot, origin) = (self.mint(), self.store.tree.origin(index));
            let life = Life::Live(value);
            self.store.tree.put(dot, origin, &life);
            self.delta.records.insert(dot, Record::Kept(origin, life));
        }
    }

    /// Deletes `count` elements from `index` on; the deletion has a dot of its own iff there is
    /// something to delete.
    pub(super) fn remove(&mut self, index: usize, count: usize) {
        if count > 0 {
            let by = self.mint_removal();
            self.store.remove_into(index..index + count, by, self.delta);
        }
    }

    /// Gives up tombstones; this has a dot of its own iff there is one to be given up.
    pub(super) fn stabilise(&mut self, cut: &CausalContext) {
        let (over, garbage) = (self.store.tree.all_over(cut), self.store.tree.garbage(cut));
        if over.is_empty() && garbage.is_empty() {
            return;
        }
        let by = self.mint_removal();
        let nowhere = Record::Kept(Origin::Nowhere(by), Life::Dead(Arc::new(by)));
        let nowhere = over.into_iter().map(|dot| (dot, nowhere.clone()));
        for (dot, record) in nowhere.chain(garbage.into_iter().map(|dot| (dot, Record::Dropped))) {
            self.store.take(dot, &record);
            self.delta.put(dot, &record);
        }
        self.store.tree.settle();
    }
}

impl<T: Element> Store<T> {
    /// Deletes the elements in a range, which is within bounds.
    fn remove_into(&mut self, range: Range<usize>, by: Dot, delta: &mut Records<T>) {
        let by = Arc::new(by);
        let dying = self.tree.iter(range.start).take(range.len());
        for (dot, origin) in dying.map(|node| (node.dot, node.origin)).collect::<Vec<_>>() {
            let record = Record::Kept(origin, Life::Dead(Arc::clone(&by)));
            self.take(dot, &record);
            delta.put(dot, &record);
        }
    }

    /// Takes in a record of an element of which not all was dropped. Whoever does that settles.
    fn take(&mut self, dot: Dot, record: &Record<T>) -> bool {
        match record {
            Record::Kept(origin, life) => self.tree.put(dot, *origin, life),
            Record::Dropped => self.tree.drop(dot),
        }
    }
}

impl<T: Element> Records<T> {
    fn put(&mut self, dot: Dot, record: &Record<T>) -> bool {
        match self.records.entry(dot) {
            btree_map::Entry::Occupied(mut mine) => mine.get_mut().join(dot, record),
            btree_map::Entry::Vacant(place) => {
                place.insert(record.clone());
                true
            }
        }
    }
}

impl<T: Element> FromIterator<(Dot, Record<T>)> for Records<T> {
    fn from_iter<I: IntoIterator<Item = (Dot, Record<T>)>>(records: I) -> Self {
        Self { records: records.into_iter().collect() }
    }
}

impl<T: Element> DotStore for Store<T> {
    type Delta = Records<T>;

    fn is_empty(&self) -> bool {
        self.tree.is_empty()
    }

    fn is_present(&self) -> bool {
        self.len() > 0
    }

    fn dots(&self, each: &mut dyn FnMut(Dot)) {
        self.tree.nodes().filter(|node| node.value().is_some()).for_each(|node| each(node.dot));
    }

    fn tombstones(&self, each: &mut dyn FnMut(Dot)) {
        self.tree.nodes().filter(|node| node.value().is_none()).for_each(|node| each(node.dot));
    }

    fn join(&mut self, mine: &CausalContext, other: &Self, theirs: &CausalContext) -> bool {
        // Of an element that only one side has, the other may know that it was dropped.
        let kept = |node: &Node<T>, elsewhere: &CausalContext| {
            (!elsewhere.contains(node.dot)).then(|| node.clone())
        };
        let (mut changes, mut takes_all) = (Vec::new(), true);
        for difference in self.tree.diff(&other.tree) {
            let (dot, joined, other) = match difference {
                Difference::Theirs(node) => (node.dot, kept(node, mine), Some(node)),
                Difference::Mine(node) => (node.dot, kept(node, theirs), None),
                Difference::Both(node, other) => {
                    let mut joined = node.clone();
                    joined.join(other.origin, &other.life);
                    (node.dot, Some(joined), Some(other))
                }
            };
            takes_all &= other == joined.as_ref();
            changes.push((dot, joined));
        }
        if takes_all && !changes.is_empty() {
            // From now on the two share their structure, and the next difference is cheap.
            self.clone_from(other);
            return true;
        }
        let mut changed = false;
        for (dot, joined) in changes {
            changed |= match joined {
                Some(node) => self.tree.put(dot, node.origin, &node.life),
                None => self.tree.drop(dot),
            };
        }
        self.tree.settle();
        changed
    }

    fn apply(&mut self, mine: &CausalContext, delta: &Self::Delta) -> bool {
        let mut changed = false;
        for (&dot, record) in &delta.records {
            let was_dropped = mine.contains(dot) && self.tree.get(dot).is_none();
            changed |= !was_dropped && self.take(dot, record);
        }
        self.tree.settle();
        changed
    }

    fn retire(&mut self, dead: &CausalContext) -> bool {
        let dropped: Vec<Dot> =
            self.tree.nodes().map(|node| node.dot).filter(|&dot| dead.contains(dot)).collect();
        let changed = dropped.iter().fold(false, |changed, &dot| self.tree.drop(dot) | changed);
        self.tree.settle();
        changed
    }

    fn clear_into(&mut self, by: Dot, delta: &mut Self::Delta) {
        self.remove_into(0..self.len(), by, delta);
    }

    fn missing_from(
        &self,
        mine: &CausalContext,
        other: &Self,
        theirs: &CausalContext,
    ) -> Self::Delta {
        let record = |difference| match difference {
            Difference::Theirs(node) => {
                (!theirs.contains(node.dot)).then(|| (node.dot, Record::of(node)))
            }
            Difference::Mine(node) => {
                mine.contains(node.dot).then_some((node.dot, Record::Dropped))
            }
            Difference::Both(theirs, mine) => {
                let mut joined = theirs.clone();
                joined.join(mine.origin, &mine.life).then(|| (mine.dot, Record::of(mine)))
            }
        };
        other.tree.diff(&self.tree).filter_map(record).collect()
    }

    fn news(&self, mine: &CausalContext, delta: &Self::Delta) -> Self::Delta {
        let is_news = |dot: Dot, record: &Record<T>| match (self.tree.get(dot), record) {
            (None, _) => !mine.contains(dot),
            (Some(_), Record::Dropped) => true,
            (Some(node), Record::Kept(origin, life)) => node.clone().join(*origin, life),
        };
        let news = delta.records.iter().filter(|&(&dot, record)| is_news(dot, record));
        news.map(|(&dot, record)| (dot, record.clone())).collect()
    }

    fn parts(&self) -> impl Iterator<Item = Self::Delta> {
        self.tree.nodes().map(|node| [(node.dot, Record::of(node))].into_iter().collect())
    }

    fn delta_dots(delta: &Self::Delta, each: &mut dyn FnMut(Dot)) {
        delta.records.keys().for_each(|&dot| each(dot));
    }

    fn join_deltas(delta: &mut Self::Delta, other: &Self::Delta) -> bool {
        other.records.iter().fold(false, |changed, (&dot, record)| delta.put(dot, record) | changed)
    }

    fn bury(delta: &mut Self::Delta, dead: &CausalContext) -> bool {
        let told = delta.records.iter_mut().filter(|(dot, _)| dead.contains(**dot));
        told.fold(false, |changed, (&dot, record)| record.join(dot, &Record::Dropped) | changed)
    }
}

/// `[r1:1: "a", r1:2: "b"]`, the dots of tombstones, those of tombstones that are nowhere, and those
/// that wait for what is not there.
impl<T: Element> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for node in self.tree.iter(0) {
            if let Life::Live(value) = &node.life {
                list.entry(&format_args!("{}: {value:?}", node.dot));
            }
        }
        list.finish()?;
        let dots = |nodes: &mut dyn Iterator<Item = &Node<T>>| -> CausalContext {
            nodes.map(|node| node.dot).collect()
        };
        let is_nowhere = |node: &&Node<T>| matches!(node.origin, Origin::Nowhere(_));
        let read = dots(&mut self.tree.iter(0));
        let live = dots(&mut self.tree.nodes().filter(|node| node.value().is_some()));
        let dead = || self.tree.nodes().filter(|node| node.value().is_none());
        let nowhere = dots(&mut dead().filter(is_nowhere));
        let placed = dots(&mut dead().filter(|node| !is_nowhere(node)));
        let awaiting = live.difference(&read);
        for (what, dots) in [("without", placed), ("nowhere", nowhere), ("awaiting", awaiting)] {
            if !dots.is_empty() {
                write!(f, " {what} {dots:?}")?;
            }
        }
        Ok(())
    }
}

/// `{r1:1: Kept(After { left: None, right: None }, Live("a")), r1:2: Dropped}`.
impl<T: fmt::Debug> fmt::Debug for Records<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.records).finish()
    }
}

impl<T: Element + Serialize> Serialize for Store<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nodes = self.tree.nodes();
        let told = nodes.map(|node| (node.dot, Some((node.origin, node.life.clone()))));
        Runs::pack(told).serialize(serializer)
    }
}

impl<'de, T: Element + Deserialize<'de>> Deserialize<'de> for Store<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = Runs::<T>::deserialize(deserializer)?.unpack().map_err(de::Error::custom)?;
        let node = |(dot, kept): Told<T>| {
            let node = kept.map(|(origin, life)| Arc::new(Node { dot, origin, life }));
            node.ok_or_else(|| de::Error::custom("an element of which nothing is kept"))
        };
        Ok(Self { tree: told.into_iter().map(node).collect::<Result<_, _>>()? })
    }
}

impl<T: Element + Serialize> Serialize for Records<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = self.records.iter().map(|(&dot, record)| match record {
            Record::Kept(origin, life) => (dot, Some((*origin, life.clone()))),
            Record::Dropped => (dot, None),
        });
        Runs::pack(told).serialize(serializer)
    }
}

impl<'de, T: Element + Deserialize<'de>> Deserialize<'de> for Records<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = Runs::<T>::deserialize(deserializer)?.unpack().map_err(de::Error::custom)?;
        let record = |(dot, kept): Told<T>| match kept {
            Some((origin, life)) => (dot, Record::Kept(origin, life)),
            None => (dot, Record::Dropped),
        };
        Ok(told.into_iter().map(record).collect())
    }
}

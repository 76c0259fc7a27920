//! The elements of a sequence as the store of a causal type.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::runs::{Runs, Told};
use super::tree::{Difference, Node, Origin, Tree};
use crate::Dot;
use crate::causal::{CausalContext, Cursor, DotStore, Element};

/// The elements of a sequence and what is left of deleted ones.
#[doc(hidden)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Store<T: Element> {
    pub(super) tree: Tree<T>,
}

/// Records of a [`Store`]: elements that are live, and elements that died.
#[doc(hidden)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Records<T> {
    records: BTreeMap<Dot, Record<T>>,
}

/// What is told of one element.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Record<T> {
    /// It was inserted.
    Live(Origin, T),
    /// It was inserted and deleted. Others may have been inserted next to it.
    Tombstone(Origin),
    /// It was deleted; who told of its insertion said where.
    Dead,
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
        match &node.value {
            Some(value) => Self::Live(node.origin, value.clone()),
            None => Self::Tombstone(node.origin),
        }
    }

    fn origin(&self) -> Option<Origin> {
        match self {
            Self::Live(origin, _) | Self::Tombstone(origin) => Some(*origin),
            Self::Dead => None,
        }
    }

    /// The same, of an element that has died; true iff it had not.
    fn die(&mut self) -> bool {
        let lived = matches!(self, Self::Live(..));
        if let Self::Live(origin, _) = self {
            *self = Self::Tombstone(*origin);
        }
        lived
    }

    fn join(&mut self, other: &Self) -> bool {
        let before = self.clone();
        let origin = self.origin().max(other.origin());
        *self = match (&before, other, origin) {
            (Self::Live(_, mine), Self::Live(_, theirs), Some(origin)) => {
                Self::Live(origin, mine.max(theirs).clone())
            }
            (_, _, Some(origin)) => Self::Tombstone(origin),
            (_, _, None) => Self::Dead,
        };
        *self != before
    }
}

impl<T: Element> Store<T> {
    /// How many elements are to be read.
    pub(super) fn len(&self) -> usize {
        self.tree.len()
    }

    /// The elements from `index` on.
    pub(super) fn iter(&self, index: usize) -> impl Iterator<Item = &T> {
        self.tree.iter(index).filter_map(|node| node.value.as_ref())
    }
}

impl<T: Element> Cursor<'_, Store<T>> {
    /// Inserts elements at `index`, which must be at most the length.
    pub(super) fn insert(&mut self, index: usize, values: impl IntoIterator<Item = T>) {
        for (index, value) in (index..).zip(values) {
            let (dot, origin) = (self.mint(), self.store.tree.origin(index));
            self.store.tree.put(dot, origin, Some(&value));
            self.delta.records.insert(dot, Record::Live(origin, value));
        }
    }

    /// Deletes `count` elements from `index` on; the deletion has a dot of its own iff there is
    /// something to delete.
    pub(super) fn remove(&mut self, index: usize, count: usize) {
        let dots: Vec<Dot> = self.store.tree.iter(index).take(count).map(|node| node.dot).collect();
        self.store.remove_into(&dots, self.delta);
        if !dots.is_empty() {
            self.mint_removal();
        }
    }
}

impl<T: Element> Store<T> {
    fn remove_into(&mut self, dots: &[Dot], delta: &mut Records<T>) {
        for &dot in dots {
            self.tree.kill(dot);
            delta.put(dot, &Record::Dead);
        }
    }
}

impl<T: Element> Records<T> {
    fn put(&mut self, dot: Dot, record: &Record<T>) -> bool {
        match self.records.entry(dot) {
            btree_map::Entry::Occupied(mut mine) => mine.get_mut().join(record),
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
        self.tree.nodes().filter(|node| node.value.is_some()).for_each(|node| each(node.dot));
    }

    fn tombstones(&self, each: &mut dyn FnMut(Dot)) {
        self.tree.nodes().filter(|node| node.value.is_none()).for_each(|node| each(node.dot));
    }

    fn join(&mut self, mine: &CausalContext, other: &Self, theirs: &CausalContext) -> bool {
        // Of an element that only one side has, the other may know that it died.
        let lives = |node: &Node<T>, elsewhere: &CausalContext| {
            node.value.as_ref().filter(|_| !elsewhere.contains(node.dot)).cloned()
        };
        let (mut changes, mut takes_all) = (Vec::new(), true);
        for difference in self.tree.diff(&other.tree) {
            let (joined, other) = match difference {
                Difference::Theirs(node) => {
                    (Node { value: lives(node, mine), ..node.clone() }, Some(node))
                }
                Difference::Mine(node) => {
                    (Node { value: lives(node, theirs), ..node.clone() }, None)
                }
                Difference::Both(node, other) => {
                    let mut joined = node.clone();
                    joined.join(other.origin, other.value.as_ref());
                    (joined, Some(other))
                }
            };
            takes_all &= other == Some(&joined);
            changes.push(joined);
        }
        if takes_all && !changes.is_empty() {
            // From now on the two share their structure, and the next difference is cheap.
            self.clone_from(other);
            return true;
        }
        let mut changed = false;
        for node in changes {
            changed |= self.tree.put(node.dot, node.origin, node.value.as_ref());
        }
        self.tree.settle();
        changed
    }

    fn apply(&mut self, mine: &CausalContext, delta: &Self::Delta) -> bool {
        let mut changed = false;
        for (&dot, record) in &delta.records {
            changed |= match record {
                Record::Live(origin, value) => {
                    let died = mine.contains(dot) && self.tree.get(dot).is_none();
                    self.tree.put(dot, *origin, (!died).then_some(value))
                }
                Record::Tombstone(origin) => self.tree.put(dot, *origin, None),
                Record::Dead => self.tree.kill(dot),
            };
        }
        self.tree.settle();
        changed
    }

    fn retire(&mut self, dead: &CausalContext) -> bool {
        let mut dying = Vec::new();
        self.dots(&mut |dot| {
            if dead.contains(dot) {
                dying.push(dot);
            }
        });
        dying.iter().fold(false, |changed, &dot| self.tree.kill(dot) | changed)
    }

    fn clear_into(&mut self, delta: &mut Self::Delta) {
        let dots: Vec<Dot> = self.tree.iter(0).map(|node| node.dot).collect();
        self.remove_into(&dots, delta);
    }

    fn missing_from(
        &self,
        mine: &CausalContext,
        other: &Self,
        _theirs: &CausalContext,
    ) -> Self::Delta {
        let record = |difference| match difference {
            Difference::Theirs(node) => Some((node.dot, Record::of(node))),
            Difference::Mine(node) => {
                (node.value.is_some() && mine.contains(node.dot)).then(|| (node.dot, Record::Dead))
            }
            Difference::Both(theirs, mine) => {
                let mut joined = theirs.clone();
                joined.join(mine.origin, mine.value.as_ref()).then(|| (mine.dot, Record::of(mine)))
            }
        };
        other.tree.diff(&self.tree).filter_map(record).collect()
    }

    fn news(&self, mine: &CausalContext, delta: &Self::Delta) -> Self::Delta {
        let is_news = |dot: Dot, record: &Record<T>| match (self.tree.get(dot), record) {
            (None, Record::Dead) => !mine.contains(dot),
            (None, _) => true,
            (Some(node), Record::Dead) => node.value.is_some(),
            (Some(node), Record::Tombstone(origin)) => node.clone().join(*origin, None),
            (Some(node), Record::Live(origin, value)) => node.clone().join(*origin, Some(value)),
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
        let dying = delta.records.iter_mut().filter(|(dot, _)| dead.contains(**dot));
        dying.fold(false, |changed, (_, record)| record.die() | changed)
    }
}

/// `[r1:1: "a", r1:2: "b"]`, the dots of tombstones, and those that wait for what is not there.
impl<T: Element> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for node in self.tree.iter(0) {
            if let Some(value) = &node.value {
                list.entry(&format_args!("{}: {value:?}", node.dot));
            }
        }
        list.finish()?;
        let dots = |nodes: &mut dyn Iterator<Item = &Node<T>>| -> CausalContext {
            nodes.map(|node| node.dot).collect()
        };
        let read = dots(&mut self.tree.iter(0));
        let live = dots(&mut self.tree.nodes().filter(|node| node.value.is_some()));
        let dead = dots(&mut self.tree.nodes().filter(|node| node.value.is_none()));
        for (what, dots) in [("without", dead), ("awaiting", live.difference(&read))] {
            if !dots.is_empty() {
                write!(f, " {what} {dots:?}")?;
            }
        }
        Ok(())
    }
}

/// `{r1:1: Live(After { left: None, right: None }, "a"), r1:2: Dead}`.
impl<T: fmt::Debug> fmt::Debug for Records<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.records).finish()
    }
}

impl<T: Element + Serialize> Serialize for Store<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nodes = self.tree.nodes();
        let told = nodes.map(|node| (node.dot, Some(node.origin), node.value.clone()));
        Runs::pack(told).serialize(serializer)
    }
}

impl<'de, T: Element + Deserialize<'de>> Deserialize<'de> for Store<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = Runs::<T>::deserialize(deserializer)?.unpack().map_err(de::Error::custom)?;
        let node = |(dot, origin, value): Told<T>| {
            let node = origin.map(|origin| Arc::new(Node { dot, origin, value }));
            node.ok_or_else(|| de::Error::custom("an element that was not inserted"))
        };
        Ok(Self { tree: told.into_iter().map(node).collect::<Result<_, _>>()? })
    }
}

impl<T: Element + Serialize> Serialize for Records<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = self.records.iter().map(|(&dot, record)| match record {
            Record::Live(origin, value) => (dot, Some(*origin), Some(value.clone())),
            Record::Tombstone(origin) => (dot, Some(*origin), None),
            Record::Dead => (dot, None, None),
        });
        Runs::pack(told).serialize(serializer)
    }
}

impl<'de, T: Element + Deserialize<'de>> Deserialize<'de> for Records<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = Runs::<T>::deserialize(deserializer)?.unpack().map_err(de::Error::custom)?;
        let record = |(dot, origin, value)| match (origin, value) {
            (Some(origin), Some(value)) => Ok((dot, Record::Live(origin, value))),
            (Some(origin), None) => Ok((dot, Record::Tombstone(origin))),
            (None, None) => Ok((dot, Record::Dead)),
            (None, Some(_)) => Err(de::Error::custom("an element that was not inserted")),
        };
        told.into_iter().map(record).collect()
    }
}

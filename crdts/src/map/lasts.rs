//! What was last done to each key: the lattice of the last-writer-wins map.
//!
//! The places of one key are a chain: nothing is said of it, or it was removed or put at a stamp, the
//! greater stamp above the smaller. A map gives every key there can be a place, and all but finitely
//! many of them the same one, the *rest*: unsaid, or removed at the *floor*. Maps are joined key by key,
//! and the rest as if it were one more key. Chains are join-semilattices and so are their products;
//! the join of two maps again gives all but finitely many keys one place; and a map is written down
//! in one way, if no entry repeats the rest.
//!
//! Whoever raises the floor speaks of all keys, so what it does not mean to speak of has an entry that
//! says so. A key above the floor is the subtle one: whether the floor found it removed or put is
//! forgotten, so a part with the floor must be silent about it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::lww_map::LwwMapDelta;
use crate::Timestamp;
use crate::causal::Element;

/// What was last done to a key. The order is that of who wins.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Last<V> {
    /// Nothing is said of it.
    Unsaid,
    /// It was removed.
    Removed(Timestamp),
    /// This was put under it.
    Put(Timestamp, V),
}

impl<V> Last<V> {
    pub(super) fn stamp(&self) -> Option<Timestamp> {
        match self {
            Self::Unsaid => None,
            Self::Removed(stamp) | Self::Put(stamp, _) => Some(*stamp),
        }
    }

    pub(super) fn value(&self) -> Option<&V> {
        match self {
            Self::Put(_, value) => Some(value),
            Self::Unsaid | Self::Removed(_) => None,
        }
    }
}

impl<V: Ord> Ord for Last<V> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.stamp(), self.value()).cmp(&(other.stamp(), other.value()))
    }
}

impl<V: Ord> PartialOrd for Last<V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `7 (1000ms@r1)`, `removed (1001ms@r1)` or `unsaid`.
impl<V: fmt::Debug> fmt::Debug for Last<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsaid => f.write_str("unsaid"),
            Self::Removed(stamp) => write!(f, "removed ({stamp})"),
            Self::Put(stamp, value) => write!(f, "{value:?} ({stamp})"),
        }
    }
}

/// A place for every key: that of its entry, or else the rest's.
pub(super) trait Lasts<K: Element, V: Element> {
    fn rest(&self) -> &Last<V>;

    fn entry(&self, key: &K) -> Option<&Last<V>>;

    /// The keys that have entries.
    fn keys<'a>(&'a self) -> impl Iterator<Item = &'a K>
    where
        K: 'a;

    fn set_rest(&mut self, rest: Last<V>);

    fn set_entry(&mut self, key: K, last: Option<Last<V>>);

    fn at(&self, key: &K) -> &Last<V> {
        self.entry(key).unwrap_or_else(|| self.rest())
    }

    /// Makes a change and returns whether it is one.
    fn apply(&mut self, change: Joined<K, V>) -> bool {
        let changes = *self.rest() != change.rest || !change.entries.is_empty();
        self.set_rest(change.rest);
        for (key, last) in change.entries {
            self.set_entry(key, last);
        }
        changes
    }
}

/// The rest of a join, and the entries in which it differs from one side.
pub(super) struct Joined<K, V> {
    rest: Last<V>,
    entries: Vec<(K, Option<Last<V>>)>,
}

/// The keys at which something in `theirs` may exceed what is in `mine`.
pub(super) fn touched<'a, K: Element, V: Element>(
    mine: &'a impl Lasts<K, V>,
    theirs: &'a impl Lasts<K, V>,
) -> impl Iterator<Item = &'a K> {
    let own = (*theirs.rest() != Last::Unsaid).then(|| mine.keys());
    theirs.keys().chain(own.into_iter().flatten())
}

/// Joins `theirs` to `mine` at these keys, which must be all at which theirs exceeds it.
pub(super) fn join<'k, K: Element, V: Element>(
    mine: &impl Lasts<K, V>,
    theirs: &impl Lasts<K, V>,
    keys: impl Iterator<Item = &'k K>,
) -> Joined<K, V> {
    let rest = mine.rest().max(theirs.rest());
    let mut entries = Vec::new();
    for key in keys {
        let entry = mine.entry(key);
        let here = entry.unwrap_or_else(|| mine.rest());
        let last = Some(here.max(theirs.at(key))).filter(|last| *last != rest);
        if last != entry {
            entries.push((key.clone(), last.cloned()));
        }
    }
    Joined { rest: rest.clone(), entries }
}

/// Whether `theirs` exceeds `mine` at none of these keys, which must be all at which it may.
pub(super) fn covers<'k, K: Element, V: Element>(
    mine: &impl Lasts<K, V>,
    theirs: &impl Lasts<K, V>,
    mut keys: impl Iterator<Item = &'k K>,
) -> bool {
    mine.rest() >= theirs.rest() && keys.all(|key| mine.at(key) >= theirs.at(key))
}

/// The parts of `theirs` that `mine` lacks, given all keys at which it may: each entry is a part, and
/// so is the floor, silent about the keys with entries.
pub(super) fn lacked<'k, K: Element, V: Element>(
    mine: &impl Lasts<K, V>,
    theirs: &impl Lasts<K, V>,
    keys: impl Iterator<Item = &'k K>,
) -> Option<LwwMapDelta<K, V>> {
    let mut entries = BTreeMap::new();
    let mut lacks_floor = mine.rest() < theirs.rest();
    for key in keys {
        match theirs.entry(key) {
            Some(last) if last > mine.at(key) => {
                entries.insert(key.clone(), last.clone());
            }
            Some(_) => {}
            None => lacks_floor |= mine.at(key) < theirs.rest(),
        }
    }
    if !lacks_floor {
        return (!entries.is_empty()).then_some(LwwMapDelta { rest: Last::Unsaid, entries });
    }
    for key in theirs.keys() {
        entries.entry(key.clone()).or_insert(Last::Unsaid);
    }
    Some(LwwMapDelta { rest: theirs.rest().clone(), entries })
}

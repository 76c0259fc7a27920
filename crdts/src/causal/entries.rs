//! Entries under dots, of which there is nearly always one.

use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;

use crate::{Dot, ReplicaId};

/// A value under a dot. That a dot counts from 1 leaves a pattern for what is no single entry, so that
/// [`Entries`] take no more room than one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Entry<V> {
    replica: ReplicaId,
    counter: NonZeroU64,
    pub(super) value: V,
}

impl<V> Entry<V> {
    pub(super) fn new(dot: Dot, value: V) -> Self {
        let counter = NonZeroU64::new(dot.counter).expect("dots count from 1");
        Self { replica: dot.replica, counter, value }
    }

    pub(super) fn dot(&self) -> Dot {
        Dot::new(self.replica, self.counter.get())
    }
}

/// A list of entries, a single one in place.
#[derive(Clone)]
pub(super) enum Entries<V> {
    One(Entry<V>),
    #[expect(clippy::box_collection, reason = "a list by itself is larger than an entry")]
    Other(Option<Box<Vec<Entry<V>>>>),
}

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self::Other(None)
    }
}

impl<V> Entries<V> {
    pub(super) fn as_slice(&self) -> &[Entry<V>] {
        match self {
            Self::One(entry) => std::slice::from_ref(entry),
            Self::Other(list) => list.as_ref().map_or(&[], |list| list),
        }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [Entry<V>] {
        match self {
            Self::One(entry) => std::slice::from_mut(entry),
            Self::Other(list) => list.as_mut().map_or(&mut [], |list| list),
        }
    }

    pub(super) fn insert(&mut self, at: usize, entry: Entry<V>) {
        match self {
            Self::Other(Some(list)) => list.insert(at, entry),
            Self::Other(None) => *self = Self::One(entry),
            Self::One(_) => {
                let mut list: Vec<_> = self.drain().collect();
                list.insert(at, entry);
                *self = Self::Other(Some(Box::new(list)));
            }
        }
    }

    pub(super) fn remove(&mut self, at: usize) {
        match self {
            Self::Other(Some(list)) => _ = list.remove(at),
            _ => *self = Self::default(),
        }
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Entry<V>) -> bool) {
        match self {
            Self::One(entry) if keep(entry) => {}
            Self::One(_) => *self = Self::default(),
            Self::Other(list) => {
                if let Some(list) = list {
                    list.retain(keep);
                }
            }
        }
    }

    /// The entries by value.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Entry<V>> + use<V> {
        let (one, list) = match std::mem::take(self) {
            Self::One(entry) => (Some(entry), None),
            Self::Other(list) => (None, list),
        };
        one.into_iter().chain(list.into_iter().flat_map(|list| *list))
    }
}

impl<V> FromIterator<Entry<V>> for Entries<V> {
    fn from_iter<I: IntoIterator<Item = Entry<V>>>(entries: I) -> Self {
        let mut entries = entries.into_iter();
        match (entries.next(), entries.next()) {
            (None, _) => Self::default(),
            (Some(one), None) => Self::One(one),
            (Some(first), Some(second)) => {
                let list = [first, second].into_iter().chain(entries).collect();
                Self::Other(Some(Box::new(list)))
            }
        }
    }
}

impl<V: PartialEq> PartialEq for Entries<V> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<V: Eq> Eq for Entries<V> {}

impl<V: Hash> Hash for Entries<V> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.as_slice().hash(hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_stands_alone_takes_no_more_room_than_its_dot() {
        assert_eq!(size_of::<Entries<()>>(), size_of::<Dot>());
    }
}

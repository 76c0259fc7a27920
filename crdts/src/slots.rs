//! A sorted vector from replica to a number, shared until written: the body of clocks and counters.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ReplicaId;

/// A map from replica, or pair of replicas, to a non-zero number. Canonical: sorted, and 0 is never
/// stored.
///
/// Cloning is O(1); the first write after a clone copies.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slots<K = ReplicaId> {
    entries: Arc<Vec<(K, u64)>>,
}

impl<K> Default for Slots<K> {
    fn default() -> Self {
        Self { entries: Arc::default() }
    }
}

impl<K: Ord + Copy> Slots<K> {
    pub(crate) fn get(&self, key: K) -> u64 {
        self.find(key).map_or(0, |at| self.entries[at].1)
    }

    /// Sets a slot, to anything but 0.
    pub(crate) fn set(&mut self, key: K, value: u64) {
        debug_assert!(value > 0);
        match self.find(key) {
            Ok(at) => Arc::make_mut(&mut self.entries)[at].1 = value,
            Err(at) => Arc::make_mut(&mut self.entries).insert(at, (key, value)),
        }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (K, u64)> + '_ {
        self.entries.iter().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the greater of each slot; true iff something grew. Linear in both, and logarithmic in
    /// `self` for a short `other`.
    pub(crate) fn merge_max(&mut self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.entries, &other.entries) || self.dominates(other) {
            return false;
        }
        if self.entries.is_empty() {
            self.entries = Arc::clone(&other.entries);
            return true;
        }
        if other.len() * 8 < self.len() {
            for (key, value) in other.iter() {
                if value > self.get(key) {
                    self.set(key, value);
                }
            }
            return true;
        }
        self.entries = Arc::new(self.maxima(other));
        true
    }

    /// Whether every slot of `other` is at most the slot here.
    pub(crate) fn dominates(&self, other: &Self) -> bool {
        if other.len() > self.len() {
            return false;
        }
        if other.len() * 8 < self.len() {
            return other.iter().all(|(key, value)| value <= self.get(key));
        }
        let mut mine = self.iter();
        other.iter().all(|(key, value)| {
            mine.by_ref()
                .find(|slot| slot.0 >= key)
                .is_some_and(|slot| slot.0 == key && slot.1 >= value)
        })
    }

    /// The slots of `self` that exceed those of `other`.
    pub(crate) fn beyond(&self, other: &Self) -> Self {
        self.iter().filter(|&(key, value)| value > other.get(key)).collect()
    }

    fn maxima(&self, other: &Self) -> Vec<(K, u64)> {
        let mut merged = Vec::with_capacity(self.len() + other.len());
        let (mut mine, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        loop {
            merged.push(match (mine.peek(), theirs.peek()) {
                (None, None) => break,
                (Some(&slot), None) => {
                    mine.next();
                    slot
                }
                (None, Some(&slot)) => {
                    theirs.next();
                    slot
                }
                (Some(&a), Some(&b)) => match a.0.cmp(&b.0) {
                    Ordering::Less => {
                        mine.next();
                        a
                    }
                    Ordering::Greater => {
                        theirs.next();
                        b
                    }
                    Ordering::Equal => {
                        mine.next();
                        theirs.next();
                        (a.0, a.1.max(b.1))
                    }
                },
            });
        }
        merged
    }

    fn find(&self, key: K) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, |slot| slot.0)
    }
}

/// From slots in ascending order, without zeros.
impl<K: Ord> FromIterator<(K, u64)> for Slots<K> {
    fn from_iter<I: IntoIterator<Item = (K, u64)>>(slots: I) -> Self {
        let entries: Vec<_> = slots.into_iter().collect();
        debug_assert!(
            entries.is_sorted_by(|a, b| a.0 < b.0) && entries.iter().all(|slot| slot.1 > 0)
        );
        Self { entries: Arc::new(entries) }
    }
}

impl<K: Ord + Copy + Serialize> Serialize for Slots<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, K: Ord + Deserialize<'de>> Deserialize<'de> for Slots<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<(K, u64)>::deserialize(deserializer)?;
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(de::Error::custom("replicas are not in strictly ascending order"));
        }
        if entries.iter().any(|slot| slot.1 == 0) {
            return Err(de::Error::custom("a slot holds 0, which is never stored"));
        }
        Ok(Self { entries: Arc::new(entries) })
    }
}

#[cfg(test)]
mod tests {
    use crate::{ReplicaId, VectorClock};

    #[test]
    fn forged_slots_are_refused() {
        for forged in ["[[[2,0],1],[[1,0],1]]", "[[[1,0],1],[[1,0],2]]", "[[[1,0],0]]"] {
            assert!(serde_json::from_str::<VectorClock>(forged).is_err(), "{forged}");
        }
        let clock: VectorClock = serde_json::from_str("[[[1,0],1],[[1,1],2]]").unwrap();
        assert!(clock.iter().eq([(ReplicaId::new(1, 0), 1), (ReplicaId::new(1, 1), 2)]));
    }
}

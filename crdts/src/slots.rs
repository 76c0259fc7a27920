//! A sorted vector from replica to a number, shared until written: the body of clocks and counters.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ReplicaId;

/// A map from replica, or pair of replicas, to a non-zero number. Canonical: sorted, and 0 is never
/// stored.
///
/// Cloning is O(1); the first write after a clone copies. A single slot, which is what most deltas
/// have, is held in place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Slots<K = ReplicaId> {
    Few(Option<(K, u64)>),
    Many(Arc<Vec<(K, u64)>>), // two at least
}

impl<K> Default for Slots<K> {
    fn default() -> Self {
        Self::Few(None)
    }
}

impl<K: Ord + Copy> Slots<K> {
    pub(crate) fn get(&self, key: K) -> u64 {
        self.find(key).map_or(0, |at| self.entries()[at].1)
    }

    /// One slot, of anything but 0.
    pub(crate) fn one(key: K, value: u64) -> Self {
        debug_assert!(value > 0);
        Self::Few(Some((key, value)))
    }

    /// Sets a slot, to anything but 0.
    pub(crate) fn set(&mut self, key: K, value: u64) {
        debug_assert!(value > 0);
        match self.find(key) {
            Ok(at) => self.entries_mut()[at].1 = value,
            Err(at) => self.insert(at, (key, value)),
        }
    }

    /// Adds to a slot and returns the sum, if it can hold that; if not, nothing changes.
    pub(crate) fn add(&mut self, key: K, by: u64) -> Option<u64> {
        debug_assert!(by > 0);
        let slot = match self {
            Self::Few(Some(slot)) if slot.0 == key => slot,
            _ => match self.find(key) {
                Ok(at) => &mut self.entries_mut()[at],
                Err(at) => {
                    self.insert(at, (key, by));
                    return Some(by);
                }
            },
        };
        slot.1 = slot.1.checked_add(by)?;
        Some(slot.1)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (K, u64)> + '_ {
        self.entries().iter().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Few(None))
    }

    /// Takes the greater of each slot; true iff something grew. Linear in both, and logarithmic in
    /// `self` for a short `other`.
    pub(crate) fn merge_max(&mut self, other: &Self) -> bool {
        if self.shares(other) {
            return false;
        }
        if self.same_keys(other) {
            let grows = self.entries().iter().zip(other.entries()).any(|(a, b)| a.1 < b.1);
            if grows {
                for (mine, theirs) in self.entries_mut().iter_mut().zip(other.entries()) {
                    mine.1 = mine.1.max(theirs.1);
                }
            }
            return grows;
        }
        if self.dominates(other) {
            return false;
        }
        if self.is_empty() {
            self.clone_from(other);
        } else if other.len() * 8 < self.len() {
            for (key, value) in other.iter() {
                if value > self.get(key) {
                    self.set(key, value);
                }
            }
        } else {
            *self = self.maxima(other).into_iter().collect();
        }
        true
    }

    /// How the slots relate, each to the one of the same key. Linear in both.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.shares(other) || self.matches(other, |a, b| a == b) {
            Some(Ordering::Equal)
        } else if other.dominates(self) {
            Some(Ordering::Less)
        } else if self.dominates(other) {
            Some(Ordering::Greater)
        } else {
            None
        }
    }

    /// Whether every slot of `other` is at most the slot here.
    pub(crate) fn dominates(&self, other: &Self) -> bool {
        if other.len() > self.len() {
            return false;
        }
        if self.matches(other, |a, b| a >= b) {
            return true;
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

    /// Whether both are one and the same vector.
    fn shares(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Many(a), Self::Many(b)) if Arc::ptr_eq(a, b))
    }

    fn same_keys(&self, other: &Self) -> bool {
        self.matches(other, |_, _| true)
    }

    /// Whether the keys are the same, and of each `hold` holds of the two values.
    fn matches(&self, other: &Self, hold: impl Fn(u64, u64) -> bool) -> bool {
        const STRIDE: usize = 16; // without a branch or a loop, so that the processor runs ahead
        let ((mine, my_last), (theirs, their_last)) =
            (self.entries().as_chunks::<STRIDE>(), other.entries().as_chunks::<STRIDE>());
        let agree = |mine: &[(K, u64)], theirs: &[(K, u64)]| {
            let pairs = mine.iter().zip(theirs);
            pairs.fold(true, |all, (a, b)| all & (a.0 == b.0) & hold(a.1, b.1))
        };
        self.len() == other.len()
            && mine.iter().zip(theirs).all(|(mine, theirs)| agree(mine, theirs))
            && agree(my_last, their_last)
    }

    fn find(&self, key: K) -> Result<usize, usize> {
        const FEW: usize = 8; // of which to look at each takes less than to search
        let entries = self.entries();
        if entries.len() <= FEW
            && let Some(at) = entries.iter().position(|slot| slot.0 == key)
        {
            return Ok(at);
        }
        entries.binary_search_by_key(&key, |slot| slot.0)
    }

    fn entries(&self) -> &[(K, u64)] {
        match self {
            Self::Few(slot) => slot.as_slice(),
            Self::Many(slots) => slots,
        }
    }

    fn entries_mut(&mut self) -> &mut [(K, u64)] {
        match self {
            Self::Few(slot) => slot.as_mut_slice(),
            Self::Many(slots) => &mut Arc::make_mut(slots)[..],
        }
    }

    fn insert(&mut self, at: usize, slot: (K, u64)) {
        match self {
            Self::Many(slots) => Arc::make_mut(slots).insert(at, slot),
            Self::Few(None) => *self = Self::Few(Some(slot)),
            Self::Few(Some(only)) => {
                let mut slots = vec![*only];
                slots.insert(at, slot);
                *self = Self::Many(Arc::new(slots));
            }
        }
    }
}

/// From slots in ascending order, without zeros.
impl<K: Ord + Copy> FromIterator<(K, u64)> for Slots<K> {
    fn from_iter<I: IntoIterator<Item = (K, u64)>>(slots: I) -> Self {
        let entries: Vec<_> = slots.into_iter().collect();
        debug_assert!(
            entries.is_sorted_by(|a, b| a.0 < b.0) && entries.iter().all(|slot| slot.1 > 0)
        );
        match entries[..] {
            [] => Self::Few(None),
            [slot] => Self::Few(Some(slot)),
            _ => Self::Many(Arc::new(entries)),
        }
    }
}

impl<K: Ord + Copy + Serialize> Serialize for Slots<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, K: Ord + Copy + Deserialize<'de>> Deserialize<'de> for Slots<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<(K, u64)>::deserialize(deserializer)?;
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(de::Error::custom("replicas are not in strictly ascending order"));
        }
        if entries.iter().any(|slot| slot.1 == 0) {
            return Err(de::Error::custom("a slot holds 0, which is never stored"));
        }
        Ok(entries.into_iter().collect())
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

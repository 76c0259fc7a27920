//! Pairs of which the greater key wins.

use std::cmp::Ordering;
use std::fmt::{self, Debug};

use serde::{Deserialize, Serialize};

use crate::{Lattice, Merge, Replicated, Summarize};

/// A value under a key, both replicated: the greater key wins, and values under the same key are
/// merged. A greater key starts from an empty value, so raising it takes back all that was done
/// under smaller ones: a round, an epoch, a reset.
///
/// **Specification**: the key is the greatest of the visible operations, and the value is the nested
/// type's specification over those of them that were performed under it. There is none before the
/// first.
///
/// **Anomalies**: what is done under a key is lost where a greater one is visible, although whoever
/// did it had not seen that. **Delivery**: that of the value.
///
/// **Cost**: one key and one value. Merging is a comparison and, under equal keys, a merge of the
/// values; a delta is a key and a delta.
///
/// **Source**: Baquero, Almeida, Cunha & Ferreira, "Composition of state-based CRDTs", HASLab 2015
/// (lexicographic product); the parts, Enes, Almeida, Baquero & Leitão, ICDE 2019.
///
/// ```
/// use rejoin_crdts::{GCounter, Lexical, Merge, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut here: Lexical<u32, GCounter> = Lexical::new();
/// let mut there = here.clone();
/// type Error = Box<dyn std::error::Error>;
/// // Votes of the first round, at both…
/// let first = here.try_update(1, |votes| Ok::<_, Error>(votes.increment(a, 3)?))?;
/// there.merge(&first);
/// let late = here.try_update(1, |votes| Ok::<_, Error>(votes.increment(a, 4)?))?;
/// // …and of the second, where the first is over.
/// let second = there.try_update(2, |votes| Ok::<_, Error>(votes.increment(b, 5)?))?;
/// here.merge(&second);
/// there.merge(&late);
/// assert_eq!(here, there);
/// assert_eq!((here.key(), here.value().map(GCounter::value)), (Some(&2), Some(5)));
/// # Ok::<(), Error>(())
/// ```
///
/// **The key must be a chain**: of two keys one is the greater, or they are equal. Of two vector
/// clocks this may not be so, and then a merge would have to do one of two things under the key that
/// exceeds both. Drop both values, and what two replicas did at the same time is lost at both. Or
/// merge them, and it depends on the order which values are left: with keys `a`, `b` and their join
/// `c`, merging `a` with `b` first keeps all three values, and merging `b` with `c` first keeps that of
/// `c` alone. So this does not compile,
///
/// ```compile_fail,E0277
/// use rejoin_crdts::{GSet, Lexical, VectorClock};
/// let pair: Lexical<VectorClock, GSet<u8>> = Lexical::new();
/// ```
/// and this does:
/// ```
/// use rejoin_crdts::{GSet, Lexical, Timestamp};
/// let pair: Lexical<Timestamp, GSet<u8>> = Lexical::new();
/// assert_eq!(pair.key(), None);
/// ```
///
/// It is no value of an [`OrMap`](crate::OrMap): a remove of the key that had won would have to uncover
/// what it beat.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lexical<K: Ord, V> {
    entry: Option<(K, V)>,
}

/// A change under a key smaller than the one that is there. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key {key:?} is smaller than {current:?}, which is there already")]
pub struct StaleKey<K: Debug> {
    /// The key of the refused change.
    pub key: K,
    /// The key that is there.
    pub current: K,
}

impl<K: Ord, V> Default for Lexical<K, V> {
    fn default() -> Self {
        Self { entry: None }
    }
}

impl<K: Ord, V> Lexical<K, V> {
    /// Without a key, and below all others.
    ///
    /// ```
    /// use rejoin_crdts::{GCounter, Lexical};
    /// assert_eq!(Lexical::<u32, GCounter>::new().value(), None);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The greatest key under which anything was done.
    ///
    /// ```
    /// use rejoin_crdts::{GSet, Lexical};
    /// let mut round: Lexical<u32, GSet<u8>> = Lexical::new();
    /// let _ = round.update(7, |set| set.insert(1))?;
    /// assert_eq!(round.key(), Some(&7));
    /// # Ok::<(), rejoin_crdts::StaleKey<u32>>(())
    /// ```
    #[must_use]
    pub fn key(&self) -> Option<&K> {
        self.entry.as_ref().map(|(key, _)| key)
    }

    /// The value under that key.
    ///
    /// ```
    /// use rejoin_crdts::{GSet, Lexical};
    /// let mut round: Lexical<u32, GSet<u8>> = Lexical::new();
    /// let _ = round.update(7, |set| set.insert(1))?;
    /// assert!(round.value().is_some_and(|set| set.contains(&1)));
    /// # Ok::<(), rejoin_crdts::StaleKey<u32>>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> Option<&V> {
        self.entry.as_ref().map(|(_, value)| value)
    }

    fn of(key: K, value: V) -> Self {
        Self { entry: Some((key, value)) }
    }
}

impl<K: Ord + Clone + Debug, V: Replicated + Default> Lexical<K, V> {
    /// Changes the value under `key`, which is empty if `key` exceeds the one that is there, and
    /// returns the delta.
    ///
    /// # Errors
    ///
    /// [`StaleKey`] if there is a greater one; nothing changes.
    ///
    /// ```
    /// use rejoin_crdts::{Lexical, OrSet, ReplicaId, StaleKey};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut round: Lexical<u32, OrSet<u8>> = Lexical::new();
    /// let _ = round.update(1, |set| set.insert(me, 1))?;
    /// let _ = round.update(2, |_| Default::default())?; // a new round, with nothing in it
    /// assert!(round.value().is_some_and(OrSet::is_empty));
    /// let late = round.update(1, |set| set.insert(me, 2));
    /// assert_eq!(late, Err(StaleKey { key: 1, current: 2 }));
    /// # Ok::<(), StaleKey<u32>>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn update(
        &mut self,
        key: K,
        change: impl FnOnce(&mut V) -> V::Delta,
    ) -> Result<Lexical<K, V::Delta>, StaleKey<K>> {
        self.try_update(key, |value| Ok(change(value)))
    }

    /// As [`update`](Self::update), with a change that may fail.
    ///
    /// # Errors
    ///
    /// [`StaleKey`] if there is a greater key, or what the change returns; nothing changes, whatever
    /// it did.
    ///
    /// ```
    /// use rejoin_crdts::{GCounter, Lexical, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut votes: Lexical<u32, GCounter> = Lexical::new();
    /// let too_many = votes.try_update(1, |counter| {
    ///     let _ = counter.increment(me, u64::MAX)?;
    ///     Ok::<_, Box<dyn std::error::Error>>(counter.increment(me, 1)?)
    /// });
    /// assert!(too_many.is_err());
    /// assert_eq!(votes.key(), None);
    /// ```
    pub fn try_update<E: From<StaleKey<K>>>(
        &mut self,
        key: K,
        change: impl FnOnce(&mut V) -> Result<V::Delta, E>,
    ) -> Result<Lexical<K, V::Delta>, E> {
        let (mut value, is_new) = match &self.entry {
            Some((current, _)) if key < *current => {
                return Err(StaleKey { key, current: current.clone() }.into());
            }
            Some((current, value)) if key == *current => (value.clone(), false),
            _ => (V::default(), true),
        };
        let delta = change(&mut value)?;
        self.entry = Some((key.clone(), value));
        let is_empty = !is_new && delta == V::Delta::default();
        Ok(if is_empty { Lexical::default() } else { Lexical::of(key, delta) })
    }
}

/// Of a state or a delta.
impl<K: Ord + Clone, V: Merge<D> + Default, D> Merge<Lexical<K, D>> for Lexical<K, V> {
    fn merge(&mut self, other: &Lexical<K, D>) -> bool {
        let Some((key, theirs)) = &other.entry else { return false };
        match &mut self.entry {
            Some((current, _)) if *key < *current => false,
            Some((current, mine)) if *key == *current => mine.merge(theirs),
            _ => {
                let mut value = V::default();
                value.merge(theirs);
                *self = Self::of(key.clone(), value);
                true
            }
        }
    }
}

impl<K: Ord + Clone + Debug, V: Lattice + Default> Lattice for Lexical<K, V> {
    fn covers(&self, other: &Self) -> bool {
        match (&self.entry, &other.entry) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some((mine, value)), Some((theirs, other))) => match mine.cmp(theirs) {
                Ordering::Less => false,
                Ordering::Equal => value.covers(other),
                Ordering::Greater => true,
            },
        }
    }
}

impl<K: Ord + Clone + Debug, V: Replicated + Default> Replicated for Lexical<K, V> {
    type Delta = Lexical<K, V::Delta>;

    fn missing_from(&self, other: &Self) -> Option<Self::Delta> {
        let (key, value) = self.entry.as_ref()?;
        let delta = match &other.entry {
            Some((theirs, _)) if key < theirs => return None,
            Some((theirs, other)) if key == theirs => value.missing_from(other)?,
            _ => value.missing_from(&V::default()).unwrap_or_default(),
        };
        Some(Lexical::of(key.clone(), delta))
    }

    fn news(&self, delta: &Self::Delta) -> Option<Self::Delta> {
        let (key, change) = delta.entry.as_ref()?;
        let news = match &self.entry {
            Some((current, _)) if key < current => return None,
            Some((current, value)) if key == current => value.news(change)?,
            _ => change.clone(),
        };
        Some(Lexical::of(key.clone(), news))
    }

    /// Those of the value, each with the key; of an empty value, the key alone.
    fn parts(&self) -> impl Iterator<Item = Self::Delta> {
        self.entry.iter().flat_map(|(key, value)| {
            let mut parts = value.parts().peekable();
            let empty = parts.peek().is_none().then(V::Delta::default);
            parts.chain(empty).map(|part| Lexical::of(key.clone(), part))
        })
    }
}

impl<K: Ord + Clone + Debug, V: Summarize + Default> Summarize for Lexical<K, V> {
    type Summary = Option<(K, V::Summary)>;

    fn summary(&self) -> Self::Summary {
        self.entry.as_ref().map(|(key, value)| (key.clone(), value.summary()))
    }

    fn beyond(&self, theirs: &Self::Summary) -> Option<Self::Delta> {
        let (key, value) = self.entry.as_ref()?;
        match theirs {
            Some((greater, _)) if key < greater => None,
            Some((same, theirs)) if key == same => {
                Some(Lexical::of(key.clone(), value.beyond(theirs)?))
            }
            _ => self.missing_from(&Self::default()),
        }
    }
}

/// `2: 5 {r2: 5}`, or `unset`.
impl<K: Ord + Debug, V: Debug> Debug for Lexical<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some((key, value)) => write!(f, "{key:?}: {value:?}"),
            None => f.write_str("unset"),
        }
    }
}

//! The last-writer-wins map.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use im::OrdMap;
use im::ordmap::DiffItem;
use serde::{Deserialize, Serialize};

use super::lasts::{Last, Lasts, covers, join, lacked, touched};
use crate::causal::Element;
use crate::register::StaleStamp;
use crate::{Lattice, MapChange, Merge, Replicated, Timestamp, sorted};

/// A map in which, for each key, the put or remove with the greatest stamp wins.
///
/// **Specification**: of the visible puts and removes of a key the one with the greatest stamp
/// counts; the key is there iff that is a put. Stamps order by wall time, counter, replica. A stamp
/// exceeds that of every change its writer had seen, which a [`Hlc`](crate::Hlc) ensures. Should
/// two different changes of a key ever carry one stamp, a put wins over a remove and the greater
/// value over the smaller, everywhere.
///
/// **Anomalies**: of concurrent changes of one key all but one are lost; which one, the clocks
/// decide. A value is replaced as a whole. Where that matters, take an [`OrMap`](crate::OrMap).
/// **Delivery**: any order. A [collection](Self::stabilise) tells of the removes that it forgets: it
/// may arrive in any order too, but where it arrives before them, their keys are gone already.
///
/// **Cost**: one stamp for each key that was ever put or removed: a removed key leaves its stamp
/// behind, since a put that arrives late would otherwise bring it back, until that is
/// [stable](Self::stabilise). Put, remove and lookup are logarithmic, `len` is O(1), iteration passes
/// over the removed keys too; a delta is what changed, and merging it costs its size times the
/// logarithm of the map; cloning is O(1), and merging states that share structure costs their
/// difference. There are no dots, so there is no summary that says exactly and in less space what a
/// replica has, and no [`Summarize`](crate::Summarize): deltas arrive in any order, so a greatest
/// stamp says nothing of smaller ones, and only the stamp of every key tells. Whoever cannot tell
/// compares states.
///
/// **Source**: Johnson & Thomas, RFC 677, 1975, whose database of stamped entries it is; Shapiro et
/// al., INRIA RR-7506, 2011.
///
/// ```
/// use rejoin_crdts::{LwwMap, Merge, ReplicaId, Timestamp};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let mut here: LwwMap<String, u32> = LwwMap::new();
/// let mut there = here.clone();
/// let set = here.put(Timestamp::new(1_000, 0, a), "volume", 7u32)?;
/// let unset = there.remove(Timestamp::new(1_001, 0, b), "volume")?; // at the same time, but later
/// here.merge(&unset);
/// there.merge(&set);
/// assert!(here == there && here.is_empty());
/// # Ok::<(), rejoin_crdts::StaleStamp>(())
/// ```
///
/// It is no value of an [`OrMap`](crate::OrMap): a remove of the winner would have to uncover a
/// concurrent change that this map no longer has.
///
/// ```compile_fail,E0277
/// let map: rejoin_crdts::OrMap<String, rejoin_crdts::LwwMap<u8, u8>> = Default::default();
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "LwwMapDelta<K, V>")]
#[serde(bound(
    serialize = "K: Serialize, V: Serialize",
    deserialize = "K: Deserialize<'de>, V: Deserialize<'de>"
))]
pub struct LwwMap<K: Element, V: Element> {
    rest: Last<V>, // no put
    #[serde(serialize_with = "sorted::map::serialize")]
    entries: OrdMap<K, Last<V>>, // none is the rest
    #[serde(skip)]
    len: usize, // how many entries are puts
}

/// Puts and removes of an [`LwwMap`], one for each key at most, and what was forgotten.
///
/// ```
/// use rejoin_crdts::{LwwMap, Merge, ReplicaId, Timestamp};
/// let me = ReplicaId::new(1, 0);
/// let mut here: LwwMap<String, u32> = LwwMap::new();
/// let mut delta = here.put(Timestamp::new(1_000, 0, me), "volume", 7u32)?;
/// delta.merge(&here.remove(Timestamp::new(1_001, 0, me), "mute")?); // two are sent as one
/// let mut there = LwwMap::new();
/// there.merge(&delta);
/// assert_eq!(there, here);
/// # Ok::<(), rejoin_crdts::StaleStamp>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw<K, V>")]
#[serde(bound(
    serialize = "K: Serialize, V: Serialize",
    deserialize = "K: Ord + Deserialize<'de>, V: PartialEq + Deserialize<'de>"
))]
pub struct LwwMapDelta<K, V> {
    pub(super) rest: Last<V>, // no put
    #[serde(serialize_with = "sorted::map::serialize")]
    pub(super) entries: BTreeMap<K, Last<V>>, // none is the rest
}

/// As strangers send it.
#[derive(Deserialize)]
#[serde(rename = "LwwMap")]
#[serde(bound(deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"))]
struct Raw<K, V> {
    rest: Last<V>,
    #[serde(deserialize_with = "sorted::map::deserialize")]
    entries: BTreeMap<K, Last<V>>,
}

impl<K, V: PartialEq> TryFrom<Raw<K, V>> for LwwMapDelta<K, V> {
    type Error = &'static str;

    fn try_from(Raw { rest, entries }: Raw<K, V>) -> Result<Self, Self::Error> {
        if rest.value().is_some() {
            return Err("a value is put under all keys that are not named");
        }
        if entries.values().any(|last| *last == rest) {
            return Err("a key is named of which nothing else is said than of all the others");
        }
        Ok(Self { rest, entries })
    }
}

impl<K: Element, V: Element> From<LwwMapDelta<K, V>> for LwwMap<K, V> {
    fn from(LwwMapDelta { rest, entries }: LwwMapDelta<K, V>) -> Self {
        let len = entries.values().filter(|last| last.value().is_some()).count();
        Self { rest, entries: entries.into_iter().collect(), len }
    }
}

// How many are puts follows from the entries, and is not compared.
impl<K: Element, V: Element> PartialEq for LwwMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.rest == other.rest && self.entries == other.entries
    }
}

impl<K: Element, V: Element> Eq for LwwMap<K, V> {}

impl<K: Element, V: Element> std::hash::Hash for LwwMap<K, V> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.rest.hash(state);
        self.entries.hash(state);
    }
}

impl<K: Element, V: Element> Default for LwwMap<K, V> {
    fn default() -> Self {
        Self { rest: Last::Unsaid, entries: OrdMap::new(), len: 0 }
    }
}

impl<K, V> Default for LwwMapDelta<K, V> {
    fn default() -> Self {
        Self { rest: Last::Unsaid, entries: BTreeMap::new() }
    }
}

impl<K: Element, V: Element> LwwMap<K, V> {
    /// A map of which no key was ever put or removed.
    ///
    /// ```
    /// use rejoin_crdts::LwwMap;
    /// assert_eq!(LwwMap::<String, u32>::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `value` under `key` and returns the delta.
    ///
    /// # Errors
    ///
    /// [`StaleStamp`] unless `stamp` exceeds the stamp that the key has, and those of the removes that
    /// were forgotten; nothing changes.
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let delta = settings.put(Timestamp::new(1_000, 0, me), "volume", 7u32)?;
    /// assert!(settings.put(Timestamp::new(999, 0, me), "volume", 8u32).is_err());
    /// assert_eq!(settings.get("volume"), Some(&7));
    /// # let _ = delta;
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn put(
        &mut self,
        stamp: Timestamp,
        key: impl Into<K>,
        value: impl Into<V>,
    ) -> Result<LwwMapDelta<K, V>, StaleStamp> {
        self.change(stamp, key.into(), Last::Put(stamp, value.into()))
    }

    /// Removes `key` and returns the delta. A key that was not there is stamped too: a put with a
    /// smaller stamp, should it arrive, does not count.
    ///
    /// # Errors
    ///
    /// [`StaleStamp`] unless `stamp` exceeds the stamp that the key has, and those of the removes that
    /// were forgotten; nothing changes.
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, Merge, ReplicaId, Timestamp};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let late = settings.clone().put(Timestamp::new(1_000, 0, b), "volume", 7u32)?;
    /// let delta = settings.remove(Timestamp::new(1_001, 0, a), "volume")?;
    /// assert!(!settings.merge(&late) && settings.is_empty());
    /// # let _ = delta;
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn remove(
        &mut self,
        stamp: Timestamp,
        key: impl Into<K>,
    ) -> Result<LwwMapDelta<K, V>, StaleStamp> {
        self.change(stamp, key.into(), Last::Removed(stamp))
    }

    /// The value under `key`.
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let _ = settings.put(Timestamp::new(1_000, 0, me), "volume", 7u32)?;
    /// assert_eq!(settings.get("volume"), Some(&7));
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).and_then(Last::value)
    }

    /// Whether `key` is there.
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let _ = settings.put(Timestamp::new(1_000, 0, me), "volume", 7u32)?;
    /// let _ = settings.remove(Timestamp::new(1_001, 0, me), "volume")?;
    /// assert!(!settings.contains_key("volume"));
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use]
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// The stamp of what was last done to `key`, a remove included until it is forgotten.
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, ReplicaId, Timestamp};
    /// let stamp = Timestamp::new(1_000, 0, ReplicaId::new(1, 0x5eed));
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let _ = settings.remove(stamp, "volume")?;
    /// assert_eq!((settings.stamp("volume"), settings.stamp("mute")), (Some(stamp), None));
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use]
    pub fn stamp<Q: Ord + ?Sized>(&self, key: &Q) -> Option<Timestamp>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).and_then(Last::stamp)
    }

    /// The keys that are there, with their values, ascending.
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let _ = settings.put(Timestamp::new(1_000, 0, me), "volume", 7u32)?;
    /// let _ = settings.put(Timestamp::new(1_001, 0, me), "bass", 3u32)?;
    /// let _ = settings.remove(Timestamp::new(1_002, 0, me), "mute")?;
    /// let all: Vec<(&str, u32)> = settings.iter().map(|(key, value)| (&**key, *value)).collect();
    /// assert_eq!(all, [("bass", 3), ("volume", 7)]);
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> + '_ {
        self.entries.iter().filter_map(|(key, last)| Some((key, last.value()?)))
    }

    /// How many keys are there. O(1).
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let _ = settings.put(Timestamp::new(1_000, 0, me), "volume", 7u32)?;
    /// let _ = settings.remove(Timestamp::new(1_001, 0, me), "mute")?;
    /// assert_eq!(settings.len(), 1);
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no key is there.
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, ReplicaId, Timestamp};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let _ = settings.put(Timestamp::new(1_000, 0, me), "volume", 7u32)?;
    /// assert!(!settings.is_empty());
    /// let _ = settings.remove(Timestamp::new(1_001, 0, me), "volume")?;
    /// assert!(settings.is_empty());
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The keys that came, went, or have another value than `before`, ascending. A stamp that grew
    /// is no change.
    ///
    /// Costs the difference where `before` is a clone of what this was; it may be any other map.
    ///
    /// ```
    /// use rejoin_crdts::{Changed, LwwMap, MapChange, ReplicaId, Timestamp};
    /// let at = |n| Timestamp::new(n, 0, ReplicaId::new(1, 0x5eed));
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let _ = (settings.put(at(1), "bass", 3u32)?, settings.put(at(2), "volume", 7u32)?);
    /// let before = settings.clone();
    /// let _ = settings.put(at(3), "bass", 3u32)?; // as it was
    /// let _ = settings.put(at(4), "volume", 8u32)?;
    /// let key = "volume".to_owned();
    /// let louder = MapChange::Updated(&key, Changed { old: &7, new: &8 });
    /// assert!(settings.changes_since(&before).eq([louder]));
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    pub fn changes_since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = MapChange<&'a K, &'a V>> + 'a {
        before.entries.diff(&self.entries).filter_map(|difference| {
            let (key, old, new) = match difference {
                DiffItem::Add(key, new) => (key, None, new.value()),
                DiffItem::Remove(key, old) => (key, old.value(), None),
                DiffItem::Update { old, new } => (new.0, old.1.value(), new.1.value()),
            };
            MapChange::of(key, old, new, |old, new| old == new)
        })
    }

    /// Forgets the removes with stamps up to `cut`, and returns the delta. What is read does not
    /// change, but from now on a change with a stamp up to the greatest of theirs is stale, whichever
    /// its key.
    ///
    /// `cut` must be *stable*: every put and remove with a stamp up to it, whoever performs it, is here
    /// already. The least of the last stamps that came from each of those who may write will do, if
    /// what each of them does arrives in the order of its stamps; whoever has nothing to write can
    /// send the stamp alone. Whoever is new writes nothing before it has the state of another. A put
    /// below a cut that was not stable is lost, though everywhere alike.
    ///
    /// The delta travels like any other. It says which keys stay, so it need not wait for the puts
    /// and removes that led to it. Where it arrives before a remove, it removes: in causal order
    /// nobody reads anything else than the specification says.
    ///
    /// Complexity: linear in the entries, times the logarithm, here and wherever the delta is merged.
    /// It names every key that is there with a stamp below those of the removes, without its value, so
    /// this is for when there is much to forget. Where there is nothing, the delta is empty.
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, Merge, ReplicaId, Timestamp};
    /// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
    /// let (mut here, mut there) = (LwwMap::<String, u32>::new(), LwwMap::new());
    /// there.merge(&here.put(Timestamp::new(1_000, 0, a), "volume", 7u32)?);
    /// there.merge(&here.remove(Timestamp::new(1_001, 0, a), "mute")?);
    /// here.merge(&there.put(Timestamp::new(1_002, 0, b), "bass", 3u32)?);
    /// assert_eq!(here.stamp("mute"), Some(Timestamp::new(1_001, 0, a)));
    /// let cut = Timestamp::new(1_001, 0, a).min(Timestamp::new(1_002, 0, b)); // the last of each
    /// there.merge(&here.stabilise(cut));
    /// assert_eq!(here.stamp("mute"), None);
    /// assert!(here == there && here.get("volume") == Some(&7));
    /// assert!(there.put(cut, "mute", 1u32).is_err()); // too late
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn stabilise(&mut self, cut: Timestamp) -> LwwMapDelta<K, V> {
        let is_garbage = |last: &&Last<V>| {
            **last > self.rest && matches!(last, Last::Removed(stamp) if *stamp <= cut)
        };
        let Some(rest) = self.entries.values().filter(is_garbage).max().cloned() else {
            return LwwMapDelta::default();
        };
        let stays = self.entries.iter().filter(|(_, last)| **last < rest && !is_garbage(last));
        let entries = stays.map(|(key, _)| (key.clone(), Last::Unsaid)).collect();
        let delta = LwwMapDelta { rest, entries };
        self.merge(&delta);
        delta
    }

    fn change(
        &mut self,
        stamp: Timestamp,
        key: K,
        last: Last<V>,
    ) -> Result<LwwMapDelta<K, V>, StaleStamp> {
        match self.at(&key).max(&self.rest).stamp() {
            Some(current) if stamp <= current => Err(StaleStamp { stamp, current }),
            _ => {
                self.set_entry(key.clone(), Some(last.clone()));
                Ok(LwwMapDelta::of_one(key, last))
            }
        }
    }

    /// The keys whose entries are not the same in `other`, ascending. Costs the difference.
    fn differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a K> {
        self.entries.diff(&other.entries).map(|difference| match difference {
            DiffItem::Add(key, _) | DiffItem::Remove(key, _) => key,
            DiffItem::Update { new, .. } => new.0,
        })
    }
}

impl<K: Element, V: Element> LwwMapDelta<K, V> {
    fn of_one(key: K, last: Last<V>) -> Self {
        Self { rest: Last::Unsaid, entries: [(key, last)].into() }
    }
}

impl<K: Element, V: Element> Lasts<K, V> for LwwMap<K, V> {
    fn rest(&self) -> &Last<V> {
        &self.rest
    }

    fn entry(&self, key: &K) -> Option<&Last<V>> {
        self.entries.get(key)
    }

    fn keys<'a>(&'a self) -> impl Iterator<Item = &'a K>
    where
        K: 'a,
    {
        self.entries.keys()
    }

    fn set_rest(&mut self, rest: Last<V>) {
        self.rest = rest;
    }

    fn set_entry(&mut self, key: K, last: Option<Last<V>>) {
        self.len += usize::from(last.as_ref().is_some_and(|last| last.value().is_some()));
        let before = match last {
            Some(last) => self.entries.insert(key, last),
            None => self.entries.remove(&key),
        };
        self.len -= usize::from(before.is_some_and(|last| last.value().is_some()));
    }
}

impl<K: Element, V: Element> Lasts<K, V> for LwwMapDelta<K, V> {
    fn rest(&self) -> &Last<V> {
        &self.rest
    }

    fn entry(&self, key: &K) -> Option<&Last<V>> {
        self.entries.get(key)
    }

    fn keys<'a>(&'a self) -> impl Iterator<Item = &'a K>
    where
        K: 'a,
    {
        self.entries.keys()
    }

    fn set_rest(&mut self, rest: Last<V>) {
        self.rest = rest;
    }

    fn set_entry(&mut self, key: K, last: Option<Last<V>>) {
        match last {
            Some(last) => self.entries.insert(key, last),
            None => self.entries.remove(&key),
        };
    }
}

impl<K: Element, V: Element> Merge for LwwMap<K, V> {
    fn merge(&mut self, other: &Self) -> bool {
        let keys: Vec<&K> = self.differing(other).collect();
        if covers(other, self, keys.iter().copied()) {
            let changes = !keys.is_empty() || self.rest != other.rest;
            self.clone_from(other); // from then on the two share their structure
            return changes;
        }
        let joined = join(self, other, keys.into_iter());
        self.apply(joined)
    }
}

impl<K: Element, V: Element> Merge<LwwMapDelta<K, V>> for LwwMap<K, V> {
    fn merge(&mut self, delta: &LwwMapDelta<K, V>) -> bool {
        let joined = join(self, delta, touched(self, delta));
        self.apply(joined)
    }
}

impl<K: Element, V: Element> Merge for LwwMapDelta<K, V> {
    fn merge(&mut self, other: &Self) -> bool {
        let joined = join(self, other, touched(self, other));
        self.apply(joined)
    }
}

impl<K: Element, V: Element> Lattice for LwwMap<K, V> {
    fn covers(&self, other: &Self) -> bool {
        covers(self, other, self.differing(other))
    }
}

impl<K: Element, V: Element> Lattice for LwwMapDelta<K, V> {
    fn covers(&self, other: &Self) -> bool {
        covers(self, other, touched(self, other))
    }
}

impl<K: Element, V: Element> Replicated for LwwMap<K, V> {
    type Delta = LwwMapDelta<K, V>;

    fn missing_from(&self, other: &Self) -> Option<LwwMapDelta<K, V>> {
        lacked(other, self, other.differing(self))
    }

    fn news(&self, delta: &LwwMapDelta<K, V>) -> Option<LwwMapDelta<K, V>> {
        lacked(self, delta, touched(self, delta))
    }

    fn parts(&self) -> impl Iterator<Item = LwwMapDelta<K, V>> {
        let said = self.entries.iter().filter(|(_, last)| **last != Last::Unsaid);
        let entries = said.map(|(key, last)| LwwMapDelta::of_one(key.clone(), last.clone()));
        let floor = (self.rest != Last::Unsaid).then(|| LwwMapDelta {
            rest: self.rest.clone(),
            entries: self.keys().map(|key| (key.clone(), Last::Unsaid)).collect(),
        });
        floor.into_iter().chain(entries)
    }
}

/// `{"mute": removed (1001ms@r1), "volume": 7 (1000ms@r1)}`, with `else removed (999ms@r1)` where
/// removes up to that one were forgotten.
impl<K: Element, V: Element> fmt::Debug for LwwMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lasts(f, self.entries.iter(), &self.rest)
    }
}

/// As the map; `unsaid` of a key about which what was forgotten says nothing.
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for LwwMapDelta<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lasts(f, self.entries.iter(), &self.rest)
    }
}

fn write_lasts<'a, K: fmt::Debug + 'a, V: fmt::Debug + 'a>(
    f: &mut fmt::Formatter<'_>,
    entries: impl Iterator<Item = (&'a K, &'a Last<V>)>,
    rest: &Last<V>,
) -> fmt::Result {
    f.debug_map().entries(entries).finish()?;
    match rest {
        Last::Unsaid => Ok(()),
        rest => write!(f, " else {rest:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplicaId;

    type Map = LwwMap<u8, u8>;

    fn stamp(wall_ms: u64) -> Timestamp {
        Timestamp::new(wall_ms, 0, ReplicaId::new(1, 0))
    }

    #[test]
    fn a_stale_stamp_is_refused_and_nothing_changes() {
        let mut map = Map::new();
        let _ = map.put(stamp(5), 1u8, 1u8).unwrap();
        let _ = map.remove(stamp(5), 2u8).unwrap(); // other keys have stamps of their own
        let before = map.clone();
        for old in [4, 5] {
            let stale = Err(StaleStamp { stamp: stamp(old), current: stamp(5) });
            for key in [1u8, 2] {
                assert_eq!(map.put(stamp(old), key, 9u8), stale);
                assert_eq!(map.remove(stamp(old), key), stale);
                assert_eq!(map, before);
            }
        }
    }

    #[test]
    fn of_different_changes_with_equal_stamps_the_greater_wins_everywhere() {
        let changes = [
            Map::new().remove(stamp(5), 1u8).unwrap(),
            Map::new().put(stamp(5), 1u8, 1u8).unwrap(),
            Map::new().put(stamp(5), 1u8, 2u8).unwrap(),
        ];
        for (less, a) in changes.iter().enumerate() {
            for (more, b) in changes.iter().enumerate() {
                let (mut map, mut joined, mut state) = (Map::new(), a.clone(), Map::new());
                state.merge(b);
                map.merge(a);
                let mut by_state = map.clone();
                assert_eq!(map.merge(b), more > less);
                assert_eq!(joined.merge(b), more > less);
                assert_eq!(by_state.merge(&state), more > less);
                assert_eq!(joined, changes[less.max(more)]);
                assert!(map == Map::from(joined) && map == by_state);
            }
        }
    }

    #[test]
    fn the_length_is_that_of_the_keys_that_are_there() {
        let counts = |map: &Map| {
            assert_eq!((map.len(), map.is_empty()), (map.iter().count(), map.iter().count() == 0));
            let bytes = serde_json::to_string(map).unwrap();
            assert_eq!(serde_json::from_str::<Map>(&bytes).unwrap().len(), map.len());
        };
        let (mut by_delta, mut by_state, mut peer) = (Map::new(), Map::new(), Map::new());
        let _ = by_state.put(stamp(0), 9u8, 0u8).unwrap(); // so that no state is taken over whole
        for (wall_ms, key) in [(1, 1), (2, 2), (3, 1), (4, 3), (5, 2), (6, 1), (7, 4), (8, 3)] {
            let delta = if peer.contains_key(&key) || key == 4 {
                peer.remove(stamp(wall_ms), key).unwrap()
            } else {
                peer.put(stamp(wall_ms), key, 0u8).unwrap()
            };
            assert!(by_delta.merge(&delta) && by_state.merge(&peer));
            [&peer, &by_delta, &by_state].into_iter().for_each(counts);
        }
        assert_eq!((peer.len(), by_delta.len(), by_state.len()), (1, 1, 2));
        let collection = peer.stabilise(stamp(9));
        assert!(by_delta.merge(&collection) && by_state.merge(&peer));
        [&peer, &by_delta, &by_state].into_iter().for_each(counts);
        assert_eq!((peer.len(), by_delta.len(), by_state.len()), (1, 1, 1)); // it knew of no 9
    }

    #[test]
    fn merging_a_state_that_has_it_all_shares_its_structure() {
        let mut here = Map::new();
        let mut there = Map::new();
        for key in 0..100 {
            let _ = there.put(stamp(1), key, 0u8).unwrap();
        }
        let _ = here.put(stamp(0), 7u8, 1u8).unwrap();
        assert!(here.merge(&there));
        assert!(here.entries.ptr_eq(&there.entries) && here.len() == 100);
    }

    /// Removed at 2 and 4, put at 1, 3 and 5.
    fn mixed() -> Map {
        let mut map = Map::new();
        for (wall_ms, key) in [(1, 1), (3, 3), (5, 5)] {
            let _ = map.put(stamp(wall_ms), key, 7u8).unwrap();
        }
        let _ = (map.remove(stamp(2), 2u8).unwrap(), map.remove(stamp(4), 4u8).unwrap());
        map
    }

    #[test]
    fn a_collection_forgets_removes_and_names_the_keys_that_stay() {
        let mut map = mixed();
        let before = map.clone();
        let delta = map.stabilise(stamp(3));
        assert_eq!(format!("{delta:?}"), "{1: unsaid} else removed (2ms@r1)");
        let rest = "{1: 7 (1ms@r1), 3: 7 (3ms@r1), 4: removed (4ms@r1), 5: 7 (5ms@r1)} \
                    else removed (2ms@r1)";
        assert_eq!(format!("{map:?}"), rest);
        let delta = map.stabilise(stamp(9));
        assert_eq!(format!("{delta:?}"), "{1: unsaid, 3: unsaid} else removed (4ms@r1)");
        assert_eq!((map.entries.len(), map.len()), (3, 3));
        assert_eq!(map.changes_since(&before).count(), 0);
    }

    #[test]
    fn where_nothing_is_to_be_forgotten_nothing_changes() {
        let mut forgotten = mixed();
        let _ = forgotten.stabilise(stamp(4));
        for (before, cut) in [(Map::new(), 9), (mixed(), 1), (forgotten.clone(), 4), (forgotten, 9)]
        {
            let mut map = before.clone();
            assert_eq!(map.stabilise(stamp(cut)), LwwMapDelta::default());
            assert_eq!(map, before);
        }
    }

    #[test]
    fn a_stamp_below_what_was_forgotten_is_stale_whichever_its_key() {
        let mut map = mixed();
        let _ = map.stabilise(stamp(4));
        let before = map.clone();
        for key in [1u8, 2, 9] {
            for old in [3, 4] {
                let stale = Err(StaleStamp { stamp: stamp(old), current: stamp(4) });
                assert_eq!(map.put(stamp(old), key, 9u8), stale);
                assert_eq!(map.remove(stamp(old), key), stale);
                assert_eq!(map, before);
            }
        }
        let _ = map.put(stamp(5), 2u8, 9u8).unwrap();
        assert_eq!(map.changes_since(&before).count(), 1);
    }

    #[test]
    fn a_collection_may_arrive_before_what_it_collects() {
        let (mut map, mut deltas) = (Map::new(), Vec::new());
        deltas.push(map.put(stamp(1), 1u8, 1u8).unwrap());
        deltas.push(map.put(stamp(2), 2u8, 2u8).unwrap());
        deltas.push(map.remove(stamp(3), 2u8).unwrap());
        deltas.push(map.stabilise(stamp(3)));
        deltas.push(map.remove(stamp(4), 1u8).unwrap());
        deltas.push(map.stabilise(stamp(4)));
        for number in 0..720 {
            let (mut left, mut number) = (deltas.clone(), number);
            let (mut late, mut joined) = (Map::new(), LwwMapDelta::default());
            while !left.is_empty() {
                let next = left.remove(number % left.len());
                number /= left.len() + 1;
                late.merge(&next);
                joined.merge(&next);
                assert_eq!(late, Map::from(joined.clone()));
            }
            assert_eq!(late, map);
        }
        assert_eq!(format!("{map:?}"), "{} else removed (4ms@r1)");
    }

    #[test]
    fn a_floor_says_nothing_of_what_was_put_since() {
        let mut behind = mixed();
        let _ = behind.stabilise(stamp(4));
        let mut ahead = behind.clone();
        let put = ahead.put(stamp(6), 1u8, 8u8).unwrap();
        assert_eq!(ahead.missing_from(&behind), Some(put)); // and not the floor, which it has
    }

    #[test]
    fn forged_maps_are_refused() {
        let at = |wall_ms| serde_json::to_string(&stamp(wall_ms)).unwrap();
        let put = |key: u8| format!(r#"[{key},{{"Put":[{},3]}}]"#, at(9));
        let removed = |wall_ms| format!(r#"{{"Removed":{}}}"#, at(wall_ms));
        let nothing = r#""Unsaid""#.to_owned();
        let order = "keys are not in strictly ascending order";
        let repeats = "a key is named of which nothing else is said than of all the others";
        for (rest, entries, error) in [
            (nothing.clone(), [put(2), put(1)], order),
            (nothing.clone(), [put(1), put(1)], order),
            (nothing.clone(), [put(1), r#"[2,"Unsaid"]"#.to_owned()], repeats),
            (removed(5), [put(1), format!("[2,{}]", removed(5))], repeats),
            (
                format!(r#"{{"Put":[{},3]}}"#, at(5)),
                [put(1), put(2)],
                "a value is put under all keys that are not named",
            ),
        ] {
            let forged = format!(r#"{{"rest":{rest},"entries":[{}]}}"#, entries.join(","));
            let state = serde_json::from_str::<Map>(&forged).unwrap_err().to_string();
            let delta = serde_json::from_str::<LwwMapDelta<u8, u8>>(&forged).unwrap_err();
            assert!(state.contains(error) && delta.to_string().contains(error), "{state}");
        }
        for rest in [nothing, removed(5)] {
            let map = format!(r#"{{"rest":{rest},"entries":[{},{}]}}"#, put(1), put(2));
            assert_eq!(serde_json::from_str::<Map>(&map).unwrap().len(), 2);
        }
    }
}

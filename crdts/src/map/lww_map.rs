//! The last-writer-wins map.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use im::OrdMap;
use im::ordmap::DiffItem;
use serde::{Deserialize, Serialize};

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
/// **Delivery**: any order.
///
/// **Cost**: one stamp for each key that was ever put or removed: a removed key leaves its stamp
/// behind for good, since a put that arrives late would otherwise bring it back. Put, remove and
/// lookup are logarithmic, `len` is O(1), iteration passes over the removed keys too; a delta is
/// what changed, and merging it costs its size times the logarithm of the map; cloning is O(1), and
/// merging states that share structure costs their difference. There are no dots, so there is no
/// summary that says exactly and in less space what a replica has, and no
/// [`Summarize`](crate::Summarize): deltas arrive in any order, so a greatest stamp says nothing of
/// smaller ones, and only the stamp of every key tells. Whoever cannot tell compares states.
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
    #[serde(serialize_with = "sorted::map::serialize")]
    entries: OrdMap<K, Change<V>>,
    #[serde(skip)]
    len: usize, // how many entries are puts
}

/// What was done to a key: a put of a value, or a remove. The order is that of who wins.
type Change<V> = (Timestamp, Option<V>);

/// Puts and removes of an [`LwwMap`], one for each key at most.
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
#[serde(bound(
    serialize = "K: Serialize, V: Serialize",
    deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"
))]
pub struct LwwMapDelta<K, V> {
    #[serde(with = "sorted::map")]
    entries: BTreeMap<K, Change<V>>,
}

impl<K: Element, V: Element> From<LwwMapDelta<K, V>> for LwwMap<K, V> {
    fn from(LwwMapDelta { entries }: LwwMapDelta<K, V>) -> Self {
        let len = entries.values().filter(|change| change.1.is_some()).count();
        Self { entries: entries.into_iter().collect(), len }
    }
}

// How many are puts follows from the entries, and is not compared.
impl<K: Element, V: Element> PartialEq for LwwMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<K: Element, V: Element> Eq for LwwMap<K, V> {}

impl<K: Element, V: Element> std::hash::Hash for LwwMap<K, V> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.entries.hash(state);
    }
}

impl<K: Element, V: Element> Default for LwwMap<K, V> {
    fn default() -> Self {
        Self { entries: OrdMap::new(), len: 0 }
    }
}

impl<K, V> Default for LwwMapDelta<K, V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
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
    /// [`StaleStamp`] unless `stamp` exceeds the stamp that the key has; nothing changes.
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
        self.change(key.into(), (stamp, Some(value.into())))
    }

    /// Removes `key` and returns the delta. A key that was not there is stamped too: a put with a
    /// smaller stamp, should it arrive, does not count.
    ///
    /// # Errors
    ///
    /// [`StaleStamp`] unless `stamp` exceeds the stamp that the key has; nothing changes.
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
        self.change(key.into(), (stamp, None))
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
        self.entries.get(key).and_then(|change| change.1.as_ref())
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

    /// The stamp of what was last done to `key`, a remove included.
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
        self.entries.get(key).map(|change| change.0)
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
        self.entries.iter().filter_map(|(key, change)| Some((key, change.1.as_ref()?)))
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
                DiffItem::Add(key, new) => (key, None, new.1.as_ref()),
                DiffItem::Remove(key, old) => (key, old.1.as_ref(), None),
                DiffItem::Update { old, new } => (new.0, old.1.1.as_ref(), new.1.1.as_ref()),
            };
            MapChange::of(key, old, new, |old, new| old == new)
        })
    }

    fn change(&mut self, key: K, change: Change<V>) -> Result<LwwMapDelta<K, V>, StaleStamp> {
        match self.stamp(&key) {
            Some(current) if change.0 <= current => Err(StaleStamp { stamp: change.0, current }),
            _ => {
                self.set(key.clone(), change.clone());
                Ok(LwwMapDelta::of_one(key, change))
            }
        }
    }

    fn set(&mut self, key: K, change: Change<V>) {
        self.len += usize::from(change.1.is_some());
        if let Some((_, Some(_))) = self.entries.insert(key, change) {
            self.len -= 1;
        }
    }

    fn lacks(&self, key: &K, change: &Change<V>) -> bool {
        self.entries.get(key).is_none_or(|current| current < change)
    }

    /// What wins in `theirs` over what is here, ascending. Costs their difference.
    fn lost_to<'a>(&'a self, theirs: &'a Self) -> impl Iterator<Item = (&'a K, &'a Change<V>)> {
        self.entries.diff(&theirs.entries).filter_map(|difference| match difference {
            DiffItem::Add(key, change) => Some((key, change)),
            DiffItem::Update { old, new } => (old.1 < new.1).then_some(new),
            DiffItem::Remove(..) => None,
        })
    }
}

impl<K: Element, V: Element> LwwMapDelta<K, V> {
    fn of_one(key: K, change: Change<V>) -> Self {
        Self { entries: [(key, change)].into() }
    }

    fn unless_empty<'a>(changes: impl Iterator<Item = (&'a K, &'a Change<V>)>) -> Option<Self> {
        let entries: BTreeMap<K, Change<V>> =
            changes.map(|(key, change)| (key.clone(), change.clone())).collect();
        (!entries.is_empty()).then_some(Self { entries })
    }
}

impl<K: Element, V: Element> Merge for LwwMap<K, V> {
    fn merge(&mut self, other: &Self) -> bool {
        let (mut wins, mut has_own) = (Vec::new(), false);
        for difference in self.entries.diff(&other.entries) {
            match difference {
                DiffItem::Add(key, change) => wins.push((key, change)),
                DiffItem::Update { old, new } if old.1 < new.1 => wins.push(new),
                DiffItem::Update { .. } | DiffItem::Remove(..) => has_own = true,
            }
        }
        let changed = !wins.is_empty();
        if has_own {
            for (key, change) in wins {
                self.set(key.clone(), change.clone());
            }
        } else if changed {
            self.clone_from(other); // from then on the two share their structure
        }
        changed
    }
}

impl<K: Element, V: Element> Merge<LwwMapDelta<K, V>> for LwwMap<K, V> {
    fn merge(&mut self, delta: &LwwMapDelta<K, V>) -> bool {
        let mut changed = false;
        for (key, change) in &delta.entries {
            if self.lacks(key, change) {
                self.set(key.clone(), change.clone());
                changed = true;
            }
        }
        changed
    }
}

impl<K: Element, V: Element> Merge for LwwMapDelta<K, V> {
    fn merge(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (key, change) in &other.entries {
            if self.entries.get(key).is_none_or(|current| current < change) {
                self.entries.insert(key.clone(), change.clone());
                changed = true;
            }
        }
        changed
    }
}

impl<K: Element, V: Element> Lattice for LwwMap<K, V> {
    fn covers(&self, other: &Self) -> bool {
        self.lost_to(other).next().is_none()
    }
}

impl<K: Element, V: Element> Lattice for LwwMapDelta<K, V> {
    fn covers(&self, other: &Self) -> bool {
        let held = |key: &K, change| self.entries.get(key).is_some_and(|current| current >= change);
        other.entries.iter().all(|(key, change)| held(key, change))
    }
}

impl<K: Element, V: Element> Replicated for LwwMap<K, V> {
    type Delta = LwwMapDelta<K, V>;

    fn missing_from(&self, other: &Self) -> Option<LwwMapDelta<K, V>> {
        LwwMapDelta::unless_empty(other.lost_to(self))
    }

    fn news(&self, delta: &LwwMapDelta<K, V>) -> Option<LwwMapDelta<K, V>> {
        let entries = delta.entries.iter();
        LwwMapDelta::unless_empty(entries.filter(|(key, change)| self.lacks(key, change)))
    }

    fn parts(&self) -> impl Iterator<Item = LwwMapDelta<K, V>> {
        self.entries.iter().map(|(key, change)| LwwMapDelta::of_one(key.clone(), change.clone()))
    }
}

/// `{"mute": removed (1001ms@r1), "volume": 7 (1000ms@r1)}`.
impl<K: Element, V: Element> fmt::Debug for LwwMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_changes(f, self.entries.iter())
    }
}

/// As the map.
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for LwwMapDelta<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_changes(f, self.entries.iter())
    }
}

fn write_changes<'a, K: fmt::Debug + 'a, V: fmt::Debug + 'a>(
    f: &mut fmt::Formatter<'_>,
    changes: impl Iterator<Item = (&'a K, &'a Change<V>)>,
) -> fmt::Result {
    let mut map = f.debug_map();
    for (key, (stamp, value)) in changes {
        match value {
            Some(value) => map.entry(key, &format_args!("{value:?} ({stamp})")),
            None => map.entry(key, &format_args!("removed ({stamp})")),
        };
    }
    map.finish()
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

    #[test]
    fn forged_maps_are_refused() {
        let entry = |key: u8| format!("[{key},[{},3]]", serde_json::to_string(&stamp(1)).unwrap());
        for (one, other) in [(2, 1), (1, 1)] {
            let forged = format!(r#"{{"entries":[{},{}]}}"#, entry(one), entry(other));
            let state = serde_json::from_str::<Map>(&forged).unwrap_err().to_string();
            let delta = serde_json::from_str::<LwwMapDelta<u8, u8>>(&forged).unwrap_err();
            let error = "keys are not in strictly ascending order";
            assert!(state.contains(error) && delta.to_string().contains(error));
        }
        let map = format!(r#"{{"entries":[{},{}]}}"#, entry(1), entry(2));
        assert_eq!(serde_json::from_str::<Map>(&map).unwrap().len(), 2);
    }
}

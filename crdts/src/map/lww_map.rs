//! The last-writer-wins map.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use im::OrdMap;
use im::ordmap::DiffItem;
use serde::{Deserialize, Deserializer, Serialize, de};

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
/// behind, since a put that arrives late would otherwise bring it back, until that is
/// [stable](Self::stabilise). Put, remove and
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
    deserialize = "K: Element + Deserialize<'de>, V: Element + Deserialize<'de>"
))]
pub struct LwwMap<K: Element, V: Element> {
    floor: Floor,
    #[serde(serialize_with = "sorted::map::serialize")]
    entries: OrdMap<K, Change<V>>, // none is what the floor says
    #[serde(skip)]
    len: usize, // how many entries are puts
}

/// What was done to a key: a put of a value, or a remove. The order is that of who wins.
type Change<V> = (Timestamp, Option<V>);

/// A remove of every key without an entry.
type Floor = Option<Timestamp>;

/// What holds for a key: its entry, or else the floor.
type Standing<'a, V> = Option<(Timestamp, Option<&'a V>)>;

/// A function from keys to what holds for them. These are joined key by key.
trait Standings<K: Element, V: Element> {
    fn floor(&self) -> Floor;

    fn entry(&self, key: &K) -> Option<&Change<V>>;

    fn standing(&self, key: &K) -> Standing<'_, V> {
        let entry = self.entry(key).map(|(stamp, value)| (*stamp, value.as_ref()));
        entry.or_else(|| under(self.floor()))
    }

    fn keys(&self) -> impl Iterator<Item = &K>;

    /// Raises the floor, and gives keys other entries or none.
    fn put(&mut self, floor: Floor, entries: Vec<(K, Option<Change<V>>)>);

    /// Joins what holds in `theirs` for these keys; true iff something changed.
    fn take<'k>(
        &mut self,
        theirs: &impl Standings<K, V>,
        keys: impl Iterator<Item = &'k K>,
    ) -> bool {
        let floor = self.floor().max(theirs.floor());
        let mut entries = Vec::new();
        for key in keys {
            let joined = self.standing(key).max(theirs.standing(key));
            let entry = joined.filter(|_| joined != under(floor));
            if entry != self.entry(key).map(|(stamp, value)| (*stamp, value.as_ref())) {
                entries.push((key.clone(), entry.map(owned)));
            }
        }
        let changed = floor != self.floor() || !entries.is_empty();
        self.put(floor, entries);
        changed
    }

    /// Joins all of `theirs`; true iff something changed.
    fn take_all(&mut self, theirs: &impl Standings<K, V>) -> bool {
        if theirs.floor().is_none() {
            return self.take(theirs, theirs.keys());
        }
        let keys: BTreeSet<K> = self.keys().chain(theirs.keys()).cloned().collect();
        self.take(theirs, keys.iter())
    }

    fn covers_all(&self, other: &impl Standings<K, V>) -> bool {
        let covers = |key: &K| self.standing(key) >= other.standing(key);
        let needs_own = other.floor().is_some();
        self.floor() >= other.floor()
            && other.keys().all(covers)
            && (!needs_own || self.keys().all(covers))
    }

    /// What `other` lacks of what holds here for these keys, which must be all that have an entry on
    /// either side if `other` lacks the floor.
    fn lacked_by<'k>(
        &self,
        other: &impl Standings<K, V>,
        keys: impl Iterator<Item = &'k K>,
    ) -> Option<LwwMapDelta<K, V>> {
        let floor = self.floor().filter(|_| self.floor() > other.floor());
        let tells = |key: &K| {
            let standing = self.standing(key);
            // A floor would raise what is below it.
            let is_below = floor.is_some() && standing < under(floor);
            let is_news = standing > other.standing(key) && standing != under(floor);
            let told = (is_below || is_news).then_some(standing).flatten();
            told.map(|change| (key.clone(), owned(change)))
        };
        let delta = LwwMapDelta { floor, entries: keys.filter_map(tells).collect() };
        (delta != LwwMapDelta::default()).then_some(delta)
    }

    /// As [`lacked_by`](Self::lacked_by), of all keys.
    fn all_lacked_by(&self, other: &impl Standings<K, V>) -> Option<LwwMapDelta<K, V>> {
        if self.floor().is_none() {
            return self.lacked_by(other, self.keys());
        }
        let keys: BTreeSet<&K> = self.keys().chain(other.keys()).collect();
        self.lacked_by(other, keys.into_iter())
    }
}

fn under<'a, V>(floor: Floor) -> Standing<'a, V> {
    floor.map(|stamp| (stamp, None))
}

fn owned<V: Clone>((stamp, value): (Timestamp, Option<&V>)) -> Change<V> {
    (stamp, value.cloned())
}

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
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(bound(serialize = "K: Serialize, V: Serialize"))]
pub struct LwwMapDelta<K, V> {
    floor: Floor,
    #[serde(serialize_with = "sorted::map::serialize")]
    entries: BTreeMap<K, Change<V>>, // none is what the floor says
}

impl<'de, K, V> Deserialize<'de> for LwwMapDelta<K, V>
where
    K: Ord + Deserialize<'de>,
    V: PartialEq + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "LwwMap")]
        #[serde(bound(deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"))]
        struct Raw<K, V> {
            floor: Floor,
            #[serde(deserialize_with = "sorted::map::deserialize")]
            entries: BTreeMap<K, Change<V>>,
        }
        let Raw { floor, entries } = Raw::deserialize(deserializer)?;
        if floor.is_some_and(|floor| entries.values().any(|change| *change == (floor, None))) {
            return Err(de::Error::custom("a key is removed as the others are"));
        }
        Ok(Self { floor, entries })
    }
}

impl<K: Element, V: Element> From<LwwMapDelta<K, V>> for LwwMap<K, V> {
    fn from(LwwMapDelta { floor, entries }: LwwMapDelta<K, V>) -> Self {
        let len = entries.values().filter(|change| change.1.is_some()).count();
        Self { floor, entries: entries.into_iter().collect(), len }
    }
}

// How many are puts follows from the entries, and is not compared.
impl<K: Element, V: Element> PartialEq for LwwMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.floor == other.floor && self.entries == other.entries
    }
}

impl<K: Element, V: Element> Eq for LwwMap<K, V> {}

impl<K: Element, V: Element> std::hash::Hash for LwwMap<K, V> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.floor.hash(state);
        self.entries.hash(state);
    }
}

impl<K: Element, V: Element> Default for LwwMap<K, V> {
    fn default() -> Self {
        Self { floor: None, entries: OrdMap::new(), len: 0 }
    }
}

impl<K, V> Default for LwwMapDelta<K, V> {
    fn default() -> Self {
        Self { floor: None, entries: BTreeMap::new() }
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

    /// The stamp of what was last done to `key`, a remove included. For a key that is not there it
    /// may be that of a later [collection](Self::stabilise), below which nothing counts any more.
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
        self.entries.get(key).map(|change| change.0).or(self.floor)
    }

    /// Forgets the removes with stamps up to `cut`, and returns the delta; what is read stays the
    /// same.
    ///
    /// `cut` must be stable: every operation that is still to come here has a greater stamp. That is
    /// so of the least of the last stamps of all that may write, if each of them stamps upwards and
    /// its changes come in that order. From now on a key that is not there stands as removed at
    /// `cut`, and an older stamp is stale.
    ///
    /// Complexity: the delta names every key that is there with a stamp below `cut`, so making it
    /// and merging it are linear in the map: this is to be done rarely, when there is much to be
    /// forgotten. Where nothing is, the delta is empty.
    ///
    /// ```
    /// use rejoin_crdts::{LwwMap, ReplicaId, Timestamp};
    /// let at = |n| Timestamp::new(n, 0, ReplicaId::new(1, 0));
    /// let mut settings: LwwMap<String, u32> = LwwMap::new();
    /// let _ = settings.put(at(1), "volume", 7u32)?;
    /// let _ = settings.remove(at(2), "mute")?;
    /// let _ = settings.stabilise(at(3)); // nobody else writes
    /// assert_eq!(format!("{settings:?}"), r#"{"volume": 7 (1ms@r1)} since 3ms@r1"#);
    /// # Ok::<(), rejoin_crdts::StaleStamp>(())
    /// ```
    #[must_use = "the delta is what the other replicas need"]
    pub fn stabilise(&mut self, cut: Timestamp) -> LwwMapDelta<K, V> {
        let is_garbage = |(stamp, value): &Change<V>| value.is_none() && *stamp <= cut;
        if self.floor >= Some(cut) || !self.entries.values().any(is_garbage) {
            return LwwMapDelta::default();
        }
        let stays = self.entries.iter().filter(|(_, change)| change.1.is_some() && change.0 < cut);
        let entries = stays.map(|(key, change)| (key.clone(), change.clone())).collect();
        let delta = LwwMapDelta { floor: Some(cut), entries };
        self.take_all(&delta);
        delta
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
}

impl<K: Element, V> LwwMapDelta<K, V> {
    fn of_one(key: K, change: Change<V>) -> Self {
        Self { floor: None, entries: [(key, change)].into() }
    }
}

impl<K: Element, V: Element> Standings<K, V> for LwwMap<K, V> {
    fn floor(&self) -> Floor {
        self.floor
    }

    fn entry(&self, key: &K) -> Option<&Change<V>> {
        self.entries.get(key)
    }

    fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    fn put(&mut self, floor: Floor, entries: Vec<(K, Option<Change<V>>)>) {
        self.floor = floor;
        for (key, entry) in entries {
            match entry {
                Some(change) => self.set(key, change),
                None => {
                    self.len -= usize::from(matches!(self.entries.remove(&key), Some((_, Some(_)))))
                }
            }
        }
    }
}

impl<K: Element, V: Element> Standings<K, V> for LwwMapDelta<K, V> {
    fn floor(&self) -> Floor {
        self.floor
    }

    fn entry(&self, key: &K) -> Option<&Change<V>> {
        self.entries.get(key)
    }

    fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    fn put(&mut self, floor: Floor, entries: Vec<(K, Option<Change<V>>)>) {
        self.floor = floor;
        for (key, entry) in entries {
            match entry {
                Some(change) => _ = self.entries.insert(key, change),
                None => _ = self.entries.remove(&key),
            }
        }
    }
}

/// The keys in which two maps differ. Costs their difference.
fn differing<'a, K: Element, V: Element>(
    one: &'a OrdMap<K, Change<V>>,
    other: &'a OrdMap<K, Change<V>>,
) -> impl Iterator<Item = &'a K> {
    one.diff(other).map(|difference| match difference {
        DiffItem::Add(key, _) | DiffItem::Remove(key, _) => key,
        DiffItem::Update { new, .. } => new.0,
    })
}

impl<K: Element, V: Element> Merge for LwwMap<K, V> {
    fn merge(&mut self, other: &Self) -> bool {
        if self.floor != other.floor {
            return self.take_all(other);
        }
        let keys: Vec<K> = differing(&self.entries, &other.entries).cloned().collect();
        let has_own = keys.iter().any(|key| self.standing(key) > other.standing(key));
        if has_own {
            return self.take(other, keys.iter());
        }
        if !keys.is_empty() {
            self.clone_from(other); // from then on the two share their structure
        }
        !keys.is_empty()
    }
}

impl<K: Element, V: Element> Merge<LwwMapDelta<K, V>> for LwwMap<K, V> {
    fn merge(&mut self, delta: &LwwMapDelta<K, V>) -> bool {
        self.take_all(delta)
    }
}

impl<K: Element, V: Element> Merge for LwwMapDelta<K, V> {
    fn merge(&mut self, other: &Self) -> bool {
        self.take_all(other)
    }
}

impl<K: Element, V: Element> Lattice for LwwMap<K, V> {
    fn covers(&self, other: &Self) -> bool {
        if self.floor == other.floor {
            let mut keys = differing(&self.entries, &other.entries);
            return keys.all(|key| self.standing(key) >= other.standing(key));
        }
        self.covers_all(other)
    }
}

impl<K: Element, V: Element> Lattice for LwwMapDelta<K, V> {
    fn covers(&self, other: &Self) -> bool {
        self.covers_all(other)
    }
}

impl<K: Element, V: Element> Replicated for LwwMap<K, V> {
    type Delta = LwwMapDelta<K, V>;

    fn missing_from(&self, other: &Self) -> Option<LwwMapDelta<K, V>> {
        if self.floor == other.floor {
            return self.lacked_by(other, differing(&self.entries, &other.entries));
        }
        self.all_lacked_by(other)
    }

    fn news(&self, delta: &LwwMapDelta<K, V>) -> Option<LwwMapDelta<K, V>> {
        delta.all_lacked_by(self)
    }

    fn parts(&self) -> impl Iterator<Item = LwwMapDelta<K, V>> {
        let floor = under(self.floor);
        let (below, above): (Vec<_>, Vec<_>) =
            self.entries.keys().partition(|key| self.standing(key) < floor);
        let entry = |key: &&K| Some(((*key).clone(), self.entries.get(*key)?.clone()));
        let entries = below.iter().filter_map(entry).collect();
        let whole = self.floor.map(|floor| LwwMapDelta { floor: Some(floor), entries });
        let above: Vec<_> = above.iter().filter_map(entry).collect();
        whole
            .into_iter()
            .chain(above.into_iter().map(|(key, change)| LwwMapDelta::of_one(key, change)))
    }
}

/// `{"mute": removed (1001ms@r1), "volume": 7 (1000ms@r1)}`, and `since 5ms@r1` if older removes were
/// forgotten.
impl<K: Element, V: Element> fmt::Debug for LwwMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_changes(f, self.floor, self.entries.iter())
    }
}

/// As the map.
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for LwwMapDelta<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_changes(f, self.floor, self.entries.iter())
    }
}

fn write_changes<'a, K: fmt::Debug + 'a, V: fmt::Debug + 'a>(
    f: &mut fmt::Formatter<'_>,
    floor: Floor,
    changes: impl Iterator<Item = (&'a K, &'a Change<V>)>,
) -> fmt::Result {
    let mut map = f.debug_map();
    for (key, (stamp, value)) in changes {
        match value {
            Some(value) => map.entry(key, &format_args!("{value:?} ({stamp})")),
            None => map.entry(key, &format_args!("removed ({stamp})")),
        };
    }
    map.finish()?;
    floor.map_or(Ok(()), |floor| write!(f, " since {floor}"))
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
            let forged = format!(r#"{{"floor":null,"entries":[{},{}]}}"#, entry(one), entry(other));
            let state = serde_json::from_str::<Map>(&forged).unwrap_err().to_string();
            let delta = serde_json::from_str::<LwwMapDelta<u8, u8>>(&forged).unwrap_err();
            let error = "keys are not in strictly ascending order";
            assert!(state.contains(error) && delta.to_string().contains(error));
        }
        let map = format!(r#"{{"floor":null,"entries":[{},{}]}}"#, entry(1), entry(2));
        assert_eq!(serde_json::from_str::<Map>(&map).unwrap().len(), 2);
    }
}

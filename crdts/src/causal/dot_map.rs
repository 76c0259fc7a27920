//! Stores under keys.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::tree::Tree;
use super::{CausalContext, DotFun, DotFunDelta, DotStore, Element, coder};
use crate::Dot;

/// A store for each key, in key order. A key whose store is empty is not there, and one that holds
/// nothing but tombstones is not shown.
///
/// A persistent map: cloning is O(1), and joining two maps that share structure costs their
/// difference. Counting the keys is O(1); iterating passes over those that are not shown.
///
/// ```
/// use rejoin_crdts::{OrSet, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut set = OrSet::<String>::new(); // a map from elements to their dots
/// let _ = (set.insert(me, "milk"), set.insert(me, "bread"));
/// assert!(format!("{set:?}").starts_with(r#"{"bread": {r1:2}, "milk": {r1:1}}"#));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DotMap<K: Ord, S: PartialEq> {
    entries: Tree<K, S>,
    hidden: usize, // of the entries, those in which nothing is present
}

/// Records of a [`DotMap`], by key: merging it touches these keys and no others.
///
/// ```
/// use rejoin_crdts::{OrSet, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut set = OrSet::<String>::new();
/// let _ = set.insert(me, "milk");
/// let delta = set.insert(me, "bread");
/// assert_eq!(format!("{delta:?}"), r#"{"bread": +{r1:2} -{}}"#); // and nothing of the milk
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DotMapDelta<K, D> {
    entries: BTreeMap<K, D>,
}

impl<K: Ord, S: PartialEq> Default for DotMap<K, S> {
    fn default() -> Self {
        Self { entries: Tree::default(), hidden: 0 }
    }
}

impl<K, D> Default for DotMapDelta<K, D> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
    }
}

impl<K: Element, S: DotStore> DotMap<K, S> {
    /// The store under `key`, if anything is present there.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&S>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).filter(|store| store.is_present())
    }

    /// The keys under which something is present, with their stores, ascending.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &S)> + '_ {
        Present { entries: self.entries.iter(), left: self.len() }
    }

    /// The keys whose stores differ, ascending, with what is present here and there. Costs the
    /// difference where the two share structure.
    pub(crate) fn diff<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = (&'a K, Option<&'a S>, Option<&'a S>)> {
        let present = |store: &'a S| store.is_present().then_some(store);
        let differences = self.entries.diff(&other.entries);
        differences
            .map(move |(key, ours, theirs)| (key, ours.and_then(present), theirs.and_then(present)))
    }

    /// What `of` says of each store, by key.
    pub(crate) fn records(&self, of: impl Fn(&S) -> S::Delta) -> DotMapDelta<K, S::Delta> {
        DotMapDelta::of(self.entries.iter().map(|(key, store)| (key.clone(), of(store))))
    }

    /// How many keys there are under which something is present.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.hidden
    }

    /// Edits the store under `key` and its part of `delta`; whatever is empty afterwards is not
    /// kept.
    pub(crate) fn edit<R>(
        &mut self,
        delta: &mut DotMapDelta<K, S::Delta>,
        key: K,
        edit: impl FnOnce(&mut S, &mut S::Delta) -> R,
    ) -> R {
        let mut records = delta.entries.remove(&key).unwrap_or_default();
        let result = if let Some(store) = self.entries.get_mut(&key) {
            let hid = hides(store);
            let result = edit(store, &mut records);
            let (hides, emptied) = (hides(store), store.is_empty());
            self.hidden -= hid;
            if emptied {
                self.entries.remove(&key);
            } else {
                self.hidden += hides;
            }
            result
        } else {
            let mut store = S::default();
            let result = edit(&mut store, &mut records);
            self.put(key.clone(), store);
            result
        };
        if records != S::Delta::default() {
            delta.entries.insert(key, records);
        }
        result
    }

    /// Edits every store, and records it in `delta`. What is left as it was stays shared with clones.
    pub(crate) fn edit_each(
        &mut self,
        delta: &mut DotMapDelta<K, S::Delta>,
        mut edit: impl FnMut(&mut S, &mut S::Delta),
    ) {
        let edited = self.entries.iter().filter_map(|(key, store)| {
            let (mut store, mut records) = (store.clone(), S::Delta::default());
            edit(&mut store, &mut records);
            (records != S::Delta::default()).then(|| (key.clone(), store, records))
        });
        for (key, store, records) in edited.collect::<Vec<_>>() {
            self.put(key.clone(), store);
            S::join_deltas(delta.entries.entry(key).or_default(), &records);
        }
    }

    /// The stored key that equals `key`, if anything is held there.
    pub(crate) fn key<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.entries.entry(key).map(|(key, _)| key)
    }

    fn put(&mut self, key: K, store: S) {
        let before = if store.is_empty() {
            self.entries.remove(&key).map(|(_, before)| before)
        } else {
            self.hidden += hides(&store);
            self.entries.insert(key, store)
        };
        self.hidden -= before.as_ref().map_or(0, hides);
    }

    fn put_all(&mut self, changed: Vec<(K, S)>) -> bool {
        let any = !changed.is_empty();
        for (key, store) in changed {
            self.put(key, store);
        }
        any
    }
}

impl<K: Element, V: Element> DotMap<K, DotFun<V>> {
    /// Replaces everything under `key` by one value under a new dot, and records it in `delta`.
    pub(crate) fn replace(
        &mut self,
        delta: &mut DotMapDelta<K, DotFunDelta<V>>,
        key: K,
        dot: Dot,
        value: V,
    ) {
        let now = DotFun::one(dot, value.clone());
        let mut before = self.entries.insert(key.clone(), now).unwrap_or_default();
        before.replace(delta.entries.entry(key).or_default(), dot, value);
    }

    /// Removes what is under `key` and records it in `delta`; false if nothing is.
    pub(crate) fn remove<Q: Ord + ?Sized>(
        &mut self,
        delta: &mut DotMapDelta<K, DotFunDelta<V>>,
        key: &Q,
    ) -> bool
    where
        K: Borrow<Q>,
    {
        let removed = self.entries.remove(key);
        removed.is_some_and(|(key, mut store)| {
            store.drain_into(delta.entries.entry(key).or_default());
            true
        })
    }
}

impl<K: Element, S: DotStore> DotStore for DotMap<K, S> {
    type Delta = DotMapDelta<K, S::Delta>;

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn is_present(&self) -> bool {
        self.len() > 0
    }

    fn dots(&self, each: &mut dyn FnMut(Dot)) {
        for store in self.entries.iter().map(|(_, store)| store) {
            store.dots(each);
        }
    }

    fn tombstones(&self, each: &mut dyn FnMut(Dot)) {
        for store in self.entries.iter().map(|(_, store)| store) {
            store.tombstones(each);
        }
    }

    fn join(&mut self, mine: &CausalContext, other: &Self, theirs: &CausalContext) -> bool {
        let empty = S::default();
        let mut same = true; // whether the join is what the other has
        let changed: Vec<(K, S)> = self
            .entries
            .diff(&other.entries)
            .filter_map(|(key, ours, others)| {
                let others = others.unwrap_or(&empty);
                let mut ours = ours.cloned().unwrap_or_default();
                let changed = ours.join(mine, others, theirs);
                same &= ours == *others;
                changed.then(|| (key.clone(), ours))
            })
            .collect();
        if same && !changed.is_empty() {
            self.clone_from(other); // and shares its structure from now on
            return true;
        }
        self.put_all(changed)
    }

    fn apply(&mut self, mine: &CausalContext, delta: &Self::Delta) -> bool {
        let mut any = false;
        for (key, records) in &delta.entries {
            let mut store = self.entries.get(key).cloned().unwrap_or_default();
            if store.apply(mine, records) {
                self.put(key.clone(), store);
                any = true;
            }
        }
        any
    }

    fn retire(&mut self, dead: &CausalContext) -> bool {
        let changed = self.entries.iter().filter_map(|(key, store)| {
            let mut store = store.clone();
            store.retire(dead).then(|| (key.clone(), store))
        });
        let changed = changed.collect();
        self.put_all(changed)
    }

    fn clear_into(&mut self, by: Dot, delta: &mut Self::Delta) {
        let before = std::mem::take(self).entries;
        for (key, mut store) in before.iter().map(|(key, store)| (key, store.clone())) {
            if store.is_present() {
                store.clear_into(by, delta.entries.entry(key.clone()).or_default());
            }
            self.put(key.clone(), store);
        }
    }

    fn missing_from(
        &self,
        mine: &CausalContext,
        other: &Self,
        theirs: &CausalContext,
    ) -> Self::Delta {
        let empty = S::default();
        let records = self.entries.diff(&other.entries).map(|(key, ours, others)| {
            let (ours, others) = (ours.unwrap_or(&empty), others.unwrap_or(&empty));
            (key.clone(), ours.missing_from(mine, others, theirs))
        });
        DotMapDelta::of(records)
    }

    fn news(&self, mine: &CausalContext, delta: &Self::Delta) -> Self::Delta {
        let empty = S::default();
        DotMapDelta::of(delta.entries.iter().map(|(key, records)| {
            let store = self.entries.get(key).unwrap_or(&empty);
            (key.clone(), store.news(mine, records))
        }))
    }

    fn parts(&self) -> impl Iterator<Item = Self::Delta> {
        self.entries.iter().flat_map(|(key, store)| {
            store.parts().map(|part| DotMapDelta::of([(key.clone(), part)]))
        })
    }

    fn delta_dots(delta: &Self::Delta, each: &mut dyn FnMut(Dot)) {
        for records in delta.entries.values() {
            S::delta_dots(records, each);
        }
    }

    fn join_deltas(delta: &mut Self::Delta, other: &Self::Delta) -> bool {
        let mut changed = false;
        for (key, records) in &other.entries {
            match delta.entries.get_mut(key) {
                Some(mine) => changed |= S::join_deltas(mine, records),
                None => {
                    delta.entries.insert(key.clone(), records.clone());
                    changed = true;
                }
            }
        }
        changed
    }

    fn bury(delta: &mut Self::Delta, dead: &CausalContext) -> bool {
        delta.entries.values_mut().fold(false, |changed, records| S::bury(records, dead) | changed)
    }
}

impl<K, D> DotMapDelta<K, D> {
    /// The keys, with what is recorded of each, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &D)> + '_ {
        self.entries.iter()
    }
}

/// 1 for a key that is not shown.
fn hides<S: DotStore>(store: &S) -> usize {
    usize::from(!store.is_present())
}

/// The keys under which something is present.
struct Present<I> {
    entries: I,
    left: usize,
}

impl<'a, K: 'a, S: DotStore, I: Iterator<Item = (&'a K, &'a S)>> Iterator for Present<I> {
    type Item = (&'a K, &'a S);

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.entries.find(|(_, store)| store.is_present());
        self.left -= usize::from(next.is_some());
        next
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<'a, K: 'a, S: DotStore, I: Iterator<Item = (&'a K, &'a S)>> ExactSizeIterator for Present<I> {}

impl<K: Ord, D: Default + PartialEq> DotMapDelta<K, D> {
    fn of(records: impl IntoIterator<Item = (K, D)>) -> Self {
        let empty = D::default();
        Self { entries: records.into_iter().filter(|(_, records)| *records != empty).collect() }
    }
}

impl<K: Element, S: DotStore> fmt::Debug for DotMap<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries.iter()).finish()
    }
}

impl<K: fmt::Debug, D: fmt::Debug> fmt::Debug for DotMapDelta<K, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.entries).finish()
    }
}

impl<K: Element + Serialize, S: DotStore + Serialize> Serialize for DotMap<K, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_seq(self.entries.iter());
        }
        let mut entries = serializer.serialize_seq(Some(self.entries.len()))?;
        coder::by_dot(
            self.entries.iter(),
            |(_, store)| least(*store),
            |entry| entries.serialize_element(&entry),
        )?;
        entries.end()
    }
}

/// The first of the live dots.
fn least<S: DotStore>(store: &S) -> Option<Dot> {
    let mut least = None;
    store.dots(&mut |dot| least = Some(least.map_or(dot, |least: Dot| least.min(dot))));
    least
}

impl<'de, K, S> Deserialize<'de> for DotMap<K, S>
where
    K: Element + Deserialize<'de>,
    S: DotStore + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let readable = deserializer.is_human_readable();
        let mut read = Vec::<(K, S)>::deserialize(deserializer)?;
        let mut hidden = 0;
        let mut before = None;
        for (key, store) in &read {
            let place = Some((if readable { None } else { least(store) }, key));
            if before >= place {
                return Err(de::Error::custom(
                    "keys or their dots are not in strictly ascending order",
                ));
            }
            before = place;
            if store.is_empty() {
                return Err(de::Error::custom("a key holds nothing, which is never stored"));
            }
            hidden += hides(store);
        }
        if !readable {
            read.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            if read.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(de::Error::custom("a key occurs twice"));
            }
        }
        Ok(Self { entries: Tree::from_sorted(read), hidden })
    }
}

impl<K: Serialize, R: Serialize> Serialize for DotMapDelta<K, R> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_seq(&self.entries)
    }
}

impl<'de, K, R> Deserialize<'de> for DotMapDelta<K, R>
where
    K: Element + Deserialize<'de>,
    R: Default + PartialEq + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<(K, R)>::deserialize(deserializer)?;
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(de::Error::custom("keys are not in strictly ascending order"));
        }
        if entries.iter().any(|(_, records)| *records == R::default()) {
            return Err(de::Error::custom("a key holds no records"));
        }
        Ok(Self { entries: entries.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::{DotFunDelta, DotSet};

    const DOT: &str = r#"[{"replica":[1,0],"counter":1},null]"#;

    #[test]
    fn forged_stores_are_refused() {
        let decoded = |json: &str| serde_json::from_str::<DotMap<u8, DotSet>>(json).is_ok();
        assert!(decoded(&format!("[[1,[{DOT}]],[2,[{DOT}]]]")));
        assert!(!decoded(&format!("[[2,[{DOT}]],[1,[{DOT}]]]")), "keys that descend");
        assert!(!decoded(&format!("[[1,[{DOT}]],[1,[{DOT}]]]")), "a key twice");
        assert!(!decoded(&format!("[[1,[{DOT}]],[2,[]]]")), "a key that holds nothing");
    }

    #[test]
    fn keys_are_counted_as_they_come_and_go_while_their_tombstones_stay() {
        use crate::{IndexError, OrMap, ReplicaId, Sequence};
        let me = ReplicaId::new(1, 0);
        let mut map: OrMap<u8, Sequence<char>> = OrMap::new();
        let mut peer = map.clone();
        let mut counts = Vec::new();
        for insert in [true, false, true, false, false, true] {
            let delta = map.try_update(me, 1, |text| {
                if insert {
                    return text.insert(0, 'a');
                }
                text.clear();
                Ok::<(), IndexError>(())
            });
            crate::Merge::merge(&mut peer, &delta.unwrap());
            assert_eq!((map.len(), map.iter().count()), (peer.len(), peer.iter().count()));
            assert_eq!(map, peer);
            counts.push(map.len());
        }
        assert_eq!(counts, [1, 0, 1, 0, 0, 1]);
    }

    #[test]
    fn forged_deltas_are_refused() {
        let decoded =
            |json: &str| serde_json::from_str::<DotMapDelta<u8, DotFunDelta<()>>>(json).is_ok();
        assert!(decoded(&format!("[[1,[[{DOT}],[]]],[2,[[],[{DOT}]]]]")));
        assert!(!decoded(&format!("[[1,[[{DOT}],[]]],[1,[[],[{DOT}]]]]")), "a key twice");
        assert!(!decoded(&format!("[[1,[[{DOT}],[]]],[2,[[],[]]]]")), "a key without records");
    }
}

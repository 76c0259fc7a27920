//! Values named by dots.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::entries::{Entries, Entry};
use super::{CausalContext, DotStore, Element, coder};
use crate::Dot;

/// A store that maps each live dot to a value: what concurrent writers left side by side.
///
/// It holds as many entries as there were concurrent writers, so one nearly always: a sorted list,
/// a single entry in place.
///
/// ```
/// use rejoin_crdts::{Merge, OrSet, ReplicaId};
/// let (a, b) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let (mut here, mut there) = (OrSet::<String>::new(), OrSet::new());
/// let _ = here.insert(a, "milk");
/// here.merge(&there.insert(b, "milk")); // at the same time
/// assert!(format!("{here:?}").starts_with(r#"{"milk": {r1:1, r2:1}}"#)); // two for one element
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DotFun<V> {
    entries: Entries<V>,
}

/// A store of live dots and nothing else: the evidence for one element of a set.
pub type DotSet = DotFun<()>;

/// Records of a [`DotFun`]: what is live, and which dots died.
///
/// ```
/// use rejoin_crdts::{OrSet, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut set = OrSet::<String>::new();
/// let _ = set.insert(me, "milk");
/// let renewed = set.insert(me, "milk");
/// assert_eq!(format!("{renewed:?}"), r#"{"milk": +{r1:2} -{r1:1}}"#);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DotFunDelta<V> {
    live: DotFun<V>,
    dead: DotSet,
}

impl<V> Default for DotFun<V> {
    fn default() -> Self {
        Self { entries: Entries::default() }
    }
}

impl<V> Default for DotFunDelta<V> {
    fn default() -> Self {
        Self { live: DotFun::default(), dead: DotFun::default() }
    }
}

impl<V> DotFun<V> {
    /// The live entries, ascending by dot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Dot, &V)> + '_ {
        self.entries().iter().map(|entry| (entry.dot(), &entry.value))
    }

    fn entries(&self) -> &[Entry<V>] {
        self.entries.as_slice()
    }

    fn find(&self, dot: Dot) -> Result<usize, usize> {
        self.entries().binary_search_by_key(&dot, Entry::dot)
    }

    fn contains(&self, dot: Dot) -> bool {
        self.find(dot).is_ok()
    }

    fn get(&self, dot: Dot) -> Option<&V> {
        self.find(dot).ok().map(|at| &self.entries()[at].value)
    }

    fn remove(&mut self, dot: Dot) {
        if let Ok(at) = self.find(dot) {
            self.entries.remove(at);
        }
    }
}

impl<V: Element> DotFun<V> {
    /// Replaces everything by one value under a new dot, and records it in `delta`.
    pub(crate) fn replace(&mut self, delta: &mut DotFunDelta<V>, dot: Dot, value: V) {
        self.drain_into(delta);
        self.raise(delta, dot, value);
    }

    /// Removes everything and records in `delta` what died.
    pub(super) fn drain_into(&mut self, delta: &mut DotFunDelta<V>) {
        for entry in self.entries.drain() {
            delta.live.remove(entry.dot());
            delta.dead.put(entry.dot(), ());
        }
    }

    /// Adds an entry, or raises the value of the one that is there, and records it in `delta`.
    pub(crate) fn raise(&mut self, delta: &mut DotFunDelta<V>, dot: Dot, value: V) {
        self.put(dot, value.clone());
        delta.live.put(dot, value);
    }

    /// The records of the entries for which `told` holds.
    pub(crate) fn live(&self, told: impl FnMut(Dot, &V) -> bool) -> DotFunDelta<V> {
        DotFunDelta { live: self.filtered(told), dead: DotFun::default() }
    }

    /// One value under a dot.
    pub(super) fn one(dot: Dot, value: V) -> Self {
        Self { entries: Entries::One(Entry::new(dot, value)) }
    }

    /// Removes the entries for which `gone` holds, and records it in `delta`; true iff there were
    /// any.
    pub(crate) fn remove_where(
        &mut self,
        delta: &mut DotFunDelta<V>,
        mut gone: impl FnMut(Dot, &V) -> bool,
    ) -> bool {
        let before = self.entries().len();
        self.entries.retain(|entry| {
            let gone = gone(entry.dot(), &entry.value);
            if gone {
                delta.live.remove(entry.dot());
                delta.dead.put(entry.dot(), ());
            }
            !gone
        });
        self.entries().len() != before
    }

    /// Adds an entry; true iff something changed. Of two values under one dot the greater is kept
    /// everywhere: the one that was raised later, or either of a forger's.
    fn put(&mut self, dot: Dot, value: V) -> bool {
        match self.find(dot) {
            Ok(at) if self.entries()[at].value >= value => return false,
            Ok(at) => self.entries.as_mut_slice()[at].value = value,
            Err(at) => self.entries.insert(at, Entry::new(dot, value)),
        }
        true
    }

    /// Adds entries, ascending by dot: linear, however they lie among those that are here.
    fn put_all(&mut self, mut entries: Entries<V>) {
        if self.is_empty() {
            self.entries = entries;
            return;
        }
        let here = self.entries().len();
        for entry in entries.drain() {
            let end = self.entries().len();
            match self.entries()[..here].binary_search_by_key(&entry.dot(), Entry::dot) {
                Ok(at) => self.entries.as_mut_slice()[at] = entry,
                Err(_) => self.entries.insert(end, entry),
            }
        }
        if self.entries().len() > here {
            self.entries.as_mut_slice().sort_by_key(Entry::dot);
        }
    }

    fn retain(&mut self, mut keep: impl FnMut(Dot) -> bool) -> bool {
        let before = self.entries().len();
        self.entries.retain(|entry| keep(entry.dot()));
        self.entries().len() != before
    }

    fn filtered(&self, mut keep: impl FnMut(Dot, &V) -> bool) -> Self {
        let kept = self.entries().iter().filter(|entry| keep(entry.dot(), &entry.value));
        Self { entries: kept.cloned().collect() }
    }

    /// Whether `value` under `dot` says something to whoever has seen `seen` and holds `self`.
    fn lacks(&self, seen: &CausalContext, dot: Dot, value: &V) -> bool {
        match self.get(dot) {
            Some(held) => held < value,
            None => !seen.contains(dot),
        }
    }
}

impl<V: Element> DotStore for DotFun<V> {
    type Delta = DotFunDelta<V>;

    fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    fn dots(&self, each: &mut dyn FnMut(Dot)) {
        self.iter().for_each(|(dot, _)| each(dot));
    }

    fn join(&mut self, mine: &CausalContext, other: &Self, theirs: &CausalContext) -> bool {
        let mut changed = self.retain(|dot| other.contains(dot) || !theirs.contains(dot));
        let news = other.filtered(|dot, value| self.lacks(mine, dot, value));
        changed |= !news.is_empty();
        self.put_all(news.entries);
        changed
    }

    fn apply(&mut self, mine: &CausalContext, delta: &Self::Delta) -> bool {
        let mut changed = !delta.dead.is_empty() && self.retain(|dot| !delta.dead.contains(dot));
        for (dot, value) in delta.live.iter() {
            if self.lacks(mine, dot, value) {
                changed |= self.put(dot, value.clone());
            }
        }
        changed
    }

    fn retire(&mut self, dead: &CausalContext) -> bool {
        self.retain(|dot| !dead.contains(dot))
    }

    fn clear_into(&mut self, _by: Dot, delta: &mut Self::Delta) {
        self.drain_into(delta);
    }

    fn missing_from(
        &self,
        mine: &CausalContext,
        other: &Self,
        theirs: &CausalContext,
    ) -> Self::Delta {
        let dead = other.iter().map(|(dot, _)| dot);
        let dead = dead.filter(|&dot| mine.contains(dot) && !self.contains(dot));
        DotFunDelta {
            live: self.filtered(|dot, value| other.lacks(theirs, dot, value)),
            dead: DotFun { entries: dead.map(|dot| Entry::new(dot, ())).collect() },
        }
    }

    fn news(&self, mine: &CausalContext, delta: &Self::Delta) -> Self::Delta {
        DotFunDelta {
            live: delta.live.filtered(|dot, value| self.lacks(mine, dot, value)),
            dead: delta.dead.filtered(|dot, ()| self.contains(dot) || !mine.contains(dot)),
        }
    }

    fn parts(&self) -> impl Iterator<Item = Self::Delta> {
        self.iter().map(|(dot, value)| DotFunDelta {
            live: DotFun::one(dot, value.clone()),
            dead: DotFun::default(),
        })
    }

    fn delta_dots(delta: &Self::Delta, each: &mut dyn FnMut(Dot)) {
        delta.live.dots(each);
        delta.dead.dots(each);
    }

    fn join_deltas(delta: &mut Self::Delta, other: &Self::Delta) -> bool {
        let mut changed = false;
        for (dot, ()) in other.dead.iter() {
            delta.live.remove(dot);
            changed |= delta.dead.put(dot, ());
        }
        for (dot, value) in other.live.iter() {
            changed |= !delta.dead.contains(dot) && delta.live.put(dot, value.clone());
        }
        changed
    }

    fn bury(delta: &mut Self::Delta, dead: &CausalContext) -> bool {
        let DotFunDelta { live, dead: died } = delta;
        live.retain(|dot| {
            let lives = !dead.contains(dot);
            if !lives {
                died.put(dot, ());
            }
            lives
        })
    }
}

/// `{r1:4}`, or `{r1:4: "a"}` with values.
impl<V: fmt::Debug> fmt::Debug for DotFun<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        for (dot, value) in self.iter() {
            if size_of::<V>() == 0 {
                set.entry(&dot);
            } else {
                set.entry(&format_args!("{dot}: {value:?}"));
            }
        }
        set.finish()
    }
}

/// `+{r1:4} -{r1:2, r2:1}`.
impl<V: fmt::Debug> fmt::Debug for DotFunDelta<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{:?} -{:?}", self.live, self.dead)
    }
}

impl<V: Serialize> Serialize for DotFun<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_seq(self.iter());
        }
        coder::write(self.entries(), &[], serializer)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for DotFun<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let entries = Vec::<(Dot, V)>::deserialize(deserializer)?;
            let entries = entries.into_iter().map(|(dot, value)| Entry::new(dot, value));
            return Self::ascending(entries.collect());
        }
        let (live, dead) = coder::read(deserializer)?;
        if !dead.as_slice().is_empty() {
            return Err(de::Error::custom("what died is no part of a state"));
        }
        Self::ascending(live)
    }
}

impl<V> DotFun<V> {
    fn ascending<E: de::Error>(entries: Entries<V>) -> Result<Self, E> {
        if entries.as_slice().is_sorted_by(|a, b| a.dot() < b.dot()) {
            Ok(Self { entries })
        } else {
            Err(de::Error::custom("dots are not in strictly ascending order"))
        }
    }
}

impl<V: Serialize> Serialize for DotFunDelta<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return (&self.live, &self.dead).serialize(serializer);
        }
        coder::write(self.live.entries(), self.dead.entries(), serializer)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for DotFunDelta<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // That no dot occurs twice is checked for a whole delta at once, by `DottedDelta`.
        if deserializer.is_human_readable() {
            let (live, dead) = Deserialize::deserialize(deserializer)?;
            return Ok(Self { live, dead });
        }
        let (live, dead) = coder::read(deserializer)?;
        Ok(Self { live: DotFun::ascending(live)?, dead: DotFun::ascending(dead)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplicaId;

    #[test]
    fn of_two_values_under_one_dot_the_greater_wins_everywhere() {
        let dot = Dot::new(ReplicaId::new(1, 0), 1);
        let seen: CausalContext = [dot].into_iter().collect();
        let holding = |value: u8| DotFun::one(dot, value);
        let delta = |value| DotFunDelta { live: holding(value), dead: DotSet::default() };
        for (held, other) in [(1, 1), (1, 2), (2, 1)] {
            let greater = held.max(other);
            let mut state = holding(held);
            assert_eq!(state.join(&seen, &holding(other), &seen), greater != held);
            assert_eq!(state, holding(greater));
            let mut joined = delta(held);
            assert_eq!(DotFun::join_deltas(&mut joined, &delta(other)), greater != held);
            assert_eq!(joined, delta(greater));
        }
    }

    #[test]
    fn forged_stores_are_refused() {
        let decoded = |json: &str| serde_json::from_str::<DotFun<u8>>(json);
        let (one, two) = ("{\"replica\":[1,0],\"counter\":1}", "{\"replica\":[1,0],\"counter\":2}");
        assert!(decoded(&format!("[[{one},7],[{two},7]]")).is_ok());
        assert!(decoded(&format!("[[{two},7],[{one},7]]")).is_err());
        assert!(decoded(&format!("[[{one},7],[{one},8]]")).is_err());
    }
}

//! Sets of dots.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Dot, Lattice, Merge, ReplicaId, VectorClock};

/// The dots `first..=last` of one replica.
type Run = (u64, u64);

/// A set of dots: what a replica has seen, or what a delta names.
///
/// It is a version vector for the dots of each replica without a gap from the first one on, and a
/// *cloud* of runs for the others. The cloud is compacted into the vector as gaps close, so equal
/// sets are equal values (and equal bytes).
///
/// Complexity: `contains` is logarithmic in the replicas and runs; `insert` too, but linear in one
/// replica's runs where it fills a gap among them. Union, difference, intersection and comparison
/// are linear in the replicas and the runs, up to a logarithm. Cloning is O(1) while the cloud is
/// empty.
///
/// **Source**: Almeida et al., "Scalable and accurate causality tracking for eventually consistent
/// stores", DAIS 2014; Almeida, Shoker & Baquero, JPDC 2018.
///
/// ```
/// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut seen = CausalContext::new();
/// seen.insert(Dot::new(me, 2));             // a gap: goes to the cloud
/// assert!(!seen.contains(Dot::new(me, 1)));
/// seen.insert(Dot::new(me, 1));             // closes it
/// assert_eq!(seen, (1..=2).map(|n| Dot::new(me, n)).collect());
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct CausalContext {
    vector: VectorClock,
    cloud: BTreeMap<ReplicaId, Vec<Run>>, // ascending, with a gap before each run; no empty list
}

impl CausalContext {
    /// The empty set.
    ///
    /// ```
    /// use rejoin_crdts::CausalContext;
    /// assert_eq!(CausalContext::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it holds no dot.
    ///
    /// ```
    /// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut seen = CausalContext::new();
    /// assert!(seen.is_empty());
    /// seen.insert(Dot::new(me, 1));
    /// assert!(!seen.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vector.is_empty() && self.cloud.is_empty()
    }

    /// Whether `dot` is in the set.
    ///
    /// ```
    /// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let seen: CausalContext = [Dot::new(me, 2)].into_iter().collect();
    /// assert!(seen.contains(Dot::new(me, 2)));
    /// assert!(!seen.contains(Dot::new(me, 1)));
    /// ```
    #[must_use]
    pub fn contains(&self, dot: Dot) -> bool {
        dot.counter > 0 && self.contains_run(dot.replica, (dot.counter, dot.counter))
    }

    /// The first of some dots of `replica` that is not in the set.
    pub(super) fn first_missing(&self, replica: ReplicaId, counters: &[u64]) -> Option<u64> {
        let prefix = self.vector.get(replica);
        let mut beyond = counters.iter().copied().filter(|counter| *counter > prefix);
        beyond.find(|&counter| !self.contains(Dot::new(replica, counter)))
    }

    /// Adds `dot`; true iff it was not there.
    ///
    /// # Panics
    ///
    /// If the dot's counter is 0: dots count from 1.
    ///
    /// ```
    /// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let mut seen = CausalContext::new();
    /// assert!(seen.insert(Dot::new(me, 1)));
    /// assert!(!seen.insert(Dot::new(me, 1))); // it is there already
    /// ```
    pub fn insert(&mut self, dot: Dot) -> bool {
        assert!(dot.counter > 0, "dots count from 1");
        self.insert_run(dot.replica, (dot.counter, dot.counter))
    }

    /// The first dot of `replica` after all that are in the set.
    ///
    /// # Panics
    ///
    /// After 2⁶⁴ − 1 dots of one replica, of which deserialization accepts the first 2⁶³ − 1.
    ///
    /// ```
    /// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let seen: CausalContext = [Dot::new(me, 1), Dot::new(me, 4)].into_iter().collect();
    /// assert_eq!(seen.next(me), Dot::new(me, 5));
    /// ```
    #[must_use]
    pub fn next(&self, replica: ReplicaId) -> Dot {
        let last = match self.cloud.get(&replica).and_then(|runs| runs.last()) {
            Some(&(_, last)) => last,
            None => self.vector.get(replica),
        };
        assert!(last < u64::MAX, "{replica} has minted every dot there is");
        Dot::new(replica, last + 1)
    }

    /// Adds the next dot of `replica`, and returns it.
    pub(super) fn mint(&mut self, replica: ReplicaId) -> Dot {
        let gapless = !self.cloud.contains_key(&replica);
        if let Some(counter) = gapless.then(|| self.vector.increment(replica).ok()).flatten() {
            return Dot::new(replica, counter);
        }
        let dot = self.next(replica);
        self.insert(dot);
        dot
    }

    /// The dots, ascending.
    ///
    /// ```
    /// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let seen: CausalContext = [Dot::new(me, 4), Dot::new(me, 1)].into_iter().collect();
    /// assert!(seen.iter().map(|dot| dot.counter).eq([1, 4]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Dot> + '_ {
        self.runs().flat_map(|(replica, (first, last))| {
            (first..=last).map(move |counter| Dot::new(replica, counter))
        })
    }

    /// How many dots of each replica are there without a gap from the first one on.
    ///
    /// ```
    /// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let dots = [1, 2, 4].map(|n| Dot::new(me, n));
    /// let seen: CausalContext = dots.into_iter().collect();
    /// assert_eq!(seen.vector().get(me), 2); // 3 is missing, so 4 does not count
    /// ```
    #[must_use]
    pub fn vector(&self) -> &VectorClock {
        &self.vector
    }

    /// How many dots are in the set.
    ///
    /// ```
    /// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let seen: CausalContext = [Dot::new(me, 1), Dot::new(me, 4)].into_iter().collect();
    /// assert_eq!(seen.len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> u128 {
        self.runs().map(|(_, (first, last))| u128::from(last - first) + 1).sum()
    }

    /// The dots of `self` that are not in `other`.
    ///
    /// ```
    /// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let dots = |range: std::ops::Range<u64>| {
    ///     range.map(|n| Dot::new(me, n)).collect::<CausalContext>()
    /// };
    /// assert_eq!(dots(1..9).difference(&dots(3..5)).len(), 6);
    /// ```
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut rest = Self::new();
        self.each_replica(|replica| {
            let mut holes = other.runs_of(replica).peekable();
            for (mut first, last) in self.runs_of(replica) {
                while let Some(&(start, end)) = holes.peek() {
                    if start > last {
                        break;
                    }
                    if start > first {
                        rest.insert_run(replica, (first, start - 1));
                    }
                    first = first.max(end.saturating_add(1));
                    if end > last {
                        break; // the next run may begin in this hole too
                    }
                    holes.next();
                }
                if first <= last {
                    rest.insert_run(replica, (first, last));
                }
            }
        });
        rest
    }

    /// The dots that are in both.
    ///
    /// ```
    /// use rejoin_crdts::{CausalContext, Dot, ReplicaId};
    /// let me = ReplicaId::new(1, 0x5eed);
    /// let dots = |range: std::ops::Range<u64>| {
    ///     range.map(|n| Dot::new(me, n)).collect::<CausalContext>()
    /// };
    /// assert_eq!(dots(1..5).intersection(&dots(3..9)), dots(3..5));
    /// ```
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = Self::new();
        self.each_replica(|replica| {
            let mut theirs = other.runs_of(replica).peekable();
            for (first, last) in self.runs_of(replica) {
                while let Some(&(start, end)) = theirs.peek() {
                    if start > last {
                        break;
                    }
                    if end >= first {
                        both.insert_run(replica, (first.max(start), last.min(end)));
                    }
                    if end > last {
                        break; // the next run may meet it too
                    }
                    theirs.next();
                }
            }
        });
        both
    }

    /// The dots, ascending, without a list of them all.
    pub(crate) fn into_dots(self) -> impl Iterator<Item = Dot> {
        let runs: Vec<_> = self.runs().collect();
        runs.into_iter().flat_map(|(replica, (first, last))| {
            (first..=last).map(move |counter| Dot::new(replica, counter))
        })
    }

    /// Maximal runs, ascending by replica, then by counter.
    fn runs(&self) -> impl Iterator<Item = (ReplicaId, Run)> + '_ {
        self.replicas()
            .into_iter()
            .flat_map(|replica| self.runs_of(replica).map(move |run| (replica, run)))
    }

    fn each_replica(&self, each: impl FnMut(ReplicaId)) {
        self.replicas().into_iter().for_each(each);
    }

    /// Whose dots there are, ascending.
    pub(super) fn replicas(&self) -> Vec<ReplicaId> {
        let cloud_only = self.cloud.keys().filter(|replica| self.vector.get(**replica) == 0);
        let mut replicas: Vec<_> =
            self.vector.iter().map(|(replica, _)| replica).chain(cloud_only.copied()).collect();
        if !self.cloud.is_empty() {
            replicas.sort_unstable();
        }
        replicas
    }

    fn runs_of(&self, replica: ReplicaId) -> impl Iterator<Item = Run> + '_ {
        let prefix = self.vector.get(replica);
        let cloud = self.cloud.get(&replica).map_or(&[][..], Vec::as_slice);
        (prefix > 0).then_some((1, prefix)).into_iter().chain(cloud.iter().copied())
    }

    fn contains_run(&self, replica: ReplicaId, (first, last): Run) -> bool {
        last <= self.vector.get(replica)
            || self.cloud.get(&replica).is_some_and(|runs| {
                let at = runs.partition_point(|run| run.1 < last);
                runs.get(at).is_some_and(|run| run.0 <= first)
            })
    }

    /// Adds a run; true iff some of it was not there.
    fn insert_run(&mut self, replica: ReplicaId, (first, last): Run) -> bool {
        if self.contains_run(replica, (first, last)) {
            return false;
        }
        let prefix = self.vector.get(replica);
        if first <= prefix.saturating_add(1) && !self.cloud.contains_key(&replica) {
            return self.vector.raise(replica, last);
        }
        let runs = self.cloud.entry(replica).or_default();
        if runs.last().is_none_or(|run| run.1.saturating_add(1) < first) {
            runs.push((first, last));
            return true;
        }
        // Runs that touch the new one, adjacent ones included, become one with it.
        let from = runs.partition_point(|run| run.1.saturating_add(1) < first);
        let upto = runs.partition_point(|run| run.0 <= last.saturating_add(1));
        let joined = match runs.get(from..upto) {
            Some([]) | None => (first, last),
            Some(touched) => (first.min(touched[0].0), last.max(touched[touched.len() - 1].1)),
        };
        runs.splice(from..upto, [joined]);
        self.compact(replica);
        true
    }

    /// Moves the runs of `replica` that the vector reaches into the vector.
    fn compact(&mut self, replica: ReplicaId) {
        let Some(runs) = self.cloud.get_mut(&replica) else { return };
        let mut prefix = self.vector.get(replica);
        let reached = runs
            .iter()
            .take_while(|run| {
                let reached = run.0 <= prefix.saturating_add(1);
                if reached {
                    prefix = prefix.max(run.1);
                }
                reached
            })
            .count();
        runs.drain(..reached);
        if runs.is_empty() {
            self.cloud.remove(&replica);
        }
        self.vector.raise(replica, prefix);
    }
}

impl Merge for CausalContext {
    fn merge(&mut self, other: &Self) -> bool {
        let mut changed = self.vector.merge(&other.vector);
        if changed && !self.cloud.is_empty() {
            // A replica's cloud is touched only if its own prefix grew, or reached it.
            for replica in self.cloud.keys().copied().collect::<Vec<_>>() {
                self.compact(replica);
            }
        }
        for (&replica, runs) in &other.cloud {
            if runs.iter().all(|&run| self.contains_run(replica, run)) {
                continue;
            }
            changed = true;
            // In ascending order each run goes to the end: linear, however the two interleave.
            let mut all = self.cloud.remove(&replica).unwrap_or_default();
            all.extend(runs);
            all.sort_unstable();
            for run in all {
                self.insert_run(replica, run);
            }
        }
        changed
    }
}

impl Lattice for CausalContext {
    fn covers(&self, other: &Self) -> bool {
        self.vector.covers(&other.vector)
            && other
                .cloud
                .iter()
                .all(|(&replica, runs)| runs.iter().all(|&run| self.contains_run(replica, run)))
    }
}

impl FromIterator<Dot> for CausalContext {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        // In ascending order each dot goes to the end of a list.
        let mut dots: Vec<Dot> = dots.into_iter().collect();
        dots.sort_unstable();
        let mut set = Self::new();
        for dot in dots {
            set.insert(dot);
        }
        set
    }
}

/// `{r1:1-4, r1:6, r2:1}`.
impl fmt::Debug for CausalContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_set();
        for (replica, (first, last)) in self.runs() {
            if first == last {
                set.entry(&format_args!("{replica}:{first}"));
            } else {
                set.entry(&format_args!("{replica}:{first}-{last}"));
            }
        }
        set.finish()
    }
}

impl Serialize for CausalContext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lists: Vec<(ReplicaId, Vec<Run>)> = Vec::new();
        for (replica, run) in self.runs() {
            match lists.last_mut() {
                Some((last, runs)) if *last == replica => runs.push(run),
                _ => lists.push((replica, vec![run])),
            }
        }
        lists.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CausalContext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lists = Vec::<(ReplicaId, Vec<Run>)>::deserialize(deserializer)?;
        if !lists.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(de::Error::custom("replicas are not in strictly ascending order"));
        }
        let mut set = Self::new();
        for (replica, runs) in lists {
            let gaps = runs.is_sorted_by(|a, b| a.1 < b.0 && b.0 - a.1 > 1);
            let ranges = runs.iter().all(|run| 1 <= run.0 && run.0 <= run.1 && run.1 <= Dot::LAST);
            if runs.is_empty() || !gaps || !ranges {
                return Err(de::Error::custom(format_args!(
                    "the dots of {replica} are not maximal ascending runs within 1..={}",
                    Dot::LAST
                )));
            }
            for run in runs {
                set.insert_run(replica, run);
            }
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const A: ReplicaId = ReplicaId::new(1, 0);
    const B: ReplicaId = ReplicaId::new(2, 0);

    /// Every subset of four dots of one replica and two of another, with the set it denotes.
    fn subsets() -> Vec<(CausalContext, BTreeSet<Dot>)> {
        let dots = [(A, 1), (A, 2), (A, 3), (A, 4), (B, 1), (B, 2)].map(|(r, n)| Dot::new(r, n));
        (0u32..64)
            .map(|mask| {
                let chosen = |i: &usize| mask >> i & 1 == 1;
                let set: BTreeSet<Dot> = (0..6).filter(chosen).map(|i| dots[i]).collect();
                (set.iter().rev().copied().collect(), set)
            })
            .collect()
    }

    #[test]
    fn it_is_a_set_of_dots_in_canonical_form() {
        for (context, set) in subsets() {
            assert_eq!(context.iter().collect::<BTreeSet<_>>(), set);
            assert_eq!(context, set.iter().copied().collect(), "insertion order shows");
            assert_eq!(context.len(), set.len() as u128);
            assert_eq!(context.is_empty(), set.is_empty());
            let bytes = serde_json::to_string(&context).unwrap();
            assert_eq!(serde_json::from_str::<CausalContext>(&bytes).unwrap(), context);
        }
    }

    #[test]
    fn it_agrees_with_sets_on_every_operation() {
        let all = subsets();
        for (a, set_a) in &all {
            for (b, set_b) in &all {
                let mut union = a.clone();
                assert_eq!(union.merge(b), !set_b.is_subset(set_a));
                assert_eq!(union, set_a.union(set_b).copied().collect());
                assert_eq!(a.covers(b), set_b.is_subset(set_a));
                assert_eq!(a.difference(b), set_a.difference(set_b).copied().collect());
                assert_eq!(a.intersection(b), set_a.intersection(set_b).copied().collect());
            }
            for dot in [(A, 1), (A, 2), (A, 3), (A, 4), (B, 1), (B, 2)].map(|(r, n)| Dot::new(r, n))
            {
                assert_eq!(a.contains(dot), set_a.contains(&dot));
                assert_eq!(a.clone().insert(dot), !set_a.contains(&dot));
            }
        }
    }

    #[test]
    fn the_next_dot_follows_every_dot_seen_even_past_a_gap() {
        let seen: CausalContext = [1, 3, 5, 6].map(|n| Dot::new(A, n)).into_iter().collect();
        assert_eq!(seen.next(A), Dot::new(A, 7));
        assert_eq!(seen.next(B), Dot::new(B, 1));
    }

    #[test]
    fn forged_dots_are_refused() {
        for forged in [
            "[[[1,0],[[0,3]]]]",
            "[[[1,0],[[3,2]]]]",
            "[[[1,0],[[1,2],[3,4]]]]",
            "[[[1,0],[]]]",
            "[[[2,0],[[1,1]]],[[1,0],[[1,1]]]]",
            "[[[1,0],[[1,1]]],[[1,0],[[3,3]]]]",
            "[[[1,0],[[1,18446744073709551615]]]]",
            "[[[1,0],[[1,9223372036854775808]]]]", // the last dot, and one more
        ] {
            assert!(serde_json::from_str::<CausalContext>(forged).is_err(), "{forged}");
        }
    }
}

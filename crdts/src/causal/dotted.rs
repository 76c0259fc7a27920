//! A store with its context: the body of every causal type.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::by_replica::ByReplica;
use super::{Causal, CausalContext, Cursor, DotStore, Minter, coder};
use crate::{Dot, Lattice, Merge, ReplicaId, Replicated};

/// A store and the context of all that was ever seen: what is in the context and not live in the
/// store is dead.
///
/// This is the causal join of Almeida, Shoker & Baquero (JPDC 2018), once for all causal types.
/// Among states that took each delta after all that its operation had seen, equal contexts mean
/// equal states, because removals mint dots too.
///
/// Complexity: merging a delta is proportional to the delta, merging a state to the difference of
/// the two where they share structure and to their size where they do not.
///
/// ```
/// use rejoin_crdts::{OrSet, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut set = OrSet::<String>::new(); // has this body
/// let _ = (set.insert(me, "milk"), set.remove(me, "milk"));
/// assert_eq!(format!("{set:?}"), "{} of {r1:1-2}"); // the add and the remove: both are dead
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Dotted<S> {
    context: CausalContext,
    store: S,
}

/// What a change to a [`Dotted`] store was, as records: live entries and deaths with their
/// location, and the removals' own dots.
///
/// A delta derived from two states may also hold *unlocated* dots: dead, their key unknown.
/// What the delta claims to know is computed from these records and never copied from a state: a
/// claim beyond the records would silently delete at the receiver.
///
/// ```
/// use rejoin_crdts::{OrSet, ReplicaId};
/// let me = ReplicaId::new(1, 0);
/// let mut set = OrSet::<String>::new();
/// let _ = set.insert(me, "milk");
/// let removed = set.remove(me, "milk");
/// assert_eq!(format!("{removed:?}"), r#"{"milk": +{} -{r1:1}} removals {r1:2}"#);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct DottedDelta<S: DotStore> {
    store: S::Delta,
    removals: CausalContext,
    unlocated: CausalContext,
}

impl<S: DotStore> Dotted<S> {
    /// The dots that were ever seen.
    pub(crate) fn context(&self) -> &CausalContext {
        &self.context
    }

    /// What is live.
    pub(crate) fn store(&self) -> &S {
        &self.store
    }

    /// Edits the store as `me`, and returns the records of what changed.
    pub(crate) fn edit<R>(
        &mut self,
        me: ReplicaId,
        edit: impl FnOnce(Cursor<'_, S>) -> R,
    ) -> (DottedDelta<S>, R) {
        let mut delta = DottedDelta::default();
        let DottedDelta { store, removals, .. } = &mut delta;
        let minter = Minter { me, context: &mut self.context, removals };
        let result = edit(Cursor::new(&mut self.store, store, minter));
        (delta, result)
    }

    /// What whoever has seen `theirs` lacks: what `V` says of the entries, and every death.
    /// Complexity: that of a walk.
    ///
    /// What `theirs` has seen and is dead here may be live there: it may have died of a change that
    /// is unseen there, and which entries that took this state no longer says. A death of what they
    /// have not seen is told so that they need not ask for it again. With nothing unseen there is
    /// nothing to tell: deaths and collections mint dots.
    pub(crate) fn beyond<V: Causal<Store = S>>(
        &self,
        theirs: &CausalContext,
    ) -> Option<DottedDelta<S>> {
        (!theirs.covers(&self.context)).then(|| DottedDelta {
            store: V::beyond(&self.store, &self.context, theirs),
            removals: CausalContext::new(),
            unlocated: self.context.difference(&self.held()),
        })
    }

    /// The dots of which the store has something.
    fn held(&self) -> CausalContext {
        gathered(|each| {
            self.store.dots(each);
            self.store.tombstones(each);
        })
    }
}

impl<S: DotStore> DottedDelta<S> {
    /// The dots of live entries and located deaths.
    fn located(&self) -> CausalContext {
        gathered(|each| S::delta_dots(&self.store, each))
    }

    /// Whether it claims a change of `me` that `context`, which is that of `me`, does not know: the
    /// dots of an incarnation are minted in one place.
    pub(crate) fn forges(&self, me: ReplicaId, context: &CausalContext) -> bool {
        let next = context.next(me);
        let mut forged = self.removals.next(me) > next || self.unlocated.next(me) > next;
        S::delta_dots(&self.store, &mut |dot| forged |= dot.replica == me && dot >= next);
        forged
    }

    fn unless_empty(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl<S: DotStore> Merge for Dotted<S> {
    fn merge(&mut self, other: &Self) -> bool {
        let changed = self.store.join(&self.context, &other.store, &other.context);
        self.context.merge(&other.context) | changed
    }
}

impl<S: DotStore> Merge<DottedDelta<S>> for Dotted<S> {
    fn merge(&mut self, delta: &DottedDelta<S>) -> bool {
        let mut changed = self.store.apply(&self.context, &delta.store);
        if !delta.unlocated.is_empty() {
            // Only what was seen here before can be live here: the rest needs no walk.
            let seen = delta.unlocated.intersection(&self.context);
            changed |= !seen.is_empty() && self.store.retire(&seen);
            changed |= self.context.merge(&delta.unlocated);
        }
        S::delta_dots(&delta.store, &mut |dot| changed |= self.context.insert(dot));
        self.context.merge(&delta.removals) | changed
    }
}

impl<S: DotStore> Merge for DottedDelta<S> {
    fn merge(&mut self, other: &Self) -> bool {
        let before = (!self.unlocated.is_empty()).then(|| self.unlocated.clone());
        let mut changed = S::join_deltas(&mut self.store, &other.store);
        changed |= self.removals.merge(&other.removals);
        if !self.unlocated.is_empty() || !other.unlocated.is_empty() {
            // A death without location meets its entry here: from now on it has one.
            self.unlocated.merge(&other.unlocated);
            changed |= S::bury(&mut self.store, &self.unlocated);
            let placed = self.located();
            self.unlocated = self.unlocated.difference(&placed).difference(&self.removals);
            changed |= self.unlocated != before.unwrap_or_default();
        }
        changed
    }
}

impl<S: DotStore> Lattice for Dotted<S> {}

impl<S: DotStore> Lattice for DottedDelta<S> {}

impl<S: DotStore> Replicated for Dotted<S> {
    type Delta = DottedDelta<S>;

    fn missing_from(&self, other: &Self) -> Option<DottedDelta<S>> {
        let mut delta = DottedDelta {
            store: self.store.missing_from(&self.context, &other.store, &other.context),
            ..DottedDelta::default()
        };
        let unseen = self.context.difference(&other.context);
        delta.unlocated = unseen.difference(&delta.located());
        delta.unless_empty()
    }

    fn news(&self, delta: &DottedDelta<S>) -> Option<DottedDelta<S>> {
        let unlocated = if delta.unlocated.is_empty() {
            CausalContext::new()
        } else {
            let mut lacking = delta.unlocated.difference(&self.context);
            lacking.merge(&delta.unlocated.intersection(&self.held()));
            lacking
        };
        DottedDelta {
            store: self.store.news(&self.context, &delta.store),
            removals: delta.removals.difference(&self.context),
            unlocated,
        }
        .unless_empty()
    }

    fn parts(&self) -> impl Iterator<Item = DottedDelta<S>> {
        let held = self.store.parts().map(|store| DottedDelta { store, ..DottedDelta::default() });
        let dead = self.context.difference(&self.held()).into_dots();
        held.chain(dead.map(|dot| DottedDelta {
            unlocated: [dot].into_iter().collect(),
            ..DottedDelta::default()
        }))
    }
}

impl<S: DotStore> fmt::Debug for Dotted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.store, self.context)
    }
}

impl<S: DotStore> fmt::Debug for DottedDelta<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.store)?;
        if !self.removals.is_empty() {
            write!(f, " removals {:?}", self.removals)?;
        }
        if !self.unlocated.is_empty() {
            write!(f, " dead {:?}", self.unlocated)?;
        }
        Ok(())
    }
}

/// The counters of some dots, by replica.
fn counters(walk: impl FnOnce(&mut dyn FnMut(Dot))) -> impl Iterator<Item = (ReplicaId, Vec<u64>)> {
    let mut of = ByReplica::<Vec<u64>>::new();
    walk(&mut |dot| of.replica(dot.replica).push(dot.counter));
    of.into_ascending()
}

/// A counter that occurs twice. Linear where they lie close together.
fn repeated(mut counters: Vec<u64>) -> Option<u64> {
    let last = counters.iter().copied().max().unwrap_or_default();
    if last / 64 > counters.len() as u64 {
        counters.sort_unstable();
        return counters.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    }
    let mut seen = vec![0u64; last as usize / 64 + 1];
    counters.into_iter().find(|counter| {
        let (word, bit) = (&mut seen[*counter as usize / 64], 1 << (counter % 64));
        let again = *word & bit != 0;
        *word |= bit;
        again
    })
}

fn gathered(walk: impl FnOnce(&mut dyn FnMut(Dot))) -> CausalContext {
    let mut dots = Vec::new();
    walk(&mut |dot| dots.push(dot));
    dots.into_iter().collect()
}

impl<S: Serialize> Serialize for Dotted<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        coder::scope(|| {
            coder::foretell(self.context.replicas());
            let mut fields = serializer.serialize_struct("Dotted", 2)?;
            fields.serialize_field("context", &self.context)?;
            fields.serialize_field("store", &self.store)?;
            fields.end()
        })
    }
}

impl<S: DotStore<Delta: Serialize>> Serialize for DottedDelta<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        coder::scope(|| {
            let mut fields = serializer.serialize_struct("DottedDelta", 3)?;
            fields.serialize_field("store", &self.store)?;
            fields.serialize_field("removals", &self.removals)?;
            fields.serialize_field("unlocated", &self.unlocated)?;
            fields.end()
        })
    }
}

impl<'de, S: DotStore + Deserialize<'de>> Deserialize<'de> for Dotted<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Dotted")]
        struct Raw<S> {
            #[serde(deserialize_with = "foretelling")]
            context: CausalContext,
            store: S,
        }
        fn foretelling<'de, D: Deserializer<'de>>(from: D) -> Result<CausalContext, D::Error> {
            let context = CausalContext::deserialize(from)?;
            coder::foretell(context.replicas());
            Ok(context)
        }
        let Raw { context, store } = coder::scope(|| Raw::<S>::deserialize(deserializer))?;
        let held = counters(|each| {
            store.dots(each);
            store.tombstones(each);
        });
        for (replica, counters) in held {
            if let Some(stranger) = context.first_missing(replica, &counters) {
                let dot = Dot::new(replica, stranger);
                return Err(de::Error::custom(format_args!(
                    "the entry {dot} is not in the context"
                )));
            }
            if let Some(counter) = repeated(counters) {
                let dot = Dot::new(replica, counter);
                return Err(de::Error::custom(format_args!("the dot {dot} names two entries")));
            }
        }
        Ok(Self { context, store })
    }
}

impl<'de, S: DotStore<Delta: Deserialize<'de>>> Deserialize<'de> for DottedDelta<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "DottedDelta")]
        struct Raw<R> {
            store: R,
            removals: CausalContext,
            unlocated: CausalContext,
        }
        let Raw { store, removals, unlocated } =
            coder::scope(|| Raw::<S::Delta>::deserialize(deserializer))?;
        for (replica, counters) in counters(|each| S::delta_dots(&store, each)) {
            if let Some(counter) = repeated(counters) {
                let dot = Dot::new(replica, counter);
                return Err(de::Error::custom(format_args!("the dot {dot} occurs twice")));
            }
        }
        let mut seen = gathered(|each| S::delta_dots(&store, each));
        for other in [&removals, &unlocated] {
            if let Some(dot) = seen.intersection(other).iter().next() {
                return Err(de::Error::custom(format_args!("the dot {dot} occurs twice")));
            }
            seen.merge(other);
        }
        Ok(Self { store, removals, unlocated })
    }
}

/// Implements the lattice of a type that wraps a [`Dotted`] store in a field `body`, and its
/// summary: collections mint dots too, so the context says all that a replica has. What is beyond
/// one the type says itself, unless a third says it.
macro_rules! causal_type {
    ([$($generics:tt)*] $name:ty, $store:ty) => {
        $crate::causal::causal_type!([$($generics)*] $name, $store, $name);
    };
    ([$($generics:tt)*] $name:ty, $store:ty, $beyond:ty) => {
        impl<$($generics)*> $crate::Merge for $name {
            fn merge(&mut self, other: &Self) -> bool {
                self.body.merge(&other.body)
            }
        }

        impl<$($generics)*> $crate::Merge<$crate::causal::DottedDelta<$store>> for $name {
            fn merge(&mut self, delta: &$crate::causal::DottedDelta<$store>) -> bool {
                self.body.merge(delta)
            }
        }

        impl<$($generics)*> $crate::Lattice for $name {}

        impl<$($generics)*> $crate::Replicated for $name {
            type Delta = $crate::causal::DottedDelta<$store>;

            fn missing_from(&self, other: &Self) -> Option<Self::Delta> {
                self.body.missing_from(&other.body)
            }

            fn news(&self, delta: &Self::Delta) -> Option<Self::Delta> {
                self.body.news(delta)
            }

            fn parts(&self) -> impl Iterator<Item = Self::Delta> {
                self.body.parts()
            }
        }

        impl<$($generics)*> $crate::Summarize for $name {
            type Summary = $crate::CausalContext;

            fn summary(&self) -> $crate::CausalContext {
                self.body.context().clone()
            }

            fn beyond(&self, theirs: &$crate::CausalContext) -> Option<Self::Delta> {
                self.body.beyond::<$beyond>(theirs)
            }
        }
    };
}
pub(crate) use causal_type;

#[cfg(test)]
mod tests {
    use crate::{Merge, OrSet, ReplicaId, Replicated, Summarize};

    const A: ReplicaId = ReplicaId::new(1, 0);
    const B: ReplicaId = ReplicaId::new(2, 0);

    #[test]
    fn a_removal_mints_a_dot_and_a_removal_of_nothing_does_not() {
        let mut set: OrSet<String> = OrSet::new();
        assert_eq!(set.remove(A, "x"), Default::default());
        assert_eq!(set.clear(A), Default::default());
        assert!(set.context().is_empty());
        let _ = set.insert(A, "x");
        let removed = set.remove(A, "x");
        assert_ne!(removed, Default::default());
        assert_eq!(set.context().len(), 2);
    }

    #[test]
    fn a_delta_claims_its_records_and_nothing_else_that_its_state_knew() {
        let mut here: OrSet<String> = OrSet::new();
        let first = here.insert(A, "x");
        let second = here.insert(A, "y");
        let mut there = OrSet::new();
        there.merge(&second);
        assert!(!there.contains("x"));
        assert!(there.merge(&first), "the second delta must not have claimed the first");
        assert!(there.contains("x") && there.contains("y"));
    }

    #[test]
    fn a_removal_that_arrives_before_the_add_wins_over_it() {
        let mut here: OrSet<String> = OrSet::new();
        let added = here.insert(A, "x");
        let removed = here.remove(A, "x");
        let mut there = OrSet::new();
        there.merge(&removed);
        there.merge(&added);
        assert_eq!(there, here);
    }

    #[test]
    fn joined_deltas_keep_where_an_entry_died() {
        let mut here: OrSet<String> = OrSet::new();
        let mut there = here.clone();
        let added = here.insert(A, "x");
        there.merge(&added);
        let mut joined = added;
        joined.merge(&here.remove(A, "x"));
        assert!(there.merge(&joined));
        assert_eq!(there, here);
    }

    #[test]
    fn what_two_states_miss_includes_deaths_of_which_only_the_dot_is_known() {
        let mut here: OrSet<String> = OrSet::new();
        let added = here.insert(A, "x");
        let mut other = OrSet::new();
        other.merge(&added);
        let _ = here.remove(A, "x");
        // `fresh` has neither seen the add nor the removal, so the delta cannot name a key.
        let fresh = OrSet::new();
        let delta = here.missing_from(&fresh).unwrap();
        assert!(other.merge(&delta), "the death of x must reach a set in which it is live");
        assert_eq!(other, here);
        assert_eq!(here.missing_from(&other), None);
    }

    #[test]
    fn what_is_beyond_a_summary_repeats_nothing_live_that_was_seen() {
        let mut here: OrSet<u8> = OrSet::new();
        let mut there = OrSet::new();
        (0..100).for_each(|element| _ = there.merge(&here.insert(A, element)));
        let _ = (here.remove(A, &7), here.insert(A, 200));
        let beyond = here.beyond(&there.summary()).unwrap();
        // The element that came; what died; and the removal, of which nothing else is known.
        assert_eq!(format!("{beyond:?}"), "{200: +{r1:102} -{}} dead {r1:8, r1:101}");
        there.merge(&beyond);
        assert_eq!(there, here);
        assert_eq!(here.beyond(&there.summary()), None);
    }

    #[test]
    fn a_part_that_only_takes_away_says_that_it_changed_something() {
        let mut here: OrSet<String> = OrSet::new();
        let mut there = OrSet::new();
        there.merge(&here.insert(A, "x"));
        let _ = here.remove(A, "x");
        let death = here.parts().next().unwrap(); // of r1:1, which is live there
        assert!(there.merge(&death));
        assert!(there.is_empty() && !there.merge(&death));
    }

    #[test]
    fn a_death_without_location_meets_its_entry_in_a_join_of_deltas() {
        let mut here: OrSet<String> = OrSet::new();
        let added = here.insert(A, "x");
        let removed = here.remove(A, "x");
        let unlocated = here.missing_from(&OrSet::new()).unwrap();
        for (mut first, second) in
            [(added.clone(), unlocated.clone()), (unlocated.clone(), added), (removed, unlocated)]
        {
            first.merge(&second);
            let mut there: OrSet<String> = OrSet::new();
            there.merge(&first);
            assert_eq!(there, here);
            let json = serde_json::to_string(&first).unwrap();
            let back: <OrSet<String> as Replicated>::Delta = serde_json::from_str(&json).unwrap();
            assert_eq!(back, first, "each dot has one place");
        }
    }

    #[test]
    fn equal_contexts_do_not_excuse_a_join_among_states_that_skipped_a_delta() {
        // Three adds of x, each replacing the one before. Without the second delta the first dot
        // lives on under a context that names all three.
        let mut here: OrSet<String> = OrSet::new();
        let deltas = [here.insert(A, "x"), here.insert(A, "x"), here.insert(A, "x")];
        let mut skipped = OrSet::new();
        skipped.merge(&deltas[0]);
        skipped.merge(&deltas[2]);
        assert_eq!(skipped.context(), here.context());
        let mut joined = skipped.clone();
        joined.merge(&here);
        here.merge(&skipped);
        assert_eq!(joined, here);
    }

    #[test]
    fn an_add_replaces_the_dots_that_it_had_seen_and_no_others() {
        let (mut here, mut there) = (OrSet::<String>::new(), OrSet::new());
        let _ = here.insert(A, "x");
        let again = here.insert(A, "x");
        assert_eq!(format!("{here:?}"), r#"{"x": {r1:2}} of {r1:1-2}"#);
        let _ = there.insert(B, "x");
        there.merge(&again);
        assert_eq!(format!("{there:?}"), r#"{"x": {r1:2, r2:1}} of {r1:1-2, r2:1}"#);
    }

    #[test]
    fn a_delta_forges_what_it_claims_of_a_replica_beyond_its_own_context() {
        // What A does twice, once as A and once as somebody under its name who went further.
        let mut honest: OrSet<String> = OrSet::new();
        let echo = [honest.insert(A, "x"), honest.remove(A, "x")];
        let mut forger: OrSet<String> = OrSet::new();
        let _ = forger.insert(A, "x");
        let _ = forger.remove(A, "x");
        let live = forger.insert(A, "x");
        let removed = forger.remove(A, "x");
        let unlocated = forger.missing_from(&honest).unwrap();
        for delta in &echo {
            assert!(!delta.forges(A, honest.context()), "{delta:?} was made here");
            assert!(delta.forges(A, &Default::default()), "{delta:?} was not made there");
        }
        let whole = honest.missing_from(&OrSet::new()).unwrap();
        assert!(!whole.forges(A, honest.context()), "{whole:?} is known here");
        for delta in [live, removed, unlocated] {
            assert!(delta.forges(A, honest.context()), "{delta:?} was not made here");
            assert!(!delta.forges(B, honest.context()), "{delta:?} says nothing of B");
        }
        let foreign = OrSet::<String>::new().insert(B, "z");
        assert!(!foreign.forges(A, honest.context()), "{foreign:?} says nothing of A");
        // The forged record is not the last of the delta.
        let mut both = forger.insert(A, "y");
        both.merge(&foreign);
        assert!(both.forges(A, honest.context()));
    }

    #[test]
    fn forged_states_and_deltas_are_refused() {
        let mut set: OrSet<String> = OrSet::new();
        let delta = set.insert(A, "x");
        let state = serde_json::to_string(&set).unwrap();
        let delta = serde_json::to_string(&delta).unwrap();
        assert_eq!(serde_json::from_str::<OrSet<String>>(&state).unwrap(), set);
        let foreign = serde_json::to_string(&OrSet::<String>::new().insert(B, "x")).unwrap();
        let b = r#"{"id":2,"incarnation":0}"#;
        let claims = foreign.replace("\"removals\":[]", &format!("\"removals\":[[{b},[[1,1]]]]"));
        assert_ne!(claims, foreign);
        for forged in [
            state.replace("[[1,1]]", "[[1,1],[1,1]]"), // runs that overlap
            state.replace("[1,1]", "[2,2]"),           // an entry that its context does not know
            state.replace("\"counter\":1", "\"counter\":0"), // no dot; this once got in, and panicked
        ] {
            assert_ne!(forged, state);
            assert!(serde_json::from_str::<OrSet<String>>(&forged).is_err(), "{forged}");
        }
        type Delta = <OrSet<String> as Replicated>::Delta;
        for forged in [claims, delta.replace("\"counter\":1", "\"counter\":0")] {
            assert!(serde_json::from_str::<Delta>(&forged).is_err(), "{forged}");
        }
    }

    #[test]
    fn a_dot_has_one_place() {
        let dot = r#"{"replica":[1,0],"counter":1}"#;
        let context = r#"[[[1,0],[[1,1]]]]"#;
        let entry = |key: &str| format!(r#"["{key}",[[{dot},null]]]"#);
        let state = |entries: &str| {
            let json = format!(r#"{{"context":{context},"store":[{entries}]}}"#);
            serde_json::from_str::<OrSet<String>>(&json)
        };
        assert!(state(&entry("x")).is_ok());
        assert!(state(&format!("{},{}", entry("x"), entry("y"))).is_err(), "it names two entries");
        let records = |key: &str| format!(r#"["{key}",[[[{dot},null]],[]]]"#);
        let delta = |records: &str, removals: &str, unlocated: &str| {
            let json =
                format!(r#"{{"store":[{records}],"removals":{removals},"unlocated":{unlocated}}}"#);
            serde_json::from_str::<<OrSet<String> as Replicated>::Delta>(&json)
        };
        assert!(delta(&records("x"), "[]", "[]").is_ok());
        assert!(delta("", context, "[]").is_ok() && delta("", "[]", context).is_ok());
        let two = format!("{},{}", records("x"), records("y"));
        assert!(delta(&two, "[]", "[]").is_err(), "under two keys");
        assert!(delta(&records("x"), context, "[]").is_err(), "a record and a removal");
        assert!(delta(&records("x"), "[]", context).is_err(), "a record and without location");
        assert!(delta("", context, context).is_err(), "a removal and without location");
    }
}

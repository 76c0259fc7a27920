//! `broken/type-conflict-map`: a map that takes the other side when the types do not match.
//!
//! **Where it comes from.** Maps whose values may be of several types, merged key by key with a
//! `match` over both sides. Two counters and two sets are easy; the last arm, `_ => theirs`, is
//! there to make it compile ("that never happens").
//!
//! **What happens.** It does, when two replicas make the same key at the same time. Each takes the
//! other's value and drops its own: they swap, and go on swapping with every message. What either
//! had counted or collected is gone at random.
//!
//! **Meant**: no update is lost; a key that was used in two ways has both values.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: Count('k') | {'k': Count(1 {r1: 1})} | {} |
//! | r2: Insert('k', 'x') | {'k': Count(1 {r1: 1})} | {'k': Set({'x'})} |
//! | r1 ⇄ r2 | {'k': Set({'x'})} | {'k': Count(1 {r1: 1})} |
//!
//! Neither has what it did itself, and they swap again with every exchange. Where one of the
//! messages is late, all agree in the end: on one side of the two, with the other lost.
//!
//! 2 operations at 2 replicas. Found by: the laws, the explorer, the simulator, comparing
//! replicas, the laws of merge alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rejoin_crdts::{At, Draw, GCounter, Lattice, Merge, Model, Refused, ReplicaId};
use rejoin_crdts::{Spec, View, Whole};
use serde::{Deserialize, Serialize};

/// A map whose values are counters or sets, as the first to use a key decides.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Map {
    fields: BTreeMap<char, Field>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Field {
    Count(GCounter),
    Set(BTreeSet<char>),
}

impl Map {
    fn count(&mut self, me: ReplicaId, key: char) -> Result<(), Refused> {
        match self.fields.entry(key).or_insert_with(|| Field::Count(GCounter::new())) {
            Field::Count(counter) => Ok(counter.increment(me, 1).map(drop)?),
            Field::Set(_) => Err(Refused::Rule(format!("{key:?} holds a set"))),
        }
    }

    fn insert(&mut self, key: char, element: char) -> Result<(), Refused> {
        match self.fields.entry(key).or_insert_with(|| Field::Set(BTreeSet::new())) {
            Field::Set(set) => {
                set.insert(element);
                Ok(())
            }
            Field::Count(_) => Err(Refused::Rule(format!("{key:?} holds a counter"))),
        }
    }
}

impl Merge for Map {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (&key, theirs) in &other.fields {
            let mine = self.fields.entry(key).or_insert_with(|| theirs.clone());
            match (mine, theirs) {
                (Field::Count(mine), Field::Count(theirs)) => drop(mine.merge(theirs)),
                (Field::Set(mine), Field::Set(theirs)) => mine.extend(theirs),
                (mine, theirs) => *mine = theirs.clone(), // "that never happens"
            }
        }
        *self != before
    }
}

impl Lattice for Map {}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.fmt(f)
    }
}

/// An operation on a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    /// Counts one more under a key.
    Count(char),
    /// Puts an element into the set under a key.
    Insert(char, char),
}

/// What is read under a key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// How much was counted.
    pub count: u128,
    /// What was inserted.
    pub set: BTreeSet<char>,
}

/// `1 and {'x'}`.
impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.count, self.set.is_empty()) {
            (0, _) => self.set.fmt(f),
            (count, true) => count.fmt(f),
            (count, false) => write!(f, "{count} and {:?}", self.set),
        }
    }
}

/// Drives [`Map`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct TypeConflictMap;

impl Spec for TypeConflictMap {
    type Op = Op;
    type Value = BTreeMap<char, Read>;

    fn alphabet(&self) -> Vec<Op> {
        vec![Op::Count('k'), Op::Insert('k', 'x')]
    }

    /// Several keys: once a key has a type everywhere, nothing can go wrong with it any more.
    fn draw(&self, draw: &mut dyn Draw) -> Op {
        let key = char::from(b'a' + draw.below(8) as u8);
        if draw.below(2) == 0 { Op::Count(key) } else { Op::Insert(key, 'x') }
    }

    fn value(&self, view: &View<'_, Op>) -> Option<Self::Value> {
        let mut value = Self::Value::new();
        for seen in view.iter() {
            match *seen.op {
                Op::Count(key) => value.entry(key).or_default().count += 1,
                Op::Insert(key, element) => {
                    value.entry(key).or_default().set.insert(element);
                }
            }
        }
        Some(value)
    }
}

impl Model for TypeConflictMap {
    type State = Whole<Map>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(&self, state: &mut Self::State, at: &At, op: &Op) -> Result<Self::State, Refused> {
        let mut done = Ok(());
        let delta = state.mutate(|map| {
            done = match *op {
                Op::Count(key) => map.count(at.id.replica, key),
                Op::Insert(key, element) => map.insert(key, element),
            };
        });
        done.map(|()| delta)
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        let read = |field: &Field| match field {
            Field::Count(counter) => Read { count: counter.value(), ..Read::default() },
            Field::Set(set) => Read { set: set.clone(), ..Read::default() },
        };
        state.0.fields.iter().map(|(&key, field)| (key, read(field))).collect()
    }
}

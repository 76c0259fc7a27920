//! Three types of the gallery as they should be: each differs from its broken twin in a line.

#![allow(unreachable_pub, reason = "a module of several test crates")]

use std::collections::{BTreeMap, BTreeSet};

use rejoin_crdts::{At, Dot, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use rejoin_gallery::meaning::{SetOp, Write, add_wins, last_write};
use rejoin_gallery::shared_id_counter::Increment;
use serde::{Deserialize, Serialize};

/// `shared-id-counter`, without the id inside.
#[derive(Clone, Copy, Debug)]
pub struct OwnIdCounter;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counter(BTreeMap<ReplicaId, u64>);

impl Merge for Counter {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (&replica, &count) in &other.0 {
            let slot = self.0.entry(replica).or_default();
            *slot = count.max(*slot);
        }
        *self != before
    }
}

impl Lattice for Counter {}

impl Spec for OwnIdCounter {
    type Op = Increment;
    type Value = u64;

    fn alphabet(&self) -> Vec<Increment> {
        vec![Increment]
    }

    fn value(&self, view: &View<'_, Increment>) -> Option<u64> {
        Some(view.len() as u64)
    }
}

impl Model for OwnIdCounter {
    type State = Whole<Counter>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        _: &Increment,
    ) -> Result<Self::State, Refused> {
        Ok(state.mutate(|counter| *counter.0.entry(at.id.replica).or_default() += 1))
    }

    fn read(&self, state: &Self::State) -> u64 {
        state.0.0.values().sum()
    }
}

/// `forgetful-set`, with tags numbered by the tags that are there.
#[derive(Clone, Copy, Debug)]
pub struct FreshTagSet;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Set {
    added: BTreeSet<(char, Dot)>,
    removed: BTreeSet<Dot>,
}

impl Set {
    fn live(&self) -> impl Iterator<Item = &(char, Dot)> {
        self.added.iter().filter(|(_, tag)| !self.removed.contains(tag))
    }

    fn add(&mut self, me: ReplicaId, element: char) {
        let mine = self.added.iter().filter(|(_, tag)| tag.replica == me);
        let last = mine.map(|(_, tag)| tag.counter).max().unwrap_or(0);
        self.added.insert((element, Dot::new(me, last + 1)));
    }

    fn remove(&mut self, element: char) {
        let tags: Vec<Dot> = self.live().filter(|live| live.0 == element).map(|l| l.1).collect();
        self.removed.extend(tags);
    }
}

impl Merge for Set {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.added.extend(&other.added);
        self.removed.extend(&other.removed);
        *self != before
    }
}

impl Lattice for Set {}

impl Spec for FreshTagSet {
    type Op = SetOp;
    type Value = BTreeSet<char>;

    fn alphabet(&self) -> Vec<SetOp> {
        SetOp::alphabet()
    }

    fn value(&self, view: &View<'_, SetOp>) -> Option<BTreeSet<char>> {
        Some(add_wins(view))
    }
}

impl Model for FreshTagSet {
    type State = Whole<Set>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &SetOp,
    ) -> Result<Self::State, Refused> {
        Ok(state.mutate(|set| match *op {
            SetOp::Add(element) => set.add(at.id.replica, element),
            SetOp::Remove(element) => set.remove(element),
        }))
    }

    fn read(&self, state: &Self::State) -> BTreeSet<char> {
        state.0.live().map(|live| live.0).collect()
    }
}

/// `shared-id-register` with a writer of its own for each write, and `holder-tie-register` with
/// the writers compared.
#[derive(Clone, Copy, Debug)]
pub struct WriterTieRegister;

/// Version, writer and value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Register(Option<(u64, ReplicaId, char)>);

impl Merge for Register {
    fn merge(&mut self, other: &Self) -> bool {
        let wins = other.0 > self.0; // versions, and of equal ones the writers
        if wins {
            self.0 = other.0;
        }
        wins
    }
}

impl Lattice for Register {}

impl Spec for WriterTieRegister {
    type Op = Write;
    type Value = Option<char>;

    fn alphabet(&self) -> Vec<Write> {
        Write::alphabet()
    }

    fn value(&self, view: &View<'_, Write>) -> Option<Option<char>> {
        Some(last_write(view))
    }
}

impl Model for WriterTieRegister {
    type State = Whole<Register>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Write,
    ) -> Result<Self::State, Refused> {
        let version = state.0.0.map_or(0, |latest| latest.0) + 1;
        Ok(state.mutate(|register| register.0 = Some((version, at.id.replica, op.0))))
    }

    fn read(&self, state: &Self::State) -> Option<char> {
        state.0.0.map(|latest| latest.2)
    }
}

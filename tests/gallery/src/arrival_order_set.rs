//! `broken/arrival-order-set`: equal sets are written in the order in which their elements came.
//!
//! **Where it comes from.** A set is kept as a list, or as a hash table that is written as it lies in
//! memory, and its author compares sets as sets. Every test of the type passes.
//!
//! **What happens.** Nobody ever reads anything wrong. But whoever compares sets by what is stored or
//! sent, by a hash tree, a signature, or the name of a block in a backup, finds replicas that agree
//! different: they exchange all they have, over and over, and a signature of one is not valid for the
//! other.
//!
//! **Meant**: an element is in if it was added, and what is equal is written in equal bytes.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: add 'a' | {'a'} | {} |
//! | r2: add 'b' | {'a'} | {'b'} |
//! | r1 ⇄ r2 | {'a', 'b'} | {'b', 'a'} |
//!
//! Both read what was meant, from equal states, and each is written in an order of its own.
//!
//! **Who sees it.** In a run the check of convergence, which compares the bytes of states: where they
//! were written on the way, and of all at the end.
//!
//! 2 operations at 2 replicas. Found by: the laws, the explorer, the simulator. Not by: comparing
//! replicas, the laws of merge alone.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};

use rejoin_crdts::spec::Add;
use rejoin_crdts::{At, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use serde::{Deserialize, Serialize};

/// A set that only grows.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Set {
    arrived: Vec<char>,
}

impl Set {
    fn elements(&self) -> BTreeSet<char> {
        self.arrived.iter().copied().collect()
    }

    fn add(&mut self, element: char) {
        if !self.arrived.contains(&element) {
            self.arrived.push(element);
        }
    }
}

/// As sets.
impl PartialEq for Set {
    fn eq(&self, other: &Self) -> bool {
        self.elements() == other.elements()
    }
}

impl Eq for Set {}

impl Hash for Set {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.elements().hash(hasher);
    }
}

impl Merge for Set {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.arrived.len();
        other.arrived.iter().for_each(|element| self.add(*element));
        self.arrived.len() > before
    }
}

impl Lattice for Set {}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.arrived).finish()
    }
}

/// Drives [`Set`] and says what it should be.
#[derive(Clone, Copy, Debug)]
pub struct ArrivalOrderSet;

impl Spec for ArrivalOrderSet {
    type Op = Add<char>;
    type Value = BTreeSet<char>;

    fn alphabet(&self) -> Vec<Add<char>> {
        vec![Add('a'), Add('b')]
    }

    fn value(&self, view: &View<'_, Add<char>>) -> Option<BTreeSet<char>> {
        Some(view.iter().map(|seen| seen.op.0).collect())
    }
}

impl Model for ArrivalOrderSet {
    type State = Whole<Set>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        _: &At,
        op: &Add<char>,
    ) -> Result<Self::State, Refused> {
        Ok(state.mutate(|set| set.add(op.0)))
    }

    fn read(&self, state: &Self::State) -> BTreeSet<char> {
        state.0.elements()
    }
}

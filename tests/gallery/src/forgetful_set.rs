//! `broken/forgetful-set`: a merge that builds a fresh object, and forgets the tag counter.
//!
//! **Where it comes from.** `merge(a, b)` written as a pure function, as it should be in a lecture:
//! it makes a new set, fills in the union of both sides, and returns it. The counter from which
//! tags are made was a field too, and starts again at 0.
//!
//! **What happens.** The replica makes a tag that it has made before. If that one was removed
//! meanwhile, the new element is dead on arrival: you put back a thing that a colleague took out,
//! and it does not stay.
//!
//! **Meant**: an element is in if it was added and no remove had seen that.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: Add('a') | {'a' r1:1}, 1 tag made | {}, 0 tags made |
//! | r1 → r2 | {'a' r1:1}, 1 tag made | {'a' r1:1}, 0 tags made |
//! | r2: Remove('a') | {'a' r1:1}, 1 tag made | {} removed {r1:1}, 0 tags made |
//! | r2 → r1 | {} removed {r1:1}, 0 tags made | {} removed {r1:1}, 0 tags made |
//! | r1: Add('a') | {} removed {r1:1}, 1 tag made | {} removed {r1:1}, 0 tags made |
//!
//! r1 reads {} where {'a'} was meant.
//!
//! 3 operations at 2 replicas. Found by: the laws, the explorer, the simulator. Not by:
//! comparing replicas, the laws of merge alone.

use std::collections::BTreeSet;
use std::fmt;

use rejoin_crdts::{At, Dot, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use serde::{Deserialize, Serialize};

use crate::local::Local;
use crate::meaning::{SetOp, add_wins};

/// A set in which adding makes a tag, and removing remembers the tags it saw.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Set {
    #[serde(skip)] // it is nobody else's business
    made: Local<u64>,
    added: BTreeSet<(char, Dot)>,
    removed: BTreeSet<Dot>,
}

impl Set {
    fn live(&self) -> impl Iterator<Item = (char, Dot)> {
        self.added.iter().copied().filter(|(_, tag)| !self.removed.contains(tag))
    }

    fn add(&mut self, me: ReplicaId, element: char) {
        self.made.0 += 1;
        self.added.insert((element, Dot::new(me, self.made.0)));
    }

    fn remove(&mut self, element: char) {
        let tags: Vec<Dot> = self.live().filter(|live| live.0 == element).map(|(_, t)| t).collect();
        self.removed.extend(tags);
    }
}

impl Merge for Set {
    fn merge(&mut self, other: &Self) -> bool {
        let mut merged = Self::default();
        merged.added.extend(self.added.union(&other.added));
        merged.removed.extend(self.removed.union(&other.removed));
        let changed = merged != *self;
        *self = merged;
        changed
    }
}

impl Lattice for Set {}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live: Vec<_> = self.live().map(|(element, tag)| format!("{element:?} {tag}")).collect();
        write!(f, "{{{}}}", live.join(", "))?;
        if !self.removed.is_empty() {
            write!(f, " removed {:?}", self.removed)?;
        }
        write!(f, ", {} tag{} made", self.made.0, if self.made.0 == 1 { "" } else { "s" })
    }
}

/// Drives [`Set`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct ForgetfulSet;

impl Spec for ForgetfulSet {
    type Op = SetOp;
    type Value = BTreeSet<char>;

    fn alphabet(&self) -> Vec<SetOp> {
        SetOp::alphabet()
    }

    fn value(&self, view: &View<'_, SetOp>) -> Option<BTreeSet<char>> {
        Some(add_wins(view))
    }
}

impl Model for ForgetfulSet {
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
        state.0.live().map(|(element, _)| element).collect()
    }
}

//! `broken/shared-id-set`: an observed-remove set that keeps the id of its writer inside.
//!
//! **Where it comes from.** As [`shared_id_counter`](crate::shared_id_counter): `new ORSet(id)`,
//! with the id beside the tagged elements, and merge taking the greater one.
//!
//! **What happens.** Two replicas make the same tag for two different things. Taking one of them
//! out takes the other out too: you delete a finished task, and one that a colleague has just added
//! disappears.
//!
//! **Meant**: an element is in if it was added and no remove had seen that.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: Add('a') | {'a' r1:1}, writes as r1 | {} |
//! | r1 → r2 | {'a' r1:1}, writes as r1 | {'a' r1:1}, writes as r1 |
//! | r2: Add('b') | {'a' r1:1}, writes as r1 | {'a' r1:1, 'b' r1:2}, writes as r1 |
//! | r1: Add('a') | {'a' r1:1, 'a' r1:2}, writes as r1 | {'a' r1:1, 'b' r1:2}, writes as r1 |
//! | r1: Remove('a') | {} removed {r1:1, r1:2}, writes as r1 | {'a' r1:1, 'b' r1:2}, writes as r1 |
//! | r1 → r2 | {} removed {r1:1, r1:2}, writes as r1 | {} removed {r1:1, r1:2}, writes as r1 |
//!
//! Both read {} where {'b'} was meant: nobody removed 'b'.
//!
//! 4 operations at 2 replicas. Found by: the laws, the explorer, the simulator. Not by:
//! comparing replicas, the laws of merge alone.

use std::collections::BTreeSet;
use std::fmt;

use rejoin_crdts::{At, Dot, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use serde::{Deserialize, Serialize};

use crate::meaning::{SetOp, add_wins};

/// A set in which adding makes a tag, and removing remembers the tags it saw.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Set {
    id: Option<ReplicaId>,
    added: BTreeSet<(char, Dot)>,
    removed: BTreeSet<Dot>,
}

impl Set {
    fn live(&self) -> impl Iterator<Item = (char, Dot)> {
        self.added.iter().copied().filter(|(_, tag)| !self.removed.contains(tag))
    }

    fn add(&mut self, me: ReplicaId, element: char) {
        let id = *self.id.get_or_insert(me);
        let tags = self.added.iter().filter(|(_, tag)| tag.replica == id);
        let last = tags.map(|(_, tag)| tag.counter).max().unwrap_or(0);
        self.added.insert((element, Dot::new(id, last + 1)));
    }

    fn remove(&mut self, element: char) {
        let tags: Vec<Dot> = self.live().filter(|live| live.0 == element).map(|(_, t)| t).collect();
        self.removed.extend(tags);
    }
}

impl Merge for Set {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.id = other.id.max(self.id); // commutative, associative, idempotent
        self.added.extend(&other.added);
        self.removed.extend(&other.removed);
        *self != before
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
        self.id.map_or(Ok(()), |id| write!(f, ", writes as {id}"))
    }
}

/// Drives [`Set`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct SharedIdSet;

impl Spec for SharedIdSet {
    type Op = SetOp;
    type Value = BTreeSet<char>;

    fn alphabet(&self) -> Vec<SetOp> {
        SetOp::alphabet()
    }

    fn value(&self, view: &View<'_, SetOp>) -> Option<BTreeSet<char>> {
        Some(add_wins(view))
    }
}

impl Model for SharedIdSet {
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

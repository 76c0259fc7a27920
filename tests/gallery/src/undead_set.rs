//! `broken/undead-set`: a merge that leaves a dead element behind, so that a ⊔ a ≠ a.
//!
//! **Where it comes from.** Observed-remove sets kept as a map from element to tags. Removing the
//! last tag drops the entry; merging computes "added less removed" for every element of either side
//! and stores the result, even when it is empty. Membership is "has an entry".
//!
//! **What happens.** Everything that was ever removed comes back with the next merge, even with the
//! replica's own state sent back to it: the closed tabs reopen when you sync.
//!
//! **Meant**: an element is in if it was added and no remove had seen that.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: Add('a') | {'a': {r1:1}} | {} |
//! | r1: Remove('a') | {} removed {'a': {r1:1}} | {} |
//! | r1 → r2 | {} removed {'a': {r1:1}} | {'a': {}} removed {'a': {r1:1}} |
//!
//! r2 reads {'a'} where {} was meant, and so does r1 once r2's state, or its own, is back.
//!
//! 2 operations at 2 replicas. Found by: the laws, the explorer, the simulator, the laws of
//! merge alone. Not by: comparing replicas.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rejoin_crdts::{At, Dot, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole};
use serde::{Deserialize, Serialize};

use crate::meaning::{SetOp, add_wins};

type Tags = BTreeMap<char, BTreeSet<Dot>>;

/// A set in which adding makes a tag, and removing remembers the tags it saw.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Set {
    added: Tags,
    removed: Tags,
}

impl Set {
    fn elements(&self) -> BTreeSet<char> {
        self.added.keys().copied().collect()
    }

    fn add(&mut self, me: ReplicaId, element: char) {
        let tags = self.added.values().chain(self.removed.values()).flatten();
        let mine = tags.filter(|tag| tag.replica == me);
        let last = mine.map(|tag| tag.counter).max().unwrap_or(0);
        self.added.entry(element).or_default().insert(Dot::new(me, last + 1));
    }

    fn remove(&mut self, element: char) {
        if let Some(tags) = self.added.remove(&element) {
            self.removed.entry(element).or_default().extend(tags);
        }
    }
}

impl Merge for Set {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (mine, theirs) in [(&mut self.added, &other.added), (&mut self.removed, &other.removed)]
        {
            for (&element, tags) in theirs {
                mine.entry(element).or_default().extend(tags);
            }
        }
        for (&element, gone) in &self.removed {
            let live = self.added.entry(element).or_default();
            live.retain(|tag| !gone.contains(tag)); // perhaps nothing is left of it, but an entry
        }
        *self != before
    }
}

impl Lattice for Set {}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.added.fmt(f)?;
        if self.removed.is_empty() { Ok(()) } else { write!(f, " removed {:?}", self.removed) }
    }
}

/// Drives [`Set`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct UndeadSet;

impl Spec for UndeadSet {
    type Op = SetOp;
    type Value = BTreeSet<char>;

    fn alphabet(&self) -> Vec<SetOp> {
        SetOp::alphabet()
    }

    fn value(&self, view: &View<'_, SetOp>) -> Option<BTreeSet<char>> {
        Some(add_wins(view))
    }
}

impl Model for UndeadSet {
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
        state.0.elements()
    }
}

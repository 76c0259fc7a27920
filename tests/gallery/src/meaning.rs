//! What the authors meant, where several of them meant the same.
//!
//! Pure functions of the operations in view, sharing nothing with the types that they judge.

use std::collections::{BTreeMap, BTreeSet};

use rejoin_crdts::{Seen, View};
use serde::{Deserialize, Serialize};

/// An operation on a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SetOp {
    /// Puts an element in.
    Add(char),
    /// Takes an element out.
    Remove(char),
}

impl SetOp {
    /// Two elements, and a remove that must not touch the other one.
    #[must_use]
    pub fn alphabet() -> Vec<Self> {
        vec![Self::Add('a'), Self::Add('b'), Self::Remove('a')]
    }
}

/// An element is in the set iff some add of it was seen by no remove of it in view.
#[must_use]
pub fn add_wins(view: &View<'_, SetOp>) -> BTreeSet<char> {
    let taken_out = |element, add: Seen<'_, SetOp>| {
        view.iter().any(|other| *other.op == SetOp::Remove(element) && view.saw(&other, &add))
    };
    view.iter()
        .filter_map(|seen| match *seen.op {
            SetOp::Add(element) if !taken_out(element, seen) => Some(element),
            _ => None,
        })
        .collect()
}

/// A write to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Write(
    /// What is written.
    pub char,
);

impl Write {
    /// Two values are enough to tell one from the other.
    #[must_use]
    pub fn alphabet() -> Vec<Self> {
        vec![Self('a'), Self('b')]
    }
}

/// The last write: the one with the greatest version, and of these the one by the greatest
/// replica. A version is one more than the greatest that the writer had seen (Lamport 1978).
#[must_use]
pub fn last_write(view: &View<'_, Write>) -> Option<char> {
    let mut versions = BTreeMap::new();
    for seen in view.iter() {
        let before = view.iter().filter(|other| view.saw(&seen, other));
        let latest = before.filter_map(|other| versions.get(&other.event()).copied()).max();
        versions.insert(seen.event(), latest.unwrap_or(0_u64) + 1);
    }
    let last = view.iter().max_by_key(|seen| (versions[&seen.event()], seen.at.id.replica));
    last.map(|seen| seen.op.0)
}

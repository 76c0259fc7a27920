//! The history of a run, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use rejoin_crdts::{At, History, OpId, OpSet, Timestamp};

/// The operations that were performed, and where to find them.
pub(crate) struct Chronicle<Op> {
    pub(crate) history: History<Op>,
    all: OpSet,
    by_id: BTreeMap<OpId, usize>,
    by_stamp: BTreeMap<Timestamp, usize>,
}

impl<Op: Debug> Chronicle<Op> {
    pub(crate) fn new() -> Self {
        Self {
            history: History::new(),
            all: OpSet::new(),
            by_id: BTreeMap::new(),
            by_stamp: BTreeMap::new(),
        }
    }

    /// Records an operation; returns its index, and that of an earlier one with the same stamp.
    pub(crate) fn push(&mut self, at: At, op: Op, saw: OpSet) -> (usize, Option<usize>) {
        let index = self.history.push(at, op, saw);
        self.all.insert(index);
        self.by_id.insert(at.id, index);
        (index, self.by_stamp.insert(at.stamp, index))
    }

    pub(crate) fn find(&self, id: OpId) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// All operations.
    pub(crate) fn all(&self) -> &OpSet {
        &self.all
    }

    pub(crate) fn len(&self) -> usize {
        self.history.len()
    }

    /// The names of the operations of a set.
    pub(crate) fn ids(&self, set: &OpSet) -> BTreeSet<OpId> {
        set.iter().map(|index| self.history.at(index).id).collect()
    }

    /// `r1:4 Insert("milk")`.
    pub(crate) fn describe(&self, index: usize) -> String {
        format!("{} {:?}", self.history.at(index).id, self.history.op(index))
    }

    /// Each operation of a set, described.
    pub(crate) fn describe_all(&self, set: &OpSet) -> Vec<String> {
        set.iter().map(|index| self.describe(index)).collect()
    }

    /// `r1:4, r2:7 and 3 more`: the names of the operations of a set.
    pub(crate) fn names(&self, set: &OpSet) -> String {
        const SHOWN: usize = 5;
        let names: Vec<String> =
            set.iter().take(SHOWN).map(|index| self.history.at(index).id.to_string()).collect();
        match set.len() {
            0 => "nothing".to_owned(),
            len if len > SHOWN => format!("{} and {} more", names.join(", "), len - SHOWN),
            _ => names.join(", "),
        }
    }
}

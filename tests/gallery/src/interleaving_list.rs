//! `broken/interleaving-list`: what two people write at the top is mixed, line by line.
//!
//! **Where it comes from.** Lists in which an element is placed by the one that it was inserted
//! after, and among those inserted after the same one the newest comes first: replicated growable
//! arrays. What is written line by line at the top is all inserted after the same one, the
//! beginning, and sorted by time.
//!
//! **What happens.** Two write at the top while cut off from each other, the last line first. All
//! agree on the list, and nobody's lines stay together. (Kleppmann, Gomes, Mulligan & Beresford,
//! "Interleaving anomalies in collaborative text editors", PaPoC 2019.)
//!
//! **Meant**: what was put on top of an element stays right on top of it; of two elements put on
//! top of the same one, or first, that of the smaller id comes first.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: Prepend('a') | [a 1 r1] | [] |
//! | r2: Prepend('b') | [a 1 r1] | [b 1 r2] |
//! | r2: Prepend('b') | [a 1 r1] | [b 2 r2, b 1 r2] |
//! | r1 → r2 | [a 1 r1] | [b 2 r2, a 1 r1, b 1 r2] |
//!
//! r2 reads b, a, b where a, b, b was meant: a has come between what r2 wrote in one go.
//!
//! 3 operations at 2 replicas. Found by: the laws, the explorer, the simulator. Not by: comparing
//! replicas, the laws of merge alone.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use rejoin_crdts::{At, Lattice, Merge, Model, Refused, ReplicaId, Seen, Spec, View, Whole};
use serde::{Deserialize, Serialize};

/// Puts an element on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prepend(
    /// The element.
    pub char,
);

/// Elements by when they were put on top, the newest first, and by whom.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct List(BTreeMap<(Reverse<u64>, ReplicaId), char>);

impl List {
    fn prepend(&mut self, me: ReplicaId, element: char) {
        let latest = self.0.first_key_value().map_or(0, |((Reverse(time), _), _)| *time);
        self.0.insert((Reverse(latest + 1), me), element);
    }
}

impl Merge for List {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.0.len();
        self.0.extend(&other.0);
        self.0.len() != before
    }
}

impl Lattice for List {}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for ((Reverse(time), replica), element) in &self.0 {
            list.entry(&format_args!("{element} {time} {replica}"));
        }
        list.finish()
    }
}

/// Drives [`List`] and says what it should have been.
#[derive(Clone, Copy, Debug)]
pub struct InterleavingList;

impl Spec for InterleavingList {
    type Op = Prepend;
    type Value = Vec<char>;

    fn alphabet(&self) -> Vec<Prepend> {
        vec![Prepend('a'), Prepend('b')]
    }

    fn value(&self, view: &View<'_, Prepend>) -> Option<Vec<char>> {
        // What was put on top of each element, or first, by whom; one replica puts only one there.
        let mut on_top: BTreeMap<Option<usize>, BTreeMap<ReplicaId, Seen<'_, Prepend>>> =
            BTreeMap::new();
        for seen in view.iter() {
            let mut top = None;
            while let Some(higher) = on_top
                .get(&top)
                .and_then(|above| above.values().find(|above| view.saw(&seen, above)))
            {
                top = Some(higher.event());
            }
            on_top.entry(top).or_default().insert(seen.at.id.replica, seen);
        }
        let mut list = Vec::new();
        let mut open: Vec<(Seen<'_, Prepend>, bool)> = Vec::new();
        let push = |open: &mut Vec<_>, below| {
            let above = on_top.get(&below).into_iter().flat_map(BTreeMap::values);
            open.extend(above.rev().map(|seen| (*seen, false)));
        };
        push(&mut open, None);
        while let Some((seen, is_next)) = open.pop() {
            if is_next {
                list.push(seen.op.0);
            } else {
                open.push((seen, true));
                push(&mut open, Some(seen.event()));
            }
        }
        Some(list)
    }
}

impl Model for InterleavingList {
    type State = Whole<List>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Prepend,
    ) -> Result<Self::State, Refused> {
        Ok(state.mutate(|list| list.prepend(at.id.replica, op.0)))
    }

    fn read(&self, state: &Self::State) -> Vec<char> {
        state.0.0.values().copied().collect()
    }
}

//! A grow-only set with a fault of one's choice, and a counter that adds when it should join.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    At, Delivery, DeltaOf, Lattice, Merge, Model, Refused, ReplicaId, Replicated, Spec, View, Whole,
};

/// What is wrong with a [`Grow`], on the thread of the test: a fault for each type would have every
/// law compiled for each of them.
pub(super) mod fault {
    use std::cell::Cell;

    thread_local!(static NOW: Cell<u8> = const { Cell::new(NONE) });

    pub(super) fn now() -> u8 {
        NOW.get()
    }

    pub(super) fn set(fault: u8) {
        NOW.set(fault);
    }

    pub(crate) const NONE: u8 = 0;
    pub(crate) const REFUSAL_CHANGES: u8 = 1;
    pub(crate) const DELTA_OMITS: u8 = 2;
    pub(crate) const DELTA_OF_NOTHING: u8 = 3;
    pub(crate) const MERGE_DENIES: u8 = 4;
    pub(crate) const MERGE_BOASTS: u8 = 5;
    pub(crate) const KEEPS_SELF: u8 = 6;
    pub(crate) const TAKES_OTHER: u8 = 7;
    pub(crate) const CYCLIC: u8 = 8;
    pub(crate) const MEETS: u8 = 9;
    pub(crate) const COVERS_BY_SIZE: u8 = 10;
    pub(crate) const EMPTY_DELTA_ADDS: u8 = 11;
    pub(crate) const DELTA_KEEPS_SELF: u8 = 12;
    pub(crate) const DELTA_TAKES_OTHER: u8 = 13;
    pub(crate) const DELTA_CYCLIC: u8 = 14;
    pub(crate) const DELTA_JOIN_INVENTS: u8 = 15;
    pub(crate) const DELTA_NEEDS_STATE: u8 = 16;
    pub(crate) const PARTS_OMIT: u8 = 17;
    pub(crate) const PARTS_REPEAT: u8 = 18;
    pub(crate) const PARTS_LUMP: u8 = 19;
    pub(crate) const PARTS_EMPTY: u8 = 20;
    pub(crate) const NEWS_ALWAYS: u8 = 21;
    pub(crate) const NEWS_OMITS: u8 = 22;
    pub(crate) const NEWS_ADDS: u8 = 23;
    pub(crate) const MISSING_ALWAYS: u8 = 24;
    pub(crate) const MISSING_OMITS: u8 = 25;
    pub(crate) const MISSING_IS_ALL: u8 = 26;
    pub(crate) const ORDER_IN_BYTES: u8 = 27;
    pub(crate) const ORDER_IN_HASH: u8 = 28;
    pub(crate) const BYTES_FORGET: u8 = 29;
    pub(crate) const WRONG_VALUE: u8 = 30;
    pub(crate) const ID_IN_STATE: u8 = 31;
    pub(crate) const DELTA_FORGETS_ZERO: u8 = 32;
}

/// Adding 9 is refused.
pub(super) const REFUSED: u8 = 9;

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Grow {
    items: BTreeSet<u8>,
    /// In the order of arrival; not part of its equality.
    arrived: Vec<u8>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct GrowDelta(BTreeSet<u8>);

impl PartialEq for Grow {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl Eq for Grow {}

impl Hash for Grow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.items.hash(state);
        if fault::now() == fault::ORDER_IN_HASH {
            self.arrived.hash(state);
        }
    }
}

impl Serialize for Grow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let items: Vec<u8> = match fault::now() {
            fault::BYTES_FORGET => self.items.iter().copied().take(1).collect(),
            _ => self.items.iter().copied().collect(),
        };
        let arrived: &[u8] =
            if fault::now() == fault::ORDER_IN_BYTES { &self.arrived } else { &[] };
        (items, arrived).serialize(serializer)
    }
}

impl Grow {
    fn add(&mut self, item: u8) {
        if self.items.insert(item) {
            self.arrived.push(item);
        }
    }
}

/// 0 < 1 < 2 < 0: of any two there is a greater one, of three there is none.
fn cyclic(mine: &BTreeSet<u8>, theirs: &BTreeSet<u8>) -> BTreeSet<u8> {
    match (mine.iter().next_back(), theirs.iter().next_back()) {
        (Some(0), Some(2)) => mine.clone(),
        (Some(2), Some(0)) => theirs.clone(),
        (mine_last, theirs_last) if mine_last < theirs_last => theirs.clone(),
        _ => mine.clone(),
    }
}

impl Merge for Grow {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.items.clone();
        match fault::now() {
            fault::KEEPS_SELF if !self.items.is_empty() => {}
            fault::TAKES_OTHER => self.items.clone_from(&other.items),
            fault::CYCLIC => self.items = cyclic(&self.items, &other.items),
            fault::MEETS => self.items.retain(|item| other.items.contains(item)),
            _ => other.arrived.iter().for_each(|&item| self.add(item)),
        }
        match fault::now() {
            fault::MERGE_DENIES => false,
            fault::MERGE_BOASTS => true,
            _ => self.items != before,
        }
    }
}

impl Merge<GrowDelta> for Grow {
    fn merge(&mut self, delta: &GrowDelta) -> bool {
        let before = self.items.clone();
        match fault::now() {
            fault::EMPTY_DELTA_ADDS if delta.0.is_empty() => self.add(7),
            fault::CYCLIC => self.items = cyclic(&self.items, &delta.0),
            fault::DELTA_NEEDS_STATE if self.items.is_empty() => {}
            _ => delta.0.iter().for_each(|&item| self.add(item)),
        }
        if fault::now() == fault::DELTA_FORGETS_ZERO && delta.0.contains(&1) {
            self.items.remove(&0);
        }
        self.items != before
    }
}

impl Merge for GrowDelta {
    fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        match fault::now() {
            fault::DELTA_KEEPS_SELF if !self.0.is_empty() => {}
            fault::DELTA_TAKES_OTHER => self.0.clone_from(&other.0),
            fault::DELTA_CYCLIC => self.0 = cyclic(&self.0, &other.0),
            _ => self.0.extend(&other.0),
        }
        if fault::now() == fault::DELTA_JOIN_INVENTS && self.0.len() > 1 {
            self.0.insert(7);
        }
        *self != before
    }
}

impl Lattice for Grow {
    fn covers(&self, other: &Self) -> bool {
        match fault::now() {
            fault::COVERS_BY_SIZE => self.items.len() >= other.items.len(),
            _ => {
                let mut joined = self.clone();
                joined.merge(other);
                joined == *self
            }
        }
    }
}

impl Lattice for GrowDelta {}

impl Replicated for Grow {
    type Delta = GrowDelta;

    fn missing_from(&self, other: &Self) -> Option<GrowDelta> {
        let missing: BTreeSet<u8> = self.items.difference(&other.items).copied().collect();
        match fault::now() {
            fault::MISSING_ALWAYS => Some(GrowDelta(missing)),
            _ if missing.is_empty() => None,
            fault::MISSING_OMITS => Some(GrowDelta::default()),
            fault::MISSING_IS_ALL => Some(GrowDelta(self.items.clone())),
            _ => Some(GrowDelta(missing)),
        }
    }

    fn news(&self, delta: &GrowDelta) -> Option<GrowDelta> {
        let news: BTreeSet<u8> = delta.0.difference(&self.items).copied().collect();
        match fault::now() {
            fault::NEWS_ALWAYS => Some(GrowDelta(news)),
            _ if news.is_empty() => None,
            fault::NEWS_OMITS => Some(GrowDelta::default()),
            fault::NEWS_ADDS => Some(GrowDelta(&news | &self.items)),
            _ => Some(GrowDelta(news)),
        }
    }

    fn parts(&self) -> impl Iterator<Item = GrowDelta> {
        let items: Vec<u8> = self.items.iter().copied().collect();
        let mut parts: Vec<Vec<u8>> = items.iter().map(|&item| vec![item]).collect();
        match fault::now() {
            fault::PARTS_OMIT => drop(parts.pop()),
            fault::PARTS_REPEAT if items.len() > 1 => parts.push(items),
            fault::PARTS_LUMP if items.len() > 2 => {
                parts = items.chunks(2).map(<[u8]>::to_vec).collect();
            }
            fault::PARTS_EMPTY => parts.push(Vec::new()),
            _ => {}
        }
        parts.into_iter().map(|part| GrowDelta(part.into_iter().collect()))
    }
}

#[derive(Clone)]
pub(super) struct GrowModel(());

impl GrowModel {
    /// The model of sets with a fault. There is one fault at a time on a thread.
    pub(super) fn with(fault: u8) -> Self {
        fault::set(fault);
        Self(())
    }
}

impl Spec for GrowModel {
    type Op = u8;
    type Value = Vec<u8>;

    fn alphabet(&self) -> Vec<u8> {
        match fault::now() {
            fault::REFUSAL_CHANGES => vec![0, 1, REFUSED],
            _ => vec![0, 1, 2],
        }
    }

    fn value(&self, view: &View<'_, u8>) -> Option<Vec<u8>> {
        let all = view.iter().map(|seen| *seen.op);
        Some(match fault::now() {
            // As if adding twice left two.
            fault::WRONG_VALUE => {
                let mut all: Vec<u8> = all.collect();
                all.sort_unstable();
                all
            }
            _ => all.collect::<BTreeSet<u8>>().into_iter().collect(),
        })
    }

    fn delivery(&self) -> Delivery {
        Delivery::Any
    }
}

impl Model for GrowModel {
    type State = Grow;

    fn initial(&self, me: ReplicaId) -> Grow {
        let mut state = Grow::default();
        if fault::now() == fault::ID_IN_STATE {
            state.add(100 + me.id() as u8);
        }
        state
    }

    fn perform(&self, state: &mut Grow, _: &At, op: &u8) -> Result<DeltaOf<Self>, Refused> {
        if *op == REFUSED {
            state.add(8);
            return Err(Refused::Rule("nine is refused".to_owned()));
        }
        let fresh = !state.items.contains(op);
        match fault::now() {
            fault::CYCLIC => state.items = cyclic(&state.items, &[*op].into()),
            _ => state.add(*op),
        }
        Ok(GrowDelta(match fault::now() {
            fault::DELTA_OMITS => BTreeSet::new(),
            fault::DELTA_OF_NOTHING => [*op].into(),
            _ if fresh => [*op].into(),
            _ => BTreeSet::new(),
        }))
    }

    fn read(&self, state: &Grow) -> Vec<u8> {
        state.items.iter().copied().filter(|&item| item < 100).collect()
    }
}

/// A counter that adds what it should join: every repeated merge counts again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Sum(u64);

impl Merge for Sum {
    fn merge(&mut self, other: &Self) -> bool {
        self.0 = self.0.wrapping_add(other.0);
        other.0 != 0
    }
}

impl Lattice for Sum {}

#[derive(Clone)]
pub(super) struct SumModel;

impl Spec for SumModel {
    type Op = u64;
    type Value = u64;

    fn alphabet(&self) -> Vec<u64> {
        vec![1, 2]
    }

    fn value(&self, view: &View<'_, u64>) -> Option<u64> {
        Some(view.iter().map(|seen| *seen.op).sum())
    }
}

impl Model for SumModel {
    type State = Whole<Sum>;

    fn initial(&self, _: ReplicaId) -> Whole<Sum> {
        Whole::default()
    }

    fn perform(&self, state: &mut Whole<Sum>, _: &At, by: &u64) -> Result<DeltaOf<Self>, Refused> {
        state.0.0 = state.0.0.wrapping_add(*by);
        Ok(Whole(Sum(*by)))
    }

    fn read(&self, state: &Whole<Sum>) -> u64 {
        state.0.0
    }
}

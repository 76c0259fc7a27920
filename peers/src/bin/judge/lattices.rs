//! Types of `lattices`, which has lattices and leaves what is done with them to its users: only whole
//! states are merged.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};

use lattices::map_union::MapUnionBTreeMap;
use lattices::map_union_with_tombstones::MapUnionWithTombstones;
use lattices::set_union::SetUnionBTreeSet;
use lattices::set_union_with_tombstones::SetUnionWithTombstones;
use lattices::{DomPair, Max};
use rejoin_crdts::spec::{
    Add, CounterOp, GCounterModel, GSetModel, LwwRegisterModel, MapOp, MvRegisterModel, TwoPhaseOp,
    TwoPhaseSetModel, Write,
};
use rejoin_crdts::{
    At, Delivery, DeltaOf, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::models::specified;

/// A lattice of theirs, and what it is made of in a fixed order.
pub(crate) trait Plain:
    lattices::Merge<Self> + PartialOrd + Eq + Clone + Send + Sync + 'static
{
    type Plain: Default + Hash + fmt::Debug + Serialize + DeserializeOwned;
    fn plain(&self) -> Self::Plain;
    fn of(plain: Self::Plain) -> Self;
}

/// A lattice of theirs: their merge, their order, their equality.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Theirs<L>(L);

impl<L: Plain> Default for Theirs<L> {
    fn default() -> Self {
        Self(L::of(L::Plain::default()))
    }
}

impl<L: Plain> fmt::Debug for Theirs<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.plain().fmt(f)
    }
}

impl<L: Plain> Hash for Theirs<L> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.plain().hash(hasher);
    }
}

impl<L: Plain> Serialize for Theirs<L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.plain().serialize(serializer)
    }
}

impl<'de, L: Plain> Deserialize<'de> for Theirs<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        L::Plain::deserialize(deserializer).map(|plain| Self(L::of(plain)))
    }
}

impl<L: Plain> Merge for Theirs<L> {
    fn merge(&mut self, other: &Self) -> bool {
        self.0.merge(other.0.clone())
    }
}

impl<L: Plain> Lattice for Theirs<L> {
    fn covers(&self, other: &Self) -> bool {
        self.0 >= other.0
    }
}

type State<L> = Whole<Theirs<L>>;

/// Merges something small.
fn put<L: Plain>(state: &mut State<L>, small: L) -> State<L> {
    state.mutate(|theirs| theirs.0.merge(small))
}

type Actor = (u64, u64);

fn actor(at: &At) -> Actor {
    (at.id.replica.id(), at.id.replica.incarnation())
}

type Slots = MapUnionBTreeMap<Actor, Max<u64>>;
type Set = SetUnionBTreeSet<u8>;
type Stamped = DomPair<Max<u128>, Max<u8>>;
type Versioned = DomPair<Slots, Set>;
type TwoPhase = SetUnionWithTombstones<BTreeSet<u8>, HashSet<u8>>;
type SetsByKey = MapUnionWithTombstones<BTreeMap<u8, Set>, HashSet<u8>>;

impl Plain for Slots {
    type Plain = BTreeMap<Actor, u64>;
    fn plain(&self) -> Self::Plain {
        self.as_reveal_ref().iter().map(|(actor, slot)| (*actor, *slot.as_reveal_ref())).collect()
    }
    fn of(plain: Self::Plain) -> Self {
        Self::new(plain.into_iter().map(|(actor, slot)| (actor, Max::new(slot))).collect())
    }
}

impl Plain for Set {
    type Plain = BTreeSet<u8>;
    fn plain(&self) -> Self::Plain {
        self.as_reveal_ref().clone()
    }
    fn of(plain: Self::Plain) -> Self {
        Self::new(plain)
    }
}

impl Plain for Stamped {
    type Plain = (u128, u8);
    fn plain(&self) -> Self::Plain {
        let (stamp, value) = self.as_reveal_ref();
        (*stamp.as_reveal_ref(), *value.as_reveal_ref())
    }
    fn of((stamp, value): Self::Plain) -> Self {
        Self::new(Max::new(stamp), Max::new(value))
    }
}

impl Plain for Versioned {
    type Plain = (BTreeMap<Actor, u64>, BTreeSet<u8>);
    fn plain(&self) -> Self::Plain {
        let (clock, values) = self.as_reveal_ref();
        (clock.plain(), values.plain())
    }
    fn of((clock, values): Self::Plain) -> Self {
        Self::new(Plain::of(clock), Plain::of(values))
    }
}

impl Plain for TwoPhase {
    type Plain = (BTreeSet<u8>, BTreeSet<u8>);
    fn plain(&self) -> Self::Plain {
        let (set, removed) = self.as_reveal_ref();
        (set.clone(), removed.iter().copied().collect())
    }
    fn of((set, removed): Self::Plain) -> Self {
        Self::new(set, removed.into_iter().collect())
    }
}

impl Plain for SetsByKey {
    type Plain = (BTreeMap<u8, BTreeSet<u8>>, BTreeSet<u8>);
    fn plain(&self) -> Self::Plain {
        let (map, removed) = self.as_reveal_ref();
        let sets = map.iter().map(|(key, set)| (*key, set.plain())).collect();
        (sets, removed.iter().copied().collect())
    }
    fn of((map, removed): Self::Plain) -> Self {
        let sets = map.into_iter().map(|(key, set)| (key, Plain::of(set))).collect();
        Self::new(sets, removed.into_iter().collect())
    }
}

specified!(GSet, GSetModel<u8>, GSetModel::new([1, 2]), Delivery::Causal);
specified!(GCounter, GCounterModel, GCounterModel, Delivery::Causal);
specified!(Lww, LwwRegisterModel<u8>, LwwRegisterModel::new([1, 2]), Delivery::Causal);
specified!(Mv, MvRegisterModel<u8>, MvRegisterModel::new([1, 2]), Delivery::Causal);
specified!(Removable, TwoPhaseSetModel<u8>, TwoPhaseSetModel::new([1, 2]), Delivery::Causal);

impl Model for GSet {
    type State = State<Set>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Self::State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        _: &At,
        op: &Add<u8>,
    ) -> Result<DeltaOf<Self>, Refused> {
        Ok(put(state, Plain::of([op.0].into())))
    }

    fn read(&self, state: &Self::State) -> BTreeSet<u8> {
        state.0.0.plain()
    }
}

/// A map of maxima.
impl Model for GCounter {
    type State = State<Slots>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Self::State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &CounterOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        let CounterOp::Add(by) = *op else { return Err(Refused::Rule("it only grows".into())) };
        let slot = state.0.0.plain().get(&actor(at)).copied().unwrap_or(0);
        Ok(put(state, Plain::of([(actor(at), slot + by)].into())))
    }

    fn read(&self, state: &Self::State) -> u128 {
        state.0.0.plain().values().map(|slot| u128::from(*slot)).sum()
    }
}

/// A pair that a stamp dominates.
impl Model for Lww {
    type State = State<Stamped>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Self::State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Write<u8>,
    ) -> Result<DeltaOf<Self>, Refused> {
        let (id, incarnation) = actor(at);
        let writer = (id << 8 | incarnation & 0xff) as u16;
        let stamp = u128::from(at.stamp.wall_ms()) << 48
            | u128::from(at.stamp.counter()) << 16
            | u128::from(writer);
        Ok(put(state, Plain::of((stamp, op.0))))
    }

    fn read(&self, state: &Self::State) -> Option<u8> {
        let (stamp, value) = state.0.0.plain();
        (stamp > 0).then_some(value)
    }
}

/// A pair that a vector clock dominates, of which each writer raises its own entry at each write.
impl Model for Mv {
    type State = State<Versioned>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Self::State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Write<u8>,
    ) -> Result<DeltaOf<Self>, Refused> {
        let (mut clock, _) = state.0.0.plain();
        *clock.entry(actor(at)).or_default() += 1;
        Ok(put(state, Plain::of((clock, [op.0].into()))))
    }

    fn read(&self, state: &Self::State) -> BTreeSet<u8> {
        state.0.0.plain().1
    }
}

impl Model for Removable {
    type State = State<TwoPhase>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Self::State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        _: &At,
        op: &TwoPhaseOp<u8>,
    ) -> Result<DeltaOf<Self>, Refused> {
        Ok(match *op {
            TwoPhaseOp::Add(element) => put(state, Plain::of(([element].into(), [].into()))),
            TwoPhaseOp::Remove(element) if self.read(state).contains(&element) => {
                put(state, Plain::of(([].into(), [element].into())))
            }
            TwoPhaseOp::Remove(_) => Whole::default(),
        })
    }

    fn read(&self, state: &Self::State) -> BTreeSet<u8> {
        state.0.0.plain().0
    }
}

/// Sets by key; a key that was removed stays removed.
#[derive(Clone, Copy)]
pub(crate) struct RemovableKeys;

impl Spec for RemovableKeys {
    type Op = MapOp<u8, Add<u8>>;
    type Value = BTreeMap<u8, BTreeSet<u8>>;

    fn alphabet(&self) -> Vec<Self::Op> {
        let add = |key, element| MapOp::Update(key, vec![Add(element)]);
        vec![add(7, 1), add(7, 2), MapOp::Remove(7), add(8, 1), MapOp::Remove(8)]
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
        let mut sets = Self::Value::new();
        for seen in view.iter() {
            if let MapOp::Update(key, adds) = seen.op {
                sets.entry(*key).or_default().extend(adds.iter().map(|add| add.0));
            }
        }
        let updates = view.filter(|seen| matches!(seen.op, MapOp::Update(..)));
        for seen in view.iter() {
            if let MapOp::Remove(key) = seen.op
                && updates.iter().any(|update| {
                    matches!(update.op, MapOp::Update(of, _) if of == key)
                        && view.saw(&seen, &update)
                })
            {
                sets.remove(key);
            }
        }
        Some(sets)
    }
}

impl Model for RemovableKeys {
    type State = State<SetsByKey>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Self::State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        _: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        Ok(match op {
            MapOp::Update(key, adds) => {
                let set = adds.iter().map(|add| add.0).collect();
                put(state, Plain::of(([(*key, set)].into(), [].into())))
            }
            MapOp::Remove(key) if self.read(state).contains_key(key) => {
                put(state, Plain::of(([].into(), [*key].into())))
            }
            _ => Whole::default(),
        })
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        state.0.0.plain().0
    }
}

//! Each type under the specification that its documentation gives it.

use std::collections::{BTreeMap, BTreeSet};

use crdts::{Map, Orswot};
use rejoin_crdts::spec::{
    CounterOp, GCounterModel, LwwRegisterModel, MapOp, MvRegisterModel, OrMapModel, OrSetModel,
    SetOp, Write,
};
use rejoin_crdts::{At, Delivery, DeltaOf, Model, Refused, ReplicaId, Seen, Spec, View};
use serde::{Deserialize, Serialize};

use crate::adapter::State;

/// Whoever writes: incarnations are other writers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(crate) struct Actor {
    id: u64,
    incarnation: u64,
}

fn actor(at: &At) -> Actor {
    let replica = at.id.replica;
    Actor { id: replica.id(), incarnation: replica.incarnation() }
}

/// What orders writes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(crate) struct Marker {
    wall_ms: u64,
    counter: u32,
    actor: Actor,
}

/// A specification of ours under another name.
macro_rules! specified {
    ($name:ident, $spec:ty, $of:expr, $delivery:expr) => {
        #[derive(Clone, Copy)]
        pub(crate) struct $name;

        impl Spec for $name {
            type Op = <$spec as Spec>::Op;
            type Value = <$spec as Spec>::Value;

            fn alphabet(&self) -> Vec<Self::Op> {
                $of.alphabet()
            }

            fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
                $of.value(view)
            }

            fn delivery(&self) -> Delivery {
                $delivery
            }
        }
    };
}
pub(crate) use specified;

fn set() -> OrSetModel<u8> {
    OrSetModel::new([1, 2])
}

specified!(GCounter, GCounterModel, GCounterModel, Delivery::PerSender);
specified!(Lww, LwwRegisterModel<u8>, LwwRegisterModel::new([1, 2]), Delivery::Any);
specified!(Mv, MvRegisterModel<u8>, MvRegisterModel::new([1, 2]), Delivery::Causal);

impl Model for GCounter {
    type State = State<crdts::GCounter<Actor>>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &CounterOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        let CounterOp::Add(by) = *op else { return Err(Refused::Rule("it only grows".into())) };
        let op = state.theirs().inc_many(actor(at), by);
        state.apply(at, op)
    }

    fn read(&self, state: &Self::State) -> u128 {
        state.theirs().read().to_string().parse().expect("it is small")
    }
}

impl Model for Lww {
    type State = State<crdts::LWWReg<u8, Marker>>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Write<u8>,
    ) -> Result<DeltaOf<Self>, Refused> {
        let marker =
            Marker { wall_ms: at.stamp.wall_ms(), counter: at.stamp.counter(), actor: actor(at) };
        state.apply(at, crdts::LWWReg { val: op.0, marker })
    }

    fn read(&self, state: &Self::State) -> Option<u8> {
        (state.theirs().val > 0).then_some(state.theirs().val)
    }
}

impl Model for Mv {
    type State = State<crdts::MVReg<u8, Actor>>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Write<u8>,
    ) -> Result<DeltaOf<Self>, Refused> {
        let context = state.theirs().read_ctx().derive_add_ctx(actor(at));
        let op = state.theirs().write(op.0, context);
        state.apply(at, op)
    }

    fn read(&self, state: &Self::State) -> BTreeSet<u8> {
        state.theirs().read().val.into_iter().collect()
    }
}

/// A set, of which nothing is cleared: it has no such operation.
#[derive(Clone, Copy)]
pub(crate) struct Set;

impl Spec for Set {
    type Op = SetOp<u8>;
    type Value = BTreeSet<u8>;

    fn alphabet(&self) -> Vec<SetOp<u8>> {
        set().alphabet().into_iter().filter(|op| *op != SetOp::Clear).collect()
    }

    fn value(&self, view: &View<'_, SetOp<u8>>) -> Option<BTreeSet<u8>> {
        set().value(view)
    }
}

/// An operation of theirs that does what `op` says.
fn edit(
    set: &Orswot<u8, Actor>,
    op: &SetOp<u8>,
    context: crdts::ctx::AddCtx<Actor>,
) -> <Orswot<u8, Actor> as crdts::CmRDT>::Op {
    match *op {
        SetOp::Add(element) => set.add(element, context),
        SetOp::Remove(element) => set.rm(element, set.contains(&element).derive_rm_ctx()),
        SetOp::Clear => unreachable!("nothing is cleared"),
    }
}

impl Model for Set {
    type State = State<Orswot<u8, Actor>>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &SetOp<u8>,
    ) -> Result<DeltaOf<Self>, Refused> {
        let context = state.theirs().read_ctx().derive_add_ctx(actor(at));
        let op = edit(state.theirs(), op, context);
        state.apply(at, op)
    }

    fn read(&self, state: &Self::State) -> BTreeSet<u8> {
        state.theirs().read().val.into_iter().collect()
    }
}

/// Maps of sets. A key whose set is empty is read as absent, there and here.
#[derive(Clone, Copy)]
pub(crate) struct MapOfSets;

fn map() -> OrMapModel<u8, OrSetModel<u8>> {
    OrMapModel::new([7], set())
}

impl Spec for MapOfSets {
    type Op = MapOp<u8, SetOp<u8>>;
    type Value = BTreeMap<u8, BTreeSet<u8>>;

    fn alphabet(&self) -> Vec<Self::Op> {
        let has = |op: &Self::Op| match op {
            MapOp::Update(_, steps) => !steps.contains(&SetOp::Clear),
            MapOp::Remove(_) => true,
            MapOp::Clear => false,
        };
        map().alphabet().into_iter().filter(has).collect()
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
        map().value(view)
    }
}

impl Model for MapOfSets {
    type State = State<Map<u8, Orswot<u8, Actor>, Actor>>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let theirs = state.theirs();
        let op = match op {
            MapOp::Update(key, steps) => {
                let context = theirs.read_ctx().derive_add_ctx(actor(at));
                theirs.update(*key, context, |set, context| edit(set, &steps[0], context))
            }
            MapOp::Remove(key) => theirs.rm(*key, theirs.get(key).derive_rm_ctx()),
            MapOp::Clear => unreachable!("nothing is cleared"),
        };
        state.apply(at, op)
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        let entries = state.theirs().iter().map(|entry| {
            let (key, set) = entry.val;
            (*key, set.read().val.into_iter().collect())
        });
        entries.filter(|(_, set): &(u8, BTreeSet<u8>)| !set.is_empty()).collect()
    }
}

/// Maps of counters: an increment counts unless a remove of its key had seen it.
#[derive(Clone, Copy)]
pub(crate) struct MapOfCounters;

impl Spec for MapOfCounters {
    type Op = MapOp<u8, CounterOp>;
    type Value = BTreeMap<u8, u128>;

    fn alphabet(&self) -> Vec<Self::Op> {
        vec![MapOp::Update(7, vec![CounterOp::Add(1)]), MapOp::Remove(7)]
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
        let removed = |update: &Seen<'_, Self::Op>| {
            let mut removes = view.iter().filter(|seen| matches!(seen.op, MapOp::Remove(_)));
            removes.any(|remove| view.saw(&remove, update))
        };
        let updates = view.iter().filter(|seen| matches!(seen.op, MapOp::Update(..)));
        let sum = updates.filter(|update| !removed(update)).count() as u128;
        Some(if sum == 0 { BTreeMap::new() } else { BTreeMap::from([(7, sum)]) })
    }
}

impl Model for MapOfCounters {
    type State = State<Map<u8, crdts::GCounter<Actor>, Actor>>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        State::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let theirs = state.theirs();
        let op = match op {
            MapOp::Update(key, _) => {
                let context = theirs.read_ctx().derive_add_ctx(actor(at));
                theirs.update(*key, context, |counter, context| counter.inc(context.dot.actor))
            }
            MapOp::Remove(key) => theirs.rm(*key, theirs.get(key).derive_rm_ctx()),
            MapOp::Clear => unreachable!("nothing is cleared"),
        };
        state.apply(at, op)
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        let read = |counter: &crdts::GCounter<Actor>| {
            counter.read().to_string().parse().expect("it is small")
        };
        let entries = state.theirs().iter().map(|entry| (*entry.val.0, read(entry.val.1)));
        entries.filter(|(_, sum)| *sum > 0).collect()
    }
}

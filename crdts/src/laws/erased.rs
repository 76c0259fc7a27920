//! States, deltas and executions of whatever type, so that the checks are compiled once and not for
//! each model: docs/decisions/0004.

use std::any::Any;
use std::fmt::{self, Debug};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Execution;
use crate::model::{DeltaOf, Model, Wire};
use crate::wire::{self, Limits};
use crate::{At, Lattice, Merge, OpSet, ReplicaId, Replicated};

/// A state of the model at hand. Two of different models never meet.
pub(super) struct State(Box<dyn AnyState>);

/// A delta of the model at hand.
pub(super) struct Delta(Box<dyn AnyDelta>);

/// What the laws ask of states and of deltas.
trait Held: Any + Debug {
    fn is(&self, other: &dyn Any) -> bool;
    fn join(&mut self, other: &dyn Any) -> bool;
    fn covers(&self, other: &dyn Any) -> bool;
    fn hash(&self) -> u64;
    fn bytes(&self) -> Result<Vec<u8>, String>;
}

trait AnyState: Held {
    fn copy(&self) -> State;
    fn apply(&mut self, delta: &dyn Any) -> bool;
    fn missing_from(&self, other: &dyn Any) -> Option<Delta>;
    fn news(&self, delta: &dyn Any) -> Option<Delta>;
    fn parts(&self) -> Vec<Delta>;
    fn read_back(&self, bytes: &[u8]) -> Result<State, String>;
}

trait AnyDelta: Held {
    fn copy(&self) -> Delta;
    fn read_back(&self, bytes: &[u8]) -> Result<Delta, String>;
}

fn concrete<T: 'static>(value: &dyn Any) -> &T {
    value.downcast_ref().expect("states and deltas are those of one model")
}

fn decoded<T: Wire>(bytes: &[u8]) -> Result<T, String> {
    wire::from_payload_bytes(Limits::default(), bytes).map_err(|error| error.to_string())
}

impl<T: Lattice + Hash + Wire + 'static> Held for T {
    fn is(&self, other: &dyn Any) -> bool {
        self == concrete(other)
    }

    fn join(&mut self, other: &dyn Any) -> bool {
        self.merge(concrete::<Self>(other))
    }

    fn covers(&self, other: &dyn Any) -> bool {
        Lattice::covers(self, concrete(other))
    }

    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        Hash::hash(self, &mut hasher);
        hasher.finish()
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        wire::payload_bytes(self).map_err(|error| error.to_string())
    }
}

impl<S: Replicated<Delta: Hash + Wire> + Hash + Wire + 'static> AnyState for S {
    fn copy(&self) -> State {
        State::new(self.clone())
    }

    fn apply(&mut self, delta: &dyn Any) -> bool {
        self.merge(concrete::<S::Delta>(delta))
    }

    fn missing_from(&self, other: &dyn Any) -> Option<Delta> {
        Replicated::missing_from(self, concrete(other)).map(Delta::new)
    }

    fn news(&self, delta: &dyn Any) -> Option<Delta> {
        Replicated::news(self, concrete(delta)).map(Delta::new)
    }

    fn parts(&self) -> Vec<Delta> {
        Replicated::parts(self).map(Delta::new).collect()
    }

    fn read_back(&self, bytes: &[u8]) -> Result<State, String> {
        decoded::<S>(bytes).map(State::new)
    }
}

impl<D: Lattice + Default + Hash + Wire + 'static> AnyDelta for D {
    fn copy(&self) -> Delta {
        Delta::new(self.clone())
    }

    fn read_back(&self, bytes: &[u8]) -> Result<Delta, String> {
        decoded::<D>(bytes).map(Delta::new)
    }
}

/// What is the same for states and deltas.
macro_rules! held {
    ($name:ident) => {
        impl $name {
            fn any(&self) -> &dyn Any {
                &*self.0
            }

            pub(super) fn covers(&self, other: &Self) -> bool {
                self.0.covers(other.any())
            }

            pub(super) fn hash(&self) -> u64 {
                self.0.hash()
            }

            /// The bytes that travel, or why there are none.
            pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
                self.0.bytes()
            }

            /// What comes out where its bytes arrive, or why nothing does.
            pub(super) fn round_trip(&self) -> Result<Self, String> {
                self.0.read_back(&self.bytes()?)
            }
        }

        impl Clone for $name {
            fn clone(&self) -> Self {
                self.0.copy()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.is(other.any())
            }
        }

        impl Eq for $name {}

        impl Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Merge for $name {
            fn merge(&mut self, other: &Self) -> bool {
                self.0.join(other.any())
            }
        }
    };
}

held!(State);
held!(Delta);

impl State {
    fn new<S: Replicated<Delta: Hash + Wire> + Hash + Wire + 'static>(state: S) -> Self {
        Self(Box::new(state))
    }

    /// As it was before it was erased.
    pub(super) fn concrete<S: 'static>(&self) -> &S {
        concrete(self.any())
    }

    pub(super) fn missing_from(&self, other: &Self) -> Option<Delta> {
        self.0.missing_from(other.any())
    }

    pub(super) fn news(&self, delta: &Delta) -> Option<Delta> {
        self.0.news(delta.any())
    }

    pub(super) fn parts(&self) -> Vec<Delta> {
        self.0.parts()
    }
}

impl Merge<Delta> for State {
    fn merge(&mut self, delta: &Delta) -> bool {
        self.0.apply(delta.any())
    }
}

impl Delta {
    fn new<D: Lattice + Default + Hash + Wire + 'static>(delta: D) -> Self {
        Self(Box::new(delta))
    }
}

/// An operation that was refused.
pub(super) struct Refused {
    pub(super) replica: ReplicaId,
    pub(super) op: String,
    pub(super) after: usize,
    pub(super) saw: OpSet,
    pub(super) found: State,
    pub(super) left: State,
    pub(super) reason: String,
}

/// What a state reads, and what the specification says of it.
pub(super) struct Reading {
    pub(super) value: String,
    /// If it says one value.
    pub(super) specified: Option<String>,
    pub(super) verdict: Result<(), String>,
}

/// An [`Execution`] of any model. See there for what is not said here.
pub(super) trait Run {
    /// How many operations were performed.
    fn len(&self) -> usize;
    fn at(&self, index: usize) -> &At;
    fn op(&self, index: usize) -> &dyn Debug;
    fn saw(&self, index: usize) -> &OpSet;
    fn before(&self, index: usize) -> State;
    fn after(&self, index: usize) -> State;
    fn delta(&self, index: usize) -> Delta;
    fn empty(&self) -> Delta;
    fn refusals(&self) -> Vec<Refused>;
    fn known_after(&self, index: usize) -> OpSet;
    fn reader(&self, reader: usize) -> State;
    fn needs(&self, index: usize) -> OpSet;
    fn close(&self, set: &mut OpSet);
    fn is_down_set(&self, set: &OpSet) -> bool;
    fn state(&self, set: &OpSet) -> State;
    fn joined(&self, operations: &[usize]) -> Delta;
    fn visible(&self, state: &State) -> OpSet;
    /// Whether the specification admits what is read from `state`, where `set` was merged.
    fn admits(&self, set: &OpSet, state: &State) -> Result<(), String>;
    /// The same in words.
    fn reading(&self, set: &OpSet, state: &State) -> Reading;
}

impl<M: Model> Run for Execution<'_, M> {
    fn len(&self) -> usize {
        self.history().len()
    }

    fn at(&self, index: usize) -> &At {
        self.history().at(index)
    }

    fn op(&self, index: usize) -> &dyn Debug {
        self.history().op(index)
    }

    fn saw(&self, index: usize) -> &OpSet {
        self.history().saw(index)
    }

    fn before(&self, index: usize) -> State {
        State::new(self.before(index).clone())
    }

    fn after(&self, index: usize) -> State {
        State::new(self.after(index).clone())
    }

    fn delta(&self, index: usize) -> Delta {
        Delta::new(self.delta(index).clone())
    }

    fn empty(&self) -> Delta {
        Delta::new(DeltaOf::<M>::default())
    }

    fn refusals(&self) -> Vec<Refused> {
        let refusals = self.refusals().iter().map(|refusal| Refused {
            replica: refusal.replica,
            op: format!("{:?}", refusal.op),
            after: refusal.after,
            saw: refusal.saw.clone(),
            found: State::new(refusal.found.clone()),
            left: State::new(refusal.left.clone()),
            reason: refusal.reason.to_string(),
        });
        refusals.collect()
    }

    fn known_after(&self, index: usize) -> OpSet {
        self.known_after(index)
    }

    fn reader(&self, reader: usize) -> State {
        State::new(self.reader(reader))
    }

    fn needs(&self, index: usize) -> OpSet {
        self.needs(index)
    }

    fn close(&self, set: &mut OpSet) {
        self.close(set);
    }

    fn is_down_set(&self, set: &OpSet) -> bool {
        self.is_down_set(set)
    }

    fn state(&self, set: &OpSet) -> State {
        State::new(self.state(set))
    }

    fn joined(&self, operations: &[usize]) -> Delta {
        Delta::new(self.joined(operations.iter().copied()))
    }

    fn visible(&self, state: &State) -> OpSet {
        self.visible(state.concrete())
    }

    fn admits(&self, set: &OpSet, state: &State) -> Result<(), String> {
        let value = self.model().read(state.concrete());
        self.model().admits(&self.history().view(set), &value)
    }

    fn reading(&self, set: &OpSet, state: &State) -> Reading {
        let (model, view) = (self.model(), self.history().view(set));
        let value = model.read(state.concrete());
        Reading {
            value: format!("{value:?}"),
            specified: model.value(&view).map(|value| format!("{value:?}")),
            verdict: model.admits(&view, &value),
        }
    }
}

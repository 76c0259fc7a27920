//! Stability as an event: any type, with operations that collect its garbage in between.

use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use crate::model::{DeltaOf, Refused, Wire};
use crate::{
    At, Delivery, Draw, Incremental, Model, ReplicaId, Replicated, Running, Seen, Spec, Symmetry,
    View,
};

/// A model whose type keeps garbage for operations that had not seen it yet.
///
/// ```
/// use rejoin_crdts::spec::{Collect, ResettableCounterModel};
/// use rejoin_crdts::{At, MatrixClock, OpId, ReplicaId, ResettableCounter, Timestamp};
/// let me = ReplicaId::new(1, 0);
/// let mut counter = ResettableCounter::new();
/// let _ = (counter.increment(me, 2)?, counter.increment(me, 1)?);
/// let at = At { id: OpId::new(me, 2), stamp: Timestamp::new(1, 0, me) };
/// let mut known = MatrixClock::new();
/// let _ = ResettableCounterModel.note(&mut known, &at, &counter);
/// let _ = ResettableCounterModel.stabilise(&mut counter, &at, &known, &[me]);
/// assert_eq!(format!("{counter:?}"), "3 {r1:2: +3 by r1:3} of {r1:1-3}");
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
pub trait Collect: Model {
    /// What a replica knows of how far the others are: by what they have seen, if the type has dots.
    type Known: Replicated<Delta: Default + Hash + Wire + Send + Sync>
        + Default
        + Hash
        + Wire
        + Send
        + Sync
        + 'static;

    /// Takes note of how far the performer of `at` is with it, which is in `state`, and returns what
    /// the others need.
    fn note(
        &self,
        known: &mut Self::Known,
        at: &At,
        state: &Self::State,
    ) -> <Self::Known as Replicated>::Delta;

    /// Gives up the garbage that is kept for operations which none of `members` can perform any
    /// more, nor have under way.
    fn stabilise(
        &self,
        state: &mut Self::State,
        at: &At,
        known: &Self::Known,
        members: &[ReplicaId],
    ) -> DeltaOf<Self>;
}

/// An operation of a [`Collecting`] model.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CollectOp<Op> {
    /// Do this.
    Do(Op),
    /// Collect what is stable by what is known here.
    Collect,
}

/// The operation itself, or `collect`.
impl<Op: fmt::Debug> fmt::Debug for CollectOp<Op> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do(op) => op.fmt(f),
            Self::Collect => f.write_str("collect"),
        }
    }
}

/// A type together with the knowledge of who has seen what, so that collecting is an operation like
/// any other: each replica may collect at any time, and none of it may change what is read.
///
/// **Specification**: that of the type over its own operations.
///
/// Nothing is stable until every member did something, so a history needs some operations before
/// one of them collects. Members keep their identity: a model for laws and the explorer, without
/// crashes that lose state.
///
/// ```
/// use rejoin_crdts::laws::Laws;
/// use rejoin_crdts::spec::{Collecting, ResettableCounterModel};
/// use rejoin_crdts::ReplicaId;
/// let members = [ReplicaId::new(1, 0), ReplicaId::new(2, 0)];
/// let model = Collecting::new(ResettableCounterModel, members);
/// let report = Laws::new(model).replicas(2).cases(40).check()?;
/// assert!(report.concurrent > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Collecting<M> {
    model: M,
    members: Vec<ReplicaId>,
}

impl<M: Collect> Collecting<M> {
    /// The type of `model`, among `members`: nobody else writes.
    ///
    /// ```
    /// use rejoin_crdts::spec::{CollectOp, Collecting, ResettableCounterModel};
    /// use rejoin_crdts::{ReplicaId, Spec};
    /// let alone = Collecting::new(ResettableCounterModel, [ReplicaId::new(1, 0)]);
    /// assert_eq!(alone.alphabet().last(), Some(&CollectOp::Collect));
    /// ```
    pub fn new(model: M, members: impl IntoIterator<Item = ReplicaId>) -> Self {
        Self { model, members: members.into_iter().collect() }
    }
}

impl<M: Collect> Spec for Collecting<M> {
    type Op = CollectOp<M::Op>;
    type Value = M::Value;

    fn alphabet(&self) -> Vec<Self::Op> {
        self.model.alphabet().into_iter().map(CollectOp::Do).chain([CollectOp::Collect]).collect()
    }

    fn draw(&self, draw: &mut dyn Draw) -> Self::Op {
        match draw.below(3) {
            0 => CollectOp::Collect,
            _ => CollectOp::Do(self.model.draw(draw)),
        }
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<M::Value> {
        self.model.value(&inside(view))
    }

    fn admits(&self, view: &View<'_, Self::Op>, value: &M::Value) -> Result<(), String> {
        self.model.admits(&inside(view), value)
    }

    fn running(&self) -> Option<Running<Self::Op, M::Value>> {
        Some(Running::new(Done(self.model.running()?)))
    }

    fn delivery(&self) -> Delivery {
        Delivery::Causal
    }

    fn symmetry(&self) -> Symmetry {
        let mut symmetry = self.model.symmetry();
        let collect = self.model.alphabet().len();
        symmetry.renamings.iter_mut().for_each(|renaming| renaming.push(collect));
        symmetry
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Done<Op, Value>(Running<Op, Value>);

impl<Op, Value> Incremental for Done<Op, Value>
where
    Op: Clone + Eq + 'static,
    Value: Clone + Eq + fmt::Debug + 'static,
{
    type Op = CollectOp<Op>;
    type Value = Value;

    fn see(&mut self, new: &Seen<'_, CollectOp<Op>>) {
        if let CollectOp::Do(op) = new.op {
            self.0.see(&new.inside(op));
        }
    }

    fn value(&self) -> Option<Value> {
        self.0.value()
    }

    fn admits(&self, value: &Value) -> Result<(), String> {
        self.0.admits(value)
    }
}

fn inside<'h, Op>(view: &View<'h, CollectOp<Op>>) -> View<'h, Op> {
    view.project(|seen| match seen.op {
        CollectOp::Do(op) => Some(op),
        CollectOp::Collect => None,
    })
}

impl<M: Collect> Model for Collecting<M> {
    type State = (M::State, M::Known);

    fn initial(&self, me: ReplicaId) -> Self::State {
        (self.model.initial(me), M::Known::default())
    }

    fn perform(
        &self,
        (state, known): &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let delta = match op {
            CollectOp::Do(op) => self.model.perform(state, at, op)?,
            CollectOp::Collect => self.model.stabilise(state, at, known, &self.members),
        };
        let told = self.model.note(known, at, state);
        Ok((delta, told))
    }

    fn read(&self, (state, _): &Self::State) -> M::Value {
        self.model.read(state)
    }

    fn forges(&self, me: ReplicaId, (state, _): &Self::State, (news, _): &DeltaOf<Self>) -> bool {
        self.model.forges(me, state, news)
    }
}

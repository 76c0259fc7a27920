//! Stability as an event: any type, with operations that collect its garbage in between.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::causal::CausalContext;
use crate::model::{DeltaOf, Refused};
use crate::{At, Delivery, Draw, MatrixClock, Merge, Model, ReplicaId, Spec, Symmetry, View};

/// A model whose type keeps garbage for operations that had not seen it yet.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{Collect, ResettableCounterModel, ResettableOp};
/// use rejoin_crdts::{OpSet, ReplicaId, ResettableCounter};
/// let mut counter = ResettableCounter::new();
/// let _ = counter.increment(ReplicaId::new(1, 0), 2)?;
/// assert_eq!(ResettableCounterModel.seen(&counter).len(), 1);
/// # Ok::<(), rejoin_crdts::CounterOverflow>(())
/// ```
pub trait Collect: Model {
    /// What a state has seen.
    fn seen<'s>(&self, state: &'s Self::State) -> &'s CausalContext;

    /// Gives up the garbage that is kept for operations which had not seen all of `cut`.
    fn stabilise(&self, state: &mut Self::State, at: &At, cut: &CausalContext) -> DeltaOf<Self>;
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

fn inside<'h, Op>(view: &View<'h, CollectOp<Op>>) -> View<'h, Op> {
    view.project(|seen| match seen.op {
        CollectOp::Do(op) => Some(op),
        CollectOp::Collect => None,
    })
}

impl<M: Collect> Model for Collecting<M> {
    type State = (M::State, MatrixClock);

    fn initial(&self, me: ReplicaId) -> Self::State {
        (self.model.initial(me), MatrixClock::new())
    }

    fn perform(
        &self,
        (state, matrix): &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let delta = match op {
            CollectOp::Do(op) => self.model.perform(state, at, op)?,
            CollectOp::Collect => {
                let cut = matrix.stable(self.members.iter().copied());
                self.model.stabilise(state, at, &cut)
            }
        };
        let mut row = MatrixClock::new();
        row.record(at.id.replica, self.model.seen(state));
        let told = matrix.merge(&row);
        Ok((delta, if told { row } else { MatrixClock::new() }))
    }

    fn read(&self, (state, _): &Self::State) -> M::Value {
        self.model.read(state)
    }

    fn forges(&self, me: ReplicaId, (state, _): &Self::State, (news, _): &DeltaOf<Self>) -> bool {
        self.model.forges(me, state, news)
    }
}

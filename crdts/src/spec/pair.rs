//! Pairs: each half has its own specification, over what was done to it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Nested;
use crate::causal::PairEdit;
use crate::model::{DeltaOf, Refused};
use crate::{
    At, Causal, Delivery, Draw, Incremental, Model, ReplicaId, Retractable, Running, Seen, Spec,
    Symmetry, View,
};

/// A change to a pair.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PairOp<A, B> {
    /// Do this to the first half.
    First(A),
    /// Do this to the second half.
    Second(B),
    /// Do both, as one operation.
    Both(A, B),
}

/// `first +2`, `second add 1` or `first +2, second add 1`.
impl<A: fmt::Debug, B: fmt::Debug> fmt::Debug for PairOp<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First(first) => write!(f, "first {first:?}"),
            Self::Second(second) => write!(f, "second {second:?}"),
            Self::Both(first, second) => write!(f, "first {first:?}, second {second:?}"),
        }
    }
}

impl<A, B> PairOp<A, B> {
    fn first(&self) -> Option<&A> {
        match self {
            Self::First(first) | Self::Both(first, _) => Some(first),
            Self::Second(_) => None,
        }
    }

    fn second(&self) -> Option<&B> {
        match self {
            Self::Second(second) | Self::Both(_, second) => Some(second),
            Self::First(_) => None,
        }
    }
}

/// A pair: of each half, what its own specification says of what was done to it.
///
/// ```
/// use rejoin_crdts::laws::Laws;
/// use rejoin_crdts::spec::{EwFlagModel, GCounterModel, PairModel};
/// assert!(Laws::new(PairModel::new(EwFlagModel, GCounterModel)).cases(20).check().is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct PairModel<A, B> {
    first: A,
    second: B,
}

impl<A, B> PairModel<A, B> {
    /// The pair of what these models drive.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{EwFlagModel, FlagOp, GCounterModel, PairModel, PairOp};
    /// let model = PairModel::new(EwFlagModel, GCounterModel);
    /// assert_eq!(model.alphabet()[0], PairOp::First(FlagOp::Enable));
    /// ```
    pub fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

fn halves<'h, A, B>(view: &View<'h, PairOp<A, B>>) -> (View<'h, A>, View<'h, B>) {
    (view.project(|seen| seen.op.first()), view.project(|seen| seen.op.second()))
}

impl<A: Spec, B: Spec> Spec for PairModel<A, B> {
    type Op = PairOp<A::Op, B::Op>;
    type Value = (A::Value, B::Value);

    fn alphabet(&self) -> Vec<Self::Op> {
        let (first, second) = (self.first.alphabet(), self.second.alphabet());
        let both = first.iter().cloned().zip(second.iter().cloned()).next();
        let both = both.map(|(first, second)| PairOp::Both(first, second));
        let single = first.into_iter().map(PairOp::First);
        single.chain(second.into_iter().map(PairOp::Second)).chain(both).collect()
    }

    fn draw(&self, draw: &mut dyn Draw) -> Self::Op {
        match draw.below(5) {
            0..=1 => PairOp::First(self.first.draw(draw)),
            2..=3 => PairOp::Second(self.second.draw(draw)),
            _ => PairOp::Both(self.first.draw(draw), self.second.draw(draw)),
        }
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
        let (first, second) = halves(view);
        Some((self.first.value(&first)?, self.second.value(&second)?))
    }

    fn admits(&self, view: &View<'_, Self::Op>, value: &Self::Value) -> Result<(), String> {
        let (first, second) = halves(view);
        self.first.admits(&first, &value.0).map_err(|why| format!("first: {why}"))?;
        self.second.admits(&second, &value.1).map_err(|why| format!("second: {why}"))
    }

    fn running(&self) -> Option<Running<Self::Op, Self::Value>> {
        let halves = Halves(self.first.running()?, self.second.running()?);
        let inside = halves.0.can_retract() && halves.1.can_retract();
        Some(if inside { Running::retractable(halves) } else { Running::new(halves) })
    }

    /// The stricter of the two.
    fn delivery(&self) -> Delivery {
        self.first.delivery().min(self.second.delivery())
    }

    fn symmetry(&self) -> Symmetry {
        let (first, second) = (self.first.symmetry(), self.second.symmetry());
        Symmetry {
            replicas: first.replicas && second.replicas,
            stamps: first.stamps && second.stamps,
            ..Symmetry::default()
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Halves<A, ValueA, B, ValueB>(Running<A, ValueA>, Running<B, ValueB>);

impl<A, ValueA, B, ValueB> Incremental for Halves<A, ValueA, B, ValueB>
where
    A: Clone + Eq + 'static,
    B: Clone + Eq + 'static,
    ValueA: Clone + Eq + fmt::Debug + 'static,
    ValueB: Clone + Eq + fmt::Debug + 'static,
{
    type Op = PairOp<A, B>;
    type Value = (ValueA, ValueB);

    fn see(&mut self, new: &Seen<'_, PairOp<A, B>>) {
        if let Some(first) = new.op.first() {
            self.0.see(&new.inside(first));
        }
        if let Some(second) = new.op.second() {
            self.1.see(&new.inside(second));
        }
    }

    fn value(&self) -> Option<(ValueA, ValueB)> {
        Some((self.0.value()?, self.1.value()?))
    }

    fn admits(&self, value: &(ValueA, ValueB)) -> Result<(), String> {
        self.0.admits(&value.0).map_err(|why| format!("first: {why}"))?;
        self.1.admits(&value.1).map_err(|why| format!("second: {why}"))
    }
}

impl<A, ValueA, B, ValueB> Retractable for Halves<A, ValueA, B, ValueB>
where
    A: Clone + Eq + 'static,
    B: Clone + Eq + 'static,
    ValueA: Clone + Eq + fmt::Debug + 'static,
    ValueB: Clone + Eq + fmt::Debug + 'static,
{
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.0.retract(gone);
        self.1.retract(gone);
    }

    fn is_present(&self) -> bool {
        self.0.is_present() || self.1.is_present()
    }
}

impl<A: Model, B: Model> Model for PairModel<A, B> {
    type State = (A::State, B::State);

    fn initial(&self, me: ReplicaId) -> Self::State {
        (self.first.initial(me), self.second.initial(me))
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let mut delta = DeltaOf::<Self>::default();
        let mut after = state.clone();
        if let Some(first) = op.first() {
            delta.0 = self.first.perform(&mut after.0, at, first)?;
        }
        if let Some(second) = op.second() {
            delta.1 = self.second.perform(&mut after.1, at, second)?;
        }
        *state = after;
        Ok(delta)
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        (self.first.read(&state.0), self.second.read(&state.1))
    }

    fn forges(&self, me: ReplicaId, state: &Self::State, news: &DeltaOf<Self>) -> bool {
        self.first.forges(me, &state.0, &news.0) || self.second.forges(me, &state.1, &news.1)
    }
}

impl<A: Nested, B: Nested> Nested for PairModel<A, B> {
    type Type = (A::Type, B::Type);

    fn edit(
        &self,
        edit: &mut PairEdit<'_, A::Type, B::Type>,
        op: &Self::Op,
    ) -> Result<(), Refused> {
        if let Some(first) = op.first() {
            self.first.edit(&mut edit.first(), first)?;
        }
        if let Some(second) = op.second() {
            self.second.edit(&mut edit.second(), second)?;
        }
        Ok(())
    }

    fn read_view(&self, view: <Self::Type as Causal>::View<'_>) -> Self::Value {
        (self.first.read_view(view.0), self.second.read_view(view.1))
    }

    /// # Panics
    ///
    /// If a half has one, as a sequence has: the other half could not be told of it.
    fn removal(&self) -> Option<&'static Self::Op> {
        let alone = self.first.removal().is_none() && self.second.removal().is_none();
        assert!(
            alone,
            "a pair with a sequence in it has no specification as the value of a map yet"
        );
        None
    }

    /// If something is there in one of the halves.
    fn present(&self, view: &View<'_, Self::Op>) -> bool {
        let (first, second) = halves(view);
        self.first.present(&first) || self.second.present(&second)
    }
}

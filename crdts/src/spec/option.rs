//! What may not be there yet: it is from the first operation on.

use std::fmt;

use crate::model::{DeltaOf, Refused};
use crate::{
    At, Delivery, Draw, Incremental, Model, OptionDelta, ReplicaId, Running, Seen, Spec, Symmetry,
    View,
};

/// An `Option`: `None` iff nothing is visible, and otherwise what the nested specification says.
///
/// ```
/// use rejoin_crdts::laws::Laws;
/// use rejoin_crdts::spec::{GSetModel, OptionModel};
/// assert!(Laws::new(OptionModel::new(GSetModel::new([1u8]))).cases(20).check().is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct OptionModel<N> {
    nested: N,
}

impl<N> OptionModel<N> {
    /// What `nested` drives, from the first operation on.
    ///
    /// ```
    /// use rejoin_crdts::spec::{GCounterModel, OptionModel};
    /// use rejoin_crdts::{Model, ReplicaId};
    /// let model = OptionModel::new(GCounterModel);
    /// assert_eq!(model.initial(ReplicaId::new(1, 0)), None);
    /// ```
    pub fn new(nested: N) -> Self {
        Self { nested }
    }
}

impl<N: Spec> Spec for OptionModel<N> {
    type Op = N::Op;
    type Value = Option<N::Value>;

    fn alphabet(&self) -> Vec<N::Op> {
        self.nested.alphabet()
    }

    fn draw(&self, draw: &mut dyn Draw) -> N::Op {
        self.nested.draw(draw)
    }

    fn value(&self, view: &View<'_, N::Op>) -> Option<Self::Value> {
        if view.is_empty() { Some(None) } else { self.nested.value(view).map(Some) }
    }

    fn admits(&self, view: &View<'_, N::Op>, value: &Self::Value) -> Result<(), String> {
        match value {
            Some(value) if !view.is_empty() => self.nested.admits(view, value),
            None if view.is_empty() => Ok(()),
            _ => Err(format!("{} operations are visible, and {value:?} is read", view.len())),
        }
    }

    fn running(&self) -> Option<Running<N::Op, Option<N::Value>>> {
        let nested = self.nested.running()?;
        Some(Running::new(FromTheFirst { is_there: false, nested }))
    }

    fn delivery(&self) -> Delivery {
        self.nested.delivery()
    }

    fn symmetry(&self) -> Symmetry {
        self.nested.symmetry()
    }
}

#[derive(Clone, PartialEq, Eq)]
struct FromTheFirst<Op, Value> {
    is_there: bool,
    nested: Running<Op, Value>,
}

impl<Op, Value> Incremental for FromTheFirst<Op, Value>
where
    Op: Clone + Eq + 'static,
    Value: Clone + Eq + fmt::Debug + 'static,
{
    type Op = Op;
    type Value = Option<Value>;

    fn see(&mut self, new: &Seen<'_, Op>) {
        self.is_there = true;
        self.nested.see(new);
    }

    fn value(&self) -> Option<Option<Value>> {
        if self.is_there { self.nested.value().map(Some) } else { Some(None) }
    }

    fn admits(&self, value: &Option<Value>) -> Result<(), String> {
        match value {
            Some(value) if self.is_there => self.nested.admits(value),
            None if !self.is_there => Ok(()),
            None => Err("something is visible, and None is read".to_owned()),
            Some(_) => Err(format!("nothing is visible, and {value:?} is read")),
        }
    }
}

impl<N: Model<State: Default>> Model for OptionModel<N> {
    type State = Option<N::State>;

    fn initial(&self, _me: ReplicaId) -> Self::State {
        None
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &N::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let is_new = state.is_none();
        let mut value = state.clone().unwrap_or_default();
        let change = self.nested.perform(&mut value, at, op)?;
        *state = Some(value);
        let changed = is_new || change != DeltaOf::<N>::default();
        Ok(OptionDelta(changed.then_some(change)))
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        state.as_ref().map(|value| self.nested.read(value))
    }

    fn forges(&self, me: ReplicaId, state: &Self::State, news: &DeltaOf<Self>) -> bool {
        let known = state.clone().unwrap_or_default();
        news.0.as_ref().is_some_and(|change| self.nested.forges(me, &known, change))
    }
}

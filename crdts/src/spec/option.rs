//! What may not be there yet: it is from the first operation on.

use crate::model::{DeltaOf, Refused};
use crate::{At, Delivery, Draw, Model, OptionDelta, ReplicaId, Spec, Symmetry, View};

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

    fn delivery(&self) -> Delivery {
        self.nested.delivery()
    }

    fn symmetry(&self) -> Symmetry {
        self.nested.symmetry()
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

//! The last-writer-wins register: the visible write with the greatest stamp.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::causal::Element;
use crate::model::{DeltaOf, Refused, Wire};
use crate::{At, Delivery, LwwRegister, Model, ReplicaId, Spec, View};

/// A write to a register.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Write<T>(pub T);

/// `write "a"`.
impl<T: fmt::Debug> fmt::Debug for Write<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "write {:?}", self.0)
    }
}

/// [`LwwRegister`]: the value of the visible write with the greatest stamp, or none.
#[derive(Clone, Debug)]
pub struct LwwRegisterModel<T> {
    values: Vec<T>,
}

impl<T> LwwRegisterModel<T> {
    /// Tries these values.
    pub fn new(values: impl IntoIterator<Item = T>) -> Self {
        Self { values: values.into_iter().collect() }
    }
}

impl<T: Element + Wire + Send + Sync> Spec for LwwRegisterModel<T> {
    type Op = Write<T>;
    type Value = Option<T>;

    fn alphabet(&self) -> Vec<Write<T>> {
        self.values.iter().cloned().map(Write).collect()
    }

    fn value(&self, view: &View<'_, Write<T>>) -> Option<Option<T>> {
        let last = view.iter().max_by_key(|seen| (seen.rank(), &seen.op.0));
        Some(last.map(|seen| seen.op.0.clone()))
    }

    fn delivery(&self) -> Delivery {
        Delivery::Any
    }
}

impl<T: Element + Wire + Send + Sync> Model for LwwRegisterModel<T> {
    type State = LwwRegister<T>;

    fn initial(&self, _me: ReplicaId) -> LwwRegister<T> {
        LwwRegister::new()
    }

    fn perform(
        &self,
        state: &mut LwwRegister<T>,
        at: &At,
        op: &Write<T>,
    ) -> Result<DeltaOf<Self>, Refused> {
        Ok(state.set(at.stamp, op.0.clone())?)
    }

    fn read(&self, state: &LwwRegister<T>) -> Option<T> {
        state.get().cloned()
    }
}

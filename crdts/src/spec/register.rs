//! The registers: the visible write with the greatest stamp, or all those that no other had seen.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Nested;
use super::maximal::Maximal;
use crate::causal::Element;
use crate::model::{DeltaOf, Refused, Wire, exchanged};
use crate::{
    At, Delivery, Incremental, LwwRegister, Model, MvRegister, MvRegisterEdit, MvRegisterView,
    ReplicaId, Retractable, Running, Seen, Spec, Symmetry, Timestamp, View,
};

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
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{LwwRegisterModel, Write};
/// use rejoin_crdts::{OpSet, Spec};
/// let model = LwwRegisterModel::new([1u8, 2]);
/// let mut run = Execution::new(&model, 2);
/// run.step(&Event { replica: 0, op: Write(1), sees: OpSet::new(), clock_ms: 9 });
/// run.step(&Event { replica: 1, op: Write(2), sees: OpSet::new(), clock_ms: 5 });
/// let view = run.history().view(&OpSet::first(2));
/// assert_eq!(model.value(&view), Some(Some(1))); // written later, by the clocks
/// ```
#[derive(Clone, Debug)]
pub struct LwwRegisterModel<T> {
    values: Vec<T>,
}

impl<T> LwwRegisterModel<T> {
    /// Tries these values.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{LwwRegisterModel, Write};
    /// assert_eq!(LwwRegisterModel::new([1u8, 2]).alphabet(), [Write(1), Write(2)]);
    /// ```
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

    fn running(&self) -> Option<Running<Write<T>, Option<T>>> {
        Some(Running::new(Last(None)))
    }

    fn delivery(&self) -> Delivery {
        Delivery::Any
    }
}

/// The greatest write, and its place in the order of stamps.
#[derive(Clone, PartialEq, Eq)]
struct Last<T>(Option<((Timestamp, usize), T)>);

impl<T: Element + Send + Sync> Incremental for Last<T> {
    type Op = Write<T>;
    type Value = Option<T>;

    fn see(&mut self, new: &Seen<'_, Write<T>>) {
        let Write(value) = new.op;
        let last = self.0.as_ref().map(|(rank, value)| (*rank, value));
        if last < Some((new.rank(), value)) {
            self.0 = Some((new.rank(), value.clone()));
        }
    }

    fn value(&self) -> Option<Option<T>> {
        Some(self.0.as_ref().map(|(_, value)| value.clone()))
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

/// [`MvRegister`]: the values of the visible writes that no other visible write had seen.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{MvRegisterModel, Write};
/// use rejoin_crdts::{OpSet, Spec};
/// let model = MvRegisterModel::new([1u8, 2]);
/// let mut run = Execution::new(&model, 2);
/// run.step(&Event { replica: 0, op: Write(1), sees: OpSet::new(), clock_ms: 9 });
/// run.step(&Event { replica: 1, op: Write(2), sees: OpSet::new(), clock_ms: 5 });
/// let view = run.history().view(&OpSet::first(2));
/// assert_eq!(model.value(&view), Some([1, 2].into())); // neither had seen the other
/// ```
#[derive(Clone, Debug)]
pub struct MvRegisterModel<T> {
    values: Vec<T>,
}

impl<T> MvRegisterModel<T> {
    /// Tries these values.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{MvRegisterModel, Write};
    /// assert_eq!(MvRegisterModel::new([1u8, 2]).alphabet(), [Write(1), Write(2)]);
    /// ```
    pub fn new(values: impl IntoIterator<Item = T>) -> Self {
        Self { values: values.into_iter().collect() }
    }
}

impl<T: Element + Wire + Send + Sync> Spec for MvRegisterModel<T> {
    type Op = Write<T>;
    type Value = BTreeSet<T>;

    fn alphabet(&self) -> Vec<Write<T>> {
        self.values.iter().cloned().map(Write).collect()
    }

    fn value(&self, view: &View<'_, Write<T>>) -> Option<BTreeSet<T>> {
        let stands = |write: &Seen<'_, _>| !view.iter().any(|other| view.saw(&other, write));
        Some(view.iter().filter(stands).map(|write| write.op.0.clone()).collect())
    }

    fn running(&self) -> Option<Running<Write<T>, BTreeSet<T>>> {
        Some(Running::retractable(Written(Maximal::default())))
    }

    /// Values are only compared with one another, and dots only name.
    fn symmetry(&self) -> Symmetry {
        Symmetry::of_names(&self.alphabet(), &self.values, |Write(value), left, right| {
            Write(exchanged(value, left, right).clone())
        })
    }
}

/// The writes that stand.
#[derive(Clone, PartialEq, Eq)]
struct Written<T>(Maximal<T>);

impl<T: Element + Send + Sync> Incremental for Written<T> {
    type Op = Write<T>;
    type Value = BTreeSet<T>;

    fn see(&mut self, new: &Seen<'_, Write<T>>) {
        self.0.supersede(new, new.op.0.clone());
    }

    fn value(&self) -> Option<BTreeSet<T>> {
        Some(self.0.iter().cloned().collect())
    }
}

impl<T: Element + Send + Sync> Retractable for Written<T> {
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.0.forget(gone);
    }

    fn is_present(&self) -> bool {
        !self.0.is_empty()
    }
}

impl<T: Element + Wire + Send + Sync> Model for MvRegisterModel<T> {
    type State = MvRegister<T>;

    fn initial(&self, _me: ReplicaId) -> MvRegister<T> {
        MvRegister::new()
    }

    fn perform(
        &self,
        state: &mut MvRegister<T>,
        at: &At,
        op: &Write<T>,
    ) -> Result<DeltaOf<Self>, Refused> {
        Ok(state.set(at.id.replica, op.0.clone()))
    }

    fn read(&self, state: &MvRegister<T>) -> BTreeSet<T> {
        state.values().cloned().collect()
    }

    fn forges(&self, me: ReplicaId, state: &MvRegister<T>, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state.context())
    }
}

impl<T: Element + Wire + Send + Sync> Nested for MvRegisterModel<T> {
    type Type = MvRegister<T>;

    fn edit(&self, edit: &mut MvRegisterEdit<'_, T>, op: &Write<T>) -> Result<(), Refused> {
        edit.set(op.0.clone());
        Ok(())
    }

    fn read_view(&self, view: MvRegisterView<'_, T>) -> BTreeSet<T> {
        view.values().cloned().collect()
    }

    fn present(&self, view: &View<'_, Write<T>>) -> bool {
        !view.is_empty()
    }
}

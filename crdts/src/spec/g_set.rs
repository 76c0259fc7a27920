//! The grow-only set: whatever was added.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::causal::Element;
use crate::model::{DeltaOf, Refused, Wire, exchanged};
use crate::{At, GSet, Incremental, Model, ReplicaId, Running, Seen, Spec, Symmetry, View};

/// An addition to a set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Add<T>(pub T);

/// `add "milk"`.
impl<T: fmt::Debug> fmt::Debug for Add<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "add {:?}", self.0)
    }
}

/// [`GSet`]: `x` is in iff an add of `x` is visible.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{Add, GSetModel};
/// use rejoin_crdts::{OpSet, Spec};
/// let model = GSetModel::new([1u8, 2]);
/// let mut run = Execution::new(&model, 2);
/// run.step(&Event { replica: 0, op: Add(1), sees: OpSet::new(), clock_ms: 0 });
/// run.step(&Event { replica: 1, op: Add(2), sees: OpSet::new(), clock_ms: 0 });
/// let view = run.history().view(&OpSet::first(2));
/// assert_eq!(model.value(&view), Some([1, 2].into()));
/// ```
#[derive(Clone, Debug)]
pub struct GSetModel<T> {
    elements: Vec<T>,
}

impl<T> GSetModel<T> {
    /// Tries these elements.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{Add, GSetModel};
    /// assert_eq!(GSetModel::new([1u8, 2]).alphabet(), [Add(1), Add(2)]);
    /// ```
    pub fn new(elements: impl IntoIterator<Item = T>) -> Self {
        Self { elements: elements.into_iter().collect() }
    }
}

impl<T: Element + Wire + Send + Sync> Spec for GSetModel<T> {
    type Op = Add<T>;
    type Value = BTreeSet<T>;

    fn alphabet(&self) -> Vec<Add<T>> {
        self.elements.iter().cloned().map(Add).collect()
    }

    fn value(&self, view: &View<'_, Add<T>>) -> Option<BTreeSet<T>> {
        Some(view.iter().map(|seen| seen.op.0.clone()).collect())
    }

    fn running(&self) -> Option<Running<Add<T>, BTreeSet<T>>> {
        Some(Running::new(Added(BTreeSet::new())))
    }

    /// Elements are only compared with one another; it is nowhere said who added them, nor when.
    fn symmetry(&self) -> Symmetry {
        Symmetry::of_names(&self.alphabet(), &self.elements, |Add(element), left, right| {
            Add(exchanged(element, left, right).clone())
        })
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Added<T: Ord>(BTreeSet<T>);

impl<T: Element + Send + Sync> Incremental for Added<T> {
    type Op = Add<T>;
    type Value = BTreeSet<T>;

    fn see(&mut self, new: &Seen<'_, Add<T>>) {
        if !self.0.contains(&new.op.0) {
            self.0.insert(new.op.0.clone());
        }
    }

    fn value(&self) -> Option<BTreeSet<T>> {
        Some(self.0.clone())
    }
}

impl<T: Element + Wire + Send + Sync> Model for GSetModel<T> {
    type State = GSet<T>;

    fn initial(&self, _me: ReplicaId) -> GSet<T> {
        GSet::new()
    }

    fn perform(
        &self,
        state: &mut GSet<T>,
        _at: &At,
        Add(element): &Add<T>,
    ) -> Result<DeltaOf<Self>, Refused> {
        Ok(state.insert(element.clone()))
    }

    fn read(&self, state: &GSet<T>) -> BTreeSet<T> {
        state.iter().cloned().collect()
    }
}

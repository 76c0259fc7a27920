//! The two-phase set: added, and not removed by anybody who had seen it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::maximal::Maximal;
use crate::causal::Element;
use crate::model::{DeltaOf, Refused, Wire, exchanged};
use crate::{
    At, Draw, Incremental, Model, ReplicaId, Running, Seen, Spec, Symmetry, TwoPhaseSet, View,
};

/// A change to a set whose removals are final.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TwoPhaseOp<T> {
    /// Add an element.
    Add(T),
    /// Remove an element.
    Remove(T),
}

/// `add "milk"` or `remove "milk"`.
impl<T: fmt::Debug> fmt::Debug for TwoPhaseOp<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(element) => write!(f, "add {element:?}"),
            Self::Remove(element) => write!(f, "remove {element:?}"),
        }
    }
}

/// [`TwoPhaseSet`]: `x` is in iff an add of `x` is visible, and no remove of `x` that had seen one.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{TwoPhaseOp, TwoPhaseSetModel};
/// use rejoin_crdts::{OpSet, Spec};
/// let model = TwoPhaseSetModel::new([1u8]);
/// let mut run = Execution::new(&model, 2);
/// let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
/// run.step(&event(0, TwoPhaseOp::Add(1), OpSet::new()));
/// run.step(&event(1, TwoPhaseOp::Remove(1), OpSet::new())); // has not seen the add
/// let value = |run: &Execution<'_, _>| model.value(&run.history().view(&run.history().all()));
/// assert_eq!(value(&run), Some([1].into()));
/// run.step(&event(0, TwoPhaseOp::Remove(1), OpSet::new()));
/// run.step(&event(0, TwoPhaseOp::Add(1), OpSet::new())); // removed is removed
/// assert_eq!(value(&run), Some([].into()));
/// ```
#[derive(Clone, Debug)]
pub struct TwoPhaseSetModel<T> {
    elements: Vec<T>,
}

impl<T> TwoPhaseSetModel<T> {
    /// Tries these elements.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{TwoPhaseOp, TwoPhaseSetModel};
    /// let model = TwoPhaseSetModel::new([1u8]);
    /// assert_eq!(model.alphabet(), [TwoPhaseOp::Add(1), TwoPhaseOp::Remove(1)]);
    /// ```
    pub fn new(elements: impl IntoIterator<Item = T>) -> Self {
        Self { elements: elements.into_iter().collect() }
    }
}

impl<T: Element + Wire + Send + Sync> Spec for TwoPhaseSetModel<T> {
    type Op = TwoPhaseOp<T>;
    type Value = BTreeSet<T>;

    fn alphabet(&self) -> Vec<TwoPhaseOp<T>> {
        let adds = self.elements.iter().cloned().map(TwoPhaseOp::Add);
        adds.chain(self.elements.iter().cloned().map(TwoPhaseOp::Remove)).collect()
    }

    fn draw(&self, draw: &mut dyn Draw) -> TwoPhaseOp<T> {
        let element = self.elements[draw.below(self.elements.len() as u64) as usize].clone();
        match draw.below(4) {
            0..=2 => TwoPhaseOp::Add(element), // once all are removed, nothing happens any more
            _ => TwoPhaseOp::Remove(element),
        }
    }

    fn value(&self, view: &View<'_, TwoPhaseOp<T>>) -> Option<BTreeSet<T>> {
        let added = view.iter().filter_map(|seen| match seen.op {
            TwoPhaseOp::Add(element) => Some(element),
            TwoPhaseOp::Remove(_) => None,
        });
        let is_removed = |element: &T| {
            let adds = view.filter(|seen| matches!(seen.op, TwoPhaseOp::Add(x) if x == element));
            view.iter().any(|remove| {
                matches!(remove.op, TwoPhaseOp::Remove(x) if x == element)
                    && adds.iter().any(|add| view.saw(&remove, &add))
            })
        };
        Some(added.filter(|element| !is_removed(element)).cloned().collect())
    }

    fn running(&self) -> Option<Running<TwoPhaseOp<T>, BTreeSet<T>>> {
        Some(Running::new(Phases { added: BTreeMap::new(), removed: BTreeSet::new() }))
    }

    /// Elements are only compared with one another; it is nowhere said who added or removed them,
    /// nor when.
    fn symmetry(&self) -> Symmetry {
        Symmetry::of_names(&self.alphabet(), &self.elements, |op, left, right| match op {
            TwoPhaseOp::Add(element) => TwoPhaseOp::Add(exchanged(element, left, right).clone()),
            TwoPhaseOp::Remove(element) => {
                TwoPhaseOp::Remove(exchanged(element, left, right).clone())
            }
        })
    }
}

/// The elements that are in, each with its earliest adds: a remove that had seen any add had seen
/// one of these. And those that are removed, for good.
#[derive(Clone, PartialEq, Eq)]
struct Phases<T: Ord> {
    added: BTreeMap<T, Maximal<()>>,
    removed: BTreeSet<T>,
}

impl<T: Element + Send + Sync> Incremental for Phases<T> {
    type Op = TwoPhaseOp<T>;
    type Value = BTreeSet<T>;

    fn see(&mut self, new: &Seen<'_, TwoPhaseOp<T>>) {
        match new.op {
            TwoPhaseOp::Add(element) if self.removed.contains(element) => {}
            TwoPhaseOp::Add(element) => {
                let adds = self.added.entry(element.clone()).or_default();
                if !adds.events().any(|add| new.had_seen(add)) {
                    adds.insert(new.event(), ());
                }
            }
            TwoPhaseOp::Remove(element) => {
                let adds = self.added.get(element);
                if adds.is_some_and(|adds| adds.events().any(|add| new.had_seen(add))) {
                    self.added.remove(element);
                    self.removed.insert(element.clone());
                }
            }
        }
    }

    fn value(&self) -> Option<BTreeSet<T>> {
        Some(self.added.keys().cloned().collect())
    }
}

impl<T: Element + Wire + Send + Sync> Model for TwoPhaseSetModel<T> {
    type State = TwoPhaseSet<T>;

    fn initial(&self, _me: ReplicaId) -> TwoPhaseSet<T> {
        TwoPhaseSet::new()
    }

    fn perform(
        &self,
        state: &mut TwoPhaseSet<T>,
        _at: &At,
        op: &TwoPhaseOp<T>,
    ) -> Result<DeltaOf<Self>, Refused> {
        Ok(match op {
            TwoPhaseOp::Add(element) => state.insert(element.clone()),
            TwoPhaseOp::Remove(element) => state.remove(element),
        })
    }

    fn read(&self, state: &TwoPhaseSet<T>) -> BTreeSet<T> {
        state.iter().cloned().collect()
    }
}

//! The observed-remove set: an add counts unless a remove had seen it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Nested;
use super::maximal::Maximal;
use crate::causal::Element;
use crate::model::{DeltaOf, Refused, Wire, exchanged};
use crate::{
    At, Draw, Incremental, Model, OrSet, OrSetEdit, OrSetView, ReplicaId, Retractable, Running,
    Seen, Spec, Symmetry, View,
};

/// A change to a set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SetOp<T> {
    /// Add an element.
    Add(T),
    /// Remove an element.
    Remove(T),
    /// Remove every element.
    Clear,
}

/// `add "milk"`, `remove "milk"` or `clear`.
impl<T: fmt::Debug> fmt::Debug for SetOp<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(element) => write!(f, "add {element:?}"),
            Self::Remove(element) => write!(f, "remove {element:?}"),
            Self::Clear => f.write_str("clear"),
        }
    }
}

/// [`OrSet`]: `x` is in iff an add of `x` is visible that no visible remove of `x`, nor clear, had
/// seen.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{OrSetModel, SetOp};
/// use rejoin_crdts::{OpSet, Spec};
/// let model = OrSetModel::new([1u8]);
/// let mut run = Execution::new(&model, 2);
/// let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
/// run.step(&event(0, SetOp::Add(1), OpSet::new()));
/// run.step(&event(1, SetOp::Remove(1), OpSet::new())); // has not seen the add
/// let view = run.history().view(&OpSet::first(2));
/// assert_eq!(model.value(&view), Some([1].into()));
/// ```
#[derive(Clone, Debug)]
pub struct OrSetModel<T> {
    elements: Vec<T>,
}

impl<T> OrSetModel<T> {
    /// Tries these elements.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{OrSetModel, SetOp};
    /// let model = OrSetModel::new([1u8]);
    /// assert_eq!(model.alphabet(), [SetOp::Add(1), SetOp::Remove(1), SetOp::Clear]);
    /// ```
    pub fn new(elements: impl IntoIterator<Item = T>) -> Self {
        Self { elements: elements.into_iter().collect() }
    }
}

impl<T: Element + Wire + Send + Sync> Spec for OrSetModel<T> {
    type Op = SetOp<T>;
    type Value = BTreeSet<T>;

    fn alphabet(&self) -> Vec<SetOp<T>> {
        let adds = self.elements.iter().cloned().map(SetOp::Add);
        let removes = self.elements.iter().cloned().map(SetOp::Remove);
        adds.chain(removes).chain([SetOp::Clear]).collect()
    }

    fn draw(&self, draw: &mut dyn Draw) -> SetOp<T> {
        let element = self.elements[draw.below(self.elements.len() as u64) as usize].clone();
        match draw.below(16) {
            0..=9 => SetOp::Add(element), // a set that is mostly empty tests little
            10..=14 => SetOp::Remove(element),
            _ => SetOp::Clear,
        }
    }

    fn value(&self, view: &View<'_, SetOp<T>>) -> Option<BTreeSet<T>> {
        let mut value = BTreeSet::new();
        for add in view.iter() {
            let SetOp::Add(element) = add.op else { continue };
            let taken_away = view.iter().any(|other| {
                let removes = match other.op {
                    SetOp::Remove(removed) => removed == element,
                    SetOp::Clear => true,
                    SetOp::Add(_) => false,
                };
                removes && view.saw(&other, &add)
            });
            if !taken_away {
                value.insert(element.clone());
            }
        }
        Some(value)
    }

    fn running(&self) -> Option<Running<SetOp<T>, BTreeSet<T>>> {
        Some(Running::retractable(Added(BTreeMap::new())))
    }

    /// Elements are only compared with one another, and dots only name.
    fn symmetry(&self) -> Symmetry {
        Symmetry::of_names(&self.alphabet(), &self.elements, |op, left, right| match op {
            SetOp::Add(element) => SetOp::Add(exchanged(element, left, right).clone()),
            SetOp::Remove(element) => SetOp::Remove(exchanged(element, left, right).clone()),
            SetOp::Clear => SetOp::Clear,
        })
    }
}

/// The latest adds of each element that is in. What removes one of them had seen whatever that one
/// superseded.
#[derive(Clone, PartialEq, Eq)]
struct Added<T: Ord>(BTreeMap<T, Maximal<()>>);

impl<T: Element + Send + Sync> Incremental for Added<T> {
    type Op = SetOp<T>;
    type Value = BTreeSet<T>;

    fn see(&mut self, new: &Seen<'_, SetOp<T>>) {
        let gone = |event| new.had_seen(event);
        match new.op {
            SetOp::Add(element) => self.0.entry(element.clone()).or_default().supersede(new, ()),
            SetOp::Remove(element) => {
                if let Some(adds) = self.0.get_mut(element) {
                    adds.forget(&gone);
                    if adds.is_empty() {
                        self.0.remove(element);
                    }
                }
            }
            SetOp::Clear => self.retract(&gone),
        }
    }

    fn value(&self) -> Option<BTreeSet<T>> {
        Some(self.0.keys().cloned().collect())
    }
}

impl<T: Element + Send + Sync> Retractable for Added<T> {
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.0.retain(|_, adds| {
            adds.forget(gone);
            !adds.is_empty()
        });
    }

    fn is_present(&self) -> bool {
        !self.0.is_empty()
    }
}

impl<T: Element + Wire + Send + Sync> Model for OrSetModel<T> {
    type State = OrSet<T>;

    fn initial(&self, _me: ReplicaId) -> OrSet<T> {
        OrSet::new()
    }

    fn perform(
        &self,
        state: &mut OrSet<T>,
        at: &At,
        op: &SetOp<T>,
    ) -> Result<DeltaOf<Self>, Refused> {
        let me = at.id.replica;
        Ok(match op {
            SetOp::Add(element) => state.insert(me, element.clone()),
            SetOp::Remove(element) => state.remove(me, element),
            SetOp::Clear => state.clear(me),
        })
    }

    fn read(&self, state: &OrSet<T>) -> BTreeSet<T> {
        state.iter().cloned().collect()
    }

    fn forges(&self, me: ReplicaId, state: &OrSet<T>, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state.context())
    }
}

impl<T: Element + Wire + Send + Sync> Nested for OrSetModel<T> {
    type Type = OrSet<T>;

    fn edit(&self, edit: &mut OrSetEdit<'_, T>, op: &SetOp<T>) -> Result<(), Refused> {
        match op {
            SetOp::Add(element) => edit.insert(element.clone()),
            SetOp::Remove(element) => edit.remove(element),
            SetOp::Clear => edit.clear(),
        }
        Ok(())
    }

    fn read_view(&self, view: OrSetView<'_, T>) -> BTreeSet<T> {
        view.iter().cloned().collect()
    }

    fn present(&self, view: &View<'_, SetOp<T>>) -> bool {
        self.value(view).is_some_and(|value| !value.is_empty())
    }
}

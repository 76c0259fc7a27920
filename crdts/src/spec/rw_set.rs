//! The remove-wins set: an add counts if every remove had been seen by one.

use std::collections::{BTreeMap, BTreeSet};

use super::maximal::Maximal;
use super::{Collect, Nested, OrSetModel, SetOp};
use crate::causal::Element;
use crate::model::{DeltaOf, Refused, Wire};
use crate::{
    At, Draw, Incremental, MatrixClock, Model, ReplicaId, Retractable, Running, RwSet, RwSetEdit,
    RwSetView, Seen, Spec, Symmetry, View,
};

/// [`RwSet`]: `x` is in iff an add of `x` is visible, and every visible remove of `x`, and clear, had
/// been seen by a visible add of `x`.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{RwSetModel, SetOp};
/// use rejoin_crdts::{OpSet, Spec};
/// let model = RwSetModel::new([1u8]);
/// let mut run = Execution::new(&model, 2);
/// let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
/// run.step(&event(0, SetOp::Add(1), OpSet::new()));
/// run.step(&event(1, SetOp::Remove(1), OpSet::new())); // which the add had not seen
/// let view = run.history().view(&OpSet::first(2));
/// assert_eq!(model.value(&view), Some([].into()));
/// ```
#[derive(Clone, Debug)]
pub struct RwSetModel<T> {
    tries: OrSetModel<T>,
}

impl<T> RwSetModel<T> {
    /// Tries these elements.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{RwSetModel, SetOp};
    /// let model = RwSetModel::new([1u8]);
    /// assert_eq!(model.alphabet(), [SetOp::Add(1), SetOp::Remove(1), SetOp::Clear]);
    /// ```
    pub fn new(elements: impl IntoIterator<Item = T>) -> Self {
        Self { tries: OrSetModel::new(elements) }
    }
}

impl<T: Element + Wire + Send + Sync> Spec for RwSetModel<T> {
    type Op = SetOp<T>;
    type Value = BTreeSet<T>;

    fn alphabet(&self) -> Vec<SetOp<T>> {
        self.tries.alphabet()
    }

    fn draw(&self, draw: &mut dyn Draw) -> SetOp<T> {
        self.tries.draw(draw)
    }

    fn value(&self, view: &View<'_, SetOp<T>>) -> Option<BTreeSet<T>> {
        let added = view.iter().filter_map(|seen| match seen.op {
            SetOp::Add(element) => Some(element),
            _ => None,
        });
        let is_in = |element: &&T| {
            let adds = view.filter(|seen| *seen.op == SetOp::Add((*element).clone()));
            view.iter().all(|remove| {
                let removes = match remove.op {
                    SetOp::Remove(removed) => removed == *element,
                    SetOp::Clear => true,
                    SetOp::Add(_) => false,
                };
                !removes || adds.iter().any(|add| view.saw(&add, &remove))
            })
        };
        Some(added.filter(is_in).cloned().collect())
    }

    fn running(&self) -> Option<Running<SetOp<T>, BTreeSet<T>>> {
        let changes = BTreeMap::new();
        let (clears, value) = (Maximal::default(), BTreeSet::new());
        Some(Running::retractable(Latest { changes, clears, value }))
    }

    /// Elements are only compared with one another, and dots only name.
    fn symmetry(&self) -> Symmetry {
        self.tries.symmetry()
    }
}

/// What was done to an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
    Clear,
}

/// The latest changes of each element, clears included. A remove among them was seen by no add, and
/// one that is not by an add among them, or by another remove; so an element is in iff its latest
/// changes are adds.
#[derive(Clone, PartialEq, Eq)]
struct Latest<T: Ord> {
    /// For each element that a latest change names.
    changes: BTreeMap<T, Maximal<Change>>,
    /// The latest changes of every other.
    clears: Maximal<Change>,
    value: BTreeSet<T>,
}

impl<T: Element + Send + Sync> Latest<T> {
    fn change(&mut self, new: &Seen<'_, SetOp<T>>, element: &T, change: Change) {
        let clears = &self.clears;
        let latest = self.changes.entry(element.clone()).or_insert_with(|| clears.clone());
        latest.supersede(new, change);
        if latest.iter().all(|change| *change == Change::Add) {
            self.value.insert(element.clone());
        } else {
            self.value.remove(element);
        }
    }

    /// Forgets what is gone, and then the elements that only clears are about.
    fn forget(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.clears.forget(gone);
        self.changes.retain(|_, latest| {
            latest.forget(gone);
            !latest.iter().all(|change| *change == Change::Clear)
        });
    }
}

impl<T: Element + Send + Sync> Incremental for Latest<T> {
    type Op = SetOp<T>;
    type Value = BTreeSet<T>;

    fn see(&mut self, new: &Seen<'_, SetOp<T>>) {
        match new.op {
            SetOp::Add(element) => self.change(new, element, Change::Add),
            SetOp::Remove(element) => self.change(new, element, Change::Remove),
            SetOp::Clear => {
                self.forget(&|event| new.had_seen(event));
                self.value.clear(); // no add has seen it yet
                for latest in self.changes.values_mut().chain([&mut self.clears]) {
                    latest.insert(new.event(), Change::Clear);
                }
            }
        }
    }

    fn value(&self) -> Option<BTreeSet<T>> {
        Some(self.value.clone())
    }
}

impl<T: Element + Send + Sync> Retractable for Latest<T> {
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.forget(gone);
        let is_in = |latest: &Maximal<_>| latest.iter().all(|change| *change == Change::Add);
        let elements = self.changes.iter().filter(|(_, latest)| is_in(latest));
        self.value = elements.map(|(element, _)| element.clone()).collect();
    }

    fn is_present(&self) -> bool {
        !self.changes.is_empty() || !self.clears.is_empty()
    }
}

impl<T: Element + Wire + Send + Sync> Model for RwSetModel<T> {
    type State = RwSet<T>;

    fn initial(&self, _me: ReplicaId) -> RwSet<T> {
        RwSet::new()
    }

    fn perform(
        &self,
        state: &mut RwSet<T>,
        at: &At,
        op: &SetOp<T>,
    ) -> Result<DeltaOf<Self>, Refused> {
        let me = at.id.replica;
        Ok(match op {
            SetOp::Add(element) => state.insert(me, element.clone()),
            SetOp::Remove(element) => state.remove(me, element.clone()),
            SetOp::Clear => state.clear(me),
        })
    }

    fn read(&self, state: &RwSet<T>) -> BTreeSet<T> {
        state.iter().cloned().collect()
    }

    fn forges(&self, me: ReplicaId, state: &RwSet<T>, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state.context())
    }
}

impl<T: Element + Wire + Send + Sync> Nested for RwSetModel<T> {
    type Type = RwSet<T>;

    fn edit(&self, edit: &mut RwSetEdit<'_, T>, op: &SetOp<T>) -> Result<(), Refused> {
        match op {
            SetOp::Add(element) => edit.insert(element.clone()),
            SetOp::Remove(element) => edit.remove(element.clone()),
            SetOp::Clear => edit.clear(),
        }
        Ok(())
    }

    fn read_view(&self, view: RwSetView<'_, T>) -> BTreeSet<T> {
        view.iter().cloned().collect()
    }

    /// Of what was removed one at least is remembered until the key is removed.
    fn present(&self, view: &View<'_, SetOp<T>>) -> bool {
        !view.is_empty()
    }
}

impl<T: Element + Wire + Send + Sync> Collect for RwSetModel<T> {
    type Known = MatrixClock;

    fn note(&self, known: &mut MatrixClock, at: &At, state: &Self::State) -> MatrixClock {
        known.note(at.id.replica, state.context())
    }

    fn stabilise(
        &self,
        state: &mut Self::State,
        at: &At,
        known: &MatrixClock,
        members: &[ReplicaId],
    ) -> DeltaOf<Self> {
        state.stabilise(at.id.replica, &known.stable(members.iter().copied()))
    }
}

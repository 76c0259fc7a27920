//! The observed-remove map: the nested specification over the operations that count.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, slice};

use serde::{Deserialize, Serialize};

use super::Collect;
use crate::causal::{Causal, DotStore, Element};
use crate::model::{DeltaOf, Refused, Wire, exchanged};
use crate::{
    At, Draw, Incremental, MatrixClock, Model, OrMap, OrMapEdit, OrMapView, ReplicaId, Retractable,
    Running, Seen, Spec, Symmetry, View,
};

/// A change to a map, whose values are changed by `Op`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MapOp<K, Op> {
    /// Do these things to the value under a key, one after the other, as one operation.
    Update(K, Vec<Op>),
    /// Remove a key.
    Remove(K),
    /// Remove every key.
    Clear,
}

/// `"fruit": add "apple"`, `remove "fruit"` or `clear`.
impl<K: fmt::Debug, Op: fmt::Debug> fmt::Debug for MapOp<K, Op> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Update(key, steps) => {
                write!(f, "{key:?}: ")?;
                steps.iter().enumerate().try_for_each(|(at, step)| {
                    let then = if at == 0 { "" } else { ", then " };
                    write!(f, "{then}{step:?}")
                })
            }
            Self::Remove(key) => write!(f, "remove {key:?}"),
            Self::Clear => f.write_str("clear"),
        }
    }
}

/// A model whose type can be the value of a map.
///
/// ```
/// use rejoin_crdts::spec::{Nested, OrSetModel, SetOp};
/// use rejoin_crdts::{OrMap, OrSet, ReplicaId};
/// let sets = OrSetModel::new([1u8, 2]);
/// let mut map: OrMap<String, OrSet<u8>> = OrMap::new();
/// let _ = map.try_update(ReplicaId::new(1, 0), "low", |set| sets.edit(set, &SetOp::Add(1)))?;
/// let read = map.get("low").map(|view| sets.read_view(view));
/// assert_eq!(read, Some([1].into()));
/// # Ok::<(), rejoin_crdts::Refused>(())
/// ```
pub trait Nested: Model {
    /// The type.
    type Type: Causal<Store: Wire + Send + Sync>;

    /// Performs an operation through an editor.
    ///
    /// # Errors
    ///
    /// If the type refuses it.
    fn edit(
        &self,
        edit: &mut <Self::Type as Causal>::Edit<'_>,
        op: &Self::Op,
    ) -> Result<(), Refused>;

    /// What a reader reads inside a map.
    fn read_view(&self, view: <Self::Type as Causal>::View<'_>) -> Self::Value;

    /// Whether a key is present at which these operations count: whether something was added there
    /// and not taken away.
    fn present(&self, view: &View<'_, Self::Op>) -> bool;

    /// An operation that takes back what it had seen, as the remove of a key does, for a type whose
    /// operations cannot be understood without those that do not count any more. By default a
    /// remove is nothing but the reason why operations do not count.
    fn removal(&self) -> Option<&'static Self::Op> {
        None
    }
}

/// [`OrMap`]: the value of a key is the nested specification over the operations inside it that no
/// visible remove of the key, nor clear, had seen.
///
/// ```
/// use rejoin_crdts::laws::{Event, Execution};
/// use rejoin_crdts::spec::{MapOp, OrMapModel, OrSetModel, SetOp};
/// use rejoin_crdts::{OpSet, Spec};
/// let model = OrMapModel::new([7u8], OrSetModel::new([1u8, 2]));
/// let mut run = Execution::new(&model, 2);
/// let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
/// run.step(&event(0, MapOp::Update(7, vec![SetOp::Add(1)]), OpSet::new()));
/// run.step(&event(0, MapOp::Remove(7), OpSet::first(1)));
/// run.step(&event(1, MapOp::Update(7, vec![SetOp::Add(2)]), OpSet::first(1))); // concurrent
/// let view = run.history().view(&OpSet::first(3));
/// assert_eq!(model.value(&view), Some([(7, [2].into())].into()));
/// ```
#[derive(Clone, Debug)]
pub struct OrMapModel<K, N> {
    keys: Vec<K>,
    nested: N,
}

impl<K, N> OrMapModel<K, N> {
    /// Tries these keys, with values under `nested`.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{MapOp, OrMapModel, OrSetModel, SetOp};
    /// let model = OrMapModel::new([7u8], OrSetModel::new([1u8]));
    /// assert_eq!(model.alphabet()[0], MapOp::Update(7, vec![SetOp::Add(1)]));
    /// ```
    pub fn new(keys: impl IntoIterator<Item = K>, nested: N) -> Self {
        Self { keys: keys.into_iter().collect(), nested }
    }
}

impl<K: Element + Wire + Send + Sync, N: Nested> OrMapModel<K, N> {
    fn inside<'h>(&self, view: &View<'h, MapOp<K, N::Op>>, key: &K) -> View<'h, N::Op> {
        let removes = |op: &MapOp<K, N::Op>| match op {
            MapOp::Remove(removed) => removed == key,
            MapOp::Clear => true,
            MapOp::Update(..) => false,
        };
        let removal = self.nested.removal();
        let counts = view.filter(|update| {
            removal.is_some()
                || !view.iter().any(|other| removes(other.op) && view.saw(&other, update))
        });
        counts.project(|seen| match (seen.op, removal) {
            (MapOp::Update(updated, steps), _) if updated == key => steps.as_slice(),
            (op, Some(removal)) if removes(op) => slice::from_ref(removal),
            _ => &[],
        })
    }
}

impl<K: Element + Wire + Send + Sync, N: Nested> Spec for OrMapModel<K, N> {
    type Op = MapOp<K, N::Op>;
    type Value = BTreeMap<K, N::Value>;

    fn alphabet(&self) -> Vec<Self::Op> {
        let steps = self.nested.alphabet();
        let updates = self.keys.iter().flat_map(|key| {
            steps.iter().map(|step| MapOp::Update(key.clone(), vec![step.clone()]))
        });
        let removes = self.keys.iter().cloned().map(MapOp::Remove);
        updates.chain(removes).chain([MapOp::Clear]).collect()
    }

    fn draw(&self, draw: &mut dyn Draw) -> Self::Op {
        let key = self.keys[draw.below(self.keys.len() as u64) as usize].clone();
        match draw.below(16) {
            0..=2 => MapOp::Remove(key),
            3 => MapOp::Clear,
            4..=5 => MapOp::Update(key, vec![self.nested.draw(draw), self.nested.draw(draw)]),
            _ => MapOp::Update(key, vec![self.nested.draw(draw)]),
        }
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value> {
        let touched: BTreeSet<&K> = view
            .iter()
            .filter_map(|seen| match seen.op {
                MapOp::Update(key, _) => Some(key),
                _ => None,
            })
            .collect();
        let mut value = BTreeMap::new();
        for key in touched {
            let inside = self.inside(view, key);
            if self.nested.present(&inside) {
                value.insert(key.clone(), self.nested.value(&inside)?);
            }
        }
        Some(value)
    }

    /// If the values have one that can take operations back, and a remove is nothing but the reason
    /// why operations do not count.
    fn running(&self) -> Option<Running<Self::Op, Self::Value>> {
        let fresh = self.nested.running()?;
        let can_be_inside = fresh.can_retract() && self.nested.removal().is_none();
        let (values, next) = (BTreeMap::new(), (0, 0));
        can_be_inside.then(|| Running::retractable(Values { fresh, values, next }))
    }

    /// Keys are only compared with one another; names inside the values may change places if they
    /// do so under every key.
    fn symmetry(&self) -> Symmetry {
        let mut symmetry = Symmetry::of_names(&self.alphabet(), &self.keys, |op, left, right| {
            let other = |key: &K| exchanged(key, left, right).clone();
            match op {
                MapOp::Update(key, steps) => MapOp::Update(other(key), steps.clone()),
                MapOp::Remove(key) => MapOp::Remove(other(key)),
                MapOp::Clear => MapOp::Clear,
            }
        });
        let nested = self.nested.symmetry();
        symmetry.replicas &= nested.replicas;
        symmetry.stamps &= nested.stamps;
        // In the alphabet the updates come first, key by key, one for each nested operation.
        let (keys, steps) = (self.keys.len(), self.nested.alphabet().len());
        for inner in nested.renamings {
            let updates = (0..keys * steps).map(|at| at / steps * steps + inner[at % steps]);
            symmetry.renamings.push(updates.chain(keys * steps..keys * steps + keys + 1).collect());
        }
        symmetry
    }
}

/// What is under each key that is present. A remove takes back what it had seen there, and with each
/// operation all that it had superseded; so what was superseded there is not missed.
#[derive(Clone)]
struct Values<K, Op, Value> {
    fresh: Running<Op, Value>,
    values: BTreeMap<K, Running<Op, Value>>,
    /// The event that was told last, and how many nested operations it had, over all steps.
    next: (usize, usize),
}

/// What was told last is only remembered for what may be told next.
impl<K: PartialEq, Op, Value> PartialEq for Values<K, Op, Value> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<K: Eq, Op, Value> Eq for Values<K, Op, Value> {}

impl<K, Op, Value> Values<K, Op, Value>
where
    K: Element + Send + Sync,
{
    fn update(&mut self, new: &Seen<'_, MapOp<K, Op>>, key: &K, steps: &[Op]) {
        if self.next.0 != new.event() {
            self.next = (new.event(), 0);
        }
        let value = self.values.entry(key.clone()).or_insert_with(|| self.fresh.clone());
        for step in steps {
            value.see(&new.inside(step).at_step(self.next.1));
            self.next.1 += 1;
        }
        if !value.is_present() {
            self.values.remove(key);
        }
    }
}

impl<K, Op, Value> Incremental for Values<K, Op, Value>
where
    K: Element + Send + Sync,
    Op: Clone + 'static,
    Value: Clone + Eq + fmt::Debug + 'static,
{
    type Op = MapOp<K, Op>;
    type Value = BTreeMap<K, Value>;

    fn see(&mut self, new: &Seen<'_, MapOp<K, Op>>) {
        let gone = |event| new.had_seen(event);
        match new.op {
            MapOp::Update(key, steps) => self.update(new, key, steps),
            MapOp::Remove(key) => {
                if let Some(value) = self.values.get_mut(key) {
                    value.retract(&gone);
                    if !value.is_present() {
                        self.values.remove(key);
                    }
                }
            }
            MapOp::Clear => self.retract(&gone),
        }
    }

    fn value(&self) -> Option<BTreeMap<K, Value>> {
        self.values.iter().map(|(key, value)| Some((key.clone(), value.value()?))).collect()
    }
}

impl<K, Op, Value> Retractable for Values<K, Op, Value>
where
    K: Element + Send + Sync,
    Op: Clone + 'static,
    Value: Clone + Eq + fmt::Debug + 'static,
{
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.values.retain(|_, value| {
            value.retract(gone);
            value.is_present()
        });
    }

    fn is_present(&self) -> bool {
        !self.values.is_empty()
    }
}

impl<K: Element + Wire + Send + Sync, N: Nested> Model for OrMapModel<K, N>
where
    <<N::Type as Causal>::Store as DotStore>::Delta: Wire + Send + Sync,
{
    type State = OrMap<K, N::Type>;

    fn initial(&self, _me: ReplicaId) -> Self::State {
        OrMap::new()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        let me = at.id.replica;
        Ok(match op {
            MapOp::Update(key, steps) => state.try_update(me, key.clone(), |edit| {
                steps.iter().try_for_each(|step| self.nested.edit(edit, step))
            })?,
            MapOp::Remove(key) => state.remove(me, key),
            MapOp::Clear => state.clear(me),
        })
    }

    fn read(&self, state: &Self::State) -> Self::Value {
        state.iter().map(|(key, view)| (key.clone(), self.nested.read_view(view))).collect()
    }

    fn forges(&self, me: ReplicaId, state: &Self::State, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state.context())
    }
}

impl<K: Element + Wire + Send + Sync, N: Nested> Nested for OrMapModel<K, N>
where
    <<N::Type as Causal>::Store as DotStore>::Delta: Wire + Send + Sync,
{
    type Type = OrMap<K, N::Type>;

    fn edit(&self, edit: &mut OrMapEdit<'_, K, N::Type>, op: &Self::Op) -> Result<(), Refused> {
        match op {
            MapOp::Update(key, steps) => edit.try_update(key.clone(), |nested| {
                steps.iter().try_for_each(|step| self.nested.edit(nested, step))
            })?,
            MapOp::Remove(key) => edit.remove(key),
            MapOp::Clear => edit.clear(),
        }
        Ok(())
    }

    fn read_view(&self, view: OrMapView<'_, K, N::Type>) -> Self::Value {
        view.iter().map(|(key, view)| (key.clone(), self.nested.read_view(view))).collect()
    }

    fn present(&self, view: &View<'_, Self::Op>) -> bool {
        self.value(view).is_some_and(|value| !value.is_empty())
    }

    fn removal(&self) -> Option<&'static Self::Op> {
        self.nested.removal().map(|_| &MapOp::Clear)
    }
}

impl<K: Element + Wire + Send + Sync, N: Nested> Collect for OrMapModel<K, N>
where
    <<N::Type as Causal>::Store as DotStore>::Delta: Wire + Send + Sync,
{
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

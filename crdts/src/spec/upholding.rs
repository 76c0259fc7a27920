//! A type under an invariant of the application.

use std::fmt;
use std::sync::Arc;

use crate::model::{DeltaOf, Draw, Model, Refused, Spec, Symmetry};
use crate::{At, Delivery, ReplicaId, Running, View};

/// Says what is wrong with a value, if anything is.
type Rule<V> = Arc<dyn Fn(&V) -> Result<(), String> + Send + Sync>;

/// A type of which an application says what must never be read: an operation after which that would
/// be read where it is performed is refused there.
///
/// That keeps the invariant at each replica, and nobody coordinates. Does it hold where replicas
/// meet? That is *invariant confluence* (Bailis, Fekete, Franklin, Ghodsi, Hellerstein & Stoica,
/// "Coordination avoidance in database systems", VLDB 2014): whether the join of two states that
/// uphold it always does. The explorer searches for two that do not, smallest first, and the
/// simulator checks every read.
///
/// **Specification**: the type's own, and the invariant at every read. **Complexity**: of an
/// operation a clone, a read and the invariant besides; the same again where it is judged.
/// **Errors**: an operation that would break the invariant is refused with the invariant's words.
///
/// ```
/// use rejoin_crdts::spec::{Add, GSetModel, Upholding};
/// use rejoin_crdts::{At, Merge, Model, OpId, ReplicaId, Timestamp};
/// // A room has space for one, and the guests are a set.
/// let room = Upholding::new(GSetModel::new(["ada", "ben"].map(String::from)), |guests| {
///     if guests.len() > 1 { Err(format!("{guests:?} in a room for one")) } else { Ok(()) }
/// });
/// let (one, two) = (ReplicaId::new(1, 0), ReplicaId::new(2, 0));
/// let at = |me| At { id: OpId::new(me, 1), stamp: Timestamp::new(1, 0, me) };
/// let mut here = room.initial(one);
/// let mut there = room.initial(two);
/// room.perform(&mut here, &at(one), &Add("ada".to_owned()))?;
/// assert!(room.perform(&mut here, &at(one), &Add("ben".to_owned())).is_err());
/// room.perform(&mut there, &at(two), &Add("ben".to_owned()))?; // nobody told it
/// here.merge(&there);
/// assert_eq!(room.read(&here).len(), 2); // a set alone cannot uphold it
/// # Ok::<(), rejoin_crdts::Refused>(())
/// ```
pub struct Upholding<M: Model> {
    model: M,
    rule: Rule<M::Value>,
}

impl<M: Model> Upholding<M> {
    /// `model` under the invariant that `rule` says, which names what is wrong.
    ///
    /// ```
    /// use rejoin_crdts::Spec;
    /// use rejoin_crdts::spec::{GCounterModel, Upholding};
    /// let few = Upholding::new(GCounterModel, |count| match count {
    ///     0..=9 => Ok(()),
    ///     more => Err(format!("{more} are too many")),
    /// });
    /// assert_eq!(few.invariant(&12), Err("12 are too many".to_owned()));
    /// ```
    pub fn new(
        model: M,
        rule: impl Fn(&M::Value) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { model, rule: Arc::new(rule) }
    }
}

impl<M: Model> Clone for Upholding<M> {
    fn clone(&self) -> Self {
        Self { model: self.model.clone(), rule: Arc::clone(&self.rule) }
    }
}

impl<M: Model + fmt::Debug> fmt::Debug for Upholding<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upholding").field(&self.model).finish()
    }
}

impl<M: Model> Spec for Upholding<M> {
    type Op = M::Op;
    type Value = M::Value;

    fn alphabet(&self) -> Vec<M::Op> {
        self.model.alphabet()
    }

    fn draw(&self, draw: &mut dyn Draw) -> M::Op {
        self.model.draw(draw)
    }

    fn value(&self, view: &View<'_, M::Op>) -> Option<M::Value> {
        self.model.value(view)
    }

    fn admits(&self, view: &View<'_, M::Op>, value: &M::Value) -> Result<(), String> {
        self.invariant(value)
            .map_err(|wrong| format!("an invariant of the application is broken: {wrong}"))?;
        self.model.admits(view, value)
    }

    fn invariant(&self, value: &M::Value) -> Result<(), String> {
        self.model.invariant(value)?;
        (self.rule)(value)
    }

    fn running(&self) -> Option<Running<M::Op, M::Value>> {
        self.model.running()
    }

    fn delivery(&self) -> Delivery {
        self.model.delivery()
    }

    /// The stamps may change as the type says; what the invariant makes of other names nobody knows.
    fn symmetry(&self) -> Symmetry {
        Symmetry { stamps: self.model.symmetry().stamps, ..Symmetry::default() }
    }
}

impl<M: Model> Model for Upholding<M> {
    type State = M::State;

    fn initial(&self, me: ReplicaId) -> M::State {
        self.model.initial(me)
    }

    fn perform(&self, state: &mut M::State, at: &At, op: &M::Op) -> Result<DeltaOf<Self>, Refused> {
        let mut after = state.clone();
        let delta = self.model.perform(&mut after, at, op)?;
        self.invariant(&self.read(&after)).map_err(Refused::Rule)?;
        *state = after;
        Ok(delta)
    }

    fn read(&self, state: &M::State) -> M::Value {
        self.model.read(state)
    }

    fn forges(&self, me: ReplicaId, state: &M::State, news: &DeltaOf<Self>) -> bool {
        self.model.forges(me, state, news)
    }
}

//! What happens when a case is executed.

use super::{Case, Event};
use crate::model::{DeltaOf, Model, Refused};
use crate::{At, Delivery, History, Merge, OpId, OpSet, ReplicaId, Timestamp};

/// A causal history as it happened: each operation with its delta, the states around it, and what
/// was visible there.
///
/// It records by itself what a judge must know, and takes nothing from a state's own bookkeeping.
/// An operation is performed after the deltas that its performer had not seen before are merged
/// there, in their order. Its stamp is that of a hybrid logical clock which has observed all that
/// its performer sees. Operations that the type refuses have not happened, and take no number.
///
/// A copy shares states if the type's copies do, so that a search can branch here.
///
/// ```
/// use rejoin_crdts::laws::{Case, Event, Execution};
/// use rejoin_crdts::spec::{CounterOp, GCounterModel};
/// use rejoin_crdts::{Delivery, OpSet};
/// let add = |replica, by| Event {
///     replica,
///     op: CounterOp::Add(by),
///     sees: OpSet::new(),
///     clock_ms: 0,
/// };
/// let case = Case::new(Delivery::PerSender, [add(0, 1), add(1, 2), add(0, 1)]);
/// let run = Execution::run(&GCounterModel, &case);
/// assert_eq!(run.after(2).value(), 2); // its own two
/// let all = run.state(&run.history().all());
/// assert_eq!(all.value(), 4);
/// assert_eq!(run.visible(run.after(2)), [0, 2].into_iter().collect());
/// ```
#[derive(Clone)]
pub struct Execution<'m, M: Model> {
    model: &'m M,
    history: History<M::Op>,
    performers: Vec<usize>,
    deltas: Vec<DeltaOf<M>>,
    before: Vec<M::State>,
    after: Vec<M::State>,
    refusals: Vec<Refusal<M>>,
    replicas: Vec<Replica<M>>,
}

#[derive(Clone)]
struct Replica<M: Model> {
    name: ReplicaId,
    state: M::State,
    knows: OpSet,
    last: Option<usize>,
}

/// An operation that the type refused.
#[derive(Clone)]
pub struct Refusal<M: Model> {
    /// Who was to perform it.
    pub replica: ReplicaId,
    /// What was to be done.
    pub op: M::Op,
    /// How many operations had been performed by then, anywhere.
    pub after: usize,
    /// What was visible there.
    pub saw: OpSet,
    /// The state it found.
    pub found: M::State,
    /// The state it left, which should be the same. The execution goes on from the one it found.
    pub left: M::State,
    /// Why.
    pub reason: Refused,
}

impl<'m, M: Model> Execution<'m, M> {
    /// An execution in which nothing has happened yet, at replicas `ReplicaId::new(1, 0)` and on.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(1, 5));
    /// assert_eq!(run.replica(0).0.value(), 0);
    /// assert_eq!(run.replica(1).0.value(), 5);
    /// ```
    #[must_use]
    pub fn new(model: &'m M, replicas: usize) -> Self {
        Self::named(model, (0..replicas).map(name))
    }

    /// An execution in which nothing has happened yet, at replicas of these names. A name may
    /// occur again: that is a replica which lost what it had, and kept its name.
    ///
    /// ```
    /// use rejoin_crdts::laws::{Event, Execution};
    /// use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// use rejoin_crdts::{OpSet, ReplicaId};
    /// let name = ReplicaId::new(7, 0);
    /// let mut run = Execution::named(&GCounterModel, [name, name]);
    /// for replica in [0, 1] {
    ///     let (op, sees) = (CounterOp::Add(1), OpSet::new());
    ///     run.step(&Event { replica, op, sees, clock_ms: 0 });
    /// }
    /// assert_eq!(run.state(&run.history().all()).value(), 1); // one of the two is lost
    /// ```
    #[must_use]
    pub fn named(model: &'m M, names: impl IntoIterator<Item = ReplicaId>) -> Self {
        let replica =
            |name| Replica { name, state: model.initial(name), knows: OpSet::new(), last: None };
        Self {
            model,
            history: History::new(),
            performers: Vec::new(),
            deltas: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            refusals: Vec::new(),
            replicas: names.into_iter().map(replica).collect(),
        }
    }

    /// Executes a case.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// use rejoin_crdts::{Delivery, laws::Case};
    /// let case = Case::new(Delivery::PerSender, [add(0, 1), add(1, 2)]);
    /// let run = Execution::run(&GCounterModel, &case);
    /// assert_eq!(run.state(&run.history().all()).value(), 3);
    /// ```
    #[must_use]
    pub fn run(model: &'m M, case: &Case<M::Op>) -> Self {
        let mut run = Self::new(model, case.replicas());
        let mut index_of = Vec::with_capacity(case.len());
        for event in case.events() {
            let sees = event.sees.iter().filter_map(|seen: usize| index_of[seen]).collect();
            index_of.push(run.step(&Event { sees, ..event.clone() }));
        }
        run
    }

    /// Executes one more event, whose `sees` are indices of this execution, and returns its index,
    /// or `None` if the type refused it: [`refusals`](Self::refusals) then has the reason.
    ///
    /// What the performer sees is completed as in a [`Case`], and beyond: whoever sees an operation
    /// that changed nothing sees all that it had seen, since nothing else would tell.
    ///
    /// # Panics
    ///
    /// If there is no such replica, or `sees` names an event that has not happened.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// let mut run = Execution::new(&GCounterModel, 2);
    /// let first = run.step(&add(0, 3)).expect("it is not refused");
    /// let second = run.step(&event(1, CounterOp::Add(4), [first].into_iter().collect()));
    /// assert_eq!(run.after(second.expect("nor this")).value(), 7);
    /// assert_eq!(run.step(&event(0, CounterOp::Take(1), OpSet::new())), None); // it only grows
    /// ```
    pub fn step(&mut self, event: &Event<M::Op>) -> Option<usize> {
        let index = self.history.len();
        let mut saw = event.sees.clone();
        saw.union_with(&self.replicas[event.replica].knows);
        self.close(&mut saw);

        let mut fresh = saw.clone();
        fresh.subtract(&self.replicas[event.replica].knows);
        let me = &mut self.replicas[event.replica];
        for seen in fresh.iter() {
            me.state.merge(&self.deltas[seen]);
        }
        me.knows.clone_from(&saw);

        let earlier = (0..index).filter(|&at| self.history.at(at).id.replica == me.name).count();
        let id = OpId::new(me.name, earlier as u64 + 1);
        let past = saw.iter().map(|seen| self.history.at(seen).stamp).max();
        let at = At { id, stamp: stamp(id.replica, event.clock_ms, past) };
        let found = me.state.clone();
        match self.model.perform(&mut me.state, &at, &event.op) {
            Ok(delta) => {
                me.last = Some(index);
                me.knows.insert(index);
                self.before.push(found);
                self.after.push(me.state.clone());
                self.deltas.push(delta);
                self.performers.push(event.replica);
                Some(self.history.push(at, event.op.clone(), saw))
            }
            Err(reason) => {
                let left = std::mem::replace(&mut me.state, found.clone());
                let op = event.op.clone();
                let replica = id.replica;
                self.refusals.push(Refusal { replica, op, after: index, saw, found, left, reason });
                None
            }
        }
    }

    /// Whose execution it is.
    ///
    /// ```
    /// use rejoin_crdts::{Delivery, Spec, laws::Execution, spec::GCounterModel};
    /// let run = Execution::new(&GCounterModel, 2);
    /// assert_eq!(run.model().delivery(), Delivery::PerSender);
    /// ```
    #[must_use]
    pub fn model(&self) -> &'m M {
        self.model
    }

    /// What was performed, by whom, and who had seen what.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(1, 4));
    /// assert!(run.history().concurrent(0, 1));
    /// ```
    #[must_use]
    pub fn history(&self) -> &History<M::Op> {
        &self.history
    }

    /// What was refused.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&event(0, CounterOp::Take(1), OpSet::new()));
    /// let refusal = &run.refusals()[0];
    /// assert_eq!(refusal.reason.to_string(), "a g-counter only grows");
    /// assert_eq!(refusal.left, refusal.found);
    /// ```
    #[must_use]
    pub fn refusals(&self) -> &[Refusal<M>] {
        &self.refusals
    }

    /// The delta of the operation at `index`. Panics if there is none.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(0, 4));
    /// let mut late = run.reader(0);
    /// # use rejoin_crdts::Merge;
    /// late.merge(run.delta(1));
    /// assert_eq!(late.value(), 7); // a slot's total brings its predecessors along
    /// ```
    #[must_use]
    pub fn delta(&self, index: usize) -> &DeltaOf<M> {
        &self.deltas[index]
    }

    /// The state that the operation at `index` found: all that it had seen. Panics if there is
    /// none.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(0, 4));
    /// assert_eq!(run.before(1).value(), 3);
    /// ```
    #[must_use]
    pub fn before(&self, index: usize) -> &M::State {
        &self.before[index]
    }

    /// The state that the operation at `index` left. Panics if there is none.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(0, 4));
    /// assert_eq!(run.after(1).value(), 7);
    /// ```
    #[must_use]
    pub fn after(&self, index: usize) -> &M::State {
        &self.after[index]
    }

    /// What is visible in [`after(index)`](Self::after): what the operation had seen, and itself.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(1, 4)); // has not seen the first
    /// assert_eq!(run.known_after(1), [1].into_iter().collect());
    /// ```
    #[must_use]
    pub fn known_after(&self, index: usize) -> OpSet {
        let mut known = self.history.saw(index).clone();
        known.insert(index);
        known
    }

    /// How many replicas there are.
    ///
    /// ```
    /// use rejoin_crdts::{laws::Execution, spec::GCounterModel};
    /// assert_eq!(Execution::new(&GCounterModel, 2).replicas(), 2);
    /// ```
    #[must_use]
    pub fn replicas(&self) -> usize {
        self.replicas.len()
    }

    /// The latest state of a replica, numbered from 0, and what was merged there. Panics if there
    /// is none.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(1, 4));
    /// let (state, knows) = run.replica(1);
    /// assert_eq!((state.value(), knows), (4, &OpSet::first(1)));
    /// ```
    #[must_use]
    pub fn replica(&self, replica: usize) -> (&M::State, &OpSet) {
        let Replica { state, knows, .. } = &self.replicas[replica];
        (state, knows)
    }

    /// The state of a replica that has seen nothing and performs nothing; each `reader` is another.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// assert_eq!(run.reader(0).value(), 0); // nothing has reached it
    /// ```
    #[must_use]
    pub fn reader(&self, reader: usize) -> M::State {
        self.model.initial(name(self.replicas.len() + reader))
    }

    /// What must have been merged before the delta of the operation at `index` may be: what the
    /// contract asks for, and all that it had seen if its delta is empty.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(1, 4));
    /// run.step(&event(0, CounterOp::Add(5), OpSet::first(2)));
    /// assert_eq!(run.needs(2), [0].into_iter().collect()); // delivery is per sender
    /// ```
    #[must_use]
    pub fn needs(&self, index: usize) -> OpSet {
        match self.model.delivery() {
            _ if self.deltas[index] == DeltaOf::<M>::default() => self.history.saw(index).clone(),
            Delivery::Causal => self.history.saw(index).clone(),
            Delivery::PerSender => (0..index)
                .rev()
                .find(|&at| self.performers[at] == self.performers[index])
                .into_iter()
                .collect(),
            Delivery::Any => OpSet::new(),
        }
    }

    /// Completes a set of operations to the least down-set that holds it: a set that a replica may
    /// have merged.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(1, 4));
    /// run.step(&add(0, 5));
    /// let mut set = [2].into_iter().collect();
    /// run.close(&mut set);
    /// assert_eq!(set, [0, 2].into_iter().collect());
    /// ```
    pub fn close(&self, set: &mut OpSet) {
        // Descending, since what an operation needs is earlier: one pass is enough.
        for index in (0..self.history.len()).rev() {
            if set.contains(index) {
                set.union_with(&self.needs(index));
            }
        }
    }

    /// Whether a replica may have merged just these operations.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(0, 4));
    /// assert!(run.is_down_set(&OpSet::first(1)));
    /// assert!(!run.is_down_set(&[1].into_iter().collect())); // without its predecessor
    /// ```
    #[must_use]
    pub fn is_down_set(&self, set: &OpSet) -> bool {
        set.iter().all(|index| self.needs(index).is_subset(set))
    }

    /// `S(D)`, the op path: the state of a reader that merged the delta of each of these
    /// operations once, in order.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(1, 4));
    /// assert_eq!(run.state(&OpSet::first(1)).value(), 3);
    /// assert_eq!(run.state(&OpSet::first(2)).value(), 7);
    /// ```
    #[must_use]
    pub fn state(&self, set: &OpSet) -> M::State {
        let mut state = self.reader(0);
        for index in set.iter() {
            state.merge(&self.deltas[index]);
        }
        state
    }

    /// The join of the deltas of these operations, in order.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(1, 4));
    /// let mut state = run.reader(0);
    /// # use rejoin_crdts::Merge;
    /// state.merge(&run.joined([0, 1]));
    /// assert_eq!(state, run.state(&OpSet::first(2)));
    /// ```
    #[must_use]
    pub fn joined(&self, operations: impl IntoIterator<Item = usize>) -> DeltaOf<M> {
        let mut joined = DeltaOf::<M>::default();
        for index in operations {
            joined.merge(&self.deltas[index]);
        }
        joined
    }

    /// The operations visible in `state`: merging the delta changes nothing (by `Eq`, not by the
    /// word of `merge`), and where that delta is empty or the delivery is causal, all that the
    /// operation had seen is visible too.
    ///
    /// Complexity: a clone and a merge for each operation of the history.
    ///
    /// ```
    /// # use rejoin_crdts::laws::{Event, Execution};
    /// # use rejoin_crdts::spec::{CounterOp, GCounterModel};
    /// # use rejoin_crdts::OpSet;
    /// # let event = |replica, op, sees| Event { replica, op, sees, clock_ms: 0 };
    /// # let add = |replica, by| event(replica, CounterOp::Add(by), OpSet::new());
    /// # let mut run = Execution::new(&GCounterModel, 2);
    /// run.step(&add(0, 3));
    /// run.step(&add(1, 4));
    /// assert_eq!(run.visible(run.after(1)), [1].into_iter().collect());
    /// ```
    #[must_use]
    pub fn visible(&self, state: &M::State) -> OpSet {
        let mut visible = OpSet::new();
        let mut merged = state.clone();
        for index in 0..self.history.len() {
            let delta = &self.deltas[index];
            merged.merge(delta);
            let changes_nothing = merged == *state;
            if !changes_nothing {
                merged.clone_from(state);
            }
            let by_what_it_saw =
                self.model.delivery() == Delivery::Causal || *delta == DeltaOf::<M>::default();
            if changes_nothing && (!by_what_it_saw || self.history.saw(index).is_subset(&visible)) {
                visible.insert(index);
            }
        }
        visible
    }
}

const fn name(index: usize) -> ReplicaId {
    ReplicaId::new(index as u64 + 1, 0)
}

/// The stamp of a hybrid logical clock that shows `clock_ms` and has observed `past`.
fn stamp(replica: ReplicaId, clock_ms: u64, past: Option<Timestamp>) -> Timestamp {
    match past {
        // A history has fewer than 2³² operations, so the counter never carries.
        Some(past) if past.wall_ms() >= clock_ms => {
            Timestamp::new(past.wall_ms(), past.counter() + 1, replica)
        }
        _ => Timestamp::new(clock_ms, 0, replica),
    }
}

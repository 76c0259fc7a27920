//! Counters: the sum of what is visible.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{DeltaOf, Refused};
use crate::{
    At, Delivery, Draw, GCounter, Incremental, Model, PnCounter, ReplicaId, Running, Seen, Spec,
    Symmetry, View,
};

/// A change to a counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CounterOp {
    /// Add so many.
    Add(u64),
    /// Take so many away.
    Take(u64),
}

/// `+2` or `-1`.
impl fmt::Debug for CounterOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(by) => write!(f, "+{by}"),
            Self::Take(by) => write!(f, "-{by}"),
        }
    }
}

impl CounterOp {
    fn signed(self) -> i128 {
        match self {
            Self::Add(by) => i128::from(by),
            Self::Take(by) => -i128::from(by),
        }
    }
}

/// The sum so far.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Grown(i128);

impl Incremental for Grown {
    type Op = CounterOp;
    type Value = u128;

    fn see(&mut self, new: &Seen<'_, CounterOp>) {
        self.0 += new.op.signed();
    }

    fn value(&self) -> Option<u128> {
        u128::try_from(self.0).ok()
    }
}

/// The sum so far, which may be negative.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Summed(i128);

impl Incremental for Summed {
    type Op = CounterOp;
    type Value = i128;

    fn see(&mut self, new: &Seen<'_, CounterOp>) {
        self.0 += new.op.signed();
    }

    fn value(&self) -> Option<i128> {
        Some(self.0)
    }
}

/// [`GCounter`]: the sum of the visible increments.
#[derive(Clone, Copy, Debug, Default)]
pub struct GCounterModel;

impl Spec for GCounterModel {
    type Op = CounterOp;
    type Value = u128;

    fn alphabet(&self) -> Vec<CounterOp> {
        vec![CounterOp::Add(1), CounterOp::Add(2)]
    }

    fn draw(&self, draw: &mut dyn Draw) -> CounterOp {
        CounterOp::Add(1 + draw.below(9))
    }

    fn value(&self, view: &View<'_, CounterOp>) -> Option<u128> {
        let total: i128 = view.iter().map(|seen| seen.op.signed()).sum();
        u128::try_from(total).ok()
    }

    fn running(&self) -> Option<Running<CounterOp, u128>> {
        Some(Running::new(Grown::default()))
    }

    fn delivery(&self) -> Delivery {
        Delivery::PerSender
    }

    /// A sum does not ask who added what, nor when.
    fn symmetry(&self) -> Symmetry {
        Symmetry { replicas: true, stamps: true, ..Symmetry::default() }
    }
}

impl Model for GCounterModel {
    type State = GCounter;

    fn initial(&self, _me: ReplicaId) -> GCounter {
        GCounter::new()
    }

    fn perform(
        &self,
        state: &mut GCounter,
        at: &At,
        op: &CounterOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        match *op {
            CounterOp::Add(by) => Ok(state.increment(at.id.replica, by)?),
            CounterOp::Take(_) => Err(Refused::Rule("a g-counter only grows".into())),
        }
    }

    fn read(&self, state: &GCounter) -> u128 {
        state.value()
    }

    fn forges(&self, me: ReplicaId, state: &GCounter, news: &DeltaOf<Self>) -> bool {
        news.slot(me) > state.slot(me)
    }
}

/// [`PnCounter`]: the sum of the visible increments less that of the visible decrements.
#[derive(Clone, Copy, Debug, Default)]
pub struct PnCounterModel;

impl Spec for PnCounterModel {
    type Op = CounterOp;
    type Value = i128;

    fn alphabet(&self) -> Vec<CounterOp> {
        vec![CounterOp::Add(1), CounterOp::Take(1), CounterOp::Add(2)]
    }

    fn draw(&self, draw: &mut dyn Draw) -> CounterOp {
        let by = 1 + draw.below(9);
        if draw.below(2) == 0 { CounterOp::Add(by) } else { CounterOp::Take(by) }
    }

    fn value(&self, view: &View<'_, CounterOp>) -> Option<i128> {
        Some(view.iter().map(|seen| seen.op.signed()).sum())
    }

    fn running(&self) -> Option<Running<CounterOp, i128>> {
        Some(Running::new(Summed::default()))
    }

    fn delivery(&self) -> Delivery {
        Delivery::PerSender
    }

    /// A sum does not ask who added what, nor when.
    fn symmetry(&self) -> Symmetry {
        Symmetry { replicas: true, stamps: true, ..Symmetry::default() }
    }
}

impl Model for PnCounterModel {
    type State = PnCounter;

    fn initial(&self, _me: ReplicaId) -> PnCounter {
        PnCounter::new()
    }

    fn perform(
        &self,
        state: &mut PnCounter,
        at: &At,
        op: &CounterOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        Ok(match *op {
            CounterOp::Add(by) => state.increment(at.id.replica, by)?,
            CounterOp::Take(by) => state.decrement(at.id.replica, by)?,
        })
    }

    fn read(&self, state: &PnCounter) -> i128 {
        state.value()
    }

    fn forges(&self, me: ReplicaId, state: &PnCounter, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state)
    }
}

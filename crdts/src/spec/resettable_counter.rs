//! The resettable counter: the sum of what no reset had seen.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Collect, Nested};
use crate::model::{DeltaOf, Refused};
use crate::{
    At, Draw, Incremental, MatrixClock, Model, ReplicaId, ResettableCounter, ResettableCounterEdit,
    ResettableCounterView, Retractable, Running, Seen, Spec, Symmetry, View,
};

/// A change to a resettable counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ResettableOp {
    /// Add so many.
    Add(u64),
    /// Take so many away.
    Take(u64),
    /// Take back everything that is seen.
    Reset,
}

/// `+2`, `-1` or `reset`.
impl fmt::Debug for ResettableOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(by) => write!(f, "+{by}"),
            Self::Take(by) => write!(f, "-{by}"),
            Self::Reset => f.write_str("reset"),
        }
    }
}

/// [`ResettableCounter`]: the sum of the visible increments and decrements that no visible reset had
/// seen.
///
/// ```
/// use rejoin_crdts::Spec;
/// use rejoin_crdts::spec::{ResettableCounterModel, ResettableOp};
/// assert_eq!(ResettableCounterModel.alphabet(), [
///     ResettableOp::Add(1), ResettableOp::Reset, ResettableOp::Take(1), ResettableOp::Add(2),
/// ]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ResettableCounterModel;

fn is_reset(op: &ResettableOp) -> bool {
    *op == ResettableOp::Reset
}

/// What no reset had seen.
fn counting<'h>(view: &View<'h, ResettableOp>) -> View<'h, ResettableOp> {
    let resets = view.filter(|seen| is_reset(seen.op));
    view.filter(|change| {
        !is_reset(change.op) && !resets.iter().any(|reset| view.saw(&reset, change))
    })
}

impl Spec for ResettableCounterModel {
    type Op = ResettableOp;
    type Value = i128;

    fn alphabet(&self) -> Vec<ResettableOp> {
        vec![ResettableOp::Add(1), ResettableOp::Reset, ResettableOp::Take(1), ResettableOp::Add(2)]
    }

    fn draw(&self, draw: &mut dyn Draw) -> ResettableOp {
        match draw.below(5) {
            0 => ResettableOp::Reset,
            1 => ResettableOp::Take(1 + draw.below(9)),
            _ => ResettableOp::Add(1 + draw.below(9)),
        }
    }

    fn value(&self, view: &View<'_, ResettableOp>) -> Option<i128> {
        let amount = |op: &ResettableOp| match *op {
            ResettableOp::Add(by) => i128::from(by),
            ResettableOp::Take(by) => -i128::from(by),
            ResettableOp::Reset => 0,
        };
        Some(counting(view).iter().map(|seen| amount(seen.op)).sum())
    }

    fn running(&self) -> Option<Running<ResettableOp, i128>> {
        Some(Running::retractable(Counting { changes: BTreeMap::new(), sum: 0 }))
    }

    /// A sum does not ask who added what, nor when.
    fn symmetry(&self) -> Symmetry {
        Symmetry { replicas: true, stamps: true, ..Symmetry::default() }
    }
}

/// What each event changed that counts, and the sum. A reset looks at each of these, and takes back
/// all but what is concurrent with it.
#[derive(Clone, PartialEq, Eq)]
struct Counting {
    changes: BTreeMap<usize, i128>,
    sum: i128,
}

impl Incremental for Counting {
    type Op = ResettableOp;
    type Value = i128;

    fn see(&mut self, new: &Seen<'_, ResettableOp>) {
        let by = match *new.op {
            ResettableOp::Add(by) => i128::from(by),
            ResettableOp::Take(by) => -i128::from(by),
            ResettableOp::Reset => return self.retract(&|event| new.had_seen(event)),
        };
        if by != 0 {
            *self.changes.entry(new.event()).or_default() += by;
            self.sum += by;
        }
    }

    fn value(&self) -> Option<i128> {
        Some(self.sum)
    }
}

impl Retractable for Counting {
    fn retract(&mut self, gone: &dyn Fn(usize) -> bool) {
        self.changes.retain(|event, by| {
            let gone = gone(*event);
            self.sum -= if gone { *by } else { 0 };
            !gone
        });
    }

    fn is_present(&self) -> bool {
        !self.changes.is_empty()
    }
}

impl Model for ResettableCounterModel {
    type State = ResettableCounter;

    fn initial(&self, _me: ReplicaId) -> ResettableCounter {
        ResettableCounter::new()
    }

    fn perform(
        &self,
        state: &mut ResettableCounter,
        at: &At,
        op: &ResettableOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        let me = at.id.replica;
        Ok(match *op {
            ResettableOp::Add(by) => state.increment(me, by)?,
            ResettableOp::Take(by) => state.decrement(me, by)?,
            ResettableOp::Reset => state.reset(me),
        })
    }

    fn read(&self, state: &ResettableCounter) -> i128 {
        state.value()
    }

    fn forges(&self, me: ReplicaId, state: &ResettableCounter, news: &DeltaOf<Self>) -> bool {
        news.forges(me, state.context())
    }
}

impl Nested for ResettableCounterModel {
    type Type = ResettableCounter;

    fn edit(&self, edit: &mut ResettableCounterEdit<'_>, op: &ResettableOp) -> Result<(), Refused> {
        match *op {
            ResettableOp::Add(by) => edit.increment(by)?,
            ResettableOp::Take(by) => edit.decrement(by)?,
            ResettableOp::Reset => edit.reset(),
        }
        Ok(())
    }

    fn read_view(&self, view: ResettableCounterView<'_>) -> i128 {
        view.value()
    }

    /// While there is something that a reset would take back.
    fn present(&self, view: &View<'_, ResettableOp>) -> bool {
        let zero = [ResettableOp::Add(0), ResettableOp::Take(0)];
        counting(view).iter().any(|seen| !zero.contains(seen.op))
    }
}

impl Collect for ResettableCounterModel {
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

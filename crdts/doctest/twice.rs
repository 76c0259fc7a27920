// A mistake for the examples of `laws::Violation`: whoever wrote this specification believed that
// every like counts twice, and the counter counts it once.

use rejoin_crdts::spec::{CounterOp, GCounterModel};
use rejoin_crdts::{At, DeltaOf, GCounter, Model, Refused, ReplicaId, Spec, View};

#[derive(Clone)]
pub struct Twice;

impl Spec for Twice {
    type Op = CounterOp;
    type Value = u128;

    fn alphabet(&self) -> Vec<CounterOp> {
        GCounterModel.alphabet()
    }

    fn value(&self, view: &View<'_, CounterOp>) -> Option<u128> {
        GCounterModel.value(view).map(|sum| 2 * sum)
    }
}

impl Model for Twice {
    type State = GCounter;

    fn initial(&self, me: ReplicaId) -> GCounter {
        GCounterModel.initial(me)
    }

    fn perform(
        &self,
        state: &mut GCounter,
        at: &At,
        op: &CounterOp,
    ) -> Result<DeltaOf<Self>, Refused> {
        GCounterModel.perform(state, at, op)
    }

    fn read(&self, state: &GCounter) -> u128 {
        GCounterModel.read(state)
    }
}

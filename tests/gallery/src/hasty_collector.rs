//! `broken/hasty-collector`: garbage that is collected as soon as it is there.
//!
//! **Where it comes from.** The log grows, and somebody compacts it when it is convenient: on a timer,
//! at a thousand entries, at start-up. That the others have not seen it yet does not show in a test
//! with one of them.
//!
//! **What happens.** A resettable counter, sound in itself, keeps two increments apart until everybody
//! has both. r1 folds them at once, into the entry of the second. r2, who has seen the first alone,
//! resets at the same time: what is reset is gone from r1 already, and the fold keeps its amount.
//!
//! **Meant**: the sum of the additions that no reset had seen, whenever somebody collects.
//!
//! | | r1 | r2 |
//! |---|---|---|
//! | r1: +1 | 1 {r1:1: +1} of {r1:1} | 0 {} of {} |
//! | r1 → r2 | 1 {r1:1: +1} of {r1:1} | 1 {r1:1: +1} of {r1:1} |
//! | r1: +1 | 2 {r1:1: +1, r1:2: +1} of {r1:1-2} | 1 {r1:1: +1} of {r1:1} |
//! | r1: collect | 2 {r1:2: +2 by r1:3} of {r1:1-3} | 1 {r1:1: +1} of {r1:1} |
//! | r2: reset | 2 {r1:2: +2 by r1:3} of {r1:1-3} | 0 {} of {r1:1, r2:1} |
//! | r1 → r2 | 2 {r1:2: +2 by r1:3} of {r1:1-3} | 2 {r1:2: +2 by r1:3} of {r1:1-3, r2:1} |
//!
//! r2 reads 2 where 1 was meant, and so will everybody.
//!
//! 4 operations at 2 replicas. Found by: the explorer, the simulator. Not by: the laws,
//! comparing replicas, the laws of merge alone. (The laws draw histories at random, and this one
//! needs four operations of the right kind in the right place; the explorer leaves none out.)

use rejoin_crdts::spec::{CollectOp, ResettableCounterModel, ResettableOp};
use rejoin_crdts::{At, DeltaOf, Model, Refused, ReplicaId, ResettableCounter, Spec, View};

/// Drives a [`ResettableCounter`] that is folded with all that its own replica has seen.
#[derive(Clone, Copy, Debug)]
pub struct HastyCollector;

impl Spec for HastyCollector {
    type Op = CollectOp<ResettableOp>;
    type Value = i128;

    fn alphabet(&self) -> Vec<Self::Op> {
        let does = [ResettableOp::Add(1), ResettableOp::Reset].map(CollectOp::Do);
        does.into_iter().chain([CollectOp::Collect]).collect()
    }

    fn value(&self, view: &View<'_, Self::Op>) -> Option<i128> {
        ResettableCounterModel.value(&view.project(|seen| match seen.op {
            CollectOp::Do(op) => Some(op),
            CollectOp::Collect => None,
        }))
    }
}

impl Model for HastyCollector {
    type State = ResettableCounter;

    fn initial(&self, _: ReplicaId) -> Self::State {
        ResettableCounter::new()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused> {
        match op {
            CollectOp::Do(op) => ResettableCounterModel.perform(state, at, op),
            CollectOp::Collect => {
                let everything_here = state.context().clone();
                Ok(state.stabilise(at.id.replica, &everything_here))
            }
        }
    }

    fn read(&self, state: &Self::State) -> i128 {
        state.value()
    }
}

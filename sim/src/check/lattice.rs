//! Visibility by its definition: an operation is visible where merging its delta changes nothing.

use rejoin_crdts::sync::Backed;
use rejoin_crdts::wire::WireError;
use rejoin_crdts::{At, Delivery, DeltaOf, Lattice as _, Merge, Model, OpSet, Spec};

use super::chronicle::Chronicle;
use super::sessions::Session;
use super::witness::{OpOf, Witness, Wrong};
use crate::codec;

type StateOf<P> = <<P as rejoin_crdts::sync::Protocol>::Spec as Model>::State;

/// Derives visibility from the lattice behind a replica.
///
/// It keeps each operation's delta, which it made itself, by performing the operation on a copy of
/// the state before: the replica's own record of what it has seen is never read.
pub(crate) struct LatticeWitness<P: Backed> {
    spec: P::Spec,
    deltas: Vec<Option<DeltaOf<P::Spec>>>, // none if it is empty
}

impl<P: Backed> LatticeWitness<P> {
    pub(crate) fn new(spec: P::Spec) -> Self {
        Self { spec, deltas: Vec::new() }
    }
}

impl<P: Backed> Witness<P> for LatticeWitness<P> {
    const HEARSAY: bool = false;

    type Knowledge = StateOf<P>;

    fn knowledge(replica: &P) -> Self::Knowledge {
        replica.state().clone()
    }

    fn knows(replica: &P, known: &Self::Knowledge) -> bool {
        replica.state() == known
    }

    fn bytes(replica: &P) -> Result<Vec<u8>, WireError> {
        codec::canonical(replica.state())
    }

    fn record(
        &mut self,
        before: &Self::Knowledge,
        after: &P,
        at: &At,
        op: &OpOf<P>,
    ) -> Result<(), Wrong> {
        let mut copy = before.clone();
        let delta = self.spec.perform(&mut copy, at, op);
        let after = after.state();
        let delta = match delta {
            Ok(delta) => delta,
            Err(refused) => {
                self.deltas.push(None);
                return Err(format!(
                    "the replica performed it, but the type refuses it at the same state: {refused}"
                )
                .into());
            }
        };
        let empty = delta == DeltaOf::<P::Spec>::default();
        self.deltas.push((!empty).then(|| delta.clone()));
        if copy != *after {
            let words = format!(
                "performed on a copy of the state before, it gives {copy:?}, but the replica is \
                 then {after:?}"
            );
            return Err(Wrong { words, elsewhere: Some(format!("{:?}", self.spec.read(&copy))) });
        }
        if empty && copy != *before {
            return Err(format!(
                "its delta is empty, but it changed the state from {before:?} to {copy:?}"
            )
            .into());
        }
        if !empty && copy == *before {
            let words = format!("its delta {delta:?} is not empty, but the state did not change");
            return Err(words.into());
        }
        let mut joined = before.clone();
        joined.merge(&delta);
        if joined != *after {
            let words = format!(
                "merging its delta {delta:?} into the state before gives {joined:?}, performing it \
                 gives {after:?}"
            );
            let elsewhere = Some(format!("{:?}", self.spec.read(&joined)));
            return Err(Wrong { words, elsewhere });
        }
        Ok(())
    }

    fn changed_something(&self, index: usize) -> bool {
        self.deltas[index].is_some()
    }

    fn contains(known: &Self::Knowledge, other: &Self::Knowledge) -> bool {
        let mut both = known.clone();
        both.merge(other);
        both == *known
    }

    fn serves(replica: &P, session: &Session<Self::Knowledge>, _: &Chronicle<OpOf<P>>) -> bool {
        session.token.as_ref().is_none_or(|token| replica.state().covers(token))
    }

    fn see(
        &self,
        known: &Self::Knowledge,
        chronicle: &Chronicle<OpOf<P>>,
        first: usize,
        visible: &mut OpSet,
    ) -> Result<(), String> {
        self.try_each(known, chronicle, first..chronicle.len(), visible);
        Ok(())
    }

    fn see_more(
        &self,
        known: &Self::Knowledge,
        chronicle: &Chronicle<OpOf<P>>,
        visible: &mut OpSet,
    ) -> Result<(), String> {
        let rest: Vec<usize> = chronicle.all().difference(visible).collect();
        self.try_each(known, chronicle, rest, visible);
        Ok(())
    }
}

impl<P: Backed> LatticeWitness<P> {
    fn try_each(
        &self,
        known: &StateOf<P>,
        chronicle: &Chronicle<OpOf<P>>,
        operations: impl IntoIterator<Item = usize>,
        visible: &mut OpSet,
    ) {
        let causal = self.spec.delivery() == Delivery::Causal;
        // Reused as long as merging leaves it as it was, which `Eq` decides, not merge's word.
        let mut spare = None;
        for index in operations {
            let delta = self.deltas[index].as_ref();
            // Earlier operations are decided by now, and an operation saw only earlier ones.
            if (causal || delta.is_none()) && !chronicle.history.saw(index).is_subset(visible) {
                continue;
            }
            if let Some(delta) = delta {
                let mut copy = spare.take().unwrap_or_else(|| known.clone());
                copy.merge(delta);
                if copy != *known {
                    continue;
                }
                spare = Some(copy);
            }
            visible.insert(index);
        }
    }
}

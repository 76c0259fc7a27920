//! Broken types.

use rejoin_crdts::spec::{CounterOp, GCounterModel};
use rejoin_crdts::{
    At, DeltaOf, Draw, GCounter, Lattice, Merge, Model, Refused, ReplicaId, Spec, View, Whole,
};
use serde::{Deserialize, Serialize};

/// What is wrong with a [`Most`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Wrong {
    #[default]
    Nothing,
    /// Merging adds up.
    Adds,
    /// Merging takes the other side.
    TakesTheirs,
    /// The delta of an operation is empty.
    LosesDelta,
    /// Numbers of equal tens are a tie, and ties keep what is here. (The specification lets any of
    /// them win, as long as it is the same everywhere, which it does not say.)
    KeepsOwn,
    /// It reads one too many above 20.
    Misreads,
}

/// The greatest number that was ever written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Most {
    most: u64,
    wrong: u8,
}

impl Merge for Most {
    fn merge(&mut self, other: &Self) -> bool {
        let before = *self;
        self.wrong = self.wrong.max(other.wrong);
        match self.wrong {
            1 => self.most += other.most,
            2 if other.most > 0 => self.most = other.most,
            4 if self.most / 10 == other.most / 10 => {}
            _ => self.most = self.most.max(other.most),
        }
        *self != before
    }
}

impl Lattice for Most {}

/// The model of [`Most`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MostModel(pub(crate) Wrong);

impl Spec for MostModel {
    type Op = u64;
    type Value = u64;

    fn alphabet(&self) -> Vec<u64> {
        vec![1, 2, 3]
    }

    fn draw(&self, draw: &mut dyn Draw) -> u64 {
        1 + draw.below(40)
    }

    fn value(&self, view: &View<'_, u64>) -> Option<u64> {
        let greatest = view.iter().map(|seen| *seen.op).max().unwrap_or(0);
        (self.0 != Wrong::KeepsOwn).then_some(greatest)
    }

    fn admits(&self, view: &View<'_, u64>, value: &u64) -> Result<(), String> {
        let greatest = view.iter().map(|seen| *seen.op).max().unwrap_or(0);
        match self.0 {
            Wrong::KeepsOwn if greatest / 10 == value / 10 => Ok(()),
            _ if greatest == *value => Ok(()),
            _ => Err(format!("the greatest is {greatest}, the replica reads {value}")),
        }
    }
}

impl Model for MostModel {
    type State = Whole<Most>;

    fn initial(&self, _: ReplicaId) -> Whole<Most> {
        Whole(Most { wrong: self.0 as u8, ..Most::default() })
    }

    fn perform(&self, state: &mut Whole<Most>, _: &At, op: &u64) -> Result<DeltaOf<Self>, Refused> {
        let delta = state.mutate(|most| {
            if self.0 != Wrong::KeepsOwn || most.most / 10 < *op / 10 {
                most.most = most.most.max(*op);
            }
        });
        Ok(if self.0 == Wrong::LosesDelta { Whole::default() } else { delta })
    }

    fn read(&self, state: &Whole<Most>) -> u64 {
        match self.0 {
            Wrong::Misreads if state.0.most > 20 => state.0.most + 1,
            _ => state.0.most,
        }
    }
}

/// A counter that counts besides how often it was merged, which is written and not compared.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counting {
    counter: GCounter,
    merges: u64,
}

impl PartialEq for Counting {
    fn eq(&self, other: &Self) -> bool {
        self.counter == other.counter
    }
}

impl Eq for Counting {}

impl std::hash::Hash for Counting {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.counter.hash(hasher);
    }
}

impl Merge for Counting {
    fn merge(&mut self, other: &Self) -> bool {
        self.merges += 1;
        self.counter.merge(&other.counter)
    }
}

impl Lattice for Counting {}

/// The model of [`Counting`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CountingModel;

impl Spec for CountingModel {
    type Op = CounterOp;
    type Value = u128;

    fn alphabet(&self) -> Vec<CounterOp> {
        GCounterModel.alphabet()
    }

    fn value(&self, view: &View<'_, CounterOp>) -> Option<u128> {
        GCounterModel.value(view)
    }
}

impl Model for CountingModel {
    type State = Whole<Counting>;

    fn initial(&self, _: ReplicaId) -> Self::State {
        Whole::default()
    }

    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &CounterOp,
    ) -> Result<Self::State, Refused> {
        let mut refused = None;
        let delta = state.mutate(|counting| {
            refused = GCounterModel.perform(&mut counting.counter, at, op).err();
        });
        refused.map_or(Ok(delta), Err)
    }

    fn read(&self, state: &Self::State) -> u128 {
        GCounterModel.read(&state.0.counter)
    }
}

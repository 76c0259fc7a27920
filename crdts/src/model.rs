//! What the judges need to know of a type: its specification ([`Spec`]) and how to drive it
//! ([`Model`]).

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::ClockError;
use crate::counter::{CounterOverflow, RightsError};
use crate::document::TooDeep;
use crate::register::StaleStamp;
use crate::sequence::IndexError;
use crate::wire::WireError;
use crate::{At, ReplicaId, Replicated, Running, View};

/// Whatever travels or is stored: serde both ways. Implemented for everything that has it.
///
/// ```
/// use rejoin_crdts::model::Wire;
/// use rejoin_crdts::wire::{self, Kind, Limits, WireError};
/// fn there_and_back<T: Wire>(value: &T) -> Result<T, WireError> {
///     let mut bytes = Vec::new();
///     wire::encode(Kind::Record, 1, value, &mut bytes)?;
///     wire::decode(Kind::Record, 1, Limits::default(), &bytes)
/// }
/// assert_eq!(there_and_back(&vec![1, 2])?, [1, 2]);
/// # Ok::<(), WireError>(())
/// ```
pub trait Wire: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Wire for T {}

/// A source of choices: whole numbers, reproducible from a seed.
///
/// Implemented for closures, so that any generator will do:
///
/// ```
/// use rejoin_crdts::Draw;
/// let mut state = 7u64;
/// let mut draw = |below: u64| { state = state.wrapping_mul(6364136223846793005).wrapping_add(1); (state >> 33) % below };
/// assert!(Draw::below(&mut draw, 6) < 6);
/// ```
pub trait Draw {
    /// A number in `0..bound`. `bound` must not be 0.
    fn below(&mut self, bound: u64) -> u64;
}

impl<F: FnMut(u64) -> u64> Draw for F {
    fn below(&mut self, bound: u64) -> u64 {
        self(bound)
    }
}

/// Choices from the bytes of a fuzzer; the first of everything once they are used up.
///
/// ```
/// use arbitrary::Unstructured;
/// use rejoin_crdts::laws::{Case, check_case};
/// use rejoin_crdts::spec::GCounterModel;
/// let mut bytes = Unstructured::new(b"whatever a fuzzer thinks of");
/// let case = Case::draw(&GCounterModel, 4, 6, &mut bytes);
/// assert!(check_case(&GCounterModel, &case).is_ok());
/// ```
#[cfg(feature = "arbitrary")]
impl Draw for arbitrary::Unstructured<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        self.int_in_range(0..=bound.saturating_sub(1)).unwrap_or(0)
    }
}

/// In which order a type's deltas must arrive for its value to be the specification's.
///
/// The lattice laws hold without any contract; the comparison with the specification is made
/// within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// Each delta after all that its operation had seen.
    Causal,
    /// Each delta after the earlier ones of the same replica.
    PerSender,
    /// Any order, gaps included.
    Any,
}

/// What happened, and what must then be read: a replicated data type's specification
/// (Burckhardt et al., POPL 2014).
///
/// It shares no code with the type that it judges.
///
/// ```
/// use rejoin_crdts::{Spec, View};
/// # use rejoin_crdts::{At, History, OpId, OpSet, ReplicaId, Timestamp};
///
/// /// The greatest number that was written, or 0.
/// #[derive(Clone)]
/// struct Greatest;
/// impl Spec for Greatest {
///     type Op = u64;
///     type Value = u64;
///     fn alphabet(&self) -> Vec<u64> {
///         vec![1, 2]
///     }
///     fn value(&self, view: &View<'_, u64>) -> Option<u64> {
///         Some(view.iter().map(|seen| *seen.op).max().unwrap_or(0))
///     }
/// }
///
/// # let me = ReplicaId::new(1, 0);
/// # let at = |n| At { id: OpId::new(me, n), stamp: Timestamp::new(n, 0, me) };
/// let mut history = History::new();
/// history.push(at(1), 7, OpSet::new());
/// history.push(at(2), 5, OpSet::first(1));
/// assert_eq!(Greatest.value(&history.view(&history.all())), Some(7));
/// ```
pub trait Spec: Clone + Send + Sync + 'static {
    /// An operation. Its `Debug` is what people read in a history.
    type Op: Clone + Eq + Ord + Hash + Debug + Wire + Send + Sync + 'static;
    /// What a read returns. Its `Debug` is what people read in a report.
    type Value: Clone + Eq + Debug;

    /// A small, finite set of operations, simplest first: what is tried. Never empty.
    fn alphabet(&self) -> Vec<Self::Op>;

    /// An operation for a random run: from the alphabet, unless there is more to try.
    fn draw(&self, draw: &mut dyn Draw) -> Self::Op {
        let mut alphabet = self.alphabet();
        let choice = draw.below(alphabet.len() as u64) as usize;
        alphabet.swap_remove(choice)
    }

    /// The value that a read must return at `view`, or `None` if the specification is a relation,
    /// which [`admits`](Self::admits) then decides.
    fn value(&self, view: &View<'_, Self::Op>) -> Option<Self::Value>;

    /// Whether a read at `view` may return `value`.
    ///
    /// # Errors
    ///
    /// The reason, in words, if it may not.
    fn admits(&self, view: &View<'_, Self::Op>, value: &Self::Value) -> Result<(), String> {
        match self.value(view) {
            Some(expected) if expected != *value => {
                Err(format!("the specification says {expected:?}, the replica reads {value:?}"))
            }
            _ => Ok(()),
        }
    }

    /// The same specification in a form that is told of one operation at a time, if there is one.
    /// Without one, a judge evaluates the pure form, which costs more the longer a run is, and
    /// does so less often.
    fn running(&self) -> Option<Running<Self::Op, Self::Value>> {
        None
    }

    /// What the application says must never be read, whatever the specification allows: by default
    /// nothing. [`Upholding`](crate::spec::Upholding) puts any type under one.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    fn invariant(&self, value: &Self::Value) -> Result<(), String> {
        let _ = value;
        Ok(())
    }

    /// The order of delivery under which the specification holds.
    fn delivery(&self) -> Delivery {
        Delivery::Causal
    }

    /// What may be exchanged without changing anything but names: by default nothing, which is
    /// always right. A search that believes it has less to try.
    fn symmetry(&self) -> Symmetry {
        Symmetry::default()
    }
}

/// What may be exchanged in a history without changing anything but names, so that a search need
/// try only one of all that are alike.
///
/// These are claims about the type, and a search that uses them proves nothing about a type for
/// which they are false. The explorer can be told to believe none of them.
///
/// ```
/// use rejoin_crdts::spec::OrSetModel;
/// use rejoin_crdts::{Spec, Symmetry};
/// let symmetry = OrSetModel::new(["a", "b"].map(str::to_owned)).symmetry();
/// // add a, add b, remove a, remove b, clear: `a` and `b` may change places.
/// assert_eq!(symmetry.renamings, [[1, 0, 3, 2, 4]]);
/// assert!(symmetry.replicas && symmetry.stamps);
/// assert!(!Symmetry::default().replicas);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symmetry {
    /// Replicas may change names: their order breaks no tie.
    pub replicas: bool,
    /// Concurrent operations may change stamps: the type does not look at them.
    pub stamps: bool,
    /// Operations may change places: each entry maps the index of every operation of the
    /// [`alphabet`](Spec::alphabet) to that of the one which takes its place. Generators suffice.
    pub renamings: Vec<Vec<usize>>,
}

impl Symmetry {
    /// Ids and stamps make no difference, and neighbours in `names` may change places in
    /// `alphabet`, where `rename(op, from, to)` is `op` with the two exchanged.
    ///
    /// Renamings that lead out of the alphabet are left out.
    pub(crate) fn of_names<Op: PartialEq, N>(
        alphabet: &[Op],
        names: &[N],
        rename: impl Fn(&Op, &N, &N) -> Op,
    ) -> Self {
        let renaming = |pair: &[N]| -> Option<Vec<usize>> {
            let place = |op: &Op| {
                let renamed = rename(op, &pair[0], &pair[1]);
                alphabet.iter().position(|other| *other == renamed)
            };
            alphabet.iter().map(place).collect()
        };
        let renamings = names.windows(2).filter_map(renaming).collect();
        Self { replicas: true, stamps: true, renamings }
    }
}

/// `name`, with `left` and `right` exchanged.
pub(crate) fn exchanged<'n, N: PartialEq>(name: &'n N, left: &'n N, right: &'n N) -> &'n N {
    match name {
        _ if name == left => right,
        _ if name == right => left,
        _ => name,
    }
}

/// A type under its specification: how a judge makes, changes and reads it.
///
/// ```
/// use rejoin_crdts::laws::Laws;
/// use rejoin_crdts::{At, DeltaOf, GCounter, Model, Refused, ReplicaId};
/// # use rejoin_crdts::{Spec, View};
/// # #[derive(Clone)]
/// # struct Likes;
/// # impl Spec for Likes {
/// #     type Op = u64;
/// #     type Value = u128;
/// #     fn alphabet(&self) -> Vec<u64> { vec![1, 2] }
/// #     fn value(&self, view: &View<'_, u64>) -> Option<u128> {
/// #         Some(view.iter().map(|seen| u128::from(*seen.op)).sum())
/// #     }
/// # }
///
/// impl Model for Likes { // whose `Spec` says: the sum of what is visible
///     type State = GCounter;
///     fn initial(&self, _: ReplicaId) -> GCounter {
///         GCounter::new()
///     }
///     fn perform(
///         &self,
///         state: &mut GCounter,
///         at: &At,
///         by: &u64,
///     ) -> Result<DeltaOf<Self>, Refused> {
///         Ok(state.increment(at.id.replica, *by)?)
///     }
///     fn read(&self, state: &GCounter) -> u128 {
///         state.value()
///     }
/// }
/// assert!(Laws::new(Likes).cases(20).check().is_ok());
/// ```
pub trait Model: Spec {
    /// The replicated state.
    type State: Replicated<Delta: Hash + Wire + Send + Sync> + Hash + Wire + Send + Sync + 'static;

    /// The state of a replica that has seen nothing.
    fn initial(&self, me: ReplicaId) -> Self::State;

    /// Performs an operation at `at.id.replica` and returns its delta, which is empty iff the
    /// state did not change.
    ///
    /// # Errors
    ///
    /// If the type refuses the operation (a limit, a stale stamp); `state` is then unchanged.
    fn perform(
        &self,
        state: &mut Self::State,
        at: &At,
        op: &Self::Op,
    ) -> Result<DeltaOf<Self>, Refused>;

    /// What a reader of `state` reads.
    fn read(&self, state: &Self::State) -> Self::Value;

    /// Whether `news` from a peer claims a change of `me` that the state of `me` does not have.
    ///
    /// No honest peer can: an incarnation's changes are made in one place. Believing it would have
    /// `me` name two changes alike, so a replica refuses the message. By default nothing is known
    /// of the delta, and it is believed.
    fn forges(&self, me: ReplicaId, state: &Self::State, news: &DeltaOf<Self>) -> bool {
        let _ = (me, state, news);
        false
    }
}

/// The delta of a model's state.
pub type DeltaOf<M> = <<M as Model>::State as Replicated>::Delta;

/// Why an operation or a message was refused. What refused it is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// A counter is at its limit.
    #[error(transparent)]
    Counter(#[from] CounterOverflow),
    /// A replica that lacks the rights to what it was to spend or hand over.
    #[error(transparent)]
    Rights(#[from] RightsError),
    /// An index past the end of a sequence.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A write with a stamp that does not exceed what it replaces.
    #[error(transparent)]
    Stale(#[from] StaleStamp),
    /// Maps nested deeper than what can be sent.
    #[error(transparent)]
    Depth(#[from] TooDeep),
    /// A clock that cannot go on, or a stamp too far ahead.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// Bytes that are not what they claim to be.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A rule of the type or the protocol, in its own words.
    #[error("{0}")]
    Rule(String),
}

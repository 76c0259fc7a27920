//! Conflict-free replicated data types, and the means to prove them right.
//!
//! Replicas that accept writes while cut off from each other must agree once they rejoin. With
//! these types they do, whatever the network lost, repeated or reordered in between, and they agree
//! on the right value: the one that the type's specification derives from what happened.
//!
//! ```
//! use rejoin_crdts::{Merge, OrMap, OrSet, ReplicaId};
//!
//! let phone = ReplicaId::new(1, 0x6f1c); // an address, and a nonce from your own randomness
//! let laptop = ReplicaId::new(2, 0x90ae);
//!
//! let mut cart: OrMap<String, OrSet<String>> = OrMap::new();
//! let mut peer = cart.clone();
//!
//! // A mutator changes its object and returns the delta that the other replicas need.
//! let delta = cart.update(phone, "fruit", |set| set.insert("apple"));
//! peer.merge(&delta);
//!
//! // Cut off from each other, one removes the fruit while the other adds to it.
//! let removed = cart.remove(phone, "fruit");
//! let added = peer.update(laptop, "fruit", |set| set.insert("pear"));
//!
//! // They rejoin. A delta and a whole state are merged with the same word.
//! cart.merge(&added);
//! peer.merge(&removed);
//! assert_eq!(cart, peer);
//! assert_eq!(cart.get("fruit").expect("the pear survives").iter().collect::<Vec<_>>(), ["pear"]);
//! ```
//!
//! # What is here
//!
//! | for | see |
//! |---|---|
//! | data to replicate | [`GCounter`], [`PnCounter`], [`BoundedCounter`], [`ResettableCounter`]; [`LwwRegister`], [`MvRegister`]; [`EwFlag`], [`DwFlag`]; [`GSet`], [`TwoPhaseSet`], [`OrSet`], [`RwSet`]; [`LwwMap`], [`OrMap`]; [`Sequence`], for text too; [`Document`] |
//! | several as one | pairs `(A, B)`, `Option`, [`Lexical`]; each is a lattice of lattices |
//! | what a peer lacks | [`Replicated::missing_from`] given its state, [`Summarize::beyond`] given its summary |
//! | what a merge changed | `changes_since` of each type; [`Changed`], [`SetChange`], [`SequenceChange`], [`MapChange`] |
//! | time and causality | [`Hlc`], [`Lamport`], [`VectorClock`], [`CausalContext`], [`MatrixClock`] |
//! | replication without sockets or clocks | [`sync`]: the [`Protocol`](sync::Protocol) contract and the policies behind it |
//! | bytes | [`wire`]: a checksummed envelope with limits |
//! | a type of your own | [`Merge`], [`Lattice`], [`Replicated`]; [`Whole`] if it only merges whole states |
//! | judging a type | [`Spec`] and [`Model`] say what it means; [`laws`] checks it; [`spec`] has the specifications of the types here |
//!
//! # What it is not
//!
//! Not a database and not a network stack: there is no socket, no clock and no thread in here. Time
//! is an argument, randomness comes from the caller, and what should be sent is handed back.
//!
//! # What to know
//!
//! - **Identity.** A [`ReplicaId`] is an address and an incarnation. Whatever restarts without
//!   being able to prove its store complete takes a new incarnation; see there.
//! - **Deltas.** A delta is what changed, and a lattice of its own. Deltas of causal types
//!   ([`OrSet`], [`OrMap`] and others) are to arrive after those that their operation had seen; the policies in
//!   [`sync`] see to that. Merging in any order and any number of times is always safe.
//! - **Equality is canonical.** Two states that know the same are equal, in memory and in bytes.
//! - **Cloning is cheap**, and so is merging two states that share structure.
//! - **Errors.** A type refuses what would break it (a full slot, a stale stamp) with an error that
//!   names it, and is unchanged. Nothing here panics on input, and nothing prints.

pub mod causal;
mod change;
mod clock;
mod compose;
mod counter;
mod document;
mod flag;
mod history;
mod id;
mod lattice;
pub mod laws;
mod map;
pub mod model;
mod op_set;
mod register;
mod running;
mod sequence;
mod set;
mod slots;
mod sorted;
pub mod spec;
pub mod sync;
pub mod wire;

pub use causal::{Causal, CausalContext, MatrixClock, PairEdit};
pub use change::{Changed, MapChange, SequenceChange, SetChange};
pub use clock::{ClockError, Hlc, Lamport, Timestamp, VectorClock};
pub use compose::{Lexical, OptionDelta, StaleKey};
pub use counter::{
    BoundedCounter, BoundedCounterDelta, CounterOverflow, GCounter, GCounterDelta, PnCounter,
    PnCounterDelta, ResettableCounter, ResettableCounterEdit, ResettableCounterView,
    ResettableDelta, RightsError,
};
pub use document::{
    Document, DocumentDelta, DocumentEdit, DocumentView, EditError, FieldEdit, FieldKind,
    FieldPath, FieldView, Float, Scalar, TooDeep,
};
pub use flag::{
    DwFlag, DwFlagDelta, DwFlagEdit, DwFlagView, EwFlag, EwFlagDelta, EwFlagEdit, EwFlagView,
};
pub use history::{At, History, Seen, View};
pub use id::{Dot, OpId, ReplicaId};
pub use lattice::{Lattice, Merge, Replicated, Summarize, Whole};
pub use map::{LwwMap, LwwMapDelta, OrMap, OrMapDelta, OrMapEdit, OrMapView};
pub use model::{Delivery, DeltaOf, Draw, Model, Refused, Spec, Symmetry};
pub use op_set::OpSet;
pub use register::{
    LwwDelta, LwwRegister, MvDelta, MvRegister, MvRegisterEdit, MvRegisterView, StaleStamp,
};
pub use running::{Incremental, Retractable, Running};
pub use sequence::{IndexError, Sequence, SequenceDelta, SequenceEdit, SequenceView};
pub use set::{
    GSet, GSetDelta, OrSet, OrSetDelta, OrSetEdit, OrSetView, RwSet, RwSetDelta, RwSetEdit,
    RwSetView, TwoPhaseDelta, TwoPhaseSet,
};

/// The examples of the book run as tests.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/types.md")]
    struct Types;
    #[doc = include_str!("../../docs/own-type.md")]
    struct OwnType;
    #[doc = include_str!("../../docs/from-crdts.md")]
    struct FromCrdts;
    #[doc = include_str!("../../docs/from-akka.md")]
    struct FromAkka;
    #[doc = include_str!("../../docs/from-riak.md")]
    struct FromRiak;
}

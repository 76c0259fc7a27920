//! Conflict-free replicated data types, their specifications, and the laws that judge them.

pub mod causal;
mod clock;
mod counter;
mod history;
mod id;
mod lattice;
mod map;
pub mod model;
mod register;
mod set;
mod slots;
pub mod spec;
pub mod sync;
pub mod wire;

pub use causal::{Causal, CausalContext};
pub use clock::{ClockError, Hlc, Lamport, Timestamp, VectorClock};
pub use counter::{CounterOverflow, GCounter, GCounterDelta, PnCounter, PnCounterDelta};
pub use history::{At, History, OpSet, Seen, View};
pub use id::{Dot, OpId, ReplicaId};
pub use lattice::{Lattice, Merge, Replicated, Whole};
pub use map::{OrMap, OrMapDelta, OrMapEdit, OrMapView};
pub use model::{Delivery, DeltaOf, Draw, Model, Refused, Spec};
pub use register::{LwwDelta, LwwRegister, StaleStamp};
pub use set::{OrSet, OrSetDelta, OrSetEdit, OrSetView};

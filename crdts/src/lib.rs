//! Conflict-free replicated data types, their specifications, and the laws that judge them.

mod clock;
mod counter;
mod history;
mod id;
mod lattice;
pub mod model;
mod register;
mod slots;
pub mod sync;
pub mod wire;

pub use clock::{ClockError, Hlc, Lamport, Timestamp, VectorClock};
pub use counter::{CounterOverflow, GCounter, GCounterDelta, PnCounter, PnCounterDelta};
pub use history::{At, History, OpSet, Seen, View};
pub use id::{Dot, OpId, ReplicaId};
pub use lattice::{Lattice, Merge, Replicated, Whole};
pub use model::{Delivery, DeltaOf, Draw, Model, Refused, Spec};
pub use register::{LwwDelta, LwwRegister, StaleStamp};

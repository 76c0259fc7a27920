//! The specification of each type over histories, and the [`Model`](crate::Model) that puts the
//! type under it.
//!
//! A specification here says what must be read, given what happened and who had seen what. It
//! shares no code with the type: it knows operations and visibility, and no dots, slots or
//! contexts.

mod bounded_counter;
mod counter;
mod flag;
mod g_set;
mod lww_map;
mod or_map;
mod or_set;
mod register;
mod rw_set;
mod sequence;
mod two_phase_set;

pub use bounded_counter::{BoundedCounterModel, BoundedOp, BoundedValue};
pub use counter::{CounterOp, GCounterModel, PnCounterModel};
pub use flag::{DwFlagModel, EwFlagModel, FlagOp};
pub use g_set::{Add, GSetModel};
pub use lww_map::{LwwMapModel, LwwMapOp};
pub use or_map::{MapOp, Nested, OrMapModel};
pub use or_set::{OrSetModel, SetOp};
pub use register::{LwwRegisterModel, MvRegisterModel, Write};
pub use rw_set::RwSetModel;
pub use sequence::{SequenceModel, SequenceOp};
pub use two_phase_set::{TwoPhaseOp, TwoPhaseSetModel};

//! The specification of each type over histories, and the [`Model`](crate::Model) that puts the
//! type under it.
//!
//! A specification here says what must be read, given what happened and who had seen what. It
//! shares no code with the type: it knows operations and visibility, and no dots, slots or
//! contexts.

mod bounded_counter;
mod collecting;
mod counter;
mod document;
mod flag;
mod g_set;
mod lexical;
mod lww_map;
mod maximal;
mod option;
mod or_map;
mod or_set;
mod pair;
mod register;
mod resettable_counter;
mod rw_set;
mod sequence;
mod two_phase_set;
mod upholding;

pub use bounded_counter::{BoundedCounterModel, BoundedOp, BoundedValue};
pub use collecting::{Collect, CollectOp, Collecting};
pub use counter::{CounterOp, GCounterModel, PnCounterModel};
pub use document::{DocumentModel, DocumentOp, DocumentStep, FieldOp, Held, Place};
pub use flag::{DwFlagModel, EwFlagModel, FlagOp};
pub use g_set::{Add, GSetModel};
pub use lexical::{LexicalModel, Under};
pub use lww_map::{LwwMapModel, LwwMapOp};
pub use option::OptionModel;
pub use or_map::{MapOp, Nested, OrMapModel};
pub use or_set::{OrSetModel, SetOp};
pub use pair::{PairModel, PairOp};
pub use register::{LwwRegisterModel, MvRegisterModel, Write};
pub use resettable_counter::{ResettableCounterModel, ResettableOp};
pub use rw_set::RwSetModel;
pub use sequence::{SequenceModel, SequenceOp};
pub use two_phase_set::{TwoPhaseOp, TwoPhaseSetModel};
pub use upholding::Upholding;

//! Counters: [`GCounter`] (grows), [`PnCounter`] (grows and shrinks), [`BoundedCounter`] (never
//! falls below 0) and [`ResettableCounter`] (can be reset, and removed from a map).

mod bounded_counter;
mod g_counter;
mod pn_counter;
mod resettable_counter;

pub use bounded_counter::{BoundedCounter, BoundedCounterDelta, RightsError};
pub use g_counter::{GCounter, GCounterDelta};
pub use pn_counter::{PnCounter, PnCounterDelta};
pub use resettable_counter::{
    ResettableCounter, ResettableCounterEdit, ResettableCounterView, ResettableDelta,
};

use crate::ReplicaId;

/// A replica's slot of a counter would exceed 2⁶⁴ − 1. The counter is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the slot of {replica} holds {held}, and {by} more do not fit in 64 bits")]
pub struct CounterOverflow {
    /// Whose slot.
    pub replica: ReplicaId,
    /// What it holds.
    pub held: u64,
    /// What was to be added.
    pub by: u64,
}

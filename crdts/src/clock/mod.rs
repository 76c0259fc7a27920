//! Clocks: logical ([`Lamport`]), vector ([`VectorClock`]) and hybrid ([`Hlc`]). None reads the
//! time; where wall time matters it is an argument, in milliseconds.

mod hlc;
mod lamport;
mod vector;

pub use hlc::{Hlc, Timestamp};
pub use lamport::Lamport;
pub use vector::VectorClock;

/// Why a clock did not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// A remote stamp is further ahead of the local wall clock than the bound allows.
    #[error(
        "the stamp {stamp} is {ahead_ms} ms ahead of this clock, which accepts {max_ahead_ms} ms"
    )]
    TooFarAhead {
        /// The remote stamp.
        stamp: Timestamp,
        /// How far it is ahead of the wall clock, in milliseconds.
        ahead_ms: u64,
        /// The bound, in milliseconds.
        max_ahead_ms: u64,
    },
    /// There is no greater time.
    #[error("the clock is at its last time")]
    Exhausted,
}

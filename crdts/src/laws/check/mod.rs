//! The checks, one group of laws a file.

mod delta;
mod encoding;
mod knowledge;
mod operation;
mod path;
mod replicated;
mod state;

use super::judge::{Judge, Verdict};

/// Up to how many pairs and triples of states are looked at.
const STATE_TUPLES: usize = 216;
/// Up to how many tuples with a delta are looked at, each on every probe where effects count.
const DELTA_TUPLES: usize = 64;

/// Checks the laws that are wanted, up to the first that does not hold: what is close to the cause
/// of a bug first.
pub(super) fn all(judge: &Judge<'_>) -> Verdict {
    operation::check(judge)?;
    state::check(judge)?;
    delta::check(judge)?;
    knowledge::check(judge)?;
    path::check(judge)?;
    replicated::check(judge)?;
    encoding::check(judge)?;
    path::check_specification(judge)
}

//! The judge: what is checked after every step.

mod acknowledged;
mod anomaly;
mod checks;
mod chronicle;
mod convergence;
mod divergence;
mod judge;
mod lattice;
mod liveness;
mod reporting;
mod rumour;
mod sessions;
mod spec;
mod visibility;
mod witness;

pub(crate) use judge::{Judge, Moment, address};
pub(crate) use lattice::LatticeWitness;
pub(crate) use liveness::Losses;
pub(crate) use reporting::ReportWitness;
pub(crate) use rumour::Rumour;
pub(crate) use witness::Witness;

use crate::violation::Violation;

/// A check: `Err` if it failed.
pub(crate) type Check<T = ()> = Result<T, Box<Violation>>;

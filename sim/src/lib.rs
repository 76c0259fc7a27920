//! A deterministic network simulator that judges replicas against their specification.
//!
//! A [`Scenario`] says what is run, on what network, under which faults. With a seed it becomes a
//! plan, which a world of virtual time executes: replicas of any
//! [`Protocol`](rejoin_crdts::sync::Protocol) exchange encoded messages over links that delay,
//! lose, double and reorder them, while the network is cut and replicas crash. After every step the
//! judge compares each replica with the specification at what is visible there, and with every
//! replica that knew the same; after the last fault the replicas must settle by themselves. The
//! [`Outcome`] says whether all of this held; a [`Trace`] runs it again.
//!
//! What to read first: [`Subject`], which can be run by name; [`Scenario`]; [`Outcome`].
//!
//! **Determinism.** Nothing here reads a clock or asks the system for randomness, and whatever is
//! iterated is ordered. Every draw is a function of (seed, stream, event id), floating point comes
//! from `libm`, and the [`Fingerprint`] over all events is the same for one seed on every machine.
//!
//! **Errors.** An `Err` is what real input can cause; a panic is a broken invariant of ours.

mod check;
mod clock;
mod codec;
pub mod explore;
mod nearest;
mod nemesis;
mod network;
pub mod outcome;
mod plan;
mod queue;
mod rng;
pub mod scenario;
pub mod shrink;
pub mod subject;
mod swarm;
mod time;
pub mod timeline;
pub mod trace;
pub mod violation;
mod workload;
mod world;

pub use nearest::nearest;
pub use outcome::{Outcome, Verdict};
pub use rng::{EventId, Fingerprint};
pub use scenario::{Preset, Scenario, ScenarioError, presets};
pub use subject::{
    Effort, LawChecks, LawsOutcome, Letter, ProtocolSubject, Registry, ReportingSubject, RunError,
    Subject, TypeSubject,
};
pub use swarm::{Swarm, Trouble};
pub use time::Time;
pub use timeline::{Entry, Happening};
pub use trace::{Trace, TraceError};
pub use violation::{Anomaly, Class, Violation};

/// The examples of the book run as tests.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../docs/explore.md")]
    struct Explore;
}

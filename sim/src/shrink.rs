//! The smallest failing schedule.
//!
//! A failing run is made small while it fails in the same [`Class`](crate::Class): fault kinds are
//! switched off, replicas dropped, operations deleted with what depends on them, then deliveries and faults; what
//! is left is straightened toward constant latency in order, operations become simpler ones, and
//! time is cut short. Lists are cut by delta debugging (Zeller & Hildebrandt, "Simplifying and
//! isolating failure-inducing input", TSE 2002).
//!
//! What makes it work is that a trace lists the messages that *arrive*
//! ([`Rest::Lost`](crate::trace::Rest)), and that the ids of events, and with them all draws, follow
//! from what caused them: without one event the others are what they were.

mod cost;
mod events;
mod items;
mod kinds;
mod replicas;
mod search;
mod straighten;
mod timing;
mod values;

use std::fmt;

use serde::Serialize;

use crate::outcome::{Outcome, Size, Verdict};
use crate::subject::{RunError, Subject};
use crate::trace::{Mismatch, Trace};

use search::Search;

/// How much shrinking may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many runs are tried, besides those which see that the failure is there, and still is.
    pub runs: u64,
}

impl Default for Budget {
    /// 2,000 runs.
    fn default() -> Self {
        Self { runs: 2_000 }
    }
}

/// What a shrinker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// It lists what arrives, and forgets what came after the failure.
    List,
    /// It switches fault kinds off.
    Kinds,
    /// It drops replicas.
    Replicas,
    /// It deletes operations.
    Operations,
    /// It deletes deliveries and faults.
    Deliveries,
    /// It lets messages take the same time, in order.
    Straighten,
    /// It tries simpler operations.
    Values,
    /// It moves what happens earlier.
    Time,
}

/// `dropping replicas`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "listing deliveries",
            Self::Kinds => "switching faults off",
            Self::Replicas => "dropping replicas",
            Self::Operations => "deleting operations",
            Self::Deliveries => "deleting deliveries and faults",
            Self::Straighten => "straightening",
            Self::Values => "simplifying operations",
            Self::Time => "cutting time short",
        })
    }
}

/// How far a shrinker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is at.
    pub step: Step,
    /// How many runs it has tried.
    pub runs: u64,
    /// How small the failure is by now.
    pub size: Size,
}

/// A failing run made small.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// It replays: same verdict, class and fingerprint.
    pub trace: Trace,
    /// What its replay shows.
    pub outcome: Outcome,
    /// How large the run was at first.
    pub before: Size,
    /// How many runs were tried.
    pub runs: u64,
    /// Nothing smaller was found in a whole round; otherwise the budget ended it.
    pub finished: bool,
}

/// Why a run cannot be made smaller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShrinkError {
    /// The trace cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Nothing fails in it.
    #[error("nothing fails in it: the verdict is {0}")]
    NothingFails(Verdict),
    /// The replay is not what the trace says.
    #[error("it does not replay: {0}")]
    NotReproduced(#[source] Mismatch),
    /// Two replays are not the same.
    #[error("two replays of it differ, so no smaller run would mean anything: {0}")]
    Nondeterministic(#[source] Mismatch),
}

/// Makes the failing run of `trace` small, in its class, within `budget`.
///
/// `word` hears of every run that is tried. The result is the same whenever this is called with
/// the same trace and budget. A candidate in which the subject cannot be run is no candidate; one in
/// which it panics panics here.
///
/// # Errors
///
/// If nothing fails in `trace`, or it does not replay, or not twice in the same way.
///
/// ```
/// use rejoin_crdts::spec::GCounterModel;
/// use rejoin_sim::scenario::{Caps, Latency};
/// use rejoin_sim::shrink::{Budget, ShrinkError, shrink};
/// use rejoin_sim::{Scenario, Subject, Trace, TypeSubject, Verdict};
/// let counter = TypeSubject::new("likes", "how many like it", GCounterModel);
/// // A millisecond after the last operation nobody can have settled: messages take a hundred.
/// let config = Caps { gossip_ms: Some(1), heartbeat_ms: Some(1), ..Caps::default() };
/// let latency = Latency::Constant { ms: 100.0 };
/// let hurry = Scenario { settle_ms: 1, config, latency, ..Scenario::of("likes") };
/// let failing = Trace::of(&counter.run(&hurry, 1)?);
/// let small = shrink(&counter, &failing, Budget::default(), &mut |_| {})?;
/// assert_eq!((small.outcome.size.replicas, small.outcome.size.events()), (2, 0));
/// small.trace.expect(&counter.replay(&small.trace)?)?;
///
/// let sound = Trace::of(&counter.run(&Scenario::of("likes"), 1)?);
/// let nothing = shrink(&counter, &sound, Budget::default(), &mut |_| {});
/// assert_eq!(nothing, Err(ShrinkError::NothingFails(Verdict::Held)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn shrink(
    subject: &dyn Subject,
    trace: &Trace,
    budget: Budget,
    word: &mut dyn FnMut(Progress),
) -> Result<Shrunk, ShrinkError> {
    let outcome = subject.replay(trace)?;
    let again = Trace::of(&subject.replay(trace)?);
    again.expect(&outcome).map_err(ShrinkError::Nondeterministic)?;
    trace.expect(&outcome).map_err(ShrinkError::NotReproduced)?;
    let Some(class) = outcome.violation.as_ref().map(|violation| violation.class) else {
        return Err(ShrinkError::NothingFails(outcome.verdict));
    };
    let before = outcome.size;
    let mut search = Search::new(subject, class, budget, word, trace.clone(), outcome);
    search.list();
    let mut finished = false;
    while !search.spent() && !finished {
        let cost = search.best.cost;
        search.before_calm();
        kinds::switch_off(&mut search);
        replicas::drop(&mut search);
        events::operations(&mut search);
        events::deliveries(&mut search);
        straighten::straighten(&mut search);
        values::simplify(&mut search);
        timing::hasten(&mut search);
        events::together(&mut search);
        finished = search.best.cost == cost && !search.spent();
    }
    let runs = search.runs;
    let trace = search.best.trace;
    let outcome = subject.replay(&trace)?;
    trace.expect(&outcome).map_err(ShrinkError::Nondeterministic)?;
    Ok(Shrunk { trace, outcome, before, runs, finished })
}

//! The first failure of each class, made small.

use std::collections::BTreeSet;
use std::path::Path;

use rejoin_sim::outcome::Size;
use rejoin_sim::shrink::Shrunk;
use rejoin_sim::{Outcome, Trace, Verdict};
use serde::Serialize;

use super::Failure;
use super::traces::Traces;
use crate::guard::guarded;
use crate::input::InputError;
use crate::program::Program;
use crate::save::save;
use crate::select::Selection;
use crate::shrink::within;

/// At most so many runs are tried for a failure.
const RUNS: u64 = 500;
/// And runs of at most so many events in all, unless that would be next to none.
const EVENTS: u64 = 20_000_000;
/// So many runs are tried however long they are.
const LEAST_RUNS: u64 = 20;

/// A failure made small, or why it was not.
#[derive(Debug, Serialize)]
pub(crate) struct Small {
    /// The seed of the failure.
    pub(crate) seed: u64,
    /// Its class.
    pub(crate) class: String,
    /// How large it was.
    pub(crate) before: Size,
    /// How large it is.
    pub(crate) size: Size,
    /// How many runs were tried.
    pub(crate) runs: u64,
    /// At most how many.
    pub(crate) budget: u64,
    /// Nothing smaller was found in a whole round; otherwise the budget ended it.
    pub(crate) finished: bool,
    /// Where it is saved.
    pub(crate) trace: Option<String>,
    /// Why it could not be made small.
    pub(crate) because: Option<String>,
}

/// Makes the failure with the lowest seed of each class small, and saves it beside its trace.
///
/// They were not kept when they failed, so each is run again.
pub(super) fn first_of_each_class(
    selection: &Selection,
    failures: &[Failure],
    traces: &Traces,
    program: &Program,
    seen: bool,
) -> Result<Vec<Small>, InputError> {
    let mut met = BTreeSet::new();
    let firsts = failures.iter().filter(|failure| met.insert(failure.class.as_str()));
    let mut all = Vec::new();
    for failure in firsts {
        let outcome = selection.run(failure.seed, false, program)?;
        if outcome.verdict == Verdict::Violated {
            all.push(one(selection, failure, &outcome, &traces.small(failure.seed), program, seen));
        }
    }
    Ok(all)
}

fn one(
    selection: &Selection,
    failure: &Failure,
    outcome: &Outcome,
    path: &Path,
    program: &Program,
    seen: bool,
) -> Small {
    let seed = failure.seed;
    let budget = (EVENTS / outcome.events.max(1)).clamp(LEAST_RUNS, RUNS);
    let line = || program.line(selection.line(seed));
    let subject = &*selection.subject;
    let shrunk = guarded(line, || within(subject, &Trace::of(outcome), budget, path, seen));
    let mut small = Small {
        seed,
        class: failure.class.clone(),
        before: outcome.size,
        size: outcome.size,
        runs: 0,
        budget,
        finished: false,
        trace: None,
        because: None,
    };
    match shrunk.and_then(|shrunk| write(&shrunk, path).map(|()| shrunk)) {
        Ok(shrunk) => {
            small.size = shrunk.outcome.size;
            (small.runs, small.finished) = (shrunk.runs, shrunk.finished);
            small.trace = Some(path.display().to_string());
        }
        // The campaign is none the worse for it.
        Err(InputError::Unshrinkable { message, .. }) => small.because = Some(message),
        Err(error) => small.because = Some(error.to_string()),
    }
    small
}

fn write(shrunk: &Shrunk, path: &Path) -> Result<(), InputError> {
    let seed = shrunk.trace.seed;
    let bytes = shrunk.trace.encode();
    let bytes = bytes.map_err(|source| InputError::Unsaveable { seed, source })?;
    save(path, &bytes).map_err(|source| InputError::Write {
        what: "the trace".to_owned(),
        path: path.to_owned(),
        source,
    })
}

//! `rejoin replay --branches`: from where on a failure is likely.

use rejoin_sim::{Subject, Time, Trace, Verdict};
use serde::Serialize;

use crate::Report;
use crate::args::ReplayArgs;
use crate::exit::Exit;
use crate::guard::guarded;
use crate::input::InputError;
use crate::program::Program;
use crate::render::{Screen, branches as render};

/// At how many moments the run branches off, its start included.
const MOMENTS: u64 = 10;

/// How a run goes on from one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Branches {
    /// From when on it goes on at random.
    pub(crate) from_us: Time,
    /// How often that was tried.
    pub(crate) runs: u64,
    /// How often it failed, in the class of the trace if that failed.
    pub(crate) failed: u64,
}

impl Branches {
    /// Whether it failed more often than not in all of `them`, which are not none.
    fn are_likely(them: &[Self]) -> bool {
        let sum = |of: fn(&Self) -> u64| them.iter().map(of).sum::<u64>();
        2 * sum(|it| it.failed) > sum(|it| it.runs)
    }
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Json<'a> {
    subject: &'a str,
    policy: &'a str,
    seed: u64,
    verdict: Verdict,
    fingerprint: String,
    class: Option<&'static str>,
    branches: &'a [Branches],
    /// From where on it fails more often than not.
    likely_from_us: Option<Time>,
}

/// Replays the beginning of a trace, up to ten moments, and goes on at random from each.
pub(crate) fn branches(
    subject: &dyn Subject,
    trace: &Trace,
    runs: u64,
    args: &ReplayArgs,
    program: &Program,
    screen: Screen,
) -> Result<Report, InputError> {
    let file = args.file.to_string_lossy();
    let line = program.line(["replay", &file]);
    let replay = || subject.replay(trace).map_err(InputError::from);
    let outcome = guarded(|| line.clone(), replay)?;
    if let Err(mismatch) = trace.expect(&outcome) {
        return Err(InputError::Trace { path: args.file.clone(), message: mismatch.to_string() });
    }
    // Before the faults are over: after that there is nothing to draw.
    let end = outcome.healed_us.unwrap_or(outcome.ended_us).min(outcome.ended_us);
    let mut all = Vec::new();
    for moment in 0..MOMENTS {
        let from = Time::from_us(end.as_us() / MOMENTS * moment);
        let mut failed = 0;
        for seed in 1..=runs {
            let branch = || subject.branch(trace, from, seed).map_err(InputError::from);
            let branch = guarded(|| line.clone(), branch)?;
            let class = branch.violation.map(|violation| violation.class);
            let same = trace.class.is_none() || class == trace.class;
            failed += u64::from(branch.verdict == Verdict::Violated && same);
        }
        all.push(Branches { from_us: from, runs, failed });
    }
    let likely = likely(&all);
    let exit: Exit = outcome.verdict.into();
    let text = if args.format.json {
        crate::json(&Json {
            subject: &trace.subject,
            policy: &trace.policy,
            seed: trace.seed,
            verdict: trace.verdict,
            fingerprint: trace.fingerprint.to_string(),
            class: trace.class.map(|class| class.name()),
            branches: &all,
            likely_from_us: likely.map(|at| all[at].from_us),
        })
    } else {
        let next = program.line(["shrink", &file]);
        render::branches(screen, &file, &outcome, &all, likely, &line, &next)
    };
    Ok(Report { text, exit })
}

/// The first moment from which it fails more often than not, and so on the whole from there on.
fn likely(all: &[Branches]) -> Option<usize> {
    (0..all.len())
        .find(|&at| Branches::are_likely(&all[at..=at]) && Branches::are_likely(&all[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_likely_from_where_it_stays_so() {
        let all = |failed: &[u64]| -> Vec<Branches> {
            let each = |failed: &u64| Branches { from_us: Time::ZERO, runs: 10, failed: *failed };
            failed.iter().map(each).collect()
        };
        assert_eq!(likely(&all(&[1, 8, 4, 6, 9])), Some(1));
        assert_eq!(likely(&all(&[1, 6, 0, 2, 9])), Some(4));
        assert_eq!(likely(&all(&[6, 7, 5])), Some(0));
        assert_eq!(likely(&all(&[9, 1, 1])), None);
    }
}

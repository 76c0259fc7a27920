//! `rejoin sweep`: a scenario under many seeds.

mod progress;
mod small;
mod tally;
mod traces;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread::available_parallelism;

use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use rejoin_sim::{Registry, Trouble, Verdict};
use serde::Serialize;

use progress::Progress;
pub(crate) use small::Small;
pub(crate) use tally::{FaultTally, Tally};
use traces::Traces;

use crate::Report;
use crate::args::SweepArgs;
use crate::broken;
use crate::exit::Exit;
use crate::input::InputError;
use crate::interrupt::Interrupt;
use crate::program::Program;
use crate::render::campaign::{Around, campaign};
use crate::render::{Screen, count};
use crate::select::Selection;

/// One run in so many is made twice, to see whether it is the same both times.
const TWICE_EVERY: u64 = 16;

/// What a campaign showed: what `--json` prints. It does not depend on the number of threads.
#[derive(Debug, Serialize)]
pub(crate) struct Campaign {
    /// The lowest seed that failed; the first seed, if none did.
    pub(crate) seed: u64,
    /// What the campaign showed as a whole.
    pub(crate) verdict: Verdict,
    /// Why it proves nothing.
    pub(crate) vacuous_because: Option<String>,
    /// FNV-1a of each run's seed and fingerprint, summed.
    pub(crate) fingerprint: String,
    /// The type.
    pub(crate) subject: String,
    /// The policy.
    pub(crate) policy: String,
    /// The seeds, half-open.
    pub(crate) seeds: Range<u64>,
    /// How many were run: all of them, unless it was interrupted.
    pub(crate) runs: u64,
    /// Whether it was ended before its end.
    pub(crate) interrupted: bool,
    /// Of a swarm: in how many runs each kind of trouble was on, of those that could be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) swarm: Option<BTreeMap<&'static str, u64>>,
    /// The counts over all runs.
    #[serde(flatten)]
    pub(crate) tally: Tally,
    /// The failures, by seed.
    pub(crate) failures: Vec<Failure>,
    /// The lowest failure of each class, made small.
    pub(crate) small: Vec<Small>,
    /// Why some of them could not be saved.
    pub(crate) unsaved: Option<String>,
    /// The line that runs the lowest failure again.
    pub(crate) replay: Option<String>,
}

/// A run that failed.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    /// Its seed.
    pub(crate) seed: u64,
    /// The class of its violation, or `nondeterministic`.
    pub(crate) class: String,
    /// Where its trace is saved.
    pub(crate) trace: Option<String>,
}

/// Who looks on while a campaign runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch<'a> {
    /// Whether somebody sees a progress bar.
    pub(crate) progress: bool,
    /// What may end it early.
    pub(crate) interrupt: &'a Interrupt,
}

/// Runs the campaign.
pub(crate) fn sweep(
    registry: &Registry,
    args: &SweepArgs,
    program: &Program,
    screen: Screen,
    watch: Watch<'_>,
) -> Result<Report, InputError> {
    let selection = Selection::make(registry, Some(&args.scenario), &args.choice)?;
    let traces = Traces::new(&args.traces, args.keep, &selection)?;
    let tally = {
        let progress = Progress::new(args.seeds.end - args.seeds.start, watch.progress);
        run_all(&selection, args, &traces, &progress, watch.interrupt, program)?
    };

    let mut campaign_result = conclude(&selection, args, tally, &traces, program);
    if !args.no_shrink && args.keep > 0 && !campaign_result.interrupted {
        let (failures, seen) = (&campaign_result.failures, watch.progress);
        campaign_result.small =
            small::first_of_each_class(&selection, failures, &traces, program, seen)?;
    }
    let next = next(registry, &selection, args, program, &campaign_result);
    let text = if args.format.json {
        crate::json(&campaign_result)
    } else {
        let (title, scenario) = (selection.title(), &selection.scenario);
        let around = Around { title, scenario, swarm: selection.swarm.as_ref(), next };
        campaign(screen, &campaign_result, &around, args.format.verbose)
    };
    let exit = match campaign_result.verdict {
        Verdict::Violated => Exit::Violated,
        _ if campaign_result.interrupted => Exit::Interrupted,
        verdict => verdict.into(),
    };
    Ok(Report { text, exit })
}

/// Makes all runs, on as many threads as were asked for.
fn run_all(
    selection: &Selection,
    args: &SweepArgs,
    traces: &Traces,
    progress: &Progress,
    interrupt: &Interrupt,
    program: &Program,
) -> Result<Tally, InputError> {
    let jobs = threads(args.jobs, args.seeds.end - args.seeds.start);
    let pool = ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|error| InputError::Threads { jobs, reason: error.to_string() })?;
    let first = args.seeds.start;
    let one = |seed: u64| -> Result<Tally, InputError> {
        let twice = (seed - first).is_multiple_of(TWICE_EVERY);
        let outcome = selection.run(seed, twice, program)?;
        let failed = matches!(outcome.verdict, Verdict::Violated | Verdict::Nondeterministic);
        if failed {
            traces.save(&outcome);
        }
        progress.done(failed);
        let on = selection.swarm.iter().flat_map(|swarm| swarm.on(seed));
        let on: Vec<&str> = on.map(Trouble::name).collect();
        Ok(Tally::of(outcome, twice, &on))
    };
    let listening = interrupt.listen();
    pool.install(|| {
        args.seeds
            .clone()
            .into_par_iter()
            .take_any_while(|_| !listening.asked())
            .map(one)
            .try_reduce(Tally::default, |one, other| Ok(one.and(other)))
    })
}

/// How many threads make so many runs, where so many were asked for.
fn threads(asked_for: Option<NonZeroUsize>, runs: u64) -> usize {
    let jobs = asked_for.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    // More threads than runs would only be started and ended.
    jobs.min(usize::try_from(runs).unwrap_or(usize::MAX)).max(1)
}

/// Judges the campaign as a whole.
fn conclude(
    selection: &Selection,
    args: &SweepArgs,
    tally: Tally,
    traces: &Traces,
    program: &Program,
) -> Campaign {
    let runs = tally.runs;
    let swarm = selection.swarm.as_ref().map(|swarm| {
        let on = swarm.troubles().map(Trouble::name);
        on.map(|kind| (kind, tally.on.get(kind).copied().unwrap_or(0))).collect::<BTreeMap<_, _>>()
    });
    let vacuous_because = vacuous(&tally, swarm.as_ref(), !args.choice.faults.is_empty());
    let verdict = if tally.violated > 0 {
        Verdict::Violated
    } else if tally.nondeterministic > 0 {
        Verdict::Nondeterministic
    } else if vacuous_because.is_some() {
        Verdict::Vacuous
    } else {
        Verdict::Held
    };
    let failures: Vec<Failure> = tally
        .failing
        .iter()
        .map(|(&seed, class)| Failure {
            seed,
            class: class.clone(),
            trace: traces.saved(seed).map(|path| path.display().to_string()),
        })
        .collect();
    let replay = failures.first().map(|failure| match &failure.trace {
        Some(trace) => program.line(["replay", trace]),
        None => program.line(selection.line(failure.seed)),
    });
    Campaign {
        seed: failures.first().map_or(args.seeds.start, |failure| failure.seed),
        verdict,
        vacuous_because: vacuous_because.filter(|_| verdict == Verdict::Vacuous),
        fingerprint: format!("{:032x}", tally.fingerprint),
        subject: selection.scenario.subject.clone(),
        policy: selection.policy(),
        seeds: args.seeds.clone(),
        runs,
        interrupted: runs < args.seeds.end - args.seeds.start,
        swarm,
        tally,
        unsaved: traces.unsaved(),
        failures,
        small: Vec::new(),
        replay,
    }
}

/// Why the campaign tested nothing, if so: no run did, or a fault that was asked for never came.
fn vacuous(tally: &Tally, swarm: Option<&BTreeMap<&str, u64>>, asked_for: bool) -> Option<String> {
    let runs = tally.runs;
    if runs == 0 {
        return Some("no run was finished".to_owned());
    }
    if tally.vacuous == runs {
        let (because, _) = tally.vacuous_because.iter().max_by_key(|(_, number)| **number)?;
        return Some(format!("none of the {} tested anything: {because}", count(runs, "run")));
    }
    let idle: Vec<&str> = tally
        .faults
        .iter()
        .filter(|fault| fault.count.configured && fault.count.fired == 0)
        .map(|fault| fault.count.name.as_str())
        // A kind that was named must have been on at least once.
        .chain(
            swarm
                .filter(|_| asked_for)
                .into_iter()
                .flatten()
                .filter(|it| *it.1 == 0)
                .map(|it| *it.0),
        )
        .collect();
    (!idle.is_empty()).then(|| {
        format!(
            "asked for, but it never happened in any of {}: {}",
            count(runs, "run"),
            idle.join(", ")
        )
    })
}

fn next(
    registry: &Registry,
    selection: &Selection,
    args: &SweepArgs,
    program: &Program,
    campaign: &Campaign,
) -> (String, &'static str) {
    if let Some(trace) = campaign.small.iter().find_map(|small| small.trace.as_ref()) {
        return (program.line(["replay", trace]), "how it goes wrong, event by event");
    }
    if let Some(failure) = campaign.failures.first() {
        let line = program.line(selection.line(failure.seed));
        return (line, "how it went wrong");
    }
    match broken::first(registry) {
        Some(broken) => {
            let seeds =
                format!("{}..{}", args.seeds.start, args.seeds.end.min(args.seeds.start + 100));
            let line = ["sweep", &args.scenario, "--type", broken, "--seeds", &seeds];
            (program.line(line), "one that fails")
        }
        None => (program.line(["laws", selection.subject.name()]), "its merge, on its own"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_more_threads_than_runs() {
        let many = NonZeroUsize::new(100_000);
        assert_eq!((threads(many, 2), threads(many, 0)), (2, 1));
        assert_eq!(threads(NonZeroUsize::new(3), u64::MAX), 3);
        assert!(threads(None, u64::MAX) >= 1);
    }
}

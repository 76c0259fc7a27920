//! `rejoin laws`: what every merge must obey.

use std::sync::Arc;
use std::thread::available_parallelism;

use indicatif::ProgressBar;
use rejoin_sim::explore::{ExploreError, Reductions, Scope};
use rejoin_sim::{Effort, LawsOutcome, Registry, Subject, Verdict};
use serde::Serialize;

use crate::Report;
use crate::args::LawsArgs;
use crate::broken;
use crate::guard::guarded;
use crate::input::InputError;
use crate::program::Program;
use crate::render::laws::Around;
use crate::render::{Screen, laws as render_laws, thousands};
use crate::select::find;

/// At how many replicas so many operations are performed, if it is not said at which.
const REPLICAS: usize = 3;

/// More operations than this, wherever they are performed, are out of reach.
const MOST_OPERATIONS: usize = 6;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    outcome: &'a LawsOutcome,
    /// The seed of the random histories.
    seed: Option<u64>,
    /// How many random histories were asked for.
    cases: Option<u64>,
    /// The scope of which there is every history.
    ops: Option<&'a Vec<usize>>,
    /// The line that checks the same again.
    replay: &'a str,
}

/// Checks the laws of a type.
pub(crate) fn laws(
    registry: &Registry,
    args: &LawsArgs,
    program: &Program,
    screen: Screen,
    progress: bool,
) -> Result<Report, InputError> {
    let subject = find(registry, &args.subject)?;
    let name = subject.name();
    let (replay, outcome) = if args.exhaustive {
        let line = exhaustive_line(args, name);
        let replay = program.line(&line);
        let outcome = guarded(|| replay.clone(), || exhaust(subject, args, progress))?;
        (replay, outcome)
    } else {
        let effort = Effort { seed: args.seed, cases: args.cases };
        let (seed, cases) = (args.seed.to_string(), args.cases.to_string());
        let replay = program.line(["laws", name, "--seed", &seed, "--cases", &cases]);
        let outcome = guarded(|| replay.clone(), || Ok(subject.laws(effort)))?;
        (replay, outcome)
    };
    let Some(outcome) = outcome else {
        return Err(InputError::NoLaws {
            name: name.to_owned(),
            help: format!("run it: {}", program.line(["run", "--type", name])),
        });
    };
    let text = if args.json {
        crate::json(&Json {
            outcome: &outcome,
            seed: (!args.exhaustive).then_some(args.seed),
            cases: (!args.exhaustive).then_some(args.cases),
            ops: args.exhaustive.then_some(&args.ops.0),
            replay: &replay,
        })
    } else {
        let next = next(registry, name, &outcome, program);
        let seed = (!args.exhaustive).then_some(args.seed);
        let around = Around { summary: subject.summary(), seed, replay, next };
        render_laws::laws(screen, &outcome, &around, args.verbose)
    };
    Ok(Report { text, exit: outcome.verdict.into() })
}

/// Every history of the scope, with word of how many were done.
fn exhaust(
    subject: &Arc<dyn Subject>,
    args: &LawsArgs,
    seen: bool,
) -> Result<Option<LawsOutcome>, InputError> {
    let threads = available_parallelism().map_or(1, usize::from);
    let (ops, most) = match args.ops.0.as_slice() {
        &[most] => (vec![most; most.clamp(1, REPLICAS)], most),
        each => (each.to_vec(), usize::MAX),
    };
    let alphabet = args.alphabet.clone().unwrap_or_default().0;
    if ops.len() == REPLICAS && most > MOST_OPERATIONS && most < usize::MAX {
        let (operations, most) = (most, MOST_OPERATIONS);
        return Err(InputError::Scope(ExploreError::TooMany { operations, most }));
    }
    let reductions = if args.no_reductions { Reductions::NONE } else { Reductions::ALL };
    let scope = Scope { alphabet, threads, reductions, ..Scope::new(ops) };
    let bar = if seen { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let mut word = |histories: u64| {
        bar.set_message(format!("{} histories", thousands(histories)));
        bar.tick();
    };
    let outcome = subject.exhaust(&scope, most, &mut word).transpose();
    bar.finish_and_clear();
    outcome.map_err(InputError::Scope)
}

fn exhaustive_line(args: &LawsArgs, name: &str) -> Vec<String> {
    let ops: Vec<String> = args.ops.0.iter().map(ToString::to_string).collect();
    let mut line =
        ["laws", name, "--exhaustive", "--ops", &ops.join(",")].map(str::to_owned).to_vec();
    if let Some(alphabet) = &args.alphabet {
        line.extend(["--alphabet".to_owned(), alphabet.0.join("; ")]);
    }
    if args.no_reductions {
        line.push("--no-reductions".to_owned());
    }
    line
}

/// What to type next, and why.
fn next(
    registry: &Registry,
    name: &str,
    outcome: &LawsOutcome,
    program: &Program,
) -> (String, &'static str) {
    let broken = broken::after(registry, Some(name));
    match (outcome.verdict, broken) {
        (Verdict::Held, Some(other)) if broken::entry(name).is_none() => {
            (program.line(["laws", other]), "one that does not obey")
        }
        (Verdict::Violated, Some(other)) if broken::entry(name).is_some() => {
            (program.line(["run", "--type", other]), "the next broken one")
        }
        _ => (program.line(["run", "--type", name]), "on a network that fails"),
    }
}

//! `rejoin run`: one simulation.

use std::path::PathBuf;

use rejoin_sim::{Effort, Outcome, Registry, RunError, Trace, Verdict};
use serde::Serialize;

use crate::Report;
use crate::args::{DEFAULT_SEED, RunArgs};
use crate::broken;
use crate::input::InputError;
use crate::program::Program;
use crate::render::run::Around;
use crate::render::{Screen, run as render_run};
use crate::save::{expect, save};
use crate::select::Selection;

/// How many seeds are tried for one at which a broken type shows.
const SEEDS_TRIED: u64 = 1000;

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Json<'a> {
    #[serde(flatten)]
    pub(crate) outcome: &'a Outcome,
    /// The line that runs the same again.
    pub(crate) replay: &'a str,
}

/// Runs one simulation.
pub(crate) fn run(
    registry: &Registry,
    args: &RunArgs,
    program: &Program,
    screen: Screen,
) -> Result<Report, InputError> {
    let selection = Selection::make(registry, args.scenario.as_deref(), &args.choice)?;
    let unwritable = |path: &PathBuf, source| InputError::Write {
        what: "the trace".to_owned(),
        path: path.clone(),
        source,
    };
    if let Some(path) = &args.save {
        expect(path).map_err(|source| unwritable(path, source))?;
    }
    let (outcome, on_seed) = simulate(&selection, args.seed, program)?;
    let mut notes = Vec::new();
    if let Some(path) = &args.save {
        let seed = outcome.seed;
        let trace = Trace::of(&outcome).encode();
        let trace = trace.map_err(|source| InputError::Unsaveable { seed, source })?;
        save(path, &trace).map_err(|source| unwritable(path, source))?;
        notes.push(format!("saved to {}", path.display()));
    }

    let line = selection.line(outcome.seed);
    let replay = program.line(&line);
    let text = if args.print_scenario {
        let written = outcome.scenario.to_annotated_toml();
        format!("# {}\n{}", replay.replace(char::is_control, " "), written.map_err(RunError::from)?)
    } else if args.format.json {
        crate::json(&Json { outcome: &outcome, replay: &replay })
    } else {
        let title = selection.title();
        let next = next(registry, &selection, &outcome, program, &line);
        let around = Around { title, on_seed, notes, replay, next };
        render_run::run(screen, &outcome, &around, args.format.verbose)
    };
    Ok(Report { text, exit: outcome.verdict.into() })
}

/// Runs it twice with the seed, or with the first seed at which a broken type shows two values that
/// should be one; with a remark on that seed.
fn simulate(
    selection: &Selection,
    seed: Option<u64>,
    program: &Program,
) -> Result<(Outcome, String), InputError> {
    let twice = |seed| selection.run(seed, true, program);
    let first = twice(seed.unwrap_or(DEFAULT_SEED))?;
    let name = selection.subject.name();
    let broken = broken::entry(name).filter(|entry| entry.simulator);
    let Some(broken) = broken.filter(|_| seed.is_none()) else {
        return Ok((first, String::new()));
    };
    // What is wrong with a protocol need not show in values.
    let shows = |outcome: &Outcome| match broken.shown {
        None => shows_two_values(outcome),
        Some(_) => outcome.verdict == Verdict::Violated,
    };
    if shows(&first) {
        return Ok((first, String::new()));
    }
    let mut failing = (first.verdict == Verdict::Violated).then_some(DEFAULT_SEED);
    for seed in DEFAULT_SEED + 1..DEFAULT_SEED + SEEDS_TRIED {
        let outcome = selection.run(seed, false, program)?;
        if shows(&outcome) {
            let how = if broken.shown.is_some() { "fails" } else { "shows it in values" };
            let remark = format!(" (the first from {DEFAULT_SEED} on that {how})");
            return Ok((twice(seed)?, remark));
        }
        if outcome.verdict == Verdict::Violated {
            failing = failing.or(Some(seed));
        }
    }
    match failing {
        Some(DEFAULT_SEED) => Ok((first, String::new())),
        Some(seed) => {
            let remark = format!(" (the first from {DEFAULT_SEED} on that fails)");
            Ok((twice(seed)?, remark))
        }
        None => Ok((first, format!(" (none of {SEEDS_TRIED} fails here)"))),
    }
}

/// Whether it fails with two values, where there should be one.
fn shows_two_values(outcome: &Outcome) -> bool {
    outcome.violation.as_ref().is_some_and(|violation| {
        let read = violation.values.iter().map(|reading| &reading.value);
        let mut all: Vec<&String> = read.chain(&violation.expected).collect();
        all.dedup();
        all.len() > 1
    })
}

/// What to type next, and why.
fn next(
    registry: &Registry,
    selection: &Selection,
    outcome: &Outcome,
    program: &Program,
    line: &[String],
) -> (String, &'static str) {
    let subject = &selection.subject;
    let name = subject.name();
    let sweep = || {
        let mut arguments = vec!["sweep".to_owned(), selection.name.clone()];
        arguments.extend(line[1..].iter().skip_while(|word| !word.starts_with("--")).cloned());
        arguments.truncate(arguments.len() - 2); // the seed
        arguments.extend(["--seeds".to_owned(), "0..1000".to_owned()]);
        program.line(arguments)
    };
    match outcome.verdict {
        Verdict::Held => match broken::first(registry) {
            Some(broken) if broken::entry(name).is_none() => {
                (program.line(["run", "--type", broken]), "one that fails")
            }
            _ => (sweep(), "a thousand of them"),
        },
        Verdict::Violated => {
            let laws = match broken::entry(name) {
                Some(entry) => entry.laws,
                None => subject.laws(Effort { seed: DEFAULT_SEED, cases: 1 }).is_some(),
            };
            if laws {
                return (program.line(["laws", name]), "the fewest steps that show it");
            }
            let verbose = line.iter().map(String::as_str).chain(["--verbose"]);
            (program.line(verbose), "every step")
        }
        Verdict::Vacuous | Verdict::Nondeterministic => (sweep(), "more seeds"),
    }
}
